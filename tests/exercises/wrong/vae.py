"""Typical wrong answers to the exercises on the variational autoencoder."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

CONSTANT = 0.5 * math.log(2 * math.pi)


def log_ratio(z, mu, logvar, sigma=None, width=True):
    """Return log q - log p for each number of each draw, (S, D)."""
    sigma = (0.5 * logvar).exp() if sigma is None else sigma
    q = -0.5 * ((z - mu) / sigma) ** 2 - (sigma.log() if width else 0)
    return q + 0.5 * z**2


def walk(one, other, shares, length=lambda a, b, s: torch.lerp(a.norm(), b.norm(), s)):
    line = torch.lerp(one, other, shares.unsqueeze(1))
    return F.normalize(line, dim=1) * length(one, other, shares).reshape(-1, 1)


def attend(query, keys, values, padding, before=-torch.inf, after=None, root=True, mask=None):
    scores = query @ keys.T / (keys.shape[1] ** 0.5 if root else 1)
    if before is not None:
        scores = scores.masked_fill(padding if mask is None else mask(padding), before)
    weights = scores.softmax(dim=1)
    return (weights if after is None else weights.masked_fill(padding, after)) @ values


def components(z, mu, sigma, width=True, constant=CONSTANT):
    squares = -0.5 * ((z.unsqueeze(1) - mu) / sigma) ** 2
    return squares - (sigma.log() if width else 0) - constant


def naive_mixture(z, weights, mu, sigma):
    return (weights * components(z, mu, sigma).exp()).sum(dim=1).log()


def mixture(z, weights, mu, sigma, **named):
    return (weights.log() + components(z, mu, sigma, **named)).logsumexp(dim=1)


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "vae.flat_size": [
        (1024, "32 × 32"),
        (36, "channels has each"),
        (9216, "has a stride"),
        (1152, "out of the second"),
        (2400, "through both"),
    ],
    "vae.sampled_kl": [
        (lambda *args: -log_ratio(*args).sum(dim=1).mean(), "sign is turned"),
        (lambda *args: log_ratio(*args).sum(dim=1), "Average over the draws, so"),
        (lambda *args: log_ratio(*args).mean(), "add their nats"),
        (lambda *args: log_ratio(*args).sum(), "Only the numbers of z"),
        (lambda *args: log_ratio(*args, width=False).sum(dim=1).mean(), "where is σ"),
        (lambda z, m, v: log_ratio(z, m, v, v.exp()).sum(dim=1).mean(), "the variance"),
    ],
    "vae.best_sigma": [
        (0.25, "σ²"),
        (1.0, "Take their mean"),
        (0.4, "mean size"),
        (0, "squared first"),
        (0.3, "derivative"),
    ],
    "vae.beta_at": [
        (lambda n, steps, a, b: a + (b - a) * n / (steps - 1), "same difference"),
        (lambda n, steps, a, b: b * (a / b) ** (n / (steps - 1)), "It rises"),
        (lambda n, steps, a, b: a * (b / a) ** (n / steps), "does not reach"),
        (lambda n, steps, a, b: a * (b / a) ** n, "a single step"),
        (lambda n, steps, a, b: a, "one factor"),
    ],
    "vae.walk": [
        (lambda a, b, shares: torch.lerp(a, b, shares.unsqueeze(1)), "cuts the corner"),
        (lambda a, b, shares: walk(b, a, shares), "wrong end"),
        (lambda *args: walk(*args, length=lambda a, b, s: torch.ones_like(s)), "length 1"),
        (lambda *args: walk(*args, length=lambda a, b, s: a.norm() + 0 * s), "of the first one"),
        (lambda a, b, shares: torch.lerp(a, b, 0.5), "(steps, latent_dim)"),
    ],
    "vae.attend": [
        (lambda *args: attend(*args, before=None), "share of the weight"),
        (lambda *args: attend(*args, before=None, after=0), "does not sum to 1"),
        (lambda *args: attend(*args, before=0), "like any other"),
        (lambda *args: attend(*args, root=False), "root"),
        (lambda *args: attend(*args, mask=torch.logical_not), "True where no word is"),
        (lambda q, k, v, padding: v[:2], "have to sum to 1"),
    ],
    "vae.mixture": [
        (naive_mixture, "Stay in logarithms"),
        (lambda *args: mixture(*args).exp(), "the density"),
        (lambda *args: -mixture(*args), "sign"),
        (lambda z, w, mu, sigma: components(z, mu, sigma).logsumexp(dim=1), "the weights"),
        (lambda z, w, mu, sigma: (w * components(z, mu, sigma)).sum(dim=1), "the logarithms"),
        (lambda *args: mixture(*args, width=False, constant=0), "divide each density"),
        (lambda *args: mixture(*args, constant=0), "same for all z"),
    ],
}
