"""From sentences to worlds: what is drawn, chosen and said, and what is refused before."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.vr import exhibits
from cmlearn.apps.vr.exhibits import (
    MAX_CHARACTERS,
    best_scene,
    check_sentences,
    describe_exhibit,
    exhibit_of,
    make_exhibits,
    truth_share,
)
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing

HOUSE = Thing("house", "red", "big", 0)
RIGHT = Scene("night", "grass", (HOUSE,))
TWO = Scene("night", "grass", (HOUSE, Thing("house", "red", "small", 2)))
BLUE = Scene("night", "grass", (Thing("house", "blue", "big", 0),))
SENTENCE = "a red house at night"
GREY = np.full((64, 64, 3), 127, np.uint8)


class Drawer:
    """Draws given pictures, one after the other, and counts."""

    def __init__(self, *pictures: np.ndarray) -> None:
        self.pictures, self.asked = list(pictures), []

    def draw(self, sentence, count, rng):
        self.asked.append((sentence, count, rng.initial_seed()))
        return self.pictures[len(self.asked) - 1][None]


def test_drawing_stops_at_the_first_right_picture():
    drawer = Drawer(render(BLUE), render(RIGHT), render(RIGHT))
    [made] = make_exhibits([SENTENCE], drawer, count=3, seed=7)
    assert drawer.asked == [(SENTENCE, 1, 7)] * 2
    assert (made.drawn, made.strict, made.world.scene.content) == (2, True, RIGHT.content)
    assert np.array_equal(made.picture, render(RIGHT))
    assert describe_exhibit(made) == (
        "a red house at night: ✓ house  ✓ red house  ✓ night\n"
        "All claims are true in picture 2, and no thing is too many."
    )


def test_the_world_shows_the_picture_and_not_the_sentence():
    [made] = make_exhibits([SENTENCE], Drawer(render(BLUE)), count=1)
    assert [part.name for part in made.world.things] == ["big blue house"]
    assert describe_exhibit(made) == (
        "a red house at night: ✓ house  ✗ red house  ✓ night\n"
        "The one picture drawn does not show all that was asked and nothing else. In the best one, "
        "2 of 3 claims are true."
    )


def test_without_a_right_picture_the_best_one_is_taken_with_a_word():
    [made] = make_exhibits([SENTENCE], Drawer(GREY, render(BLUE), render(TWO)), count=3)
    assert (made.drawn, made.strict, made.world.scene.content) == (3, False, TWO.content)
    assert "None of the 3 pictures drawn shows all" in describe_exhibit(made)
    assert "3 of 3 claims are true, but a thing is too many." in describe_exhibit(made)


def test_of_equals_the_first_is_chosen():
    assert best_scene(SENTENCE, [None, BLUE, BLUE]) == 1
    assert best_scene(SENTENCE, [TWO, BLUE, RIGHT]) == 2
    assert truth_share(SENTENCE, None) < truth_share(SENTENCE, Scene("day", "sea", ()))


def test_pictures_that_cannot_be_read_are_an_error_with_a_way_out():
    with pytest.raises(ValueError, match=r'no scene can be read in 2 pictures of "a red house'):
        make_exhibits([SENTENCE], Drawer(GREY, GREY), count=2)
    with pytest.raises(ValueError, match="--seed"):
        exhibit_of(SENTENCE, GREY, None)


def test_a_sentence_that_cannot_be_read_leaves_the_other_worlds():
    said = []
    drawer = Drawer(GREY, GREY, render(RIGHT))
    made = make_exhibits(["a boat", SENTENCE], drawer, count=2, report=said.append)
    assert [each.sentence for each in made] == [SENTENCE]
    [line] = said
    assert line.startswith('left out: no scene can be read in 2 pictures of "a boat"')
    with pytest.warns(UserWarning, match='left out: .* "a boat"'):
        make_exhibits(["a boat", SENTENCE], Drawer(GREY, render(RIGHT)), count=1)
    with pytest.raises(ValueError, match='pictures of "a boat"'):
        make_exhibits(["a boat", SENTENCE], Drawer(GREY, GREY), count=1)


def test_every_sentence_starts_with_the_same_seed():
    drawer = Drawer(render(RIGHT), render(BLUE))
    first, second = make_exhibits([SENTENCE, "a blue house"], drawer, seed=3)
    assert [seed for *_, seed in drawer.asked] == [3, 3]
    assert first.sentence == SENTENCE and second.strict


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "The request is empty: say what to draw"),
        (" \n\t ", "The request is empty"),
        ("🏠🌳", "The request is empty"),
        ("a red house " * 1000, "12,000 characters, and at most 200 are drawn"),
        ("красный дом", '"красный" is not known'),
        ("一座红房子", "is not known"),
        ("<script>alert(1)</script> a red house", '"script" is not known'),
        ("a red dragon", '"dragon" is not known'),
        ("a red hose", 'did you mean "house"?'),
        ("a red blue house", 'A house has one colour, not both "red" and "blue"'),
        ("a house at night, by day", 'one sky, not both "night" and "day"'),
        ("a house above a kite", 'A house cannot be "above" a kite'),
        ("a boat in the snow", "A boat cannot be on the snow"),
        ("a tree left of", '"left of" needs a thing before it and a thing after it'),
        ("four houses", '"four" is too many'),
        ("no house", "there are no negations"),
    ],
)
def test_bad_sentences_are_named_before_anything_is_drawn(typed, said):
    drawer = Drawer()
    with pytest.raises(ValueError) as error:
        make_exhibits([typed], drawer)
    assert said in str(error.value) and drawer.asked == []
    with pytest.raises(ValueError) as error:
        make_exhibits([SENTENCE, typed], drawer)
    assert str(error.value).startswith("sentence 2: ") and drawer.asked == []


def test_the_number_of_sentences_and_pictures_is_limited():
    for sentences in ([], [SENTENCE] * 7):
        with pytest.raises(ValueError, match="1 to 6 make a gallery"):
            check_sentences(sentences)
    with pytest.raises(ValueError, match="at least 1 picture"):
        make_exhibits([SENTENCE], Drawer(), count=0)
    check_sentences([SENTENCE] * exhibits.MAX_SENTENCES)


def test_captions_of_the_data_set_are_short_enough():
    from cmlearn.data.storybook import load_storybook

    longest = max(len(text) for texts in load_storybook("val").captions for text in texts)
    assert longest <= MAX_CHARACTERS
