"""The command line for maintainers: `python -m tools COMMAND`, in the root of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmlearn.cli_helpers import example, new_app, suggest

PROGRAM = "python -m tools"

app = new_app("Regenerate the notebooks and the generated parts of README.md.", PROGRAM)


@app.command(epilog=example(f"{PROGRAM} regenerate 03"))
def regenerate(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NN", help="Numbers of notebooks; all by default.")
    ] = None,
) -> None:
    """Execute notebooks and save their outputs in place."""
    from tools.folders import find_notebooks
    from tools.report import report
    from tools.run import run_notebooks

    runs = run_notebooks(find_notebooks(numbers or ()))
    typer.echo(report(runs))
    if any(run.failure for run in runs):
        raise typer.Exit(1)


@app.command(epilog=example(f"{PROGRAM} readme"))
def readme() -> None:
    """Update the file tree and the tables of README.md."""
    from tools.readme import write_readme

    write_readme()


@app.command(epilog=example(f"{PROGRAM} scoreboard", f"{PROGRAM} scoreboard image_to_text"))
def scoreboard(
    boards: Annotated[
        list[str] | None,
        typer.Argument(metavar="BOARD", help="text_to_image, image_to_text; both by default."),
    ] = None,
) -> None:
    """Train every model and update the scoreboard of README.md.

    Each board takes about ten minutes.
    """
    from tools.folders import ROOT
    from tools.scoreboard import BOARDS, write_scoreboard

    _fill_readme("scoreboard", write_scoreboard(ROOT, boards or tuple(BOARDS)))


@app.command(epilog=example(f"{PROGRAM} spread vae"))
def spread(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Training; an unknown name prints the list.")
    ],
) -> None:
    """Repeat the training of a notebook with three seeds.

    The scores are printed and written to docs/spread.json.
    """
    from cmlearn.recipes.spread import TRAININGS
    from tools.spread import measure_spread

    with suggest(name, TRAININGS):
        found = measure_spread(name)
    for score, values in found.items():
        typer.echo(" ".join([score, *map(str, values)]))


@app.command(epilog=example(f"{PROGRAM} picture"))
def picture() -> None:
    """Draw the pictures of README.md with the shipped checkpoints."""
    from tools.folders import ROOT
    from tools.readme_pictures import write_ask_picture, write_pictures, write_typed_picture

    _fill_readme("typed", write_typed_picture(ROOT))
    _fill_readme("picture", write_pictures(ROOT))
    write_ask_picture(ROOT)


@app.command(epilog=example(f"{PROGRAM} samples"))
def samples() -> None:
    """Draw the page of the site with samples that nobody selected."""
    from tools.folders import ROOT
    from tools.samples import write_samples

    write_samples(ROOT)


@app.command(epilog=example(f"{PROGRAM} solved ../class"))
def solved(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Gets solved/ and nbgrader/.")],
) -> None:
    """Write copies of the notebooks for teachers.

    One has the solutions filled in; the other is for nbgrader. A table of minutes is printed.
    """
    from tools.folders import find_notebooks
    from tools.solved import table, write_solved

    paths = find_notebooks()
    written = write_solved(paths, folder)
    typer.echo(f"{table(paths)}\n\n{len(written)} files in {folder}")


@app.command("walk-picture", epilog=example(f"{PROGRAM} walk-picture"))
def walk_picture() -> None:
    """Take the screenshot of the page of `walk`."""
    from tools.folders import ROOT
    from tools.walk_picture import write_walk_picture

    typer.echo(f"Saved: {write_walk_picture(ROOT)}")


@app.command(epilog=example(f"{PROGRAM} screenshot"))
def screenshot() -> None:
    """Take a picture of the content studio in use.

    It is docs/pictures/studio.png, and needs Chromium with its driver.
    """
    from tools.folders import ROOT
    from tools.studio_picture import write_studio_picture

    typer.echo(f"Saved: {write_studio_picture(ROOT)}")


def _fill_readme(name: str, markdown: str) -> None:
    from tools.readme import README, fill

    README.write_text(fill(README.read_text("utf-8"), name, markdown), "utf-8")


if __name__ == "__main__":
    app()
