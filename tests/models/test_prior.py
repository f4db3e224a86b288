"""Tests of cmlearn.models.prior."""

import math

import pytest
import torch

from cmlearn.models.prior import AutoregressivePrior, MaskedLinear
from cmlearn.training.loop import fit


def built(latent_dim: int = 5, condition_dim: int = 3) -> AutoregressivePrior:
    torch.manual_seed(0)
    prior = AutoregressivePrior(latent_dim, condition_dim, hidden_dim=24, num_components=4)
    for weight in prior.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return prior


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shapes():
    prior, z, condition = built(), torch.randn(7, 5), torch.randn(7, 3)
    assert prior(z, condition).shape == (7,)
    assert prior.sample(condition, noise()).shape == (7, 5)
    for part in prior.mixture(z, condition):
        assert part.shape == (7, 5, 4)


def test_a_dimension_depends_on_all_before_it_and_on_none_from_it_on():
    prior, z, condition = built(), torch.randn(1, 5), torch.randn(1, 3)
    for i in range(5):
        changed = z.clone()
        changed[0, i] += 1.0
        before, after = prior.mixture(z, condition)[1], prior.mixture(changed, condition)[1]
        moved = (before != after).any(dim=2)[0]
        assert moved.tolist() == [j > i for j in range(5)]


def test_the_density_is_one_in_all():
    prior, condition = built(latent_dim=2), torch.randn(1, 3)
    line = torch.linspace(-40, 40, 1601)  # steps of 0.05
    points = torch.cartesian_prod(line, line)
    with torch.no_grad():
        density = prior(points, condition.expand(len(points), -1)).exp()
    assert float(density.sum()) * 0.05**2 == pytest.approx(1, abs=1e-3)


def test_a_single_component_is_a_gaussian():
    prior = AutoregressivePrior(3, 2, hidden_dim=6, num_components=1)
    z, condition = torch.randn(4, 3), torch.randn(4, 2)
    _, mu, logvar = prior.mixture(z, condition)
    normal = torch.distributions.Normal(mu[..., 0], (logvar[..., 0] / 2).exp())
    torch.testing.assert_close(prior(z, condition), normal.log_prob(z).sum(dim=1))


@pytest.mark.parametrize(("asked", "given"), [(-100.0, -7.0), (100.0, 3.0)])
def test_no_hump_gets_narrower_or_wider_than_a_limit(asked, given):
    prior, z, condition = built(), torch.zeros(2, 5), torch.randn(2, 3)
    with torch.no_grad():
        prior.last.bias.view(prior.shape)[:, 2] = asked
    assert torch.equal(prior.mixture(z, condition)[2], torch.full((2, 5, 4), given))
    assert prior(z, condition).isfinite().all()
    assert prior(z + 100, condition).isfinite().all()


def test_samples_are_as_probable_as_the_density_says():
    prior, condition = built(latent_dim=2), torch.randn(1, 3).expand(20_000, -1)
    z = prior.sample(condition, noise())
    with torch.no_grad():
        inside = (z.abs() < 1).all(dim=1).float().mean()
        line = torch.linspace(-1, 1, 201)[:-1] + 0.005
        points = torch.cartesian_prod(line, line)
        expected = prior(points, condition[:1].expand(len(points), -1)).exp().sum() * 0.01**2
    assert float(inside) == pytest.approx(float(expected), abs=0.015)


def test_the_same_generator_draws_the_same():
    prior, condition = built(), torch.randn(3, 3)
    first, second = prior.sample(condition, noise(1)), prior.sample(condition, noise(1))
    assert torch.equal(first, second)
    assert not torch.equal(first, prior.sample(condition, noise(2)))


def test_learns_two_modes_with_nothing_between():
    torch.manual_seed(0)
    prior = AutoregressivePrior(2, 1, hidden_dim=32, num_components=4)
    side = torch.randint(2, (256, 1), generator=noise()) * 4.0 - 2
    z = side + 0.2 * torch.randn(256, 2, generator=noise(1))
    batch = {"z": z, "c": torch.zeros(256, 1)}

    def surprise(model, batch):
        return {"loss": -model(batch["z"], batch["c"]).mean()}

    fit(prior, surprise, [batch] * 300, steps=300, learning_rate=1e-2, progress=False)
    drawn = prior.sample(torch.zeros(500, 1), noise(2))
    assert (drawn.abs() > 1).all(dim=1).float().mean() > 0.97
    assert (drawn[:, 0] * drawn[:, 1] > 0).float().mean() > 0.97  # the two numbers agree
    assert 0.35 < (drawn[:, 0] > 0).float().mean() < 0.65


def test_a_masked_weight_has_no_effect_and_learns_nothing():
    layer = MaskedLinear(torch.tensor([[True, False], [True, True]]))
    x = torch.randn(3, 2)
    changed = x + torch.tensor([0.0, 5.0])
    assert torch.equal(layer(x)[:, 0], layer(changed)[:, 0])
    layer(x).sum().backward()
    assert layer.weight.grad[0, 1] == 0
    assert math.isfinite(float(layer.weight.grad.sum()))
