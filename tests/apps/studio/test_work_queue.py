"""The queue is fair, bounded, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cmlearn.apps.studio.work_queue import BUG, QueueFullError, WorkQueue

SECONDS = 10


def parts(name: str, count: int, done: list[str]) -> Iterator[list[str]]:
    for i in range(count):
        done.append(name)
        yield [f"{name}{i}"]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def queue(gate) -> Iterator[WorkQueue]:
    made = WorkQueue(max_jobs=4, max_per_user=2, start=lambda: gate.wait(SECONDS))
    yield made
    gate.set()
    made.close()


def test_users_are_served_in_turn(queue, gate):
    done: list[str] = []
    jobs = [
        queue.submit(name, parts(name, count, done), count) for name, count in (("a", 3), ("b", 2))
    ]
    assert [queue.place(job) for job in jobs] == [0, 1]
    gate.set()
    for job in jobs:
        assert job.ended.result(SECONDS) is job
    assert "".join(done) == "ababa"
    assert jobs[0].results == ["a0", "a1", "a2"] and jobs[1].results == ["b0", "b1"]
    assert len(queue) == 0 and queue.place(jobs[0]) == 0


def test_a_job_ends_after_its_own_last_part(queue, gate):
    queue.max_jobs = 10
    done: list[str] = []
    jobs = [queue.submit(f"u{i}", parts(str(i), 1, done), 1) for i in range(10)]
    parts_done: list[int] = []
    jobs[0].ended.add_done_callback(lambda _: parts_done.append(len(done)))
    gate.set()
    for job in jobs:
        job.ended.result(SECONDS)
    assert parts_done == [1]


def test_a_job_whose_parts_end_early_ends_with_them(queue, gate):
    gate.set()
    job = queue.submit("a", parts("a", 2, []), 5)
    assert job.ended.result(SECONDS).results == ["a0", "a1"] and job.left == 3


def test_a_user_with_two_jobs_has_one_turn(queue, gate):
    done: list[str] = []
    jobs = [queue.submit(user, parts(name, 2, done), 2) for user, name in ("ax", "ay", "bz")]
    assert [queue.place(job) for job in jobs] == [0, 2, 1]
    gate.set()
    for job in jobs:
        job.ended.result(SECONDS)
    assert "".join(done) == "xzyzxy"


def test_the_time_to_wait_counts_all_results_that_are_left(queue):
    queue.seconds_a_result = 0.5
    for user in "abcd":
        queue.submit(user, parts(user, 24, []), 24)
    with pytest.raises(QueueFullError, match="about 48 seconds"):
        queue.submit("e", parts("e", 1, []), 1)


def test_a_user_may_have_few_jobs_and_all_together_too(queue):
    queue.submit("a", parts("a", 1, []), 1)
    queue.submit("a", parts("a", 1, []), 1)
    with pytest.raises(QueueFullError, match="You have 2 requests"):
        queue.submit("a", parts("a", 1, []), 1)
    queue.submit("b", parts("b", 1, []), 1)
    queue.submit("c", parts("c", 1, []), 1)
    with pytest.raises(QueueFullError, match="busy: 4 requests are waiting") as caught:
        queue.submit("d", parts("d", 1, []), 1)
    assert caught.value.seconds >= 1


def test_a_cancelled_job_ends_and_makes_room(queue, gate):
    done: list[str] = []
    first, second = (queue.submit("a", parts(name, 2, done), 2) for name in "xy")
    queue.cancel(first)
    assert first.ended.result(SECONDS).is_cancelled and first.results == []
    queue.submit("a", parts("z", 1, done), 1)
    gate.set()
    second.ended.result(SECONDS)
    assert "x" not in done
    queue.cancel(second)  # it has ended: nothing happens
    assert not second.is_cancelled


def test_a_job_can_be_cancelled_while_it_is_being_done(queue, gate):
    begun, free = threading.Event(), threading.Event()

    def slow() -> Iterator[list[int]]:
        while True:
            begun.set()
            free.wait(SECONDS)
            yield [1]

    gate.set()
    job = queue.submit("a", slow(), 9)
    assert begun.wait(SECONDS)
    queue.cancel(job)
    free.set()
    assert job.ended.result(SECONDS).is_cancelled
    after = queue.submit("a", parts("b", 1, []), 1)
    assert after.ended.result(SECONDS).results == ["b0"]


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("no such seed"), "no such seed"), (KeyError(1), BUG)]
)
def test_an_error_ends_its_own_job_only(queue, gate, error, said):
    def fails() -> Iterator[list[int]]:
        yield [1]
        raise error

    gate.set()
    job, other = queue.submit("a", fails(), 2), queue.submit("b", parts("b", 3, []), 3)
    assert job.ended.result(SECONDS).error == said and job.results == [1]
    assert len(other.ended.result(SECONDS).results) == 3


def test_closing_ends_every_job():
    gate = threading.Event()
    queue = WorkQueue(start=lambda: gate.wait(SECONDS))
    job = queue.submit("a", parts("a", 1, []), 1)
    gate.set()
    queue.close()
    assert job.ended.done()


def test_no_job_is_lost_among_many_users():
    queue = WorkQueue(max_jobs=1000)
    done: list[str] = []
    jobs = []

    def user(name: str) -> None:
        jobs.extend(queue.submit(name, parts(name, 3, done), 3) for _ in range(2))

    threads = [threading.Thread(target=user, args=(f"u{i}",)) for i in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert all(len(job.ended.result(SECONDS).results) == 3 for job in jobs)
    assert len(jobs) == 60 and len(done) == 180
    queue.close()
