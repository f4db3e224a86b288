"""Shared parts of the command lines: help pages and one-line error messages."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

INTERRUPTED = 130  # the shell's status after Ctrl-C: 128 and the number of SIGINT


class PlainErrors(TyperGroup):
    """A group of commands that prints expected errors as one line; bugs keep their traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the user typed.

        A sign that the terminal or file cannot encode is printed as a replacement.

        Raises:
            typer.Exit: with status 1 after a ValueError or OSError, 130 after an interruption.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # `… | head` is not an error: typer exits silently
        except (ValueError, OSError) as error:
            typer.echo(f"cmlearn: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            typer.echo("cmlearn: interrupted; run the command again to continue.", err=True)
            raise typer.Exit(INTERRUPTED) from error


def new_app(description: str, program: str) -> typer.Typer:
    """Return an app without commands; it suggests the nearest command for a mistyped name.

    Args:
        description: first line of the help page.
        program: how users start the app, such as `python -m cmlearn`.
    """
    return typer.Typer(
        cls=PlainErrors,
        help=description,
        epilog=f"`{program} COMMAND --help` explains a command and gives an example.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def example(*lines: str) -> str:
    """Return example commands for the end of a help page; \\b keeps the line breaks."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


@contextmanager
def suggest(name: str, names: Iterable[str]) -> Iterator[None]:
    """Return a context that adds the most similar of `names` to a ValueError about `name`."""
    try:
        yield
    except ValueError as error:
        names = list(names)
        nearest = get_close_matches(name, names, n=1)
        if name in names or not nearest:
            raise
        raise ValueError(f"{error}. Did you mean {nearest[0]!r}?") from error
