"""Each word of a caption with the words just before it, as one vector to look at."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.text_encoder import PAD


class WordWindows(nn.Module):
    """A reader that has nothing to learn: the vector at "house" is that of "large red house".

    Args:
        table: (vocab_size, embed_dim) word vectors; they are kept as they are.
        width: how many words are in a window, at least 1.

    Raises:
        ValueError: a width below 1.
    """

    table: Tensor

    def __init__(self, table: Tensor, width: int = 3) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width must be at least 1 word, got {width}")
        self.register_buffer("table", table.clone())
        self.width = width
        self.word_dim = width * table.shape[1]

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Read B captions: tokens (B, T) int64, 0 = pad.

        Returns:
            words (B, T, word_dim), the earliest word of a window first, zeros before the caption
            begins; padding (B, T) bool, true where there is no word (never at the first place).
        """
        vectors = self.table[tokens]  # (B, T, embed_dim)
        before = [
            F.pad(vectors, (0, 0, back, 0))[:, : tokens.shape[1]]
            for back in reversed(range(self.width))
        ]
        # The first is always there to look at: attention over nothing would be NaN.
        padding = (tokens == PAD) & (torch.arange(tokens.shape[1]) > 0)
        return torch.cat(before, dim=2), padding
