"""The commands of the course: `python -m cmlearn COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when all went well."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ValueError, OSError) as error:
        print(f"cmlearn: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cmlearn: interrupted; run the command again to go on.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cmlearn", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    draw = commands.add_parser("draw", help="draw Storybook, the data set of the course")
    draw.add_argument("--folder", help="where to (default: data/downloads/storybook)")
    draw.set_defaults(command=_draw)

    download = commands.add_parser("download", help="fetch COCO, or say how to get Flickr8k or 30k")
    download.add_argument("name", help="which data set; a wrong name lists them")
    download.add_argument("--folder", help="where to (default: data/downloads/NAME)")
    download.set_defaults(command=_download)

    train = commands.add_parser("train", help="train a shipped checkpoint anew")
    train.add_argument("name", help="which one; a wrong name lists them")
    train.set_defaults(command=_train)

    spread = commands.add_parser("spread", help="train as a notebook does, from three seeds")
    spread.add_argument("name", help="which model; a wrong name lists them")
    spread.set_defaults(command=_spread)

    course = commands.add_parser("course", help="run every notebook in order")
    course.add_argument("numbers", nargs="*", metavar="NN", help="only these notebooks")
    course.add_argument(
        "--data", help="storybook, coco:/path, flickr8k:/path, flickr30k:/path (or CMLEARN_DATA)"
    )
    course.add_argument("--limit", type=int, help="only so many pictures of each split")
    course.add_argument(
        "--measure", action="store_true", help="write minutes and scores to README and notebooks"
    )
    course.set_defaults(command=_course)

    regenerate = commands.add_parser("regenerate", help="execute notebooks and write them back")
    regenerate.add_argument("numbers", nargs="*", metavar="NN", help="only these notebooks")
    regenerate.set_defaults(command=_regenerate)

    readme = commands.add_parser("readme", help="fill README.md's tree and table from the code")
    readme.set_defaults(command=_readme)

    scoreboard = commands.add_parser(
        "scoreboard", help="train every model, draw README.md's scoreboard (twenty minutes)"
    )
    scoreboard.add_argument("boards", nargs="*", help="painters, tellers (default: both)")
    scoreboard.set_defaults(command=_scoreboard)

    picture = commands.add_parser("picture", help="draw README.md's pictures with the checkpoints")
    picture.set_defaults(command=_picture)
    return parser


def _draw(options: argparse.Namespace) -> int:
    from pathlib import Path

    from cmlearn.data.storybook.dataset import draw_storybook

    draw_storybook(Path(options.folder) if options.folder else None)
    return 0


def _download(options: argparse.Namespace) -> int:
    from cmlearn.data.photos.catalogue import fetch

    folder = fetch(options.name, options.folder).absolute()
    print(f"It lies in {folder}. To use it, set CMLEARN_DATA=coco:{folder}")
    return 0


def _train(options: argparse.Namespace) -> int:
    from cmlearn.recipes.registry import train

    train(options.name)
    return 0


def _spread(options: argparse.Namespace) -> int:
    from tools.spread import measure_spread

    for score, values in measure_spread(options.name).items():
        print(score, *values)
    return 0


def _course(options: argparse.Namespace) -> int:
    from tools.folders import EXECUTED, ON_OTHER_DATA, find_notebooks, that_take_data
    from tools.measured import write_measured
    from tools.report import report
    from tools.run import AT_ONCE, run_notebooks

    parameters = _parameters(options.data, options.limit)
    if options.measure and (options.numbers or parameters):
        raise ValueError(
            "--measure measures the whole course on Storybook: leave numbers, data and limit out"
        )
    paths = find_notebooks(options.numbers)
    if parameters:
        paths, left_out = that_take_data(paths)
        for path in left_out:
            print(f"{path.stem} is about Storybook or brings its own pictures: left out")
    into = ON_OTHER_DATA if parameters else EXECUTED
    at_once = min(AT_ONCE, os.cpu_count() or 1)
    start = time.perf_counter()
    runs = run_notebooks(paths, into=into, parameters=parameters, at_once=at_once)
    seconds = time.perf_counter() - start
    print(report(runs, seconds))
    if parameters:
        print(f"\nWith their outputs: {ON_OTHER_DATA}")
    failed = any(run.failure for run in runs)
    if options.measure and not failed:
        write_measured(runs, seconds)
    return 1 if failed else 0


def _parameters(data: str | None, limit: int | None) -> dict[str, object]:
    """What to set in the notebooks; nothing for the whole of Storybook, as they ship."""
    from cmlearn.data.source import find_source

    if limit is not None and limit < 1:
        raise ValueError(f"--limit must be at least 1, got {limit}")
    source = find_source(data)  # of a wrong name we hear now
    parameters: dict[str, object] = {}
    if source.folder is not None:
        parameters["DATA"] = f"{source.name}:{source.folder.absolute()}"
    if limit is not None:
        parameters["LIMIT"] = limit
    return parameters


def _regenerate(options: argparse.Namespace) -> int:
    from tools.folders import find_notebooks
    from tools.report import report
    from tools.run import run_notebooks

    runs = run_notebooks(find_notebooks(options.numbers))
    print(report(runs))
    return 1 if any(run.failure for run in runs) else 0


def _readme(options: argparse.Namespace) -> int:
    from tools.readme import write_readme

    write_readme()
    return 0


def _scoreboard(options: argparse.Namespace) -> int:
    from tools.folders import ROOT
    from tools.readme import README, fill
    from tools.scoreboard import BOARDS, write_scoreboard

    markdown = write_scoreboard(ROOT, options.boards or tuple(BOARDS))
    README.write_text(fill(README.read_text("utf-8"), "scoreboard", markdown), "utf-8")
    return 0


def _picture(options: argparse.Namespace) -> int:
    from tools.folders import ROOT
    from tools.readme import README, fill
    from tools.readme_pictures import write_pictures

    markdown = write_pictures(ROOT)
    README.write_text(fill(README.read_text("utf-8"), "picture", markdown), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
