"""What the command lines share: their look, and errors as one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

INTERRUPTED = 130  # the shell's status after Ctrl-C: 128 and the number of SIGINT


class PlainErrors(TyperGroup):
    """Commands whose errors are one line for the user; a bug of ours keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the user named.

        Raises:
            typer.Exit: with status 1 after a ValueError or OSError, 130 after an interruption.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # `… | head` is no error: typer ends quietly
        except (ValueError, OSError) as error:
            typer.echo(f"cmlearn: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            typer.echo("cmlearn: interrupted; run the command again to go on.", err=True)
            raise typer.Exit(INTERRUPTED) from error


def new_app(description: str, program: str) -> typer.Typer:
    """Return an app without commands, which suggests the nearest one for a mistyped name.

    Args:
        description: the first line of its help.
        program: how it is called, such as `python -m cmlearn`.
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
    """Return commands as the end of a help page; \\b keeps the line breaks."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


@contextmanager
def suggest(name: str, names: Iterable[str]) -> Iterator[None]:
    """Add the nearest of `names` to the ValueError that a mistyped `name` raises inside."""
    try:
        yield
    except ValueError as error:
        names = list(names)
        nearest = get_close_matches(name, names, n=1)
        if name in names or not nearest:
            raise
        raise ValueError(f"{error}. Did you mean {nearest[0]!r}?") from error
