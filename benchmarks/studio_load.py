"""Measures the content studio under many users at once, on this machine.

    python benchmarks/studio_load.py               30 users, five minutes
    python benchmarks/studio_load.py 10 60         10 users, one minute

A server is started. Each user asks for one to four pictures of a sentence, over and over, waits as
long as the server says where it is busy, and sometimes goes away in mid-work.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psutil

SENTENCES = ("a red house", "two boats on the sea at sunset", "a kite above a tree", "star, night")
BAD = ("", "a red dragon", "a" * 10_000, "<b>house</b>")  # one of ten requests
PATIENCE = 600  # seconds after which a request counts as lost
LEAVES = 0.03  # share of the requests whose user goes away at once


@dataclass
class Load:
    """What the users met.

    Attributes:
        asked: requests that were sent and not left.
        answered: those with pictures, or with a word on what cannot be drawn.
        told_to_wait: those that were refused with a time.
        lost: those without an answer, or with another one.
        waits: seconds until each answer with pictures.
        memory: resident memory of the server in MB, once a second.
    """

    asked: int = 0
    answered: int = 0
    told_to_wait: int = 0
    lost: int = 0
    waits: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Start a studio on a free port; yield its address and the id of its process."""
    command = [sys.executable, "-m", "cmlearn", "studio", "--port", "0", "--no-show"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        if not found:
            raise RuntimeError("the studio did not start")
        yield found[0], process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def run_load(
    url: str, users: int, seconds: float, process: int | None = None, steps: int = 16
) -> Load:
    """Let many users draw at once.

    Args:
        url: of the server.
        users: their number.
        seconds: after which no user asks again.
        process: the server's process id, to measure its memory.
        steps: of each picture.
    """
    load, lock, end = Load(), threading.Lock(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_user, args=(url, number, end, load, lock, steps))
        for number in range(users)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if process:
            load.memory.append(psutil.Process(process).memory_info().rss / 1e6)
        time.sleep(1)
    return load


def _user(url: str, number: int, end: float, load: Load, lock: threading.Lock, steps: int) -> None:
    rng = random.Random(number)
    while time.monotonic() < end:
        bad = rng.random() < 0.1
        body = {
            "user": f"user {number}",
            "sentence": rng.choice(BAD if bad else SENTENCES),
            "count": rng.randint(1, 4),
            "seed": rng.randrange(1000),
            "steps": steps,
        }
        if rng.random() < LEAVES:
            _leave(url, body)
            continue
        began = time.monotonic()
        status, seconds = _ask(url, body)
        with lock:
            load.asked += 1
            load.answered += status == (422 if bad else 200)
            load.told_to_wait += status == 429
            load.lost += status not in (422 if bad else 200, 429)
            if status == 200:
                load.waits.append(time.monotonic() - began)
        time.sleep(max(0.0, min(seconds, end - time.monotonic())))


def _ask(url: str, body: dict[str, object]) -> tuple[int, float]:
    """Send a request; return its status, 0 for none, and the seconds to wait."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request("POST", "/api/draw", json.dumps(body))
        answer = connection.getresponse()
        answer.read()
        return answer.status, float(answer.headers.get("Retry-After", 0.2))
    except OSError:
        return 0, 1.0
    finally:
        connection.close()


def _leave(url: str, body: dict[str, object]) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    connection.request("POST", "/api/draw", json.dumps(body))
    connection.close()


def main(users: int, seconds: float) -> None:
    """Measure, and print the figures."""
    with server() as (url, process):
        began = time.monotonic()
        _ask(url, {"sentence": SENTENCES[0]})
        print(f"first picture of a free server: {time.monotonic() - began:.1f} s")
        load = run_load(url, users, seconds, process)
    waits, memory = sorted(load.waits), load.memory
    print(f"asked {load.asked}, answered {load.answered}, told to wait {load.told_to_wait}")
    print(f"lost {load.lost}")
    print(f"seconds to the answer: median {statistics.median(waits):.1f}, most {waits[-1]:.1f}")
    tenth = max(1, len(memory) // 10)
    parts = [statistics.mean(memory[i : i + tenth]) for i in range(0, len(memory), tenth)]
    print("memory in MB, by tenths of the time:", *(f"{part:.0f}" for part in parts))


if __name__ == "__main__":
    numbers = [float(each) for each in sys.argv[1:]]
    main(int(numbers[0]) if numbers else 30, numbers[1] if numbers[1:] else 300)
