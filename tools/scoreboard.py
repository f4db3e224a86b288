"""Every model of the course, trained and held to the same questions.

Notebooks tell one story each. Here all models stand side by side: text → image as long as in their
notebooks, image → text for 1,200 steps each, and the shipped checkpoints beside them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.claim_accuracy import (
    captions_hold,
    mark_words,
    score_captions,
    score_scenes,
    variety,
)
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.captioner import Captioner, CaptionerConfig, ProductCaptioner
from cmlearn.models.decoding import greedy_search
from cmlearn.models.vae import TextToImageVAE, VAEConfig, to_uint8
from cmlearn.pretrained.minilm import load_minilm
from cmlearn.recipes import captioner, gan, vae
from cmlearn.recipes.image_encoders import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.runtime import seeded_generator, set_threads
from cmlearn.viz.display import png_bytes
from tools.scoreboard_figures import image_to_text_board, text_to_image_board

SEED = 0
# Rows of the test and of the novel split: eight prompts, and eight pictures.
SHOWN = {"test": (0, 1, 2, 3, 4, 5), "novel": (0, 1)}
VARIED = 100  # captions that leave much open, of which eight pictures each are drawn
SCOREBOARD_FILE = Path(__file__).parents[1] / "docs" / "scoreboard.json"
PICTURES = Path("docs") / "pictures"
DPI = 140  # words stay legible when the figure is enlarged

BOARDS = {
    "text_to_image": (
        "text to image",
        "Eight sentences, and what every text → image model drew for them, framed green where all "
        "is true and red where not. All true:",
    ),
    "image_to_text": (
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
        encoder: the image encoder whose features it gets, image → text alone.
    """

    name: str
    fitted: Callable[[], Trained]
    shipped: bool = False
    encoder: str = "resnet18"


def _shipped(name: str, build: Callable[[Any], Any], config: type) -> Trained:
    model, info = load_checkpoint(checkpoint_folder() / name, build, config)
    return model, Vocabulary.from_list(info.vocabulary or ())


def _shipped_with_bert() -> Trained:
    model, _ = load_checkpoint(checkpoint_folder() / "vae_bert", TextToImageVAE, VAEConfig)
    return model, load_minilm()


def _captioner(encoder: str = "resnet18", **choices: Any) -> Callable[[], Trained]:
    recipe = replace(captioner.NOTEBOOK, encoder=encoder)
    return partial(captioner.fitted, recipe, SEED, **choices)


def _without_attention(recurrent: str) -> Callable[[], Trained]:
    sizes: dict[str, Any] = {"hidden_dim": captioner.RECURRENT_DIM, "num_attention_layers": 0}
    return _captioner(recurrent=recurrent, **sizes)


TWO_STREAM = "two_stream_encoder"
TEXT_TO_IMAGE = (
    Entry("VAE, Word2Vec", partial(vae.fitted, vae.NOTEBOOK, SEED)),
    Entry("VAE, BERT", partial(vae.fitted_on_bert, vae.NOTEBOOK, SEED)),
    Entry("GAN, Word2Vec", partial(gan.fitted, gan.NOTEBOOK, SEED)),
    Entry("VAE, then GAN", partial(gan.fitted_from_vae, gan.NOTEBOOK_FROM_VAE, SEED)),
    Entry("VAE, shipped", partial(_shipped, "vae", TextToImageVAE, VAEConfig), shipped=True),
    Entry("VAE, BERT, shipped", _shipped_with_bert, shipped=True),
)
IMAGE_TO_TEXT = (
    Entry("RNN", _without_attention("rnn")),
    Entry("GRU", _without_attention("gru")),
    Entry("LSTM", _without_attention("lstm")),
    Entry("LSTM, attention", _captioner()),
    Entry("product", _captioner(build=ProductCaptioner)),
    Entry("attention, two streams", _captioner(TWO_STREAM), encoder=TWO_STREAM),
    Entry(
        "product, two streams",
        _captioner(TWO_STREAM, build=ProductCaptioner),
        encoder=TWO_STREAM,
    ),
    Entry(
        "attention, shipped",
        partial(_shipped, "captioner", Captioner, CaptionerConfig),
        shipped=True,
    ),
    Entry(
        "two streams, shipped",
        partial(_shipped, "captioner_two_stream", Captioner, CaptionerConfig),
        shipped=True,
        encoder=TWO_STREAM,
    ),
)


def write_scoreboard(root: Path, boards: Sequence[str] = ("text_to_image", "image_to_text")) -> str:
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
        figure, rows = (
            _text_to_image(splits) if board == "text_to_image" else _image_to_text(splits)
        )
        (root / PICTURES / f"{board}.png").write_bytes(png_bytes(figure, DPI))
        _keep(BOARDS[board][0], rows)
    return markdown(_kept())


def _text_to_image(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    drawn_by = {entry.name: score_text_to_image(entry, splits) for entry in TEXT_TO_IMAGE}
    rows = _rows(drawn_by)
    return text_to_image_board(prompts(splits), _answers(drawn_by), rows), rows


def _image_to_text(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    told = {entry.name: score_image_to_text(entry, splits) for entry in IMAGE_TO_TEXT}
    rows = _rows(told)
    return image_to_text_board(shown_images(splits), _answers(told), rows), rows


def _kept() -> dict[str, dict[str, Row]]:
    return json.loads(SCOREBOARD_FILE.read_text("utf-8")) if SCOREBOARD_FILE.exists() else {}


def _keep(direction: str, rows: dict[str, Row]) -> None:
    text = json.dumps({**_kept(), direction: rows}, indent=1, ensure_ascii=False, sort_keys=False)
    SCOREBOARD_FILE.write_text(f"{text}\n", "utf-8")


def score_text_to_image(entry: Entry, splits: Splits) -> tuple[Row, Marked]:
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
        return to_uint8(model.sample(tokens, seeded_generator(seed))).numpy()

    row: Row = {"seconds": None if entry.shipped else round(seconds)}
    shown: Marked = []
    for split, rows in SHOWN.items():
        asked = first_captions(splits[split])
        drawn = draw(asked)
        readings = parse_scenes(drawn)
        row[split] = round(score_scenes(readings, asked)["all_true"], 3)
        true = captions_hold(readings, asked)
        shown += [(drawn[n], bool(true[n])) for n in rows]
    leaving_open = [captions[3] for captions in splits["test"].captions[:VARIED]]
    eight = np.stack([draw(leaving_open, seed) for seed in range(8)], axis=1)
    row["coverage"] = round(variety(eight, leaving_open, parse_scenes) / 8, 3)
    return row, shown


def score_image_to_text(entry: Entry, splits: Splits) -> tuple[Row, Marked]:
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
        said = [
            vocabulary.decode(t) for t in greedy_search(model, grid_features(split, entry.encoder))
        ]
        rates = score_captions(said, scenes)
        row[split] = round(rates["all_true"], 3)
        row.setdefault("coverage", round(rates["coverage"], 3))
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
