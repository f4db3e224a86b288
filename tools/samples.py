"""Draws what the shipped flow makes of test captions: the first sixteen, and the worst eight."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import pyplot as plt

from cmlearn.apps.text_to_image import TextToImage
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.scene import Scene
from cmlearn.evaluation.claim_accuracy import captions_hold_strictly, mark_words, score_caption
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.training.runtime import seeded_generator, set_threads
from cmlearn.viz.captions import captioned_pictures
from cmlearn.viz.display import png_bytes

PAGE = Path("docs") / "samples.md"  # from the root of the repository
FIRST, WORST = 16, 8
DRAWN = 200  # captions, among which the worst are looked for
SEED = 0
UNREADABLE, TOO_MANY = "cannot be read", "a thing too many"


class Sample(NamedTuple):
    """A picture drawn from a caption.

    Attributes:
        caption: what it was drawn from.
        picture: (64, 64, 3) uint8 RGB.
        scene: what the scene parser reads in it; None where it cannot.
        right: whether it shows all that the caption says, and nothing too many.
        truth: share of the caption's claims that are true, 0 to 1.
    """

    caption: str
    picture: np.ndarray
    scene: Scene | None
    right: bool
    truth: float

    @property
    def remark(self) -> str:
        """What the marked words do not say."""
        if self.scene is None:
            return UNREADABLE
        return TOO_MANY if self.truth == 1 and not self.right else ""

    @property
    def marked(self) -> list[tuple[str, bool]]:
        """The words of the caption, each with whether it is true of the picture."""
        if self.scene is None:
            return [(word, False) for word in self.caption.split()]
        return mark_words(self.caption, self.scene)


def draw_samples(model: TextToImage, captions: list[str]) -> list[Sample]:
    """Draw one picture of each caption.

    Args:
        model: the flow.
        captions: in words that it knows.
    """
    rng = seeded_generator(SEED)
    pictures = np.concatenate([model.draw(caption, 1, rng) for caption in captions])
    scenes = parse_scenes(pictures)
    right = captions_hold_strictly(scenes, captions).tolist()
    truths = [share_true(caption, scene) for caption, scene in zip(captions, scenes)]
    return [Sample(*parts) for parts in zip(captions, pictures, scenes, right, truths)]


def share_true(caption: str, scene: Scene | None) -> float:
    """Return the share of a caption's relevant claims that are true; 0 without a scene."""
    if scene is None:
        return 0.0
    relevant = [claim.true for claim in score_caption(caption, scene).claims if claim.relevant]
    return sum(relevant) / len(relevant)


def worst(samples: list[Sample], count: int) -> list[Sample]:
    """Return the samples with the fewest true claims; of equal ones, those not right come first."""
    return sorted(samples, key=lambda sample: (sample.truth, sample.right))[:count]


def write_samples(root: Path, model: TextToImage | None = None) -> None:
    """Write `docs/samples.md` and its two pictures, the same bytes each time.

    Args:
        root: root of the repository.
        model: by default the shipped one.

    Raises:
        FileNotFoundError: the checkpoint is missing.
        OSError: a file cannot be written.
    """
    set_threads(1)
    captions = [texts[0] for texts in load_storybook("test", edition=2).captions[:DRAWN]]
    samples = draw_samples(model or TextToImage.load(), captions)
    right = sum(sample.right for sample in samples)
    first = _figure(root, "flow_first", f"The first {FIRST} captions of test", samples[:FIRST])
    last = _figure(root, "flow_worst", f"The worst {WORST} of {DRAWN}", worst(samples, WORST))
    text = f"""# Samples

Pictures drawn by the shipped [flow](../notebooks/11_flow_matching.ipynb), one from each caption,
none selected by hand. Words that are not true of the picture, as the scene parser reads it, are
red. `python -m tools samples` makes this page.

## The first {FIRST}

{first}

## The worst {WORST}

Of the first {DRAWN} captions of test, {right} pictures show all that is said and nothing too many.
These have the fewest true claims:

{last}
"""
    (root / PAGE).write_text(text, "utf-8")


def _figure(root: Path, name: str, title: str, samples: list[Sample]) -> str:
    """Write a figure of the samples; return the Markdown that shows it."""
    figure = captioned_pictures(
        [sample.picture for sample in samples],
        [sample.marked for sample in samples],
        title,
        above=[sample.remark for sample in samples],
    )
    path = root / PAGE.parent / "pictures" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    listed = "; ".join(
        f"“{s.caption}”" + ("" if s.right else f" ({s.remark or 'not all true'})") for s in samples
    )
    return f"![{len(samples)} pictures with their captions: {listed}.](pictures/{path.name})"
