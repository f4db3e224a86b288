"""Tests of cmlearn.training.feature_cache."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn.training import feature_cache
from cmlearn.training.feature_cache import Features, precompute_features


class Network(nn.Module):
    """Counts its calls, and gives a grid of 2 x 3 and 4 pooled features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 2, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.calls = 0

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        self.calls += 1
        grid = self.norm(self.conv(images))
        return grid, grid.mean(dim=(2, 3))


def prepare(images: Tensor) -> Tensor:
    return images.movedim(-1, 1) / 255


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network().eval()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(7, 4, 6, 3)).astype(np.uint8)


def compute(network: nn.Module, images: np.ndarray, folder: Path, **options: object) -> Features:
    options = {"progress": False, "batch_size": 3} | options
    return precompute_features(network, prepare, images, "toy", folder=folder, **options)  # type: ignore[arg-type]


def test_features_are_those_of_the_network(
    network: Network, images: np.ndarray, tmp_path: Path
) -> None:
    grid, pooled = compute(network, images, tmp_path)
    assert (grid.shape, pooled.shape) == ((7, 4, 2, 3), (7, 4))
    assert grid.dtype == pooled.dtype == np.float16
    with torch.no_grad():
        expected = network.features(prepare(torch.from_numpy(images)))
    np.testing.assert_allclose(grid, expected[0], atol=1e-3)
    np.testing.assert_allclose(pooled, expected[1], atol=1e-3)


def test_they_are_computed_once(network: Network, images: np.ndarray, tmp_path: Path) -> None:
    first = compute(network, images, tmp_path)
    calls = network.calls
    second = compute(network, images, tmp_path, batch_size=2)
    assert network.calls == calls == 3
    assert isinstance(second.grid, np.memmap)
    assert not second.grid.flags.writeable
    np.testing.assert_array_equal(first.grid, second.grid)


def test_anything_else_is_computed_anew(
    network: Network, images: np.ndarray, tmp_path: Path
) -> None:
    before = compute(network, images, tmp_path).pooled
    other_images = images.copy()
    other_images[3] = 0
    assert not np.array_equal(compute(network, other_images, tmp_path).pooled, before)
    assert len(compute(network, images[:5], tmp_path).pooled) == 5
    twice = precompute_features(
        network, lambda x: 2 * prepare(x), images, "toy", folder=tmp_path, progress=False
    )
    assert not np.array_equal(twice.pooled, before)
    with torch.no_grad():
        network.conv.bias[0] += 1
    assert not np.array_equal(compute(network, images, tmp_path).pooled, before)


def test_running_statistics_belong_to_the_weights(
    network: Network, images: np.ndarray, tmp_path: Path
) -> None:
    before = compute(network, images, tmp_path).pooled
    network.norm.running_mean += 1
    assert not np.array_equal(compute(network, images, tmp_path).pooled, before)


def test_a_damaged_file_is_computed_anew(
    network: Network, images: np.ndarray, tmp_path: Path
) -> None:
    grid = np.array(compute(network, images, tmp_path).grid)
    for path in tmp_path.glob("*-grid.npy"):
        path.write_bytes(path.read_bytes()[:-9])
    np.testing.assert_array_equal(compute(network, images, tmp_path).grid, grid)
    for path in tmp_path.glob("*-pooled.npy"):
        path.unlink()
    np.testing.assert_array_equal(compute(network, images, tmp_path).grid, grid)


def test_an_interruption_leaves_nothing(
    network: Network, images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(images: Tensor) -> tuple[Tensor, Tensor]:
        if network.calls == 1:
            raise KeyboardInterrupt
        return Network.features(network, images)

    monkeypatch.setattr(network, "features", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compute(network, images, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported(
    network: Network, images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_cache, "_write_header", full)
    with pytest.raises(OSError, match=r"cannot write features: No space left .*toy-"):
        compute(network, images, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_right_is_refused(
    network: Network, images: np.ndarray, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"Network is in train mode.*call eval\(\)"):
        compute(network.train(), images, tmp_path)
    network.eval()
    with pytest.raises(ValueError, match="images must be"):
        compute(network, images[:0], tmp_path)
    with pytest.raises(ValueError, match="name: 'a b'"):
        precompute_features(network, prepare, images, "a b", folder=tmp_path)
    with torch.no_grad():
        network.norm.weight.mul_(1e9)
    with pytest.raises(ValueError, match="images 0 to 2: a feature is NaN, or beyond"):
        compute(network, images, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_bar_counts_batches(
    network: Network,
    images: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    compute(network, images, tmp_path, progress=True)  # 7 pictures, 3 at a time
    assert "features of toy: 100%" in (err := capsys.readouterr().err)
    assert "3/3" in err
