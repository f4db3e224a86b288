"""Trained models on disk: weights as safetensors, beside a JSON file that describes them.

`save_checkpoint(folder / "vae", model, config, ...)` writes `vae.safetensors`, then `vae.json`.
Nothing is unpickled, so that an untrusted file cannot run code.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from cmlearn.data.files import atomic_write, explain_disk_errors

FORMAT_VERSION = 1
PICKLE_STARTS = (b"\x80", b"PK\x03\x04")  # a bare pickle; the ZIP archive of torch.save

Model = TypeVar("Model", bound=nn.Module)


class CheckpointError(ValueError):
    """A checkpoint is damaged, unsafe or of another model; the message names the file."""


@dataclasses.dataclass(frozen=True)
class CheckpointInfo:
    """The content of the JSON file beside the weights.

    Attributes:
        model: name of the model's class.
        config: the model's configuration, as plain values.
        vocabulary: the tokens in the order of their ids; None for a model without a vocabulary.
        recipe: training settings (steps, batch size, data split ...).
        seed: the seed of the training.
        scores: evaluation results by name.
        sha256: SHA-256 of the weights file, in hex.
        num_bytes: size of the weights file in bytes.
        format_version: version of this JSON layout.
    """

    model: str
    config: dict[str, Any]
    vocabulary: tuple[str, ...] | None
    recipe: dict[str, Any]
    seed: int
    scores: dict[str, Any]
    sha256: str
    num_bytes: int
    format_version: int = FORMAT_VERSION


def save_checkpoint(
    path: Path | str,
    model: nn.Module,
    config: Any,
    *,
    vocabulary: Sequence[str] | None = None,
    recipe: Mapping[str, Any],
    seed: int,
    scores: Mapping[str, Any],
    half: bool = False,
) -> CheckpointInfo:
    """Write `path`.safetensors, then `path`.json; each is written completely or not at all.

    Args:
        path: folder and file name, without a suffix.
        model: the model to save; `config` must be all that it takes to build it.
        config: the frozen dataclass that the model was built from.
        vocabulary: tokens in the order of their ids, for a model with a vocabulary.
        recipe: training settings. If the weights are not on the CPU, the kind of their device is
            added as "device": devices round differently, so the same recipe gives other weights.
        seed: the seed of the training.
        scores: evaluation results by name.
        half: store weights with two or more dimensions as float16. Vectors (biases, BatchNorm
            statistics) stay float32: they are small, and a variance may overflow float16.

    Returns:
        The content of the JSON file.

    Raises:
        ValueError: `config` is not a dataclass, a value cannot be written as JSON, or a weight is
            not finite or overflows float16.
        OSError: the files cannot be written.
    """
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise ValueError(f"config must be a dataclass instance, got {type(config).__name__}")
    tensors = {name: _stored(name, value, half) for name, value in model.state_dict().items()}
    weights = safetensors.torch.save(tensors)
    info = CheckpointInfo(
        model=type(model).__name__,
        config=dataclasses.asdict(config),
        vocabulary=None if vocabulary is None else tuple(vocabulary),
        recipe={**recipe, **_device_note(model)},
        seed=seed,
        scores=dict(scores),
        sha256=hashlib.sha256(weights).hexdigest(),
        num_bytes=len(weights),
    )
    text = json.dumps(
        dataclasses.asdict(info), indent=1, ensure_ascii=False, allow_nan=False, default=_plain
    )
    weights_path, info_path = _files(path)
    _write_whole(weights_path, weights)
    _write_whole(info_path, f"{text}\n".encode())
    return info


def load_checkpoint(
    path: Path | str,
    build: Callable[[Any], Model],
    config_class: type,
    device: torch.device | str = "cpu",
) -> tuple[Model, CheckpointInfo]:
    """Build a model from a checkpoint: `load_checkpoint(folder / "vae", VAE, VAEConfig)`.

    Args:
        path: folder and file name, with or without a suffix.
        build: class of the model; called with the configuration.
        config_class: dataclass of the configuration.
        device: the model is built on the CPU and then moved there.

    Returns:
        The model on `device`, in eval mode and in float32, and the content of the JSON file.

    Raises:
        FileNotFoundError: one of the two files is missing.
        CheckpointError: a file is truncated, modified, a pickle, or of another model.
    """
    weights_path, info_path = _files(path)
    info = read_info(path)
    if info.model != build.__name__:
        raise CheckpointError(
            f"{info_path} holds a {info.model}, not a {build.__name__}: load it with its own class"
        )
    tensors = _read_weights(weights_path, info)
    config = _rebuild(config_class, info.config, info_path)
    try:
        model = build(config)
        model.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"{weights_path} does not fit the {info.model} of {info_path.name}: {reason}"
        ) from error
    return model.to(device).eval(), info


def read_info(path: Path | str) -> CheckpointInfo:
    """Return the content of a checkpoint's JSON file; the weights are not read.

    Args:
        path: folder and file name, with or without a suffix.

    Raises:
        FileNotFoundError: the file is missing.
        CheckpointError: the JSON is malformed, or has an unknown format version.
    """
    info_path = _files(path)[1]
    try:
        values = json.loads(_read(info_path))
    except ValueError as error:
        raise CheckpointError(f"{info_path} is not valid JSON ({error}): {_REMEDY}") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{info_path} has format_version {version!r}, but this code reads {FORMAT_VERSION}: "
            "update cmlearn, or use a checkpoint that it wrote"
        )
    info = _rebuild(CheckpointInfo, values, info_path)
    for name, expected in _FIELD_TYPES.items():
        if not isinstance(getattr(info, name), expected):
            raise CheckpointError(
                f"{info_path}: {name} is {getattr(info, name)!r}, but must be of type "
                f"{expected.__name__}: {_REMEDY}"
            )
    return info


_REMEDY = "restore the file, or train the model again with `python -m cmlearn train`"
_FIELD_TYPES = {"model": str, "config": dict, "sha256": str, "num_bytes": int, "recipe": dict}


def _files(path: Path | str) -> tuple[Path, Path]:
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path
    return stem.with_name(f"{stem.name}.safetensors"), stem.with_name(f"{stem.name}.json")


def _stored(name: str, tensor: Tensor, half: bool) -> Tensor:
    """Return a contiguous copy of a tensor on the CPU, as float16 where `half` applies."""
    stored = tensor.detach().cpu()
    if half and stored.is_floating_point() and stored.ndim > 1:
        stored = stored.half()
    if stored.is_floating_point() and not stored.isfinite().all():
        raise ValueError(f"{name} holds a value that is not finite{' in float16' * half}")
    return stored.clone(memory_format=torch.contiguous_format)


def _device_note(model: nn.Module) -> dict[str, str]:
    """Name the kind of device that a model lies on, unless it is the CPU."""
    kinds = {tensor.device.type for tensor in model.state_dict().values()} - {"cpu"}
    return {"device": ", ".join(sorted(kinds))} if kinds else {}


def _plain(value: Any) -> Any:
    """Convert a value that json cannot write, such as a NumPy number or a path."""
    return value.item() if hasattr(value, "item") else str(value)


def _write_whole(path: Path, content: bytes) -> None:
    with explain_disk_errors("write the checkpoint", path), atomic_write(path) as partial:
        partial.write_bytes(content)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no checkpoint file {path}: {_REMEDY}") from error


def _read_weights(path: Path, info: CheckpointInfo) -> dict[str, Tensor]:
    """Return the tensors of a weights file after checking its size and hash against `info`."""
    content = _read(path)
    # A safetensors file starts with the length of its header (8 bytes), then "{". The length may
    # happen to look like the start of a pickle.
    if content.startswith(PICKLE_STARTS) and content[8:9] != b"{":
        raise CheckpointError(
            f"{path} is a pickle, which can run arbitrary code, so it was not opened; {_REMEDY}"
        )
    if len(content) != info.num_bytes:
        raise CheckpointError(
            f"{path} has {len(content)} bytes instead of {info.num_bytes}; {_REMEDY}"
        )
    if hashlib.sha256(content).hexdigest() != info.sha256:
        raise CheckpointError(
            f"{path} was modified: its SHA-256 is not the recorded one; {_REMEDY}"
        )
    try:
        tensors = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is not a safetensors file ({error}): {_REMEDY}") from error
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def _rebuild(kind: type, values: Mapping[str, Any], path: Path) -> Any:
    """Return the dataclass `kind` built from JSON values, nested dataclasses included."""
    known = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(known))
    required = {name for name, field in known.items() if _has_no_default(field)}
    missing = sorted(required - set(values))
    if unknown or missing:
        raise CheckpointError(
            f"{path}: {kind.__name__} has no field {unknown}"
            if unknown
            else f"{path}: the fields {missing} of {kind.__name__} are missing"
        )
    hints = get_type_hints(kind)
    return kind(**{name: _restored(hints[name], value, path) for name, value in values.items()})


def _has_no_default(field: dataclasses.Field) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


def _restored(hint: Any, value: Any, path: Path) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _rebuild(hint, value, path)  # type: ignore[arg-type]
    return tuple(value) if isinstance(value, list) else value
