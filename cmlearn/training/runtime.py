"""The runtime of a training: device, threads, precision and seeds.

Functions that take a random generator draw on the CPU, then move the numbers to the device of the
weights, so that a seed gives the same noise on every device. Layers without a generator (dropout,
augmentation, a VAE's reparameterisation) draw from torch's global generator in training, and each
kind of device has its own.
"""

import copy
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from statistics import median
from typing import TypeVar

import joblib
import numpy as np
import torch
from torch import Tensor, nn

DEVICE_VARIABLE = "CMLEARN_DEVICE"
THREADS_VARIABLE = "OMP_NUM_THREADS"
MIN_SPEEDUP = 1.15  # of bf16 over fp32; a smaller one is not worth the lower precision
MAX_SLOWDOWN = 2  # of bf16 against fp32, beyond which the timing ends early
WARM_UPS, PASSES = 2, 5  # untimed and timed passes in each precision

Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")


def setup(threads: int | None = None, device: str | None = None) -> torch.device:
    """Set the number of threads and return the device; call this at the start of a run.

    Args:
        threads: number of threads of torch and OpenCV; by default that of `choose_threads`.
        device: name of the device; by default that of `choose_device`.

    Raises:
        ValueError: this machine has no such device, or `threads` is below 1.
    """
    chosen = choose_device(device)
    set_threads(choose_threads() if threads is None else threads)
    return chosen


def choose_device(name: str | None = None) -> torch.device:
    """Return the device to compute on.

    Args:
        name: "cpu", "cuda", "cuda:1" or "mps". The default is the value of CMLEARN_DEVICE; if it is
            unset, the first of CUDA, MPS and CPU that this machine has.

    Raises:
        ValueError: this machine has no such device; the message lists its devices.
    """
    counts = _device_counts()
    requested = name or os.environ.get(DEVICE_VARIABLE, "").strip()
    if not requested:
        return torch.device(next(kind for kind, count in counts.items() if count))
    try:
        device = torch.device(requested)
    except RuntimeError:
        device = None
    if device is None or (device.index or 0) >= counts.get(device.type, 0):
        source = repr(name) if name else f"{DEVICE_VARIABLE}={requested}"
        available = ", ".join(f"{kind}:{i}" for kind, count in counts.items() for i in range(count))
        raise ValueError(f"device: {source} is not on this machine; it has {available}")
    return device


def _device_counts() -> dict[str, int]:
    """Return the number of devices of each kind, the preferred kind first."""
    return {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }


def choose_threads() -> int:
    """Return OMP_NUM_THREADS if it is set, else the number of physical cores.

    Only cores that this process may use are counted: in a container these can be fewer than the
    cores of the machine.

    Raises:
        ValueError: OMP_NUM_THREADS is not a whole number.
    """
    value = os.environ.get(THREADS_VARIABLE, "").strip()
    if not value:
        return joblib.cpu_count(only_physical_cores=True)
    if not value.isdecimal():
        raise ValueError(
            f"{THREADS_VARIABLE}={value} is not a whole number: set it to one, or unset it"
        )
    return int(value)


def set_threads(count: int) -> None:
    """Set the number of threads of torch and OpenCV.

    With one thread the results are the same on every run. On a busy machine two threads can take
    many times as long as one.

    Raises:
        ValueError: `count` is below 1.
    """
    import cv2  # here, so that choose_device works where OpenCV cannot be imported

    if count < 1:
        raise ValueError(f"count must be at least 1 thread, got {count}")
    torch.set_num_threads(count)
    cv2.setNumThreads(count)


def to_device(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Return a batch with every tensor moved to `device`.

    Args:
        batch: tensors by name.
        device: copies from pinned memory to a CUDA device are asynchronous.
    """
    non_blocking = device.type == "cuda"
    return {name: each.to(device, non_blocking=non_blocking) for name, each in batch.items()}


def channels_last(model: Model) -> Model:
    """Convert a model to the memory format in which CPU convolutions are faster; return it."""
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Return a context in which matrix products and convolutions run in `dtype`.

    The weights stay float32 (Micikevicius et al. 2018, "Mixed precision training"). Call `.float()`
    on the output of the model before computing the loss.

    Args:
        device: where the model is.
        dtype: such as `torch.bfloat16`; for float32 the context does nothing.
    """
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def choose_precision(
    model: nn.Module,
    batch: Batch,
    loss: Callable[[nn.Module, Batch], Tensor],
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> torch.dtype:
    """Return bfloat16 where it makes training at least `MIN_SPEEDUP` times faster, else float32.

    bf16 is about twice as fast on a GPU and on a CPU with avx512_bf16 or AMX, and slower on other
    CPUs. So forward and backward passes of a copy of the model are timed in both, alternately, and
    the medians compared. The model, its gradients and torch's random state stay unchanged.

    Args:
        model: on `device`, in train mode.
        batch: a training batch on `device`.
        loss: `loss(model, batch)` returns a float32 scalar.
        device: where the model and the batch are.
        clock: returns the time in seconds.

    Raises:
        ValueError: the loss is not float32 under autocast.
    """
    replica = copy.deepcopy(model)
    fp32: list[float] = []
    bf16: list[float] = []
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for _ in range(WARM_UPS + PASSES):
            fp32.append(_time_pass(replica, batch, loss, device, torch.float32, clock))
            bf16.append(_time_pass(replica, batch, loss, device, torch.bfloat16, clock))
            if len(fp32) > WARM_UPS and bf16[-1] > MAX_SLOWDOWN * fp32[-1]:
                break
    is_faster = median(fp32[WARM_UPS:]) >= MIN_SPEEDUP * median(bf16[WARM_UPS:])
    return torch.bfloat16 if is_faster else torch.float32


def _time_pass(
    model: nn.Module,
    batch: Batch,
    loss: Callable[[nn.Module, Batch], Tensor],
    device: torch.device,
    dtype: torch.dtype,
    clock: Callable[[], float],
) -> float:
    """Return the duration of one forward and backward pass in seconds."""
    model.zero_grad()
    _synchronise(device)
    start = clock()
    with autocast(device, dtype):
        value = loss(model, batch)
    if value.dtype != torch.float32:
        raise ValueError(f"loss: it is {value.dtype}; call .float() on the model's output")
    value.backward()
    _synchronise(device)
    return clock() - start


def _synchronise(device: torch.device) -> None:
    """Wait until the device has finished; a CPU works synchronously."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def seeded_generator(seed: int) -> torch.Generator:
    """Return a new random generator on the CPU, seeded with `seed`."""
    return torch.Generator().manual_seed(seed)


def seed_all(seed: int) -> None:
    """Seed the global random generators of Python, NumPy and torch.

    Layers initialise their weights, and dropout draws its masks, from torch's global generator. So
    call this once before the model is built. All other randomness comes from generators that are
    passed as arguments.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
