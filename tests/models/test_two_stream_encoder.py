"""Tests of cmlearn.models.two_stream_encoder."""

import numpy as np
import pytest
import torch

from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import KINDS, SIZES, sample_scene
from cmlearn.data.storybook.targets import LABELS, multi_hot
from cmlearn.models.two_stream_encoder import (
    TwoStreamConfig,
    TwoStreamEncoder,
    prepare,
    two_stream_loss,
)
from cmlearn.recipes.image_encoders import storybook_two_streams
from cmlearn.training.loop import fit

LABELS_OF = {"shape_labels": tuple(range(9)), "colour_labels": tuple(range(9, 24))}
CONFIG = TwoStreamConfig(**LABELS_OF, width=4, colour_dim=6)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(0)
    scenes = [sample_scene(rng) for _ in range(7)]
    pictures = np.stack([render(scene) for scene in scenes])
    return {"images": torch.from_numpy(pictures), "labels": torch.from_numpy(multi_hot(scenes))}


def test_shapes(batch):
    encoder = TwoStreamEncoder(CONFIG).eval()
    images = prepare(batch["images"])
    grid, pooled = encoder.features(images)
    assert images.shape == (7, 3, 32, 32)
    assert -1 <= images.min() < 0 < images.max() <= 1
    assert encoder(images).shape == (7, len(LABELS))
    assert grid.shape == (7, CONFIG.channels, 4, 4)
    assert torch.equal(pooled, grid.amax(dim=(2, 3)))


def test_every_storybook_label_is_predicted_by_one_stream():
    config = storybook_two_streams()
    assert sorted(config.shape_labels + config.colour_labels) == list(range(len(LABELS)))
    assert {LABELS[n] for n in config.shape_labels} == {*KINDS, *SIZES}


def test_the_shape_stream_is_trained_on_random_hues(batch):
    torch.manual_seed(0)
    encoder, images = TwoStreamEncoder(CONFIG), prepare(batch["images"])
    first, second = encoder.features(images)[0], encoder.features(images)[0]
    shapes = 4 * CONFIG.width
    assert not torch.allclose(first[:, :shapes], second[:, :shapes], atol=1e-3)
    assert torch.allclose(first[:, shapes:], second[:, shapes:], atol=1e-5)


def test_the_colour_stream_ignores_the_order_of_pixels_in_a_cell(batch):
    torch.manual_seed(0)
    encoder, images = TwoStreamEncoder(CONFIG).eval(), prepare(batch["images"])
    shuffled = images.clone()
    corner = images[:, :, :8, :8].flatten(2)
    shuffled[:, :, :8, :8] = corner[:, :, torch.randperm(64)].unflatten(2, (8, 8))
    shapes = 4 * CONFIG.width
    before, after = (encoder.features(x)[0][:, shapes:] for x in (images, shuffled))
    assert torch.allclose(before, after, atol=1e-5)
    assert not torch.allclose(encoder.features(images)[0], encoder.features(shuffled)[0], atol=1e-3)


def test_one_batch_is_learned(batch):
    torch.manual_seed(0)
    encoder = TwoStreamEncoder(TwoStreamConfig(**LABELS_OF, width=8, colour_dim=32))
    history = fit(encoder, two_stream_loss, iter([batch] * 300), steps=300, learning_rate=1e-2)
    assert history["loss"][-1] < 0.1 < history["loss"][0]


def test_pixels_must_be_whole_numbers():
    with pytest.raises(ValueError, match="uint8"):
        prepare(torch.zeros(2, 64, 64, 3))
