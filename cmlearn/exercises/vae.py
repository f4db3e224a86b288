"""Checks of the exercises on the variational autoencoder."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from cmlearn.exercises.checking import Check, call, close, expect, expect_close, expect_shape


def check_flat_size(answer: Any) -> None:
    """`numbers` is how many numbers the encoder has before its linear layer, at 48 x 48."""
    expect_close(
        answer,
        64 * 6 * 6,
        "Follow the side of the picture through both convolutions, then count the channels too.",
        [
            (1024, "That is for pictures of 32 × 32."),
            (6 * 6, "Those are the cells. How many channels has each?"),
            (6, "That is the side of the grid."),
            (64 * 6, "A grid has two sides."),
            (64 * 12 * 12, "The second convolution has a stride, too."),
            (32 * 6 * 6, "How many channels come out of the second convolution?"),
            (32 * 12 * 12, "Another convolution follows."),
            (64 * 24 * 24, "The first convolution takes steps of four."),
        ],
    )


def log_normal(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the log-density of each number under its own Gaussian, in nats."""
    return -0.5 * ((z - mu) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)


def check_sampled_kl(answer: Any) -> None:
    """`sampled_kl(z, mu, logvar)` is the mean of log q(z) - log p(z) over draws, in nats."""
    rng = torch.Generator().manual_seed(0)
    mu, logvar = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.0, -1.0, 0.6])
    sigma, one, zero = (0.5 * logvar).exp(), torch.ones(3), torch.zeros(3)
    z = mu + sigma * torch.randn(50, 3, generator=rng)
    q, p = log_normal(z, mu, sigma), log_normal(z, zero, one)
    found = call(answer, z, mu, logvar)
    each = (q - p).sum(dim=1)
    no_width = -0.5 * ((z - mu) / sigma) ** 2 + 0.5 * z**2
    expect_close(
        found,
        each.mean(),
        "Take log q(z) - log p(z) for every draw, sum over the numbers of z, average the draws.",
        [
            (-each.mean(), "The sign is turned: this is never negative on average."),
            (each, "Average over the draws, so that one number is left."),
            ((q - p).mean(), "Sum over the numbers of z; they add their nats."),
            ((q - p).sum(), "Average over the draws. Only the numbers of z are summed."),
            (q.sum(dim=1).mean(), "That is log q alone."),
            (no_width.sum(dim=1).mean(), "The density of a narrow Gaussian is higher: where is σ?"),
            (
                (log_normal(z, mu, logvar.exp()) - p).sum(dim=1).mean(),
                "exp(logvar) is the variance. Its root is the deviation.",
            ),
        ],
        within=1e-3,
    )


def check_best_sigma(answer: Any) -> None:
    """`sigma` is the best deviation of a decoder that misses four pixels by known errors."""
    expect_close(
        answer,
        0.5,
        "Compute the mean squared error first. What is σ where the derivative is zero?",
        [
            (0.25, "That is the mean squared error, σ². The question is for σ."),
            (1.0, "You added the squares. Take their mean."),
            (0.4, "That is the mean size of the errors. Which mean is in the formula?"),
            (0.0, "Errors of both signs do not cancel: they are squared first."),
            (2.0, "That is 1/σ."),
        ],
        within=1e-3,
    )


def check_beta_at(answer: Any) -> None:
    """`beta_at(step, steps, first, last)` falls by the same factor at each step."""
    found = [call(answer, step, 5, 32.0, 2.0) for step in range(5)]
    expect_close(
        found,
        [32.0, 16.0, 8.0, 4.0, 2.0],
        "β has to begin at `first`, end at `last`, and fall by one factor at each step.",
        [
            ([32, 24.5, 17, 9.5, 2], "It falls by the same difference; asked is the same factor."),
            ([2, 4, 8, 16, 32], "It rises. The two ends have changed places."),
            (
                [32 * (1 / 16) ** (n / 5) for n in range(5)],
                "It does not reach `last`: five values have four steps between them.",
            ),
            ([32 * (1 / 16) ** n for n in range(5)], "It reaches `last` in a single step."),
        ],
    )


def check_walk(answer: Any) -> None:
    """`walk(one, other, shares)` goes from one code to another and keeps the length, (S, D)."""
    one, other = torch.tensor([3.0, 0.0, 0.0, 0.0]), torch.tensor([0.0, 4.0, 3.0, 0.0])
    shares = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    found = call(answer, one, other, shares)
    expect_shape(found, (5, 4), "(steps, latent_dim)")
    line = torch.lerp(one, other, shares.unsqueeze(1))
    lengths = torch.lerp(one.norm(), other.norm(), shares).unsqueeze(1)
    wanted = line / line.norm(dim=1, keepdim=True) * lengths
    expect_close(
        found,
        wanted,
        "Each code has to lie in the direction of the straight line, with the length in between.",
        [
            (line, "In the middle the codes are too short: the straight line cuts the corner."),
            (wanted.flip(0), "The walk begins at the wrong end."),
            (wanted / lengths, "All codes have length 1 now. The ends have to stay as they were."),
            (wanted / lengths * one.norm(), "The last code has the length of the first one."),
            (line * lengths, "Divide by the length of the line first."),
        ],
    )


def check_attend(answer: Any) -> None:
    """`attend_to_words(query, keys, values, padding)` leaves padded words out, (Q, D)."""
    rng = torch.Generator().manual_seed(0)
    query, keys = torch.randn(2, 4, generator=rng), torch.randn(5, 4, generator=rng)
    values = torch.randn(5, 3, generator=rng) + 2
    padding = torch.tensor([False, False, False, True, True])
    found = call(answer, query, keys, values, padding)
    expect_shape(found, (2, 3), "(queries, length of a value)")
    scores = query @ keys.T / 2
    weights = scores.softmax(dim=1)
    masked = scores.masked_fill(padding, -torch.inf).softmax(dim=1)
    unscaled = (2 * scores).masked_fill(padding, -torch.inf).softmax(dim=1)
    zeroed = scores.masked_fill(padding, 0).softmax(dim=1)
    inverted = scores.masked_fill(~padding, -torch.inf).softmax(dim=1)
    across = scores.softmax(dim=0).masked_fill(padding, 0)
    expect_close(
        found,
        masked @ values,
        "The weights of the words without padding have to sum to 1.",
        [
            (weights @ values, "The padding gets a share of the weight."),
            (
                weights.masked_fill(padding, 0) @ values,
                "You took weight away after the softmax: what is left does not sum to 1.",
            ),
            (zeroed @ values, "A score of 0 is a score like any other. Which one gives weight 0?"),
            (unscaled @ values, "Divide the scores by the root of the length of a query."),
            (
                inverted @ values,
                "Only the padding gets weight: `padding` is True where no word is.",
            ),
            (across @ values, "The softmax goes along the words, so that each query has its own."),
        ],
    )


def check_mixture(answer: Any) -> None:
    """`log_mixture(z, weights, mu, sigma)` is the log-density of a mixture of Gaussians, (N,)."""
    z = torch.tensor([-2.0, 0.0, 0.5, 3.0])
    weights, mu = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([-2.0, 0.0, 3.0])
    sigma = torch.tensor([0.5, 1.0, 2.0])
    found = call(answer, z, weights, mu, sigma)
    expect_shape(found, (4,), "(N,)")
    each = log_normal(z.unsqueeze(1), mu, sigma)
    squares = -0.5 * ((z.unsqueeze(1) - mu) / sigma) ** 2
    wanted = (weights.log() + each).logsumexp(dim=1)
    expect_close(
        found,
        wanted,
        "For each z: the logarithm of the weighted sum of the components' densities.",
        [
            (wanted.exp(), "That is the density. Return its logarithm."),
            (-wanted, "The sign is turned: return log p, not the loss."),
            (each.logsumexp(dim=1), "Each component counts in full. Where are the weights?"),
            (
                (weights * each).sum(dim=1),
                "You average the logarithms. The densities are averaged, then comes the logarithm.",
            ),
            (
                (weights.log() + squares).logsumexp(dim=1),
                "A narrow Gaussian is higher: divide each density by σ√(2π).",
            ),
            (
                (weights.log() + squares - sigma.log().unsqueeze(0)).logsumexp(dim=1),
                "A factor that is the same for all z is missing: √(2π).",
            ),
        ],
    )
    far = call(answer, torch.tensor([90.0]), weights, mu, sigma)
    expect(
        not close(far, [-math.inf]),
        "Far away, at z = 90, the densities are too small for a float, and the logarithm of their "
        "sum is -inf. Stay in logarithms.",
    )


CHECKS: dict[str, Check] = {
    "vae.flat_size": check_flat_size,
    "vae.sampled_kl": check_sampled_kl,
    "vae.best_sigma": check_best_sigma,
    "vae.beta_at": check_beta_at,
    "vae.walk": check_walk,
    "vae.attend": check_attend,
    "vae.mixture": check_mixture,
}
