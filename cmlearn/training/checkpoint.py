"""A trained model on disk: weights as safetensors beside a JSON that says what they are.

`save_checkpoint(folder / "vae", model, config, ...)` writes `vae.safetensors`, then `vae.json`.
Nothing here unpickles: a file from a stranger can be wrong, but it cannot run code.
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

from cmlearn.data.files import clear_disk_errors, written_whole

FORMAT_VERSION = 1
PICKLE_STARTS = (b"\x80", b"PK\x03\x04")  # a bare pickle; the zip that torch.save writes

Model = TypeVar("Model", bound=nn.Module)


class CheckpointError(ValueError):
    """A checkpoint that cannot be trusted or does not fit; the message names the file."""


@dataclasses.dataclass(frozen=True)
class CheckpointInfo:
    """What the JSON beside the weights says.

    Attributes:
        model: name of the model's class.
        config: the model's configuration, as plain values.
        vocabulary: the tokens in the order of their ids, where the model has any.
        recipe: how it was trained (steps, batch size, data ...).
        seed: the seed of that training.
        scores: what it reached, by name.
        sha256: SHA-256 of the weights file, in hex.
        num_bytes: size of the weights file.
        format_version: version of this layout.
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
    """Write `path`.safetensors, then `path`.json; each appears whole or not at all.

    Args:
        path: folder and name, without an ending.
        model: the model to keep; built from `config` alone.
        config: the frozen dataclass that the model was built from.
        vocabulary: tokens in the order of their ids, for a model that reads or writes words.
        recipe: how it was trained. Where the weights do not lie on the CPU, their device is added
            as "device": another kind of device rounds differently, so that its weights differ.
        seed: the seed of that training.
        scores: what it reached.
        half: store matrices and kernels as float16. Vectors (biases, BatchNorm statistics) stay
            float32: they are small, and a variance may not fit float16.

    Raises:
        ValueError: `config` is no dataclass, a value is no JSON, or a weight overflows float16.
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
        path: folder and name, with or without an ending.
        build: the class of the model; called with the configuration.
        config_class: the dataclass of the configuration.
        device: where the model goes once it is built, on the CPU, from the files.

    Returns:
        the model in eval mode, in float32 whatever it was stored in, with what is known of it.

    Raises:
        FileNotFoundError: one of the two files is missing.
        CheckpointError: a file is truncated, tampered with, a pickle, or of another model.
    """
    weights_path, info_path = _files(path)
    info = read_info(path)
    if info.model != build.__name__:
        raise CheckpointError(
            f"{info_path} holds a {info.model}, not a {build.__name__}: load it as what it is"
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
    """Read what a checkpoint's JSON says, without its weights.

    Raises:
        FileNotFoundError: there is no such checkpoint.
        CheckpointError: the JSON is malformed, or of a version that this code does not know.
    """
    info_path = _files(path)[1]
    try:
        values = json.loads(_read(info_path))
    except ValueError as error:
        raise CheckpointError(f"{info_path} is no valid JSON ({error}): {_CURE}") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{info_path} has format_version {version!r}, and this code reads {FORMAT_VERSION}"
        )
    info = _rebuild(CheckpointInfo, values, info_path)
    for name, wanted in _KINDS.items():
        if not isinstance(getattr(info, name), wanted):
            raise CheckpointError(f"{info_path}: {name} is {getattr(info, name)!r}: {_CURE}")
    return info


_CURE = "fetch the file again, or train it again with `python -m cmlearn train`"
_KINDS = {"model": str, "config": dict, "sha256": str, "num_bytes": int, "recipe": dict}


def _files(path: Path | str) -> tuple[Path, Path]:
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path
    return stem.with_name(f"{stem.name}.safetensors"), stem.with_name(f"{stem.name}.json")


def _stored(name: str, tensor: Tensor, half: bool) -> Tensor:
    """Return a tensor as it goes to disk: on the CPU, contiguous, sharing no memory."""
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
    """Turn what json cannot write (a NumPy or torch number, a path) into what it can."""
    return value.item() if hasattr(value, "item") else str(value)


def _write_whole(path: Path, content: bytes) -> None:
    with clear_disk_errors("write the checkpoint", path), written_whole(path) as partial:
        partial.write_bytes(content)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no checkpoint file {path}: {_CURE}") from error


def _read_weights(path: Path, info: CheckpointInfo) -> dict[str, Tensor]:
    """Return the tensors of a weights file after checking that it is the one that `info` means."""
    content = _read(path)
    # A safetensors file begins with the length of its header, which may be any byte, then "{".
    if content.startswith(PICKLE_STARTS) and content[8:9] != b"{":
        raise CheckpointError(f"{path} is a pickle, which could run any code: it was not opened")
    if len(content) != info.num_bytes:
        raise CheckpointError(
            f"{path} has {len(content)} bytes of {info.num_bytes}: it is cut or changed; {_CURE}"
        )
    if hashlib.sha256(content).hexdigest() != info.sha256:
        raise CheckpointError(f"{path} was changed: its SHA-256 is not the recorded one; {_CURE}")
    try:
        tensors = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is no safetensors file ({error}): {_CURE}") from error
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def _rebuild(kind: type, values: Mapping[str, Any], path: Path) -> Any:
    """Return the dataclass `kind` from its JSON, nested dataclasses and tuples included."""
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
