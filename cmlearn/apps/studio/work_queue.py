"""A bounded queue with one worker thread, which serves its users in turn."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

MAX_JOBS = 20  # of all users together
MAX_PER_USER = 2
BUG = "Something went wrong in the studio; the request is lost. Please try again."


class QueueFullError(Exception):
    """There are too many jobs; the message says when to try again.

    Attributes:
        seconds: about how long to wait.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(eq=False)
class Job:
    """Work of a user, done in small parts.

    Attributes:
        user: whose it is.
        parts: yields lists of results.
        wanted: number of results after which the job is done.
        results: what is done so far; only the worker appends.
        error: why the job ended early, for the user to read.
        ended: resolved with the job itself when all is done, cancelled or failed.
    """

    user: str
    parts: Iterator[Sequence[Any]]
    wanted: int
    results: list[Any] = field(default_factory=list)
    error: str = ""
    is_cancelled: bool = False
    ended: Future[Job] = field(default_factory=Future)

    @property
    def left(self) -> int:
        """The number of results that are still to come."""
        return max(0, self.wanted - len(self.results))


class WorkQueue:
    """Does the jobs of all users part by part, one part of each user in turn.

    A user with two jobs has one turn for both: their parts alternate.

    Args:
        max_jobs: most jobs that are waiting or being done.
        max_per_user: most of them that belong to one user.
        start: called once in the worker thread, before any work.
    """

    def __init__(
        self,
        max_jobs: int = MAX_JOBS,
        max_per_user: int = MAX_PER_USER,
        start: Callable[[], object] = lambda: None,
    ) -> None:
        self.max_jobs, self.max_per_user = max_jobs, max_per_user
        self.seconds_a_result = 1.0  # a running mean
        # User -> jobs. The next part is that of the first job of the first user.
        self._jobs: dict[str, deque[Job]] = {}
        self._changed = threading.Condition()
        self._is_open = True
        self._worker = threading.Thread(target=self._work, args=(start,), daemon=True)
        self._worker.start()

    def submit(self, user: str, parts: Iterator[Sequence[Any]], wanted: int) -> Job:
        """Add a job; a user without any other comes last in turn.

        Args:
            user: whose it is.
            parts: an iterator of lists of results, run in the worker thread.
            wanted: number of results; the job ends when it has them, or when `parts` ends.

        Raises:
            QueueFullError: the queue is full, or the user has too many jobs in it.
        """
        with self._changed:
            own, all_jobs = len(self._jobs.get(user, ())), len(self)
            wait = max(1, round(self.seconds_a_result * self._left()))
            if own >= self.max_per_user:
                raise QueueFullError(
                    f"You have {own} requests in work already: wait for one, or cancel it.", wait
                )
            if all_jobs >= self.max_jobs:
                raise QueueFullError(
                    f"The studio is busy: {all_jobs} requests are waiting. "
                    f"Try again in about {wait} seconds.",
                    wait,
                )
            job = Job(user, parts, wanted)
            self._jobs.setdefault(user, deque()).append(job)
            self._changed.notify()
        return job

    def place(self, job: Job) -> int:
        """Return how many parts of others are done before the next one of `job`; 0 if it has ended.

        Others may end or come meanwhile, so it is an estimate.
        """
        with self._changed:
            if not self._has(job):
                return 0
            rounds = self._jobs[job.user].index(job)
            return rounds * len(self._jobs) + list(self._jobs).index(job.user)

    def __len__(self) -> int:
        """Return the number of jobs that are waiting or being done."""
        with self._changed:
            return sum(len(jobs) for jobs in self._jobs.values())

    def cancel(self, job: Job) -> None:
        """End a job; the part that is being done is lost."""
        with self._changed:
            is_waiting = self._has(job)
            if is_waiting:
                job.is_cancelled = True
                self._remove(job)
        if is_waiting:
            _end(job)

    def close(self) -> None:
        """Cancel all jobs and end the worker thread."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
            jobs = [job for own in self._jobs.values() for job in own]
        for job in jobs:
            self.cancel(job)
        self._worker.join(timeout=30)

    def _work(self, start: Callable[[], object]) -> None:
        start()
        while self._is_open:
            with self._changed:
                while not self._jobs and self._is_open:
                    self._changed.wait()
                if not self._is_open:
                    return
                job = next(iter(self._jobs.values()))[0]
            before = len(job.results)
            began = time.perf_counter()
            is_done = _do_a_part(job)
            found = len(job.results) - before
            if found:
                spent = (time.perf_counter() - began) / found
                self.seconds_a_result += (spent - self.seconds_a_result) / 8
            self._requeue(job, is_done)

    def _requeue(self, job: Job, is_done: bool) -> None:
        """Put a user behind all others, and a job behind the user's others or out of the queue."""
        with self._changed:
            is_waiting = self._has(job)  # it may have been cancelled meanwhile
            if job.user in self._jobs:
                self._jobs[job.user] = self._jobs.pop(job.user)
            if is_waiting:
                self._remove(job)
            if is_waiting and not is_done:
                self._jobs.setdefault(job.user, deque()).append(job)
        if is_waiting and is_done:
            _end(job)

    def _has(self, job: Job) -> bool:
        return job in self._jobs.get(job.user, ())

    def _remove(self, job: Job) -> None:
        """Take out a job, and its user with the last one."""
        own = self._jobs[job.user]
        own.remove(job)
        if not own:
            del self._jobs[job.user]

    def _left(self) -> int:
        """Count the results that are still to come of all jobs."""
        return sum(job.left for own in self._jobs.values() for job in own)


def _do_a_part(job: Job) -> bool:
    """Do the next part of a job; tell whether it was the last."""
    try:
        job.results += next(job.parts)
    except StopIteration:  # with fewer results than it wanted
        return True
    except ValueError as error:
        job.error = str(error)
        return True
    except Exception:
        logging.getLogger(__name__).exception("a job of the studio failed")
        job.error = BUG
        return True
    return job.left == 0


def _end(job: Job) -> None:
    if not job.ended.done():
        job.ended.set_result(job)
