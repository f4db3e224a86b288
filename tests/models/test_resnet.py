"""Tests of cmlearn.models.resnet."""

import pickle
from pathlib import Path

import cv2
import pytest
import torch
from safetensors.torch import save_file

from cmlearn.data.images import centre_crop, load_image, resize
from cmlearn.models.resnet import (
    BasicBlock,
    ResNet18,
    ResNetConfig,
    class_activation_map,
    label_loss,
    prepare,
)
from cmlearn.pretrained.imagenet import load_imagenet_weights
from cmlearn.pretrained.torchvision_guard import import_torchvision
from cmlearn.training.loop import fit
from cmlearn.training.runtime import seed_all, seeded_generator

SMALL = ResNetConfig(num_labels=5, width=4)


@pytest.fixture
def reference() -> torch.nn.Module:
    """torchvision's ResNet-18 with random weights and random BatchNorm statistics."""
    seed_all(0)
    network = import_torchvision().models.resnet18(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def test_equals_torchvision(reference: torch.nn.Module) -> None:
    ours = ResNet18(ResNetConfig(num_labels=1000)).eval()
    assert list(ours.state_dict()) == list(reference.state_dict())
    ours.load_state_dict(reference.state_dict())
    images = torch.randn(2, 3, 96, 64, generator=seeded_generator(1))
    with torch.no_grad():
        expected = reference(images)
        assert torch.allclose(ours(images), expected, atol=1e-5, rtol=1e-5)


def test_block_equals_torchvision(reference: torch.nn.Module) -> None:
    block = BasicBlock(64, 128, stride=2).eval()
    block.load_state_dict(reference.layer2[0].state_dict())
    x = torch.randn(2, 64, 9, 7)
    with torch.no_grad():
        assert torch.allclose(block(x), reference.layer2[0](x), atol=1e-5)


@pytest.mark.parametrize(
    ("config", "grid_shape", "map_shape"),
    [
        (SMALL, (2, 16, 4, 6), (2, 2, 3)),
        (ResNetConfig(5, width=4, stem_stride=1), (2, 16, 8, 12), (2, 4, 6)),
        (ResNetConfig(5, width=4, last_stride=1), (2, 16, 4, 6), (2, 4, 6)),
    ],
)
def test_shapes(config: ResNetConfig, grid_shape: tuple, map_shape: tuple) -> None:
    model = ResNet18(config).eval()
    images = torch.randn(2, 3, 64, 96)
    grid, pooled = model.features(images)
    assert grid.shape == grid_shape
    assert pooled.shape == (2, 32)
    assert model(images).shape == (2, 5)
    assert class_activation_map(model, images, 3).shape == map_shape


def test_map_averages_to_the_logit() -> None:
    model = ResNet18(SMALL).eval()
    images = torch.randn(3, 3, 64, 64)
    logits = class_activation_map(model, images, 2).mean(dim=(1, 2)) + model.fc.bias[2]
    assert torch.allclose(logits, model(images)[:, 2], atol=1e-5)
    with pytest.raises(ValueError, match="label must be 0 to 4, got 5"):
        class_activation_map(model, images, 5)


def test_prepare_normalises_once_and_lays_out_channels_last() -> None:
    images = torch.zeros(2, 8, 6, 3, dtype=torch.uint8)
    images[..., 0] = 255
    prepared = prepare(images)
    assert prepared.shape == (2, 3, 8, 6)
    assert prepared[0, :, 0, 0].tolist() == pytest.approx(
        [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    )
    assert prepared.is_contiguous(memory_format=torch.channels_last)


def test_loss_starts_at_one_bit_per_label_and_can_be_overfit() -> None:
    seed_all(0)
    model = ResNet18(ResNetConfig(num_labels=4, width=8))
    torch.nn.init.zeros_(model.fc.weight)
    torch.nn.init.zeros_(model.fc.bias)
    batch = {
        "images": torch.randint(
            256, (8, 32, 32, 3), generator=seeded_generator(0), dtype=torch.uint8
        ),
        "labels": torch.randint(2, (8, 4), generator=seeded_generator(1)),
    }
    assert label_loss(model, batch)["loss"].item() == pytest.approx(torch.log(torch.tensor(2.0)))
    history = fit(model, label_loss, [batch] * 25, steps=25, learning_rate=0.01, progress=False)
    assert history["loss"][-1] < 0.05
    assert history["exact"][-1] == 1
    assert history["exact"][0] < 1


def test_imagenet_weights_load_from_either_format(
    tmp_path: Path, reference: torch.nn.Module
) -> None:
    halved = {
        name: value.half() if value.is_floating_point() else value
        for name, value in reference.state_dict().items()
    }
    torch.save(halved, tmp_path / "weights.pth")
    save_file(halved, tmp_path / "weights.safetensors")
    one = load_imagenet_weights(tmp_path / "weights.pth")
    other = load_imagenet_weights(tmp_path / "weights.safetensors")
    assert one.conv1.weight.dtype == torch.float32
    assert not one.training
    for name, value in other.state_dict().items():
        assert torch.equal(value, one.state_dict()[name])


def test_imagenet_weights_refuse_what_is_no_weights(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        load_imagenet_weights(tmp_path / "absent.pth")
    (tmp_path / "cut.pth").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match=r"cut\.pth cannot be read as weights"):
        load_imagenet_weights(tmp_path / "cut.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match=r"list\.pth holds a list"):
        load_imagenet_weights(tmp_path / "list.pth")
    save_file(ResNet18(SMALL).state_dict(), tmp_path / "small.safetensors")
    with pytest.raises(ValueError, match=r"small\.safetensors does not hold .* conv1\.weight"):
        load_imagenet_weights(tmp_path / "small.safetensors")


class Trap:
    """Touches a file when unpickled."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple:
        return Path.touch, (self.touched,)


def test_imagenet_weights_run_no_code(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Trap(tmp_path / "touched")}, tmp_path / "trap.pth")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Trap(tmp_path / "touched"), protocol=2))
    for name in ("trap.pth", "bare.pth"):
        with pytest.raises(ValueError, match=f"{name} cannot be read as weights"):
            load_imagenet_weights(tmp_path / name)
    assert not (tmp_path / "touched").exists()


def test_without_a_network_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = import_torchvision().models.ResNet18_Weights

    def offline(*args: object, **options: object) -> None:
        assert options == {"progress": True, "check_hash": True, "weights_only": True}
        raise OSError("no route to host")

    monkeypatch.setattr(weights, "get_state_dict", offline)
    with pytest.raises(ConnectionError, match=r"no route to host.*load_imagenet_weights\(path\)"):
        load_imagenet_weights()


def test_real_imagenet_weights_know_photographs_apart(real: Path) -> None:
    model = load_imagenet_weights(real / "weights" / "resnet18_imagenet_quantised_fp16.pth")
    paths = sorted((real / "coco" / "val2017").glob("*.jpg"))[:12]
    squares = [centre_crop(load_image(path)) for path in paths]

    def pooled(images: list) -> torch.Tensor:
        with torch.no_grad():
            features = model.features(prepare(torch.stack([torch.tensor(i) for i in images])))[1]
        return torch.nn.functional.normalize(features, dim=1)

    whole = pooled([resize(square, 224) for square in squares])
    # The same photographs cut closer, blurred and darker: each must find itself again.
    changed = pooled(
        [
            cv2.GaussianBlur(resize(square[s // 10 : -s // 10, s // 10 : -s // 10], 224), (0, 0), 1)
            // 4
            * 3
            for square in squares
            for s in [len(square)]
        ]
    )
    assert whole.shape == (12, 512)
    assert (changed @ whole.T).argmax(dim=1).tolist() == list(range(12))
