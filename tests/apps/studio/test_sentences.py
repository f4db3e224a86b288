"""What cannot be drawn is explained kindly; what is offered to click can be drawn."""

from __future__ import annotations

import pytest

from cmlearn.apps.studio.sentences import EXAMPLES, PALETTE, check_sentence
from cmlearn.data.storybook.lexicon import TYPED_MEANING
from cmlearn.data.storybook.parser import FILLER


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a red house " * 1000, "12,000 letters, and at most 200"),
        ("красный дом", "Only English"),
        ("红色的房子", "Only English"),
        ("<b>a red house</b>", '"b" is not known'),
        ("<script>alert(1)</script>", '"script" is not known'),
        ("a red dragon", '"dragon" is not known'),
        ("a red blue house", "one colour"),
        ("a house above a kite", 'cannot be "above"'),
        ("a house at noon at night", "one sky"),
        ("four trees", '"four" is too many'),
    ],
)
def test_what_cannot_be_drawn_is_explained(typed, named):
    said = check_sentence(typed)
    assert said and named in said and len(said) < 300


def test_what_can_be_drawn_has_no_problem():
    assert [check_sentence(text) for text in EXAMPLES] == [None] * len(EXAMPLES)


def test_only_strings_are_sentences():
    with pytest.raises(TypeError, match="string"):
        check_sentence(3)


def test_every_word_to_click_is_known():
    words = {word for group in PALETTE.values() for text in group for word in text.split()}
    assert words <= {*TYPED_MEANING, *FILLER}
