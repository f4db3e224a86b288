"""Attention: vectors of one kind look at vectors of another.

Vaswani et al. 2017, "Attention is all you need", equation 1. Here the places of a picture look at
the words of a caption, and the words at the places.
"""

from __future__ import annotations

from torch import Tensor, nn


class Look(nn.Module):
    """Each query takes what it needs from the sources; then two layers work on what it has.

    Args:
        dim: length of a query.
        source_dim: length of a source.
        num_heads: how many things a query can look for at once; divides `dim`.
    """

    def __init__(self, dim: int, source_dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(
            dim, num_heads, kdim=source_dim, vdim=source_dim, batch_first=True
        )
        self.work = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.SiLU(), nn.Linear(2 * dim, dim)
        )

    def forward(self, queries: Tensor, sources: Tensor, padding: Tensor | None = None) -> Tensor:
        """(B, Q, D) queries and (B, S, E) sources -> (B, Q, D).

        Args:
            queries: who looks.
            sources: what there is to look at.
            padding: (B, S) bool, true where there is nothing; each row has a source left.
        """
        found, _ = self.attention(
            self.norm(queries), sources, sources, key_padding_mask=padding, need_weights=False
        )
        queries = queries + found
        return queries + self.work(queries)

    def weights(self, queries: Tensor, sources: Tensor, padding: Tensor | None = None) -> Tensor:
        """How much each query takes from each source, the mean over the heads.

        Takes what `forward` takes, and returns (B, Q, S), each row with the sum 1.
        """
        _, weights = self.attention(self.norm(queries), sources, sources, key_padding_mask=padding)
        return weights
