"""Tests of cmlearn.evaluation.probing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import COLOURS, KINDS
from cmlearn.evaluation.probing import (
    FIRST_KIND,
    linear_probe,
    principal_components,
    word_order_captions,
)


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


# ── Principal components ─────────────────────────────────────────────────────────────────────────


def test_the_widest_direction_comes_first() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([0.1, 5.0, 1.0])
    vectors = rng.normal(size=(300, 3)) * spread + 7
    points = principal_components(vectors)
    assert points.shape == (300, 2)
    assert abs(np.corrcoef(points[:, 0], vectors[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(points[:, 1], vectors[:, 2])[0, 1]) > 0.99
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)


def test_the_sign_is_settled() -> None:
    vectors = np.random.default_rng(1).normal(size=(9, 4))
    points = principal_components(vectors)
    assert (points.max(axis=0) == np.abs(points).max(axis=0)).all()


def test_too_few_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="no 2 principal axes"):
        principal_components(np.zeros((1, 5)))


# ── Captions of two things ───────────────────────────────────────────────────────────────────────


TRAIN, TEST = word_order_captions(30, 10, np.random.default_rng(0))


def test_the_answers_are_those_of_the_parser():
    for asked in (TRAIN, TEST):
        for n, caption in enumerate(asked.captions):
            said = parse_caption(caption)
            first, second = said.mentions
            is_left = said.relations[0].name == "left of"
            assert asked.first_is_left[n] == is_left
            assert KINDS[asked.left_kind[n]] == (first if is_left else second).kind
            assert (COLOURS[asked.first_colour[n]],) == first.colours
            assert caption.split()[FIRST_KIND] == first.kind
            assert len(caption.split()) == 8


def test_pairs_of_the_test_were_never_seen():
    def pairs(asked):
        mentions = [parse_caption(caption).mentions for caption in asked.captions]
        return {frozenset((m.colours, m.kind) for m in two) for two in mentions}

    assert len(pairs(TRAIN)) == 30
    assert len(pairs(TEST)) == 10
    assert not pairs(TRAIN) & pairs(TEST)


def test_words_alone_tell_nothing():
    assert len(TRAIN.captions) == 120
    assert TRAIN.first_is_left.double().mean() == 0.5
    bags: dict[tuple[str, ...], list[int]] = {}
    for caption, kind in zip(TRAIN.captions, TRAIN.left_kind.tolist()):
        bags.setdefault(tuple(sorted(caption.split())), []).append(kind)
    assert all(len(set(kinds)) == 2 for kinds in bags.values())


def test_more_pairs_than_there_are():
    with pytest.raises(ValueError, match="at most 1080"):
        word_order_captions(1000, 100, np.random.default_rng(0))
