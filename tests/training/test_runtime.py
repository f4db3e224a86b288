"""Tests of cmlearn.training.runtime."""

import itertools
from collections.abc import Callable, Iterator

import cv2
import joblib
import pytest
import torch
from torch import Tensor, nn

from cmlearn.training import runtime

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give this machine GPUs, and clear what the shell says."""
    monkeypatch.delenv(runtime.DEVICE_VARIABLE, raising=False)

    def have(cuda: int = 0, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return have


@pytest.fixture
def threads() -> Iterator[None]:
    """Put the threads back as they were."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.mark.parametrize(
    ("has", "chosen"),
    [
        ({}, "cpu"),
        ({"mps": True}, "mps"),
        ({"cuda": 1}, "cuda"),
        ({"cuda": 2, "mps": True}, "cuda"),
    ],
)
def test_the_fastest_device_is_chosen(machine, has, chosen) -> None:
    machine(**has)
    assert runtime.choose_device() == torch.device(chosen)


def test_a_named_device_is_taken(machine, monkeypatch) -> None:
    machine(cuda=2, mps=True)
    for name in ("cpu", "cuda", "cuda:1", "mps"):
        assert runtime.choose_device(name) == torch.device(name)
    monkeypatch.setenv(runtime.DEVICE_VARIABLE, " cuda:1 ")
    assert runtime.choose_device() == torch.device("cuda:1")
    assert runtime.choose_device("cpu") == CPU, "an argument goes before the variable"
    monkeypatch.setenv(runtime.DEVICE_VARIABLE, "")
    assert runtime.choose_device() == torch.device("cuda")


@pytest.mark.parametrize("name", ["cuda:2", "mps", "gpu", "cpu:1", "cuda:x", "meta"])
def test_a_missing_device_is_refused_with_a_list_of_those_present(machine, name) -> None:
    machine(cuda=2)
    with pytest.raises(ValueError, match=f"'{name}' is not .* it has cuda:0, cuda:1, cpu:0$"):
        runtime.choose_device(name)


def test_a_wrong_variable_is_named(machine, monkeypatch) -> None:
    machine()
    monkeypatch.setenv(runtime.DEVICE_VARIABLE, "cuda")
    with pytest.raises(ValueError, match=r"CMLEARN_DEVICE=cuda is not on this machine; it has cpu"):
        runtime.choose_device()


def test_a_driver_that_is_too_old_counts_for_nothing(machine, monkeypatch) -> None:
    machine(cuda=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert runtime.choose_device() == CPU


def test_threads_come_from_the_shell_or_the_cores(monkeypatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda only_physical_cores: 6)
    monkeypatch.setenv(runtime.THREADS_VARIABLE, "3")
    assert runtime.choose_threads() == 3
    monkeypatch.delenv(runtime.THREADS_VARIABLE)
    assert runtime.choose_threads() == 6
    monkeypatch.setenv(runtime.THREADS_VARIABLE, "many")
    with pytest.raises(ValueError, match="OMP_NUM_THREADS=many is not a whole number"):
        runtime.choose_threads()


@pytest.mark.usefixtures("threads")
def test_setup_sets_threads_and_returns_the_device(machine, monkeypatch) -> None:
    machine(cuda=1)
    monkeypatch.setenv(runtime.THREADS_VARIABLE, "2")
    assert runtime.setup() == torch.device("cuda")
    assert torch.get_num_threads() == cv2.getNumThreads() == 2
    assert runtime.setup(threads=1, device="cpu") == CPU
    assert torch.get_num_threads() == cv2.getNumThreads() == 1
    with pytest.raises(ValueError, match="got 0"):
        runtime.setup(threads=0)


def test_a_batch_moves_as_a_whole() -> None:
    batch = {"images": torch.rand(2, 3), "tokens": torch.tensor([1, 2])}
    moved = runtime.to_device(batch, torch.device("meta"))
    assert {name: each.device.type for name, each in moved.items()} == {
        "images": "meta",
        "tokens": "meta",
    }
    assert moved["tokens"].dtype == torch.int64
    assert batch["images"].device == CPU


def test_only_copies_to_a_gpu_do_not_wait() -> None:
    class Recorder:
        def to(self, device: torch.device, non_blocking: bool) -> bool:
            return non_blocking

    batch = {"images": Recorder()}
    assert runtime.to_device(batch, torch.device("cuda:1")) == {"images": True}
    assert runtime.to_device(batch, CPU) == {"images": False}


def test_autocast_changes_products_and_never_weights() -> None:
    layer, x = nn.Linear(3, 2), torch.rand(4, 3)
    with runtime.autocast(CPU, torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
    assert layer.weight.dtype == torch.float32
    with runtime.autocast(CPU, torch.float32):
        assert layer(x).dtype == torch.float32
        assert not torch.is_autocast_enabled("cpu")


class Probe:
    """A small model, its batch and loss, and a clock by which a pass takes what it is told."""

    def __init__(self, fp32: float, bf16: float) -> None:
        self.model = nn.Sequential(
            nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2)
        )
        self.batch = torch.rand(5, 3)
        self.passes: list[bool] = []  # whether each was under autocast
        self.seconds = {False: fp32, True: bf16}
        self.now, self.calls = 0.0, itertools.count()

    def loss(self, model: nn.Module, batch: Tensor) -> Tensor:
        self.passes.append(torch.is_autocast_enabled("cpu"))
        return model(batch).float().square().mean()

    def clock(self) -> float:
        if next(self.calls) % 2:  # the end of a pass
            slow_start = 100 if len(self.passes) <= 2 * runtime.WARM_UPS else 0
            self.now += self.seconds[self.passes[-1]] + slow_start
        return self.now

    def choose(self) -> torch.dtype:
        return runtime.choose_precision(self.model, self.batch, self.loss, CPU, self.clock)


@pytest.mark.parametrize(
    ("fp32", "bf16", "chosen"),
    [
        (2.0, 1.0, torch.bfloat16),
        (1.16, 1.0, torch.bfloat16),
        (1.14, 1.0, torch.float32),
        (1.0, 1.5, torch.float32),
    ],
)
def test_bf16_is_chosen_where_it_pays(fp32, bf16, chosen) -> None:
    probe = Probe(fp32, bf16)
    assert probe.choose() == chosen
    assert probe.passes == [False, True] * (runtime.WARM_UPS + runtime.PASSES), "by turns"


def test_a_hopeless_probe_ends_early() -> None:
    probe = Probe(fp32=1.0, bf16=9.0)
    assert probe.choose() == torch.float32
    assert len(probe.passes) == 2 * (runtime.WARM_UPS + 1)


def test_the_probe_leaves_no_trace() -> None:
    probe = Probe(1.0, 1.0)
    before = {name: value.clone() for name, value in probe.model.state_dict().items()}
    state = torch.get_rng_state()
    probe.choose()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in probe.model.parameters())
    for name, value in probe.model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_loss_in_bf16_is_refused() -> None:
    layer, x = nn.Linear(3, 1), torch.rand(1, 3)
    with pytest.raises(ValueError, match=r"loss: it is torch.bfloat16; call \.float\(\)"):
        runtime.choose_precision(layer, x, lambda model, batch: model(batch).squeeze(), CPU)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_computes_in_bf16() -> None:
    device = torch.device("cuda")
    model, x = nn.Linear(64, 64).to(device), torch.rand(8, 64, device=device)
    chosen = runtime.choose_precision(model, x, lambda m, b: m(b).float().mean(), device)
    assert chosen in (torch.float32, torch.bfloat16)
    with runtime.autocast(device, torch.bfloat16):
        assert model(x).dtype == torch.bfloat16


def test_set_threads_reaches_torch_and_opencv() -> None:
    before = torch.get_num_threads()
    runtime.set_threads(1)
    assert torch.get_num_threads() == 1
    assert cv2.getNumThreads() == 1
    torch.set_num_threads(before)


def test_no_threads_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 thread, got 0"):
        runtime.set_threads(0)


def test_generator_depends_on_its_seed_alone() -> None:
    first, again, other = (
        torch.rand(4, generator=runtime.seeded_generator(seed)).tolist() for seed in (3, 3, 4)
    )
    assert first == again != other


def test_seed_all_makes_layers_start_the_same() -> None:
    def first_weights(seed: int) -> list[float]:
        runtime.seed_all(seed)
        return torch.nn.Linear(3, 2).weight.flatten().tolist()

    assert first_weights(1) == first_weights(1) != first_weights(2)
