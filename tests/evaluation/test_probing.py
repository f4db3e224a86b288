"""Tests of cmlearn.evaluation.probing."""

import pytest
import torch
from torch import Tensor

from cmlearn.evaluation.probing import linear_probe


@pytest.fixture
def vectors() -> Tensor:
    return torch.randn(400, 5, generator=torch.Generator().manual_seed(0))


def probe(x: Tensor, y: Tensor) -> float:
    return linear_probe(x[:300], y[:300], x[300:], y[300:])


def test_a_straight_cut_is_found(vectors: Tensor) -> None:
    assert probe(vectors, (vectors[:, 0] > vectors[:, 1]).long()) > 0.95


def test_three_classes(vectors: Tensor) -> None:
    assert probe(vectors, vectors[:, :3].argmax(dim=1)) > 0.95


def test_what_is_not_linear_stays_at_chance(vectors: Tensor) -> None:
    different_signs = (vectors[:, 0] * vectors[:, 1] > 0).long()
    assert 0.35 < probe(vectors, different_signs) < 0.65


# A mean in float32 would miss the second one by more than its clamped spread.
@pytest.mark.parametrize("constant", [1e6, 1_000_000.3125])
def test_a_constant_feature_does_no_harm(vectors: Tensor, constant: float) -> None:
    vectors[:, 4] = constant
    assert probe(vectors, (vectors[:, 0] > 0).long()) > 0.97


def test_same_vectors_same_accuracy(vectors: Tensor) -> None:
    y = (vectors[:, 0] + 0.5 * vectors[:, 1] ** 2 > 0).long()
    assert probe(vectors, y) == probe(vectors.clone(), y)


def test_wrong_input_is_refused(vectors: Tensor) -> None:
    y = torch.zeros(400, dtype=torch.int64)
    with pytest.raises(ValueError, match="train_x, train_y"):
        linear_probe(vectors, y[:9], vectors, y)
    with pytest.raises(ValueError, match="test_x: holds NaN"):
        linear_probe(vectors, y, vectors / torch.zeros(5), y)
