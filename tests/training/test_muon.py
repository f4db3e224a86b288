"""Tests of cmlearn.training.muon."""

import pytest
import torch
from torch import nn

from cmlearn.training.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (6, 6)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    result = orthogonalise(matrix)
    assert result.shape == matrix.shape
    values = torch.linalg.svdvals(result)
    assert values.min() > 0.3 and values.max() < 1.3
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.T @ result @ vh.T
    assert torch.allclose(inner, inner.diag().diag(), atol=1e-4)


def test_torchs_own_muon_takes_the_same_steps_up_to_bfloat16() -> None:
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this version of torch has no Muon")
    torch.manual_seed(0)
    ours, theirs = (nn.Parameter(torch.ones(6, 4)) for _ in range(2))
    one = Muon([ours], 0.1)
    two = torch.optim.Muon([theirs], 0.1, weight_decay=0.0, adjust_lr_fn="original")
    for _ in range(4):
        gradient = torch.randn(6, 4)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step()
        two.step()
    assert torch.allclose(ours, theirs, atol=0.02)
    assert not torch.allclose(ours, torch.ones(6, 4), atol=0.1)


def test_a_zero_gradient_changes_nothing_and_a_missing_one_is_passed_over() -> None:
    weights = [nn.Parameter(torch.ones(2, 3)) for _ in range(2)]
    weights[0].grad = torch.zeros(2, 3)
    Muon(weights, 0.1).step()
    assert all(torch.equal(weight, torch.ones(2, 3)) for weight in weights)


def test_only_matrices_are_taken() -> None:
    with pytest.raises(ValueError, match=r"matrices expected, got shapes \[\(3,\)\]"):
        Muon([nn.Parameter(torch.ones(3))], 0.1)
    with pytest.raises(ValueError, match="closure"):
        Muon([nn.Parameter(torch.ones(3, 2))], 0.1).step(lambda: None)
