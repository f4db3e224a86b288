"""What people type is understood, or named."""

from __future__ import annotations

import re

import pytest

from cmlearn.data.storybook import question_parser
from cmlearn.data.storybook.programs import (
    Backdrop,
    CompareNumbers,
    Count,
    Exist,
    Filter,
    Query,
    Relate,
    Same,
    Verify,
    VerifyBackdrop,
    VerifyNumber,
    VerifyRelation,
)
from cmlearn.data.storybook.question_parser import (
    EXAMPLES,
    MAX_LENGTH,
    QuestionError,
    normalise,
    parse_question,
)

BOAT, HOUSE, TREE = Filter("boat"), Filter("house"), Filter("tree")
LEFT_OF_TREE = Relate(Filter(), "left of", TREE)


@pytest.mark.parametrize(
    ("question", "program"),
    [
        ("what colour is the boat?", Query("colour", BOAT)),
        ("What color is the boat", Query("colour", BOAT)),
        ("  WHAT COLOUR IS THE SHIP???", Query("colour", BOAT)),
        ("what's the boat's colour?", Query("colour", BOAT)),
        ("tell me the colour of the boat", Query("colour", BOAT)),
        ("how many houses?", Count(HOUSE)),
        ("how many homes are there in the picture", Count(HOUSE)),
        ("how many houses are red?", Count(Filter("house", "red"))),
        ("how many red ones are there", Count(Filter(colour="red"))),
        ("how many things are on the left of the tree?", Count(LEFT_OF_TREE)),
        ("is there a red kite", Exist(Filter("kite", "red"))),
        ("is there something red?", Exist(Filter(colour="red"))),
        ("is a boat in the picture", Exist(BOAT)),
        ("is anything left of the tree?", Exist(LEFT_OF_TREE)),
        ("are there two houses?", VerifyNumber("two", HOUSE)),
        ("are there 2 houses?", VerifyNumber("two", HOUSE)),
        ("what is left of the tree?", Query("kind", LEFT_OF_TREE)),
        ("what is to the left of the tree?", Query("kind", LEFT_OF_TREE)),
        ("which thing stands left of the tree", Query("kind", LEFT_OF_TREE)),
        ("is the house left of the tree?", VerifyRelation(HOUSE, "left of", TREE)),
        ("is the boat big?", Verify("size", "big", BOAT)),
        ("is the boat small or big?", Query("size", BOAT)),
        ("how large is the boat", Query("size", BOAT)),
        ("are there more houses than trees?", CompareNumbers("more", HOUSE, TREE)),
        ("is the boat the same colour as the tree?", Same("colour", BOAT, TREE)),
        ("is the boat as big as the tree?", Same("size", BOAT, TREE)),
        (
            "what colour is the thing above the big house?",
            Query("colour", Relate(Filter(), "above", Filter("house", size="big"))),
        ),
        (
            "what color is the house that is left of the tree",
            Query("colour", Relate(HOUSE, "left of", TREE)),
        ),
        ("is it night?", VerifyBackdrop("sky", "night")),
        ("is there snow?", VerifyBackdrop("ground", "snow")),
        ("what time of day is it", Backdrop("sky")),
        ("which is left of the tree?", Query("kind", LEFT_OF_TREE)),
        ("what is at the left of the tree?", Query("kind", LEFT_OF_TREE)),
        ("is it the house which is left of the tree?", VerifyRelation(HOUSE, "left of", TREE)),
        (
            "is the number of houses equal to the number of trees?",
            CompareNumbers("as many", HOUSE, TREE),
        ),
        (
            "does the number of houses equal the number of trees?",
            CompareNumbers("as many", HOUSE, TREE),
        ),
        (
            "is there an equal number of houses and trees?",
            CompareNumbers("as many", HOUSE, TREE),
        ),
        (
            "is the colour of the boat equal to the colour of the tree?",
            Same("colour", BOAT, TREE),
        ),
        ("is it a boat?", Exist(BOAT)),
        ("is it at night?", VerifyBackdrop("sky", "night")),
        ("are there only two houses?", VerifyNumber("two", HOUSE)),
    ],
)
def test_understood(question, program):
    assert parse_question(question) == program


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "empty"),
        (" ?! ", "empty"),
        ("a" * 10_000, "10,000 signs"),
        ("какого цвета лодка?", "another alphabet"),
        ("船是什么颜色", "another alphabet"),
        ("<b>what colour is the boat?</b>", "without markup"),
        ("what colour is the dog?", '"dog" is not known: the things are houses'),
        ("what colour is the hose?", 'did you mean "house"?'),
        ("is there a pink boat?", '"pink" is not known: a thing is red'),
        ("what is behind the tree?", "left of, right of, above or below"),
        ("where is the boat?", "ask what is left of"),
        ("why is the boat red?", '"why" is not known'),
        ("is there no boat?", "without a negation"),
        ("what colour is the red blue house?", "one colour"),
        ("is there a small big house?", "one size"),
        ("does the boat have the colour big?", '"big" is no colour'),
        ("what colour is the boat left", '"left" is not understood after'),
        ("how many is it", f'Did you mean a question like "{EXAMPLES["how many"]}"'),
        ("boat", "Did you mean a question like"),
        ("what colour is it?", "Did you mean a question like"),
        ("are there four boats?", '"four" is not known: ask for exactly one, two or three'),
        ("are there 17 boats?", '"17" is not known: ask for exactly one, two or three'),
        ("are there at least two boats?", '"least" is not known: ask for exactly one'),
        ("are there zero boats?", 'Ask for one, two or three, or "is there a boat?"'),
        ("is the boat bigger than the tree?", 'ask "is the boat as big as the tree?"'),
        ("is the boat larger than the tree?", 'ask "is the boat as big as the tree?"'),
        ("is there only a boat?", '"is there only one boat?"'),
        ("is there only one dog?", '"dog" is not known'),
        ("what colour is the sky?", 'ask "what time of day is it?"'),
        ("is the sky blue?", 'ask "what time of day is it?"'),
        ("is the boat on the sea?", 'then "is the ground sea?"'),
        ("what colour is the boat on the sea?", 'then "is the ground sea?"'),
        ("is there a house at night?", '"is it night?"'),
        ("what is in the sky?", '"is it night?"'),
        ("\x00", "empty"),
        ("🚤?", "empty"),
    ],
)
def test_what_is_not_understood_is_named(question, words):
    with pytest.raises(QuestionError) as error:
        parse_question(question)
    assert words in str(error.value)
    assert len(str(error.value)) < 250


def test_every_example_is_understood():
    for example in EXAMPLES.values():
        parse_question(example)


def test_every_question_that_a_message_advises_is_understood():
    sentences = [*question_parser._OTHERS, *(hint for _, hint in question_parser._HINTS)]
    advised = [found for each in sentences for found in re.findall(r'"([^"]+\?)"', each)]
    assert len(advised) > 8
    for question in advised:
        parse_question(question)


def test_a_question_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="question: expected one string, got list"):
        parse_question(["what colour is the boat?"])


def test_no_text_takes_long_or_raises_anything_else():
    for text in ("is the " * 28, "red " * 50, "house left of " * 14, "?" * MAX_LENGTH):
        with pytest.raises(QuestionError):
            parse_question(text)


def test_normalise_brings_spellings_together():
    assert normalise("What color are the homes?") == "what colour is house"
    assert normalise("is something small and red") != ""
