from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import COLOURS, KINDS
from cmlearn.evaluation.probing import FIRST_KIND, two_thing_captions

TRAIN, TEST = two_thing_captions(30, 10, np.random.default_rng(0))


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
        two_thing_captions(1000, 100, np.random.default_rng(0))
