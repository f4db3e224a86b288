"""Trains and scores every model of the course on the same inputs.

Text-to-image models are trained as in their notebooks, image-to-text models for 1,200 steps each.
The shipped checkpoints are scored with them.
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
from cmlearn.recipes import captioner, vae
from cmlearn.recipes.image_encoders import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.runtime import seeded_generator, set_threads
from cmlearn.viz.display import png_bytes
from tools.scoreboard_figures import image_to_text_board, text_to_image_board

SEED = 0
# Rows of each split that the figures show, eight in all.
EXAMPLES = {"test": (0, 1, 2, 3, 4, 5), "novel": (0, 1)}
NUM_VARIETY_CAPTIONS = 100  # captions for the variety score
SAMPLES_PER_CAPTION = 8  # images of each of them
SCOREBOARD_FILE = Path(__file__).parents[1] / "docs" / "scoreboard.json"
PICTURES = Path("docs") / "pictures"
DPI = 140  # keeps words legible when the figure is enlarged

BOARDS = {
    "text_to_image": (
        "text to image",
        "Eight captions and the images that each text-to-image model generated from them, framed "
        "green if the whole caption is true and red if not. Whole caption true:",
    ),
    "image_to_text": (
        "image to text",
        "Eight images and the captions that each image-to-text model generated for them, with "
        "false words in red. All claims true:",
    ),
}

Splits = Mapping[str, CaptionedPictures]
Row = dict[str, float | None]
Outputs = list[Any]  # a model's outputs for the examples, each with its correctness
Trained = tuple[Any, Any]  # a model, and its vocabulary or text encoder


class Entry(NamedTuple):
    """A model on the scoreboard.

    Attributes:
        name: its label.
        fitted: returns the model and its vocabulary.
        shipped: whether it is a shipped checkpoint instead of trained here.
        encoder: name of the image encoder; used by image-to-text models only.
    """

    name: str
    train_model: Callable[[], Trained]
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
    return partial(captioner.train_model, recipe, SEED, **choices)


def _without_attention(recurrent: str) -> Callable[[], Trained]:
    sizes: dict[str, Any] = {"hidden_dim": captioner.RECURRENT_DIM, "num_attention_layers": 0}
    return _captioner(recurrent=recurrent, **sizes)


TWO_STREAM = "two_stream_encoder"
TEXT_TO_IMAGE = (
    Entry("VAE, Word2Vec", partial(vae.train_model, vae.NOTEBOOK, SEED)),
    Entry("VAE, BERT", partial(vae.train_model_on_bert, vae.NOTEBOOK, SEED)),
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
    """Train and score every model; write docs/scoreboard.json and a figure for each board.

    Each board takes about ten minutes.

    Args:
        root: root of the repository; the figures go to docs/pictures.
        boards: keys of `BOARDS` to update; the other board stays as it is.

    Returns:
        Markdown of all figures, with their alternative text.

    Raises:
        ValueError: there is no such board.
    """
    if unknown := set(boards) - set(BOARDS):
        raise ValueError(f"no board {', '.join(unknown)}; choose from {', '.join(BOARDS)}")
    set_threads(1)
    splits = {split: load_storybook(split) for split in EXAMPLES}
    for board in boards:
        figure, rows = (
            _text_to_image(splits) if board == "text_to_image" else _image_to_text(splits)
        )
        (root / PICTURES / f"{board}.png").write_bytes(png_bytes(figure, DPI))
        _save_scores(BOARDS[board][0], rows)
    return markdown(_read_scores())


def _text_to_image(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    results = {entry.name: score_text_to_image(entry, splits) for entry in TEXT_TO_IMAGE}
    rows = _rows(results)
    return text_to_image_board(example_captions(splits), _outputs(results), rows), rows


def _image_to_text(splits: Splits) -> tuple[Figure, dict[str, Row]]:
    results = {entry.name: score_image_to_text(entry, splits) for entry in IMAGE_TO_TEXT}
    rows = _rows(results)
    return image_to_text_board(example_images(splits), _outputs(results), rows), rows


def _read_scores() -> dict[str, dict[str, Row]]:
    return json.loads(SCOREBOARD_FILE.read_text("utf-8")) if SCOREBOARD_FILE.exists() else {}


def _save_scores(direction: str, rows: dict[str, Row]) -> None:
    text = json.dumps(
        {**_read_scores(), direction: rows}, indent=1, ensure_ascii=False, sort_keys=False
    )
    SCOREBOARD_FILE.write_text(f"{text}\n", "utf-8")


def score_text_to_image(entry: Entry, splits: Splits) -> tuple[Row, Outputs]:
    """Score a text-to-image model on the first caption of every scene.

    Args:
        entry: the model.
        splits: the Storybook splits "test" and "novel".

    Returns:
        Its scores, 0 to 1, with its training time in seconds (None if shipped); and its images
        (H, W, 3) uint8 for the examples, each with whether the whole caption is true.
    """
    begin = time.process_time()  # CPU time, so that other load does not count
    model, vocabulary = entry.train_model()
    seconds = time.process_time() - begin

    def generate(captions: Sequence[str], seed: int = SEED) -> np.ndarray:
        tokens = vocabulary.encode_batch(captions)
        return to_uint8(model.sample(tokens, seeded_generator(seed))).numpy()

    row: Row = {"seconds": None if entry.shipped else round(seconds)}
    outputs: Outputs = []
    for split, examples in EXAMPLES.items():
        captions = first_captions(splits[split])
        images = generate(captions)
        scenes = parse_scenes(images)
        row[split] = round(score_scenes(scenes, captions)["all_true"], 3)
        true = captions_hold(scenes, captions)
        outputs += [(images[n], bool(true[n])) for n in examples]
    # The fourth caption of a scene mentions little, so that many scenes fit it.
    ambiguous = [captions[3] for captions in splits["test"].captions[:NUM_VARIETY_CAPTIONS]]
    seeds = range(SAMPLES_PER_CAPTION)
    samples = np.stack([generate(ambiguous, seed) for seed in seeds], axis=1)
    distinct = variety(samples, ambiguous, parse_scenes)
    row["coverage"] = round(distinct / SAMPLES_PER_CAPTION, 3)
    return row, outputs


def score_image_to_text(entry: Entry, splits: Splits) -> tuple[Row, Outputs]:
    """Score the captions that an image-to-text model generates for every image.

    Args:
        entry: the model.
        splits: the Storybook splits "test" and "novel".

    Returns:
        Its scores, 0 to 1, with its training time in seconds (None if shipped); and its captions
        of the examples as lists of words, each with whether it is true.
    """
    begin = time.process_time()  # CPU time, so that other load does not count
    model, vocabulary = entry.train_model()
    seconds = time.process_time() - begin
    row: Row = {"seconds": None if entry.shipped else round(seconds)}
    outputs: Outputs = []
    for split, examples in EXAMPLES.items():
        scenes = splits[split].scenes or ()
        tokens = greedy_search(model, grid_features(split, entry.encoder))
        captions = [vocabulary.decode(ids) for ids in tokens]
        rates = score_captions(captions, scenes)
        row[split] = round(rates["all_true"], 3)
        row.setdefault("coverage", round(rates["coverage"], 3))
        outputs += [mark_words(captions[n], scenes[n]) for n in examples]
    return row, outputs


def first_captions(data: CaptionedPictures) -> list[str]:
    """Return the first caption of each scene, which states everything but the relations."""
    return [captions[0] for captions in data.captions]


def example_captions(splits: Splits) -> list[str]:
    """Return the captions of the examples."""
    return [first_captions(splits[split])[n] for split, rows in EXAMPLES.items() for n in rows]


def example_images(splits: Splits) -> list[np.ndarray]:
    """Return the images of the examples, (H, W, 3) uint8 each."""
    return [splits[split].images[n] for split, rows in EXAMPLES.items() for n in rows]


def markdown(scores: Mapping[str, Mapping[str, Row]]) -> str:
    """Return the Markdown of both figures; the alternative text contains the scores.

    Args:
        scores: for "text to image" and "image to text", name of a model -> its scores.
    """
    parts = []
    for name, (direction, alt) in BOARDS.items():
        if direction not in scores:
            continue
        results = "; ".join(
            f"{model}: {_percentages(row)}" for model, row in scores[direction].items()
        )
        parts.append(f"![{alt} {results}.]({(PICTURES / name).as_posix()}.png)")
    return "\n\n".join(parts)


def _percentages(row: Row) -> str:
    return f"{100 * (row['test'] or 0):.1f} % on test, {100 * (row['novel'] or 0):.1f} % on novel"


def _rows(results: Mapping[str, tuple[Row, Outputs]]) -> dict[str, Row]:
    return {name: row for name, (row, _) in results.items()}


def _outputs(results: Mapping[str, tuple[Row, Outputs]]) -> dict[str, Outputs]:
    return {name: outputs for name, (_, outputs) in results.items()}
