"""Silences what C libraries print past Python."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silenced() -> Iterator[None]:
    """Send standard error nowhere while the block runs.

    OpenCV and the libraries in it print warnings straight to the process's standard error, which
    neither `warnings` nor `contextlib.redirect_stderr` can catch.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
