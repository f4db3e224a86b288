"""Threads and seeds."""

import cv2
import pytest
import torch

from cmlearn.training import runtime


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
