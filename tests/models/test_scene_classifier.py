"""Tests of cmlearn.models.scene_classifier."""

import math

import numpy as np
import pytest
import torch

from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES, sample_scene
from cmlearn.data.storybook.targets import to_slots
from cmlearn.models.augmentation import RandomDegradation
from cmlearn.models.scene_classifier import (
    TARGETS,
    HueRotation,
    SceneClassifier,
    SceneClassifierConfig,
    predict_slots,
    prepare,
    scene_loss,
)
from cmlearn.training.loop import fit

SIZES_OF_STORYBOOK = (len(KINDS), len(COLOURS), len(SIZES), len(SKIES), len(GROUNDS))
CONFIG = SceneClassifierConfig(*SIZES_OF_STORYBOOK, width=4, hidden_dim=12)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(0)
    scenes = [sample_scene(rng) for _ in range(7)]
    pictures = torch.from_numpy(np.stack([render(scene) for scene in scenes]))
    return {
        "images": pictures,
        **{name: torch.from_numpy(v) for name, v in to_slots(scenes).items()},
    }


def test_shapes():
    logits = SceneClassifier(CONFIG)(torch.zeros(5, 3, 32, 32))
    assert {name: tuple(values.shape) for name, values in logits.items()} == {
        "kind": (5, 6, 10),
        "colour": (5, 6, 6),
        "size": (5, 6, 2),
        "sky": (5, 3),
        "ground": (5, 4),
    }


@pytest.mark.parametrize("size", [16, 32, 64, 100])
def test_every_picture_is_brought_to_one_size(size):
    white = torch.full((2, size, size, 3), 255, dtype=torch.uint8)
    prepared = prepare(white)
    assert prepared.shape == (2, 3, 32, 32)
    assert torch.allclose(prepared, torch.ones(()))


def test_a_slot_does_not_depend_on_the_others():
    torch.manual_seed(0)
    model, images = SceneClassifier(CONFIG).eval(), torch.zeros(1, 3, 32, 32)
    changed = images.clone()
    changed[:, :, 16:, :10] = 1  # the ground's left
    before, after = model(images), model(changed)
    for name in ("kind", "colour", "size"):
        differs = (before[name] != after[name]).any(-1)[0]
        assert differs.tolist() == [False, False, False, True, False, False]


def test_colour_is_read_without_shape():
    torch.manual_seed(0)
    model = SceneClassifier(CONFIG).eval()
    images = torch.rand(1, 3, 32, 32)
    images[:, :, :16, :10] = 0
    turned = images.clone()
    images[:, :, 2:4, 2:6], turned[:, :, 8:12, 6:8] = 1, 1  # the same four cells, elsewhere
    assert torch.allclose(model(images)["colour"][:, 0], model(turned)["colour"][:, 0], atol=1e-5)


def test_hues_are_turned_in_training_only():
    torch.manual_seed(0)
    turn, images = HueRotation(), torch.rand(4, 3, 6, 5)
    turned = turn(images)
    assert not torch.allclose(turned, images, atol=0.1)
    assert torch.allclose(turned.sum(1), images.sum(1), atol=1e-5)  # greys stay as they are
    assert torch.allclose(turned.norm(dim=1), images.norm(dim=1), atol=1e-5)
    assert turn.eval()(images) is images


def test_images_are_degraded_in_training_only():
    torch.manual_seed(0)
    degrade, images = RandomDegradation(), torch.rand(4, 3, 6, 5)
    assert 0.01 < (degrade(images) - images).abs().mean() < 0.5
    assert degrade(images).shape == images.shape
    assert degrade.eval()(images) is images


def test_noise_and_tint_have_the_stated_deviations():
    torch.manual_seed(0)
    grey = torch.zeros(600, 3, 24, 20)  # nothing that a blur could change
    smudged = RandomDegradation()(grey)
    noise = smudged.std(dim=(2, 3))  # (600, 3): a tint is the same for all pixels
    assert float(noise.mean()) == pytest.approx(0.15 / 2, rel=0.05)  # amounts from 0 to 1
    assert float(noise.amax()) == pytest.approx(0.15, rel=0.1)
    assert float(noise.amin()) < 0.01
    tint = smudged.mean(dim=(2, 3))
    assert float(tint.std()) == pytest.approx(0.05 / math.sqrt(3), rel=0.1)
    assert not torch.allclose(tint[:, 0], tint[:, 1], atol=0.01)


def test_a_blur_takes_up_to_eight_ninths_of_a_lone_pixel_to_its_neighbours():
    torch.manual_seed(0)
    dot = torch.zeros(600, 3, 7, 6)
    dot[:, :, 3, 2] = 1000.0  # beside which noise and tint are nothing
    smudged = RandomDegradation()(dot)[:, 0] / 1000
    left = smudged[:, 3, 2]
    assert float(left.amin()) == pytest.approx(1 / 9, abs=0.02)
    assert float(left.amax()) == pytest.approx(1, abs=0.02)
    assert float(left.mean()) == pytest.approx(5 / 9, abs=0.03)
    torch.testing.assert_close(smudged.sum(dim=(1, 2)), torch.ones(600), atol=0.02, rtol=0)
    torch.testing.assert_close(smudged[:, 2, 1], (1 - left) / 8, atol=0.002, rtol=0)


def test_the_loss_is_the_sum_of_its_named_terms(batch):
    torch.manual_seed(0)
    terms = scene_loss(SceneClassifier(CONFIG).eval(), batch)
    assert set(terms) == {"loss", *TARGETS}
    parts = [terms[name] for name in TARGETS]
    assert torch.allclose(terms["loss"], torch.stack(parts).sum())
    assert all(term.ndim == 0 and term > 0 for term in terms.values())


def test_colours_of_nothing_do_not_count(batch):
    torch.manual_seed(0)
    model = SceneClassifier(CONFIG).eval()
    logits = model(prepare(batch["images"]))["colour"]
    there = batch["kind"] > 0
    expected = torch.nn.functional.cross_entropy(logits[there], batch["colour"][there])
    assert torch.allclose(scene_loss(model, batch)["colour"], expected)


def test_one_batch_is_learned_by_heart(batch):
    torch.manual_seed(0)
    model = SceneClassifier(SceneClassifierConfig(*SIZES_OF_STORYBOOK, width=8, hidden_dim=32))
    fit(model, scene_loss, [batch] * 150, steps=150, learning_rate=1e-2, progress=False)
    answers, sure = predict_slots(model, prepare(batch["images"]))
    there = batch["kind"] > 0
    assert torch.equal(answers["kind"], batch["kind"])
    assert torch.equal(answers["size"][there], batch["size"][there])
    assert torch.equal(answers["sky"], batch["sky"])
    assert torch.equal(answers["ground"], batch["ground"])
    assert sure.shape == (7,)
    assert sure.min() > 0 and sure.max() <= 1


def test_the_same_seed_gives_the_same_classifier(batch):
    losses = []
    for _ in range(2):
        torch.manual_seed(3)
        history = fit(SceneClassifier(CONFIG), scene_loss, [batch] * 3, steps=3, progress=False)
        losses.append(history["loss"])
    assert np.array_equal(*losses)


def test_sure_is_the_least_sure_answer_that_counts(batch):
    torch.manual_seed(0)
    model = SceneClassifier(CONFIG).eval()
    images = prepare(batch["images"])
    answers, sure = predict_slots(model, images)
    probability = {k: v.softmax(-1).amax(-1) for k, v in model(images).items()}
    for n in range(len(images)):
        counts = [probability["sky"][n], probability["ground"][n], *probability["kind"][n]]
        for place in answers["kind"][n].nonzero()[:, 0]:
            counts += [probability["colour"][n, place], probability["size"][n, place]]
        assert torch.isclose(sure[n], torch.stack(counts).min())
