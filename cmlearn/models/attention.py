"""Cross-attention: query vectors of one kind attend to source vectors of another.

Vaswani et al. 2017, "Attention is all you need", equation 1. In the image decoder, the grid cells
of an image attend to the words of a caption. In the captioner, the words attend to the grid cells.
"""

from __future__ import annotations

from torch import Tensor, nn


class CrossAttention(nn.Module):
    """A transformer block without self-attention: multi-head cross-attention, then an MLP.

    Args:
        dim: length of a query.
        source_dim: length of a source.
        num_heads: attention heads; must divide `dim`.
    """

    def __init__(self, dim: int, source_dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(
            dim, num_heads, kdim=source_dim, vdim=source_dim, batch_first=True
        )
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.SiLU(), nn.Linear(2 * dim, dim)
        )

    def forward(self, queries: Tensor, sources: Tensor, padding: Tensor | None = None) -> Tensor:
        """Add the attended sources to the queries, then the output of the MLP.

        Args:
            queries: (B, Q, D), the vectors that attend.
            sources: (B, S, E), the vectors that they attend to.
            padding: (B, S) bool, true at padding; each row keeps at least one source.

        Returns:
            (B, Q, D).
        """
        found, _ = self.attention(
            self.norm(queries), sources, sources, key_padding_mask=padding, need_weights=False
        )
        queries = queries + found
        return queries + self.mlp(queries)

    def attention_weights(
        self, queries: Tensor, sources: Tensor, padding: Tensor | None = None
    ) -> Tensor:
        """Compute the attention weights, averaged over the heads.

        Args:
            queries: (B, Q, D).
            sources: (B, S, E).
            padding: (B, S) bool, true at padding.

        Returns:
            (B, Q, S), each row with the sum 1.
        """
        _, weights = self.attention(self.norm(queries), sources, sources, key_padding_mask=padding)
        return weights
