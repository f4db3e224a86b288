"""What a run computes on: device, threads, number format, seeds.

Whatever takes a random generator draws on the CPU, then moves the numbers to the device of the
weights, so that a seed gives the same noise on every device. Layers that take none (dropout,
augmentation, a VAE's reparameterisation) draw from torch's global generator while they train, and
each kind of device has its own.
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
MIN_SPEEDUP = 1.15  # of bf16 over fp32; less does not pay for the lost digits
HOPELESS = 2  # times slower than fp32, after which the probe ends early
WARM_UPS, PASSES = 2, 5  # of the probe, in each number format

Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")


def setup(threads: int | None = None, device: str | None = None) -> torch.device:
    """Set the number of threads and return the device: the first line of every run.

    Args:
        threads: of torch and OpenCV; by default as `choose_threads` says.
        device: by default as `choose_device` says.

    Raises:
        ValueError: there is no such device, or fewer than one thread.
    """
    chosen = choose_device(device)
    set_threads(choose_threads() if threads is None else threads)
    return chosen


def choose_device(name: str | None = None) -> torch.device:
    """Return the device to compute on.

    Args:
        name: "cpu", "cuda", "cuda:1" or "mps"; by default what CMLEARN_DEVICE says, and where it
            says nothing, CUDA where there is a GPU, else Apple's MPS, else the CPU.

    Raises:
        ValueError: this machine has no such device; the message says what it has.
    """
    counts = _device_counts()
    named = name or os.environ.get(DEVICE_VARIABLE, "").strip()
    if not named:
        return torch.device(next(kind for kind, count in counts.items() if count))
    try:
        device = torch.device(named)
    except RuntimeError:
        device = None
    if device is None or (device.index or 0) >= counts.get(device.type, 0):
        said = repr(name) if name else f"{DEVICE_VARIABLE}={named}"
        there = ", ".join(f"{kind}:{i}" for kind, count in counts.items() for i in range(count))
        raise ValueError(f"device: {said} is not on this machine; it has {there}")
    return device


def _device_counts() -> dict[str, int]:
    """How many devices there are of each kind, the preferred kind first."""
    return {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }


def choose_threads() -> int:
    """Return the number of threads: OMP_NUM_THREADS, or else one for each physical core.

    Counted are the cores that this process may use, which in a container can be fewer than the
    machine has.

    Raises:
        ValueError: OMP_NUM_THREADS is no whole number.
    """
    said = os.environ.get(THREADS_VARIABLE, "").strip()
    if not said:
        return joblib.cpu_count(only_physical_cores=True)
    if not said.isdecimal():
        raise ValueError(f"{THREADS_VARIABLE}={said} is no whole number: set it to 1, or unset it")
    return int(said)


def set_threads(count: int) -> None:
    """Let torch and OpenCV use `count` threads.

    One thread gives the same numbers on every run, and two threads on a machine that is busy
    with something else can take many times as long as one.
    """
    import cv2  # here, so that the device can be chosen where OpenCV does not load

    if count < 1:
        raise ValueError(f"count must be at least 1 thread, got {count}")
    torch.set_num_threads(count)
    cv2.setNumThreads(count)


def to_device(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Move every tensor of a batch; copies from pinned memory to a GPU do not wait."""
    non_blocking = device.type == "cuda"
    return {name: each.to(device, non_blocking=non_blocking) for name, each in batch.items()}


def channels_last(model: Model) -> Model:
    """Lay a model's kernels out so that convolutions on a CPU are faster; return the model."""
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Run matrix products and convolutions in `dtype`; for float32, do nothing.

    Weights stay float32 whatever `dtype` is (Micikevicius et al. 2018, "Mixed precision
    training"). Call `.float()` on what the model returns before its loss.
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

    bf16 about doubles the speed of a GPU and of a CPU with avx512_bf16 or AMX, and slows others
    down, so it is timed: forward and backward passes of a copy of the model, in both formats by
    turns, and their medians compared. The model, its gradients and torch's random state stay as
    they were.

    Args:
        model: on `device`, in the mode in which it trains.
        batch: what it trains on, on `device`.
        loss: `loss(model, batch)` is a float32 scalar.
        device: where both lie.
        clock: returns seconds.

    Raises:
        ValueError: the loss is not float32 under autocast.
    """
    probed = copy.deepcopy(model)
    fp32: list[float] = []
    bf16: list[float] = []
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for _ in range(WARM_UPS + PASSES):
            fp32.append(_time_pass(probed, batch, loss, device, torch.float32, clock))
            bf16.append(_time_pass(probed, batch, loss, device, torch.bfloat16, clock))
            if len(fp32) > WARM_UPS and bf16[-1] > HOPELESS * fp32[-1]:
                break
    pays = median(fp32[WARM_UPS:]) >= MIN_SPEEDUP * median(bf16[WARM_UPS:])
    return torch.bfloat16 if pays else torch.float32


def _time_pass(
    model: nn.Module,
    batch: Batch,
    loss: Callable[[nn.Module, Batch], Tensor],
    device: torch.device,
    dtype: torch.dtype,
    clock: Callable[[], float],
) -> float:
    """Return the seconds of one forward and backward pass."""
    model.zero_grad()
    _finish(device)
    start = clock()
    with autocast(device, dtype):
        value = loss(model, batch)
    if value.dtype != torch.float32:
        raise ValueError(f"loss: it is {value.dtype}; call .float() on what the model returns")
    value.backward()
    _finish(device)
    return clock() - start


def _finish(device: torch.device) -> None:
    """Wait until the device has done what it was given; a CPU has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def seeded_generator(seed: int) -> torch.Generator:
    """Return a new CPU generator that starts at `seed`."""
    return torch.Generator().manual_seed(seed)


def seed_all(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch.

    Layers draw their first weights, and dropout its masks, from torch's global generator: call
    this once, before the model is built. Everything of our own takes a generator instead.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
