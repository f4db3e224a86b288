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
        parts: yields lists of results; closed when the job is cancelled.
        results: what is done so far; only the worker appends.
        error: why the job ended early, for the user to read.
        ended: resolved with the job itself when all is done, cancelled or failed.
    """

    user: str
    parts: Iterator[Sequence[Any]]
    results: list[Any] = field(default_factory=list)
    error: str = ""
    is_cancelled: bool = False
    ended: Future[Job] = field(default_factory=Future)


class WorkQueue:
    """Does the jobs of all users part by part, one part of each user in turn.

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
        self.seconds_a_part = 1.0  # a running mean
        self._jobs: deque[Job] = deque()  # the next part is that of the first job
        self._changed = threading.Condition()
        self._is_open = True
        self._worker = threading.Thread(target=self._work, args=(start,), daemon=True)
        self._worker.start()

    def submit(self, user: str, parts: Iterator[Sequence[Any]]) -> Job:
        """Add a job at the end of the queue.

        Args:
            user: whose it is.
            parts: an iterator of lists of results, run in the worker thread.

        Raises:
            QueueFullError: the queue is full, or the user has too many jobs in it.
        """
        with self._changed:
            own = sum(job.user == user for job in self._jobs)
            wait = max(1, round(self.seconds_a_part * (len(self._jobs) + 1)))
            if own >= self.max_per_user:
                raise QueueFullError(
                    f"You have {own} requests in work already: wait for one, or cancel it.", wait
                )
            if len(self._jobs) >= self.max_jobs:
                raise QueueFullError(
                    f"The studio is busy: {len(self._jobs)} requests are waiting. "
                    f"Try again in about {wait} seconds.",
                    wait,
                )
            job = Job(user, parts)
            self._jobs.append(job)
            self._changed.notify()
        return job

    def place(self, job: Job) -> int:
        """Return how many jobs are served before the next part of `job`; 0 if it has ended."""
        with self._changed:
            return self._jobs.index(job) if job in self._jobs else 0

    def __len__(self) -> int:
        """Return the number of jobs that are waiting or being done."""
        return len(self._jobs)

    def cancel(self, job: Job) -> None:
        """End a job; the part that is being done is lost."""
        with self._changed:
            job.is_cancelled = True
            is_waiting = job in self._jobs
            if is_waiting:
                self._jobs.remove(job)
        if is_waiting:
            _end(job)

    def close(self) -> None:
        """Cancel all jobs and end the worker thread."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
            jobs = list(self._jobs)
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
                job = self._jobs[0]
            began = time.perf_counter()
            is_done = _do_a_part(job)
            spent = time.perf_counter() - began
            self.seconds_a_part += (spent - self.seconds_a_part) / 8
            self._requeue(job, is_done)

    def _requeue(self, job: Job, is_done: bool) -> None:
        """Move a job to the end of the queue, or out of it."""
        with self._changed:
            is_waiting = job in self._jobs  # it may have been cancelled meanwhile
            if is_waiting:
                self._jobs.remove(job)
            if is_waiting and not is_done:
                self._jobs.append(job)
        if is_waiting and is_done:
            _end(job)


def _do_a_part(job: Job) -> bool:
    """Do the next part of a job; tell whether it was the last."""
    try:
        job.results += next(job.parts)
    except StopIteration:
        return True
    except ValueError as error:
        job.error = str(error)
        return True
    except Exception:
        logging.getLogger(__name__).exception("a job of the studio failed")
        job.error = BUG
        return True
    return False


def _end(job: Job) -> None:
    if not job.ended.done():
        job.ended.set_result(job)
