"""Tests of cmlearn.text.cleaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.text.cleaning import clean, tokenize


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        (
            "A red house, left of a BLUE tree.",
            ["a", "red", "house", "left", "of", "a", "blue", "tree"],
        ),
        ("The dog’s bone", ["the", "dog", "'s", "bone"]),
        ("It doesn't `move'", ["it", "doesn't", "move"]),
        ("a black-and-white cat", ["a", "black", "and", "white", "cat"]),
        ("“Two” kites — 2 stars!", ["two", "kites", "2", "stars"]),
        ("ﬁre  ＴＲＵＣＫ\n", ["fire", "truck"]),
        ("Cafe\u0301", ["café"]),
        ("snake_case <pad>", ["snake", "case", "pad"]),
        ("", []),
        (" ?!… ", []),
    ],
)
def test_tokens(caption: str, tokens: list[str]) -> None:
    assert tokenize(caption) == tokens
    assert clean(caption) == " ".join(tokens)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(caption: str) -> None:
    assert clean(clean(caption)) == clean(caption)


@given(st.text())
def test_case_and_space_do_not_matter(caption: str) -> None:
    assert clean(f"  {caption}\t\n") == clean(caption)
    assert not any(token.isspace() or token == "" for token in tokenize(caption))


def test_ten_thousand_words() -> None:
    assert len(tokenize("a house, " * 5000)) == 10_000


@pytest.mark.parametrize("wrong", [None, 3, b"a house", ["a house"]])
def test_what_is_not_a_string_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=f"caption: .*got {type(wrong).__name__}"):
        tokenize(wrong)  # type: ignore[arg-type]
