"""The commands that make the course: `python -m tools COMMAND`, from the root of the repository."""

from __future__ import annotations

from typing import Annotated

import typer

from cmlearn.commands import example, new_app, suggest

PROGRAM = "python -m tools"

app = new_app("Regenerate the notebooks, README.md, its tables and its pictures.", PROGRAM)


@app.command(epilog=example(f"{PROGRAM} regenerate 03"))
def regenerate(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NN", help="Only these notebooks.")
    ] = None,
) -> None:
    """Execute notebooks and write them back."""
    from tools.folders import find_notebooks
    from tools.report import report
    from tools.run import run_notebooks

    runs = run_notebooks(find_notebooks(numbers or ()))
    typer.echo(report(runs))
    if any(run.failure for run in runs):
        raise typer.Exit(1)


@app.command(epilog=example(f"{PROGRAM} readme"))
def readme() -> None:
    """Fill README.md's tree and tables."""
    from tools.readme import write_readme

    write_readme()


@app.command(epilog=example(f"{PROGRAM} scoreboard", f"{PROGRAM} scoreboard painters"))
def scoreboard(
    boards: Annotated[
        list[str] | None, typer.Argument(help="painters, tellers; both by default.")
    ] = None,
) -> None:
    """Train every model, draw README.md's scoreboard.

    It takes twenty minutes.
    """
    from tools.folders import ROOT
    from tools.scoreboard import BOARDS, write_scoreboard

    _fill_readme("scoreboard", write_scoreboard(ROOT, boards or tuple(BOARDS)))


@app.command(epilog=example(f"{PROGRAM} spread vae"))
def spread(
    name: Annotated[str, typer.Argument(help="Model; a wrong name lists them.")],
) -> None:
    """Train as a notebook does, from three seeds."""
    from tools.spread import NAMES, measure_spread

    with suggest(name, NAMES):
        found = measure_spread(name)
    for score, values in found.items():
        typer.echo(" ".join([score, *map(str, values)]))


@app.command(epilog=example(f"{PROGRAM} picture"))
def picture() -> None:
    """Draw README.md's pictures with the shipped checkpoints."""
    from tools.folders import ROOT
    from tools.readme_pictures import write_pictures

    _fill_readme("picture", write_pictures(ROOT))


def _fill_readme(name: str, markdown: str) -> None:
    from tools.readme import README, fill

    README.write_text(fill(README.read_text("utf-8"), name, markdown), "utf-8")


if __name__ == "__main__":
    app()
