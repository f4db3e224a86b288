"""The command line of the course: `python -m cmlearn COMMAND`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmlearn.cli_helpers import example, new_app, suggest

if TYPE_CHECKING:
    from cmlearn.data.source import Source

PROGRAM = "python -m cmlearn"
MIN_LIMIT = 24  # the notebooks show single rows of a split; tests/test_any_data.py runs them so
SHEET_ZOOM, SHEET_COLUMNS = 3, 4  # of the pictures of `draw-picture`
CHECKOUT = Path(__file__).resolve().parents[1]
Folder = Annotated[Path | None, typer.Option(help="Target folder (default: in data/downloads).")]
READABLE: dict[str, Any] = {"exists": True, "dir_okay": False}


class Answering(StrEnum):
    """The ways in which `ask` answers."""

    symbolic = "symbolic"
    trained = "trained"


app = new_app("Draw or download data, train models, score captions, run the notebooks.", PROGRAM)


@app.command(epilog=example(f"{PROGRAM} draw", f"{PROGRAM} draw --folder /disk/storybook"))
def draw(folder: Folder = None) -> None:
    """Draw Storybook, the synthetic data set of the course."""
    from cmlearn.data.storybook.dataset import draw_storybook

    draw_storybook(folder)


@app.command(
    "draw-picture",
    epilog=example(
        f'{PROGRAM} draw-picture "two red houses in the snow at night"',
        f'{PROGRAM} draw-picture "a kite, a boat, sunset" --count 16 --out kites.png',
    ),
)
def draw_picture(
    sentence: Annotated[str, typer.Argument(metavar="SENTENCE", help="What to draw, in quotes.")],
    count: Annotated[int, typer.Option(min=1, max=64, help="Number of pictures.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    out: Annotated[
        Path, typer.Option(help="PNG to write: a sheet of the pictures.", dir_okay=False)
    ] = Path("picture.png"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out.")] = False,
) -> None:
    """Draw pictures of a sentence, in the world of Storybook.

    The scene parser then checks how many of them show all that was asked.
    """
    from cmlearn.apps.text_to_image import TextToImage, shows_all
    from cmlearn.data.files import atomic_write
    from cmlearn.data.images import encode_png
    from cmlearn.training.runtime import seeded_generator, setup
    from cmlearn.viz.images import contact_sheet

    if out.exists() and not force:
        raise FileExistsError(f"{out} exists: choose another --out, or add --force to replace it")
    setup()
    pictures = TextToImage.load().draw(sentence, count, seeded_generator(seed))
    large = pictures.repeat(SHEET_ZOOM, axis=1).repeat(SHEET_ZOOM, axis=2)
    sheet = contact_sheet(large, columns=min(count, SHEET_COLUMNS), gap=8)
    with atomic_write(out) as partial:
        partial.write_bytes(encode_png(sheet))
    right = sum(shows_all(sentence, pictures))
    typer.echo(f"Saved: {out}. {right} of {count} show all that was asked, and nothing too many.")


@app.command(
    epilog=example(
        f'{PROGRAM} walk "a red house left of a yellow tree at night"',
        f'{PROGRAM} walk "a boat on the sea" "two cars in the snow" --count 8',
        f'{PROGRAM} walk "a kite over a house" --out kite.glb --turntable kite.gif',
    )
)
def walk(
    sentences: Annotated[
        list[str], typer.Argument(metavar="SENTENCE...", help="What to draw, each in quotes.")
    ],
    count: Annotated[
        int, typer.Option(min=1, max=64, help="At most so many pictures of a sentence.")
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = 8018,
    host: Annotated[str, typer.Option(help="Address of the page; by default loopback.")] = (
        "127.0.0.1"
    ),
    out: Annotated[
        Path | None, typer.Option(help="Write this .glb file; no page is opened.", dir_okay=False)
    ] = None,
    turntable: Annotated[
        Path | None,
        typer.Option(help="Write this .gif, or a strip as .png; no page.", dir_okay=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Walk through a sentence: a world in the browser.

    Pictures are drawn until one shows all that was asked. The scene parser reads that picture, and
    its scene becomes a world in 3-D: several sentences, several worlds side by side.
    """
    from cmlearn.apps.text_to_image import TextToImage
    from cmlearn.apps.vr import exhibits, files
    from cmlearn.training.runtime import setup

    exhibits.check_sentences(sentences)
    files.check_targets(out, turntable, force)
    opens_page = not (out or turntable)
    needs = {
        "trimesh": opens_page or out is not None,
        "nicegui": opens_page,
    }  # for the .glb, three.js
    _need("walk", [package for package, needed in needs.items() if needed])
    if opens_page:
        from cmlearn.apps.vr import page

        page.check_port(host, port)
    setup()
    report = partial(typer.echo, err=True)
    made = exhibits.make_exhibits(sentences, TextToImage.load(), count, seed, report)
    for exhibit in made:
        typer.echo(exhibits.describe_exhibit(exhibit))
    for path in files.write_files(made, out, turntable):
        typer.echo(f"Saved: {path}")
    if opens_page:
        typer.echo(f"Open http://{host}:{port} in a browser. Ctrl-C ends.")
        page.serve(made, host, port)


@app.command(
    epilog=example(
        f'{PROGRAM} ask picture.png "what colour is the boat?"',
        f'{PROGRAM} ask picture.png "is there a red kite?" --model trained',
    )
)
def ask(
    picture: Annotated[
        Path, typer.Argument(metavar="PICTURE", help="A picture of a Storybook scene.")
    ],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In quotes.")],
    model: Annotated[
        Answering,
        typer.Option(help="Run the question as a program (symbolic), or a trained network."),
    ] = Answering.symbolic,
) -> None:
    """Answer a question about a picture, with reasons.

    The central square of the picture is used; a sheet of several pictures is refused. The trained
    network gives no reasons, and answers about any picture.
    """
    from cmlearn.apps import vqa

    if model is Answering.trained:
        typer.echo(vqa.TrainedAnswerer.load().ask_file(picture, question))
        return
    answer = vqa.ask_file(picture, question)
    typer.echo("\n  ".join([answer.text, f"seen: {vqa.seen(answer.scene)}", *answer.steps]))


@app.command(
    epilog=example(f"{PROGRAM} studio", f"{PROGRAM} studio --port 8081 --no-show"),
)
def studio(
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 chooses a free one.")
    ] = 8080,
    show: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Draw and edit variations of an idea in the browser.

    Each picture is checked against its sentence. One word can be changed while the rest stays,
    and pictures are saved with their settings. All is computed on this machine, without a network.
    """
    try:
        from cmlearn.apps.studio.server import serve
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the studio needs {error.name}, which is not installed: "
            'pip install -e ".[apps]" in the folder of the course'
        ) from error
    serve(host, port, show)


@app.command(epilog=example(f"{PROGRAM} download coco --folder /disk/coco"))
def download(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Data set; an unknown name prints the list.")
    ],
    folder: Folder = None,
) -> None:
    """Download COCO, or explain how to get Flickr8k or Flickr30k."""
    from cmlearn.data.photos.catalogue import ARCHIVES, BY_HAND, TOGETHER, fetch

    with suggest(name, [*TOGETHER, *ARCHIVES, *BY_HAND]):
        where = fetch(name, folder).absolute()
    typer.echo(f"Saved in {where}. To use it, set CMLEARN_DATA=coco:{where}")


@app.command(
    epilog=example(
        f"{PROGRAM} train vae",
        f"{PROGRAM} train captioner --data flickr8k:/disk/flickr8k --out my_captioner",
    )
)
def train(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Checkpoint; an unknown name prints the list.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="For `captioner`: coco:/path, flickr8k:/path or flickr30k:/path. "
            "Default: CMLEARN_DATA."
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="With --data: name of the checkpoint, in data/downloads/checkpoints, or a path."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="With --data: resnet18 (default; ImageNet weights by torchvision), or a file.",
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="With --data: stop training after N minutes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="With --data: replace the checkpoint of this name.")
    ] = False,
) -> None:
    """Train a model, or a captioner on your own photographs.

    Without --data, the new checkpoint replaces the shipped one. With --data, `train captioner`
    trains on these photographs and keeps the result under --out. After an interruption the same
    command continues from the last evaluation.
    """
    from cmlearn.recipes import registry

    source = _own_data(name, data)
    if source is None:
        given = {"--out": out, "--encoder": encoder, "--minutes": minutes, "--force": force or None}
        needless = [option for option, value in given.items() if value is not None]
        if needless:
            raise ValueError(f"{', '.join(needless)}: only with --data, for `train captioner`")
        with suggest(name, registry.RECIPES):
            registry.train(name, seed=seed)
        return
    if out is None:
        raise ValueError("--out is needed with --data: the name of the new checkpoint")
    from cmlearn.recipes.photo_captioner import RESNET18, train_photo_captioner

    info = train_photo_captioner(
        source, out, encoder=encoder or RESNET18, minutes=minutes, seed=seed, force=force
    )
    scores, recipe = info.scores, info.recipe
    typer.echo(
        f"Saved: {out}. CIDEr-D {scores['val_CIDEr-D']:.3f} and BLEU-4 "
        f"{scores['val_BLEU-4']:.3f} on {scores['val_scored']} validation images, which chose "
        f"step {recipe['best_step']} of {recipe['steps']}: on new images expect less.\n"
        f"To caption an image: {PROGRAM} caption photo.jpg --checkpoint {out}"
    )


@app.command(
    epilog=example(
        f"{PROGRAM} caption photo.jpg",
        f"{PROGRAM} caption holiday/ --checkpoint my_captioner --json",
    )
)
def caption(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Image files, or folders of them.")
    ],
    checkpoint: Annotated[
        str | None,
        typer.Option(
            help="Name or path of a captioner; `storybook` is that of the course. "
            "Default: your own, if there is one."
        ),
    ] = None,
    beam: Annotated[int, typer.Option(min=1, help="Beams of the search.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of lines.")] = False,
) -> None:
    """Caption photographs with a captioner of your own.

    The central square of each image is used. A file that cannot be read is named on standard error,
    and the exit status is then 1; the others are captioned.
    """
    from cmlearn.apps import photo_captions
    from cmlearn.training.runtime import setup

    path = photo_captions.find_checkpoint(checkpoint)
    if checkpoint is None:
        typer.echo(f"captioner: {path.name}", err=True)
    files, passed_over = photo_captions.find_images(images)
    for folder, number in passed_over.items():
        typer.echo(f"{folder}: {number} entries passed over (hidden, or no images)", err=True)
    if not files:
        raise FileNotFoundError(f"no images in {', '.join(map(str, images))}")
    model = photo_captions.load_image_captioner(path, setup())
    captions: list[dict[str, str]] = []
    damaged = False
    for file, result in photo_captions.caption_files(model, files, beam):
        if not isinstance(result, str):
            damaged = True
            typer.echo(f"cmlearn: {result}", err=True)
        elif as_json:
            captions.append({"file": str(file), "caption": result})
        else:
            typer.echo(f"{file}: {result}")
    if as_json:
        typer.echo(json.dumps(captions, indent=2, ensure_ascii=False))
    if damaged:
        raise typer.Exit(1)


@app.command(
    epilog=example(
        f"{PROGRAM} evaluate results.json --annotations captions_val2017.json",
        f"{PROGRAM} evaluate results.json --annotations captions_val2017.json --csv scores.csv",
    )
)
def evaluate(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS",
            help='JSON: [{"image_id": 42, "caption": "a dog"}, ...].',
            **READABLE,
        ),
    ],
    annotations: Annotated[
        Path, typer.Option(help="COCO's captions, such as captions_val2017.json.", **READABLE)
    ],
    only_results: Annotated[
        bool, typer.Option("--only-results", help="Score only the images that RESULTS lists.")
    ] = False,
    leave_one_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-out",
            help="RESULTS are human captions of the annotations: remove each from its references.",
        ),
    ] = False,
    resamples: Annotated[
        int, typer.Option(min=100, help="Bootstrap resamples behind the intervals.")
    ] = 1000,
    csv: Annotated[
        Path | None, typer.Option(help="Write the scores of each image here.", dir_okay=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON in place of the table.")
    ] = False,
) -> None:
    """Score the captions of any model against COCO's.

    RESULTS is in COCO's results format. Every image of the annotations is expected: one without
    a caption scores zero. METEOR matches words and stems only, no synonyms or paraphrases: do not
    compare it with published numbers.

    Words are split by the tokenizer of the course. pycocoevalcap, which most papers use, runs the
    PTB tokenizer in Java. On human captions of COCO our scores are higher: by 0.0005 at most on
    5,000 images and by 0.0013 on 500, CIDEr-D by 0.003 and 0.007.
    """
    from cmlearn.evaluation.caption_metrics import report

    scored = report.score_results(
        results,
        annotations,
        resamples=resamples,
        only_results=only_results,
        leave_one_out=leave_one_out,
    )
    typer.echo(report.as_json(scored) if as_json else report.as_table(scored))
    if csv is not None:
        report.write_csv(scored, csv)


@app.command(
    epilog=example(f"{PROGRAM} course 01 03", f"{PROGRAM} course --data coco:/disk/coco --limit 99")
)
def course(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NN", help="Numbers of notebooks; all by default.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="storybook, coco:/path, flickr8k:/path or flickr30k:/path. Default: CMLEARN_DATA."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use at most this many images per split, 24 or more.")
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Write times and scores to README and notebooks.")
    ] = False,
) -> None:
    """Run the notebooks in order.

    The executed notebooks are written to build/. They run on Storybook or on your own data. The
    command needs a checkout of the repository.
    """
    _find_tools()
    from tools.folders import EXECUTED, ON_OTHER_DATA, check_writable
    from tools.measured import write_measured
    from tools.readme import MEASURED, README
    from tools.report import report
    from tools.run import AT_ONCE, run_notebooks

    parameters = _parameters(data, limit)
    if measure and (numbers or parameters):
        raise ValueError(
            "--measure runs the whole course on Storybook: omit the numbers, --data and --limit, "
            "and unset CMLEARN_DATA"
        )
    paths = _notebooks(numbers or (), other_data=bool(parameters))
    into = ON_OTHER_DATA if parameters else EXECUTED
    if measure:
        check_writable([MEASURED.parent, README, *paths])
    at_once = min(AT_ONCE, os.cpu_count() or 1)
    start = time.perf_counter()
    runs = run_notebooks(paths, into=into, parameters=parameters, at_once=at_once)
    seconds = time.perf_counter() - start
    typer.echo(report(runs, seconds))
    if parameters:
        typer.echo(f"\nExecuted notebooks: {ON_OTHER_DATA}")
    if any(run.failure for run in runs):
        raise typer.Exit(1)
    if measure:
        write_measured(runs, seconds)


@app.command(epilog=example(f"{PROGRAM} doctor", f"{PROGRAM} doctor --probe"))
def doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="Also time bf16 against fp32 (about a minute).")
    ] = False,
) -> None:
    """Check this machine: what is missing, and how to fix it."""
    from cmlearn.doctor import diagnose, table

    findings = diagnose(probe=probe)
    typer.echo(table(findings))
    if any(finding.is_missing for finding in findings):
        raise typer.Exit(1)


def _own_data(name: str, data: str | None) -> Source | None:
    """Return the data set of one's own to train on; None for Storybook.

    Raises:
        ValueError: the recipe of `name` knows only Storybook, or there is no such data set.
    """
    from cmlearn.data.source import READERS, SOURCE_VARIABLE, STORYBOOK, find_source

    text = data or os.environ.get(SOURCE_VARIABLE, "")
    with suggest(text.partition(":")[0].strip(), [STORYBOOK, *READERS]):
        source = find_source(data)
    if source.folder is None:
        return None
    if name != "captioner":
        given = "omit --data" if data else f"unset {SOURCE_VARIABLE}"
        raise ValueError(
            f"`train {name}` knows only Storybook: {given}. On photographs of your own: "
            f"`{PROGRAM} train captioner --data {source.name}:{source.folder} --out NAME`"
        )
    return source


def _need(command: str, packages: Sequence[str]) -> None:
    """Check that optional packages are installed, before anything is computed.

    Raises:
        ValueError: one is not; the message says how to install it.
    """
    for package in packages:
        if find_spec(package) is None:
            raise ValueError(
                f"{command} needs {package}, which is not installed: "
                'pip install -e ".[apps]" in the folder of the course'
            )


def _find_tools() -> None:
    """Make `tools` importable from any folder; it is in the repository, but not installed.

    Raises:
        FileNotFoundError: the package was installed without the repository.
    """
    if not (CHECKOUT / "tools" / "run.py").is_file():
        raise FileNotFoundError(
            "the notebooks are not part of the installed package: clone the repository of the "
            f"course and run `{PROGRAM} course` in its folder"
        )
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))


def _notebooks(numbers: Sequence[str], other_data: bool) -> list[Path]:
    """Return the notebooks to run; on other data, only those with a DATA parameter."""
    from tools.folders import find_notebooks, that_take_data

    paths = find_notebooks(numbers)
    if other_data:
        paths, skipped = that_take_data(paths)
        for path in skipped:
            typer.echo(f"{path.stem} skipped: it has no DATA parameter")
    return paths


def _parameters(data: str | None, limit: int | None) -> dict[str, object]:
    """Return the notebook parameters to change; none for the whole of Storybook."""
    from cmlearn.data.source import READERS, SOURCE_VARIABLE, STORYBOOK, find_source

    name = (data or os.environ.get(SOURCE_VARIABLE, "")).partition(":")[0].strip()
    with suggest(name, [STORYBOOK, *READERS]):  # fails before anything runs
        source = find_source(data)
    parameters: dict[str, object] = {}
    if source.folder is not None:
        parameters["DATA"] = f"{source.name}:{source.folder.absolute()}"
    if limit is not None and limit < MIN_LIMIT:
        raise ValueError(
            f"--limit {limit}: the notebooks need at least {MIN_LIMIT} images per split"
        )
    if limit is not None:
        parameters["LIMIT"] = limit
    return parameters


if __name__ == "__main__":
    app()
