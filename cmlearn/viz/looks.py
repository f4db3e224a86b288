"""Figures of words that look at words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

INK = "#333344"


def attention_maps(maps: Mapping[str, np.ndarray], words: Sequence[str], title: str) -> Figure:
    """Draw how much each word of a sentence takes from each other, one square a pair.

    Args:
        maps: name of a head to its weights (T, T), each row with the sum 1.
        words: the T words of the sentence.
        title: what to see.
    """
    side = 0.2 * len(words) + 0.55
    size = (side * len(maps) + 1.5, side + 1.1)
    figure, axes = plt.subplots(1, len(maps), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, weights) in zip(axes[0], maps.items(), strict=True):
        image = ax.imshow(weights, vmin=0, vmax=1, cmap="Blues")
        upright = {"rotation": 60, "ha": "right", "rotation_mode": "anchor", "fontsize": 8.5}
        ax.set_xticks(range(len(words)), list(words), **upright)
        ax.set_yticks(range(len(words)), list(words) if ax is axes[0, 0] else [], fontsize=8.5)
        ax.tick_params(length=0)
        ax.set_title(name, fontsize=10, color=INK)
        ax.set_xlabel("looked at")
    axes[0, 0].set_ylabel("who looks")
    figure.colorbar(image, ax=axes[0], label="weight", shrink=0.8)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure
