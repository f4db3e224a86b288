"""Tests of cmlearn.data.storybook.typed."""

import pytest

from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.scene import NOVEL_COLOUR, NOVEL_LEFT_OF
from cmlearn.data.storybook.second_captions import is_second_grammatical
from cmlearn.data.storybook.second_scenes import NOVEL_COUNT
from cmlearn.data.storybook.typed import load_typed, load_typed_requests

TYPED = load_typed()


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case.caption)
def test_the_parser_finds_the_claims_that_a_person_wrote(case):
    assert parse_caption(case.caption) == case.claims


def test_there_are_a_hundred_different_captions():
    assert len(TYPED) == len({case.caption.lower() for case in TYPED}) == 100


def test_no_grammar_produces_one():
    for case in TYPED:
        assert not is_grammatical(case.caption), case.caption
        assert not is_second_grammatical(case.caption), case.caption


def test_none_stands_in_the_data():
    captions = {t for name in ("train", "val", "test", "novel")
                for five in load_storybook(name, edition=2).captions for t in five}  # fmt: skip
    assert not captions & {case.caption.lower() for case in TYPED}


def test_each_can_be_drawn():
    assert [
        (c.caption, explain_request(c.caption)) for c in TYPED if explain_request(c.caption)
    ] == []


def test_they_are_new_in_their_wording_only():
    for _, claims in TYPED:
        for mention in claims.mentions:
            assert NOVEL_COLOUR.get(mention.kind) not in mention.colours
        for relation in claims.relations:
            kinds = [claims.mentions[i].kind for i in (relation.subject, relation.object)]
            left = kinds if relation.name == "left of" else kinds[::-1]
            assert relation.name in ("above", "below") or tuple(left) not in NOVEL_LEFT_OF
        for count in claims.counts:
            assert (count.mention.kind, count.number) not in NOVEL_COUNT


def test_they_have_all_sorts_of_claims():
    numbers = [len(case.claims.mentions) for case in TYPED]
    assert min(numbers.count(n) for n in (1, 2, 3)) >= 15
    assert sum(bool(case.claims.counts) for case in TYPED) >= 25
    assert sum(bool(case.claims.relations) for case in TYPED) >= 8
    assert sum(bool(case.claims.skies) for case in TYPED) >= 25
    assert sum(bool(case.claims.grounds) for case in TYPED) >= 30


def test_requests_that_cannot_be_drawn():
    requests = load_typed_requests()
    assert len(requests) == len({case.request for case in requests}) >= 50
    assert all(explain_request(case.request) for case in requests)
