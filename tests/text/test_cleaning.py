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
        ("hap\u00adpy do\u200bgs", ["happy", "dogs"]),
        ("don\u200d\u2019\u2060t", ["don't"]),
        ("the dog\u200b\u2019\u200bs", ["the", "dog", "'s"]),
        ("i\u0307stanbul \u0130stanbul", ["i\u0307stanbul"] * 2),
        ("q\u0307\u0323a's\u0308", ["q\u0323\u0307a's\u0308"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("a \u0307 b \u2764\ufe0f 1\ufe0f\u20e3", ["a", "b", "1\u20e3"]),
        ("\ufeffa dog", ["a", "dog"]),
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


@given(st.text(st.sampled_from("ais'’ \u00ad\u200d\u0307\u0323\u0130_-")))
def test_cleaning_twice_changes_nothing_more_with_marks(caption: str) -> None:
    assert clean(clean(caption)) == clean(caption)


@given(st.text(alphabet="abs '", min_size=1), st.sampled_from("\u00ad\u200b\u200d\u2060\ufe0f"))
def test_invisible_signs_change_nothing(caption: str, sign: str) -> None:
    assert tokenize(sign.join(caption)) == tokenize(caption)


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
