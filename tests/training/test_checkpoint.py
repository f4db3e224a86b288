"""Tests of cmlearn.training.checkpoint."""

import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cmlearn.training.checkpoint import (
    CheckpointError,
    CheckpointInfo,
    load_checkpoint,
    read_info,
    save_checkpoint,
)


@dataclass(frozen=True)
class ReaderConfig:
    vocab_size: int = 7
    embed_dim: int = 3


@dataclass(frozen=True)
class SmallConfig:
    hidden_dim: int = 5
    sizes: tuple[int, ...] = (4, 2)
    reader: ReaderConfig = field(default_factory=ReaderConfig)


class Small(nn.Module):
    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.reader.vocab_size, config.reader.embed_dim)
        self.conv = nn.Conv2d(3, config.hidden_dim, 3)
        self.norm = nn.BatchNorm2d(config.hidden_dim)

    def forward(self, images: Tensor) -> Tensor:
        return self.norm(self.conv(images))


class Other(Small):
    pass


CONFIG = SmallConfig(hidden_dim=6, sizes=(8, 9, 10), reader=ReaderConfig(vocab_size=11))


def save(path: Path, **changes: Any) -> Small:
    model = Small(CONFIG).to(memory_format=torch.channels_last)
    model(torch.randn(8, 3, 5, 5))  # so that BatchNorm has statistics to keep
    known: dict[str, Any] = {
        "vocabulary": ["<pad>", "rød"],
        "recipe": {"steps": 10},
        "seed": 4,
        "scores": {"truth": np.float32(0.5)},
    }
    save_checkpoint(path, model, CONFIG, **(known | changes))
    return model


def load(path: Path) -> tuple[Small, CheckpointInfo]:
    return load_checkpoint(path, Small, SmallConfig)


def edit_json(path: Path, **changes: Any) -> None:
    values = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(values | changes))


def test_round_trip(tmp_path: Path) -> None:
    model = save(tmp_path / "deep" / "small")
    loaded, info = load(tmp_path / "deep" / "small")
    assert loaded.config == CONFIG
    assert not loaded.training
    images = torch.randn(2, 3, 5, 5)
    assert torch.equal(loaded(images), model.eval()(images))
    assert (info.model, info.seed, info.recipe) == ("Small", 4, {"steps": 10})
    assert info.vocabulary == ("<pad>", "rød")
    assert info.scores == {"truth": 0.5}
    assert sorted(file.name for file in (tmp_path / "deep").iterdir()) == [
        "small.json",
        "small.safetensors",
    ]


def test_either_file_names_the_checkpoint(tmp_path: Path) -> None:
    save(tmp_path / "small")
    assert load(tmp_path / "small.json")[1] == load(tmp_path / "small.safetensors")[1]
    assert read_info(tmp_path / "small").config["hidden_dim"] == 6


def test_half_halves_matrices_and_comes_back_as_float32(tmp_path: Path) -> None:
    model = save(tmp_path / "small", half=True)
    stored = load_file(tmp_path / "small.safetensors")
    assert stored["conv.weight"].dtype == torch.float16
    assert stored["norm.running_var"].dtype == torch.float32
    loaded, _ = load(tmp_path / "small")
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    assert torch.allclose(loaded.conv.weight, model.conv.weight, atol=1e-3)
    assert torch.equal(loaded.norm.running_var, model.norm.running_var)


def test_half_refuses_what_does_not_fit(tmp_path: Path) -> None:
    model = Small(CONFIG)
    nn.init.constant_(model.conv.weight, 1e6)
    with pytest.raises(ValueError, match="conv.weight holds a value that is not finite in float16"):
        save_checkpoint(tmp_path / "x", model, CONFIG, recipe={}, seed=0, scores={}, half=True)
    assert list(tmp_path.iterdir()) == []


def test_unfit_arguments_write_nothing(tmp_path: Path) -> None:
    model = Small(CONFIG)
    with pytest.raises(ValueError, match="config must be a dataclass instance, got dict"):
        save_checkpoint(tmp_path / "x", model, {}, recipe={}, seed=0, scores={})
    with pytest.raises(ValueError, match="JSON"):
        save_checkpoint(
            tmp_path / "x", model, CONFIG, recipe={}, seed=0, scores={"a": float("nan")}
        )
    assert list(tmp_path.iterdir()) == []


def test_failed_write_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = save(tmp_path / "small")

    def full_disk(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match=r"No space left on device.*small\.safetensors"):
        save(tmp_path / "small")
    monkeypatch.undo()
    assert torch.equal(load(tmp_path / "small")[0].conv.weight, old.conv.weight)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("ending", [".json", ".safetensors"])
def test_missing(tmp_path: Path, ending: str) -> None:
    save(tmp_path / "small")
    (tmp_path / f"small{ending}").unlink()
    with pytest.raises(FileNotFoundError, match=f"no checkpoint file .*small{ending}"):
        load(tmp_path / "small")


def test_truncated(tmp_path: Path) -> None:
    save(tmp_path / "small")
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"small\.safetensors has \d+ bytes instead of \d+"):
        load(tmp_path / "small")


def test_tampered(tmp_path: Path) -> None:
    save(tmp_path / "small")
    weights = tmp_path / "small.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"small\.safetensors was modified"):
        load(tmp_path / "small")


class Trap:
    """Touches a file when unpickled."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


@dataclass(frozen=True)
class Names:
    name: str


class Named(nn.Module):
    def __init__(self, config: Names) -> None:
        super().__init__()
        self.config = config
        self.register_parameter(config.name, nn.Parameter(torch.zeros(2)))


def test_a_header_whose_length_begins_like_a_pickle_is_read(tmp_path: Path) -> None:
    for extra in range(64):  # a longer name makes a longer header, in steps of 8 bytes
        config = Names("x" * (1 + 4 * extra))
        save_checkpoint(tmp_path / "net", Named(config), config, recipe={}, seed=0, scores={})
        if (tmp_path / "net.safetensors").read_bytes().startswith(b"\x80"):
            break
    else:
        pytest.fail("no header began with the byte of a pickle: nothing was tested")
    model, _ = load_checkpoint(tmp_path / "net", Named, Names)
    assert model.config == config


@pytest.mark.parametrize("write", [pickle.dump, torch.save])
def test_pickle_in_disguise_is_not_opened(tmp_path: Path, write: Any) -> None:
    save(tmp_path / "small")
    with (tmp_path / "small.safetensors").open("wb") as file:
        write(Trap(tmp_path / "touched"), file)
    with pytest.raises(CheckpointError, match="is a pickle"):
        load(tmp_path / "small")
    assert not (tmp_path / "touched").exists()


def test_of_another_model(tmp_path: Path) -> None:
    save(tmp_path / "small")
    with pytest.raises(CheckpointError, match="holds a Small, not a Other"):
        load_checkpoint(tmp_path / "small", Other, SmallConfig)


def test_wrong_shapes(tmp_path: Path) -> None:
    save(tmp_path / "small")
    edit_json(tmp_path / "small", config={"hidden_dim": 7})
    with pytest.raises(CheckpointError, match=r"does not fit the Small.*conv\.weight"):
        load(tmp_path / "small")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"hidden_dimension": 7}}, r"SmallConfig has no field \['hidden_dimension'\]"),
        ({"config": {"reader": {"words": 7}}}, r"ReaderConfig has no field \['words'\]"),
        ({"config": {"hidden_dim": "six"}}, "does not fit the Small"),
        ({"config": [1]}, "config is"),
        ({"sha256": None}, "sha256 is None"),
        ({"format_version": 99}, "format_version 99"),
        ({"colour": "red"}, r"CheckpointInfo has no field \['colour'\]"),
    ],
)
def test_strange_json(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    save(tmp_path / "small")
    edit_json(tmp_path / "small", **changes)
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path / "small")


@pytest.mark.parametrize("content", [b"", b'{"model": ', b"[1, 2]", b"\xff\xfe\x00"])
def test_malformed_json(tmp_path: Path, content: bytes) -> None:
    save(tmp_path / "small")
    (tmp_path / "small.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"small\.json"):
        load(tmp_path / "small")


def test_missing_field(tmp_path: Path) -> None:
    save(tmp_path / "small")
    info = tmp_path / "small.json"
    values = json.loads(info.read_text())
    del values["seed"]
    info.write_text(json.dumps(values))
    with pytest.raises(
        CheckpointError, match=r"the fields \['seed'\] of CheckpointInfo are missing"
    ):
        load(tmp_path / "small")


def test_right_hash_of_something_else(tmp_path: Path) -> None:
    import hashlib

    save(tmp_path / "small")
    junk = b"this is not a safetensors file at all"
    (tmp_path / "small.safetensors").write_bytes(junk)
    edit_json(tmp_path / "small", sha256=hashlib.sha256(junk).hexdigest(), num_bytes=len(junk))
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load(tmp_path / "small")
