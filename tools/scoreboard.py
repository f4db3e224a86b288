"""Every model of the course, trained and held to the same questions.

Notebooks tell one story each. Here all models stand side by side: text → image as long as in their
notebooks, image → text for 1,200 steps each, and the shipped checkpoints beside them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.caption_truth import score_captions
from cmlearn.evaluation.false_words import mark_words
from cmlearn.evaluation.picture_truth import score_readings, tells_true, variety
from cmlearn.evaluation.scene_reader import read_scenes
from cmlearn.models.captioner import CaptionerConfig, LSTMCaptioner, greedy
from cmlearn.models.minilm import load_minilm
from cmlearn.models.product import ProductCaptioner
from cmlearn.models.vae import TextToImageVAE, VAEConfig, to_uint8
from cmlearn.recipes import captioner, gan, recurrent, vae, vae_bert
from cmlearn.recipes.eyes import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.runtime import generator, set_threads
from cmlearn.viz.show import png_bytes
from tools.scoreboard_figure import painters_board, tellers_board

SEED = 0
# Rows of the test and of the novel split: eight prompts, and eight pictures.
SHOWN = {"test": (0, 1, 2, 3, 4, 5), "novel": (0, 1)}
VARIED = 100  # captions that leave much open, of which eight pictures each are drawn
SCOREBOARD_FILE = Path(__file__).parents[1] / "docs" / "scoreboard.json"
PICTURES = Path("docs") / "pictures"
DPI = 140  # words stay legible when the figure is enlarged

BOARDS = {
    "painters": (
        "text to image",
        "Eight sentences, and what every text → image model drew for them, framed green where all "
        "is true and red where not. All true:",
    ),
    "tellers": (
        "image to text",
        "Eight pictures, and what every image → text model said of them, false words red. "
        "All true:",
    ),
}

Splits = Mapping[str, CaptionedPictures]
Row = dict[str, float | None]
Marked = list[Any]  # what is shown of a model, with what of it is true
Trained = tuple[Any, Any]  # a model, and the vocabulary with which it reads or writes


class Entry(NamedTuple):
    """A model on the scoreboard.

    Attributes:
        name: what it is called there.
        fitted: returns the model and its vocabulary.
        shipped: whether it is loaded instead of trained.
        eye: whose features it writes about, image → text alone.
    """

    name: str
    fitted: Callable[[], Trained]
    shipped: bool = False
    eye: str = "resnet18"


def _shipped(name: str, build: Callable[[Any], Any], config: type) -> Trained:
    model, info = load_checkpoint(checkpoint_folder() / name, build, config)
    return model, Vocabulary.from_list(info.vocabulary or ())


def _shipped_with_bert() -> Trained:
    model, _ = load_checkpoint(checkpoint_folder() / "vae_bert", TextToImageVAE, VAEConfig)
    return model, load_minilm()


def _recurrent(name: str) -> Callable[[], Trained]:
    return partial(recurrent.fitted, name, captioner.NOTEBOOK_STEPS, SEED)


def _looking(**choice: Any) -> Callable[[], Trained]:
    return partial(captioner.fitted, captioner.NOTEBOOK_STEPS, SEED, **choice)


PAINTERS = (
    Entry("VAE, Word2Vec", partial(vae.fitted, vae.NOTEBOOK, SEED)),
    Entry("VAE, BERT", partial(vae_bert.fitted, vae.NOTEBOOK, SEED)),
    Entry("GAN, Word2Vec", partial(gan.fitted, gan.NOTEBOOK, SEED)),
    Entry("VAE, then a contest", partial(gan.fitted_later, gan.NOTEBOOK_LATER, SEED)),
    Entry("VAE, shipped", partial(_shipped, "vae", TextToImageVAE, VAEConfig), shipped=True),
    Entry("VAE, BERT, shipped", _shipped_with_bert, shipped=True),
)
TELLERS = (
    Entry("RNN", _recurrent("rnn")),
    Entry("GRU", _recurrent("gru")),
    Entry("LSTM", _recurrent("lstm")),
    Entry("LSTM, attention", _looking()),
    Entry("product", _looking(build=ProductCaptioner)),
    Entry("attention, two streams", _looking(eye="two_streams"), eye="two_streams"),
    Entry(
        "product, two streams",
        _looking(eye="two_streams", build=ProductCaptioner),
        eye="two_streams",
    ),
    Entry(
        "attention, shipped",
        partial(_shipped, "captioner", LSTMCaptioner, CaptionerConfig),
        shipped=True,
    ),
    Entry(
        "two streams, shipped",
        partial(_shipped, "captioner_two_streams", LSTMCaptioner, CaptionerConfig),
        shipped=True,
        eye="two_streams",
    ),
)


def write_scoreboard(root: Path, boards: Sequence[str] = ("painters", "tellers")) -> str:
    """Train every model, write its scores and a figure of each board: ten minutes each.

    Args:
        root: the repository; docs/scoreboard.json and PNGs in docs/pictures are written.
        boards: which of `BOARDS` to draw anew; the other stays as it is.

    Returns:
        Markdown of all figures, with their alternative texts.

    Raises:
        ValueError: there is no such board.
    """
    if unknown := set(boards) - set(BOARDS):
        raise ValueError(f"no board {', '.join(unknown)}: there are {', '.join(BOARDS)}")
    set_threads(1)
    splits = {split: load_storybook(split) for split in SHOWN}
    for board in boards:
        figure, rows = _painters(splits) if board == "painters" else _tellers(splits)
        (root / PICTURES / f"{board}.png").write_bytes(png_bytes(figure, DPI))
        _keep(BOARDS[board][0], rows)
    return markdown(_kept())


def _painters(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    painted = {entry.name: paint(entry, splits) for entry in PAINTERS}
    rows = _rows(painted)
    return painters_board(prompts(splits), _answers(painted), rows), rows


def _tellers(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    told = {entry.name: tell(entry, splits) for entry in TELLERS}
    rows = _rows(told)
    return tellers_board(shown_images(splits), _answers(told), rows), rows


def _kept() -> dict[str, dict[str, Row]]:
    return json.loads(SCOREBOARD_FILE.read_text("utf-8")) if SCOREBOARD_FILE.exists() else {}


def _keep(direction: str, rows: dict[str, Row]) -> None:
    text = json.dumps({**_kept(), direction: rows}, indent=1, ensure_ascii=False, sort_keys=False)
    SCOREBOARD_FILE.write_text(f"{text}\n", "utf-8")


def paint(entry: Entry, splits: Splits) -> tuple[Row, Marked]:
    """Let a text → image model draw the first caption of every scene.

    Returns:
        Its scores; and its pictures for the prompts that are shown, each with whether the whole
        caption is true of it.
    """
    begin = time.process_time()  # of one core, whatever else the machine does meanwhile
    model, vocabulary = entry.fitted()
    seconds = time.process_time() - begin

    def draw(captions: Sequence[str], seed: int = SEED) -> np.ndarray:
        tokens = vocabulary.encode_batch(captions)
        return to_uint8(model.sample(tokens, generator(seed))).numpy()

    row: Row = {"seconds": None if entry.shipped else round(seconds)}
    shown: Marked = []
    for split, rows in SHOWN.items():
        asked = first_captions(splits[split])
        drawn = draw(asked)
        readings = read_scenes(drawn)
        row[split] = round(score_readings(readings, asked)["all_true"], 3)
        true = tells_true(readings, asked)
        shown += [(drawn[n], bool(true[n])) for n in rows]
    leaving_open = [captions[3] for captions in splits["test"].captions[:VARIED]]
    eight = np.stack([draw(leaving_open, seed) for seed in range(8)], axis=1)
    row["coverage"] = round(variety(eight, leaving_open, read_scenes) / 8, 3)
    return row, shown


def tell(entry: Entry, splits: Splits) -> tuple[Row, Marked]:
    """Let an image → text model say something of every picture.

    Returns:
        Its scores; and of each picture that is shown the words said, each with whether it is true.
    """
    begin = time.process_time()  # of one core, whatever else the machine does meanwhile
    model, vocabulary = entry.fitted()
    seconds = time.process_time() - begin
    row: Row = {"seconds": None if entry.shipped else round(seconds)}
    shown: Marked = []
    for split, rows in SHOWN.items():
        scenes = splits[split].scenes or ()
        said = [vocabulary.decode(t) for t in greedy(model, grid_features(split, entry.eye))]
        rates = score_captions(said, scenes)
        row[split] = round(rates["all_true"], 3)
        row.setdefault("coverage", round(rates["said"], 3))
        shown += [mark_words(said[n], scenes[n]) for n in rows]
    return row, shown


def first_captions(data: CaptionedPictures) -> list[str]:
    """The first caption of each scene, which tells all there is but the places."""
    return [captions[0] for captions in data.captions]


def prompts(splits: Splits) -> list[str]:
    """The captions that are shown."""
    return [first_captions(splits[split])[n] for split, rows in SHOWN.items() for n in rows]


def shown_images(splits: Splits) -> list[np.ndarray]:
    """The pictures that are shown, (H, W, 3) uint8 each: those of the prompts."""
    return [splits[split].images[n] for split, rows in SHOWN.items() for n in rows]


def markdown(scores: Mapping[str, Mapping[str, Row]]) -> str:
    """The two figures, each with its numbers in its alternative text, and what they show."""
    parts = []
    for name, (direction, what) in BOARDS.items():
        if direction not in scores:
            continue
        told = "; ".join(f"{model}: {_told(row)}" for model, row in scores[direction].items())
        parts.append(f"![{what} {told}.]({(PICTURES / name).as_posix()}.png)")
    return "\n\n".join(parts)


def _told(row: Row) -> str:
    return f"{100 * (row['test'] or 0):.1f} % on test, {100 * (row['novel'] or 0):.1f} % on novel"


def _rows(answered: Mapping[str, tuple[Row, Marked]]) -> dict[str, Row]:
    return {name: row for name, (row, _) in answered.items()}


def _answers(answered: Mapping[str, tuple[Row, Marked]]) -> dict[str, Marked]:
    return {name: marked for name, (_, marked) in answered.items()}
