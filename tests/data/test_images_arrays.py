"""Tests of cmlearn.data.images: pictures that are arrays already."""

import numpy as np
import pytest
import torch

from cmlearn.data.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    blur,
    centre_crop,
    denormalise,
    normalise,
    resize,
    to_pixels,
    to_tensor,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(height: int = 32, width: int = 48) -> np.ndarray:
    """Red, green over blue, white: no two corners alike, so that every turn shows."""
    image = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left], image[:top, left:] = RED, GREEN
    image[top:, :left], image[top:, left:] = BLUE, WHITE
    return image


def noise(height: int = 64, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_centre_crop_takes_the_middle_square() -> None:
    wide = np.arange(5 * 9 * 3).reshape(5, 9, 3)
    assert np.array_equal(centre_crop(wide), wide[:, 2:7])
    assert np.array_equal(centre_crop(wide.transpose(1, 0, 2)), wide.transpose(1, 0, 2)[2:7])
    assert centre_crop(wide[..., 0]).shape == (5, 5)


def test_area_averages_where_nearest_picks() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (resize(stripes, 4, "area") == 100).all()
    assert set(np.unique(resize(stripes, 4, "nearest"))) <= {0, 200}


def test_resize_takes_height_before_width_and_names_wrong_arguments() -> None:
    image = quarters()
    assert resize(image, (10, 20)).shape == (10, 20, 3)
    assert resize(image, 7).shape == (7, 7, 3)
    with pytest.raises(ValueError, match="interpolation must be one of .*'bicubic'"):
        resize(image, 7, "bicubic")
    with pytest.raises(ValueError, match="size must be at least 1 pixel"):
        resize(image, 0)


def test_tensor_round_trip() -> None:
    images = np.stack([noise(4, 6), noise(4, 6)])
    tensor = to_tensor(images)
    assert tensor.shape == (2, 3, 4, 6)
    assert tensor.dtype == torch.float32
    assert 0 <= tensor.min() < tensor.max() <= 1
    assert np.array_equal(to_pixels(tensor), images)
    assert torch.equal(to_tensor(torch.from_numpy(images[0])), tensor[0])
    assert to_pixels(torch.tensor([-1.0, 0.5, 2.0]).reshape(3, 1, 1)).tolist() == [[[0, 128, 255]]]


def test_to_tensor_refuses_what_is_no_pixels() -> None:
    with pytest.raises(ValueError, match="must be uint8"):
        to_tensor(np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ValueError, match=r"must be \(\.\.\., H, W, 3\), got \(3, 4, 4\)"):
        to_tensor(np.zeros((3, 4, 4), np.uint8))


def test_normalise_per_colour_and_back() -> None:
    mean = torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1).expand(2, 3, 4, 5)
    assert torch.allclose(normalise(mean, IMAGENET_MEAN, IMAGENET_STD), torch.zeros(1), atol=1e-6)
    tensor = torch.rand(2, 3, 4, 5)
    back = denormalise(normalise(tensor, IMAGENET_MEAN, IMAGENET_STD), IMAGENET_MEAN, IMAGENET_STD)
    assert torch.allclose(back, tensor, atol=1e-6)


# ── Blur ─────────────────────────────────────────────────────────────────────────────────────────


def test_blur_is_measured_in_64ths():
    edge = np.zeros((1, 128, 128, 3), np.uint8)
    edge[:, :, 64:] = 255
    large, small = blur(edge, 2)[0, 0, ::2, 0], blur(edge[:, ::2, ::2], 2)[0, 0, :, 0]
    assert np.abs(large.astype(int) - small).max() < 30
    assert 0 < small[30] < 128
