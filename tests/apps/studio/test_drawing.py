"""Settings determine a picture; what the scene parser reads is told beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cmlearn.apps.studio.drawing import (
    MAX_SEED,
    Settings,
    draw_in_batches,
    draw_pictures,
    fingerprint,
    mixed,
    noise_of,
)
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.data.storybook.scene import Thing
from cmlearn.models.flow import Flow, guided
from tests.apps.studio.conftest import HOUSE, TREE, drawing_of, unreadable

NIGHT = Settings("two red houses at night", seed=3, steps=2)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a.astype(int) - b).max() <= 1)  # batches differ in the last bit


def test_a_picture_does_not_depend_on_those_beside_it(tiny):
    alone = draw_pictures(tiny, [replace(NIGHT, index=2)])[0]
    beside = draw_pictures(
        tiny, [NIGHT, replace(NIGHT, sentence="a ball"), replace(NIGHT, index=2)]
    )
    assert close(alone.picture, beside[2].picture)
    assert not close(beside[0].picture, beside[2].picture)
    assert not close(beside[0].picture, beside[1].picture)


def test_noise_depends_on_seed_and_index_alone():
    assert torch.equal(noise_of(1, 2), noise_of(1, 2))
    assert noise_of(1, 2, 32).shape == (3, 32, 32)
    assert not torch.equal(noise_of(1, 2), noise_of(2, 1))


def test_batches_give_the_same_pictures_and_the_first_comes_alone(tiny):
    settings = [replace(NIGHT, index=i) for i in range(6)]
    batches = list(draw_in_batches(tiny, settings, "name"))
    assert [len(batch) for batch in batches] == [1, 4, 1]
    together = draw_pictures(tiny, settings)
    assert all(
        close(a.picture, b.picture) and a.settings == b.settings and a.model == "name"
        for a, b in zip([d for batch in batches for d in batch], together, strict=True)
    )


def test_the_ends_of_a_strip_are_the_two_sentences(tiny):
    first, last = Settings("a ball", steps=2), Settings("a tree at night", steps=2)
    ends = draw_pictures(
        tiny, [replace(first, other=last.sentence, mix=m) for m in (0.0, 0.5, 1.0)]
    )
    assert close(ends[0].picture, draw_pictures(tiny, [first])[0].picture)
    assert close(ends[2].picture, draw_pictures(tiny, [last])[0].picture)
    assert not close(ends[1].picture, ends[0].picture)


def test_without_a_second_caption_it_is_classifier_free_guidance(tiny):
    tokens = tiny.encode("a tree").expand(2, -1)
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = mixed(tiny.model, tokens, tokens, torch.zeros(2), 2.5)(x, 0.3)
        assert torch.allclose(found, guided(tiny.model, tokens, 2.5)(x, 0.3), atol=1e-6)
        half = mixed(tiny.model, tokens, tokens, torch.full((2,), 0.5), 1.0)(x, 0.3)
        assert torch.allclose(half, guided(tiny.model, tokens, 1)(x, 0.3), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"sentence": ""}, "empty"),
        ({"sentence": "a red blue house"}, "one colour"),
        ({"seed": -1}, "seed: a whole number from 0"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"index": -1}, "index"),
        ({"steps": 0}, "steps"),
        ({"guidance": float("nan")}, "guidance"),
        ({"guidance": "2"}, "guidance"),
        ({"guidance": float("inf")}, "guidance"),
        ({"guidance": 10**400}, "guidance"),
        ({"sentence": "\ud800 house"}, "Only English"),
        ({"mix": 1.5, "other": "a tree"}, "mix"),
        ({"mix": 0.5}, "empty"),
        ({"other": "a cat"}, "cat"),
    ],
)
def test_bad_settings_are_refused(values, named):
    with pytest.raises(ValueError, match=named):
        Settings(**{"sentence": "a red house", **values})


def test_one_batch_has_one_number_of_steps(tiny):
    with pytest.raises(ValueError, match="one number of steps"):
        draw_pictures(tiny, [NIGHT, replace(NIGHT, steps=3)])
    with pytest.raises(ValueError, match="settings"):
        draw_pictures(tiny, [])


def test_findings_leave_out_what_others_imply():
    right = drawing_of("a red house left of a tree at night", HOUSE, TREE)
    assert right.is_right and right.share_true == 1
    assert right.findings == (
        ("red house", True),
        ("tree", True),
        ("house left of tree", True),
        ("night", True),
        ("nothing too many", True),
    )


def test_a_thing_of_another_colour_is_still_there():
    found = drawing_of("a red boat", Thing("boat", "blue", "big", 0))
    assert found.findings == (("boat", True), ("red boat", False))


def test_findings_name_what_is_wrong():
    twice = drawing_of("a red house", HOUSE, replace(HOUSE, column=1))
    assert not twice.is_right
    assert twice.findings[-1] == ("nothing too many", False)
    none = drawing_of("a red house", TREE)
    assert none.findings == (("house", False), ("red house", False))
    assert none.share_true == 0


def test_all_claims_of_an_unreadable_picture_are_false():
    drawing = unreadable("a red house")
    assert not drawing.is_right and not any(claim.true for claim in drawing.claims)
    assert drawing.findings == (("can be read", False),)


def test_the_fingerprint_changes_with_the_weights(tiny):
    other = Flow(tiny.model.config)
    other.load_state_dict(tiny.model.state_dict())
    assert fingerprint(TextToImage(other, tiny.vocabulary)) == fingerprint(tiny)
    with torch.no_grad():
        other.norm.bias[0] += 1e-6
    assert fingerprint(TextToImage(other, tiny.vocabulary)) != fingerprint(tiny)
