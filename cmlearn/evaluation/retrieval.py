"""Retrieval by cosine similarity, with label precision and recall at k."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def nearest_neighbours(
    queries: Tensor, gallery: Tensor, count: int, exclude: Tensor | None = None
) -> Tensor:
    """Return the K gallery vectors with the highest cosine similarity to each query.

    Equal similarities keep the order of the gallery, so that the result is deterministic.

    Args:
        queries: (Q, D) float.
        gallery: (N, D) float.
        count: K, the neighbours of each query.
        exclude: (Q,) int64, one gallery row for each query that is left out: the query itself.

    Returns:
        (Q, K) int64 gallery rows, the most similar first.

    Raises:
        ValueError: shapes do not fit, a vector is not finite, or the gallery is too small.
    """
    _check(queries, gallery, count, exclude)
    similarity = normalize(queries.float(), dim=1) @ normalize(gallery.float(), dim=1).T  # (Q, N)
    if exclude is not None:
        similarity[torch.arange(len(queries), device=exclude.device), exclude] = -torch.inf
    return similarity.argsort(dim=1, descending=True, stable=True)[:, :count]


def label_precision(query_labels: Tensor, gallery_labels: Tensor, neighbours: Tensor) -> Tensor:
    """Return the share of the neighbours' labels that the query has too.

    Args:
        query_labels: (Q, V) of 0 and 1.
        gallery_labels: (N, V) of 0 and 1.
        neighbours: (Q, K) int64 gallery rows.

    Returns:
        (Q,) float, 0 to 1, over the labels of all K neighbours; 0 if they have none.
    """
    found = gallery_labels[neighbours] > 0.5  # (Q, K, V)
    shared = found & (query_labels > 0.5).unsqueeze(1)
    return shared.sum(dim=(1, 2)) / found.sum(dim=(1, 2)).clamp(min=1)


def recall_at_k(neighbours: Tensor, answers: Tensor, k: int) -> float:
    """Return the share of queries whose one correct answer is among the first k neighbours.

    Args:
        neighbours: (Q, K) int64 gallery rows, the most similar first.
        answers: (Q,) int64, the correct gallery row of each query.
        k: 1 to K.

    Returns:
        The recall, 0 to 1.

    Raises:
        ValueError: shapes do not fit, or there are fewer than k neighbours.
    """
    if neighbours.ndim != 2 or answers.shape != neighbours.shape[:1]:
        raise ValueError(
            f"neighbours and answers must be (Q, K) and (Q,), "
            f"got {tuple(neighbours.shape)} and {tuple(answers.shape)}"
        )
    if not 1 <= k <= neighbours.shape[1]:
        raise ValueError(f"k must be 1 to {neighbours.shape[1]}, the neighbours given; got {k}")
    return (neighbours[:, :k] == answers.unsqueeze(1)).any(dim=1).cpu().double().mean().item()


def _check(queries: Tensor, gallery: Tensor, count: int, exclude: Tensor | None) -> None:
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries and gallery must be (Q, D) and (N, D), "
            f"got {tuple(queries.shape)} and {tuple(gallery.shape)}"
        )
    most = len(gallery) - (exclude is not None)
    if not 1 <= count <= most:
        raise ValueError(f"count must be 1 to {most}, the size of the gallery; got {count}")
    if not (queries.isfinite().all() and gallery.isfinite().all()):
        raise ValueError("queries and gallery must be finite; one holds NaN or infinity")
