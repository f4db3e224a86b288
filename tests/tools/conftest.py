"""The tiny pipeline of tests/apps, for pictures that are drawn with it."""

from tests.apps.conftest import folder, loop  # noqa: F401
