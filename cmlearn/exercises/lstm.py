"""Checks of the exercises on captions that an LSTM writes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.exercises.checking import Check, call, close, expect, expect_close, expect_shape


def check_grid_of(answer: Any) -> None:
    """`grid_of(cells, height, width)` undoes the flattening, (B, D, H, W)."""
    grid = torch.arange(2 * 5 * 3 * 4).view(2, 5, 3, 4).float()
    cells = grid.flatten(2).transpose(1, 2)
    found = call(answer, cells, 3, 4)
    swapped = tuple(getattr(found, "shape", ())) == (2, 5, 4, 3)
    expect(not swapped, "Height and width have changed places.")
    expect_shape(found, (2, 5, 3, 4), "(B, cell_dim, H, W)")
    expect_close(
        found,
        grid,
        "The numbers are all there, in other cells than they came from.",
        [(cells.reshape(2, 5, 3, 4), "`reshape` and `view` move no axis. Which one has to move?")],
    )


def check_lstm_step(answer: Any) -> None:
    """`lstm_step(x, h, c, weight_x, weight_h, bias)` is one step of `nn.LSTMCell`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cell = nn.LSTMCell(3, 4).requires_grad_(False)
        x, h, c = 2 * torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4)
    weight_x, weight_h, bias = 2 * cell.weight_ih, 2 * cell.weight_hh, cell.bias_ih + cell.bias_hh
    found = call(answer, x, h, c, weight_x, weight_h, bias)
    expect(isinstance(found, tuple | list) and len(found) == 2, "Return two tensors, h and c.")
    expect_shape(found[0], (2, 4), "(B, hidden_dim) of h")
    expect_shape(found[1], (2, 4), "(B, hidden_dim) of c")
    gates = x @ weight_x.T + h @ weight_h.T + bias
    i, f, g, o = gates.chunk(4, dim=1)
    new = f.sigmoid() * c + i.sigmoid() * g.tanh()
    swapped = f.sigmoid() * c + i.sigmoid() * o.tanh()
    bare = (x @ weight_x.T + bias).chunk(4, dim=1)
    unread = bare[1].sigmoid() * c + bare[0].sigmoid() * bare[2].tanh()
    expect_close(
        found[1],
        new,
        "The new c is not right: the old one times the forget gate, plus what is written.",
        [
            (i.sigmoid() * c + f.sigmoid() * g.tanh(), "Input and forget gate are exchanged."),
            (swapped, "The last two parts are exchanged: the order is i, f, g, o."),
            (i.sigmoid() * g.tanh(), "The old c is forgotten altogether."),
            (c + i.sigmoid() * g.tanh(), "The forget gate is missing."),
            (f.sigmoid() * c + i.sigmoid() * g.sigmoid(), "What is written goes through tanh."),
            (f.tanh() * c + i.tanh() * g.tanh(), "Gates go through σ, so that they are 0 to 1."),
            (unread, "The old h has no say in your gates."),
            (o.sigmoid() * new.tanh(), "h and c have changed places: return h first."),
        ],
    )
    expect_close(
        found[0],
        o.sigmoid() * new.tanh(),
        "c is right, and h is not: the output gate decides what of tanh(c) is shown.",
        [
            (o.sigmoid() * new, "c is right. Before it is shown, it goes through tanh."),
            (o.sigmoid() * c.tanh(), "c is right. h shows the new c, not the old one."),
            (o.tanh() * new.tanh(), "c is right. The output gate goes through σ."),
        ],
    )


def check_terms(answer: Any) -> None:
    """`terms` is over how many next words the loss of a small batch is averaged."""
    expect_close(
        answer,
        16,
        "Go through one caption: which tokens does the network have to predict?",
        [
            (13, "To stop is a decision, too: <eos> has to be predicted."),
            (19, "Nothing comes before <bos>, so nobody predicts it."),
            (24, "The padding counts."),
            (27, "The padding counts, and so does <bos>."),
            (3, "That is the number of captions. The mean goes over words."),
            (8, "That is the longest caption alone."),
        ],
    )


def check_perplexity(answer: Any) -> None:
    """`perplexity(logits, targets)` is that of the words, padding left out."""
    logits = 2 * torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[4, 5, 2, 0, 0], [6, 3, 4, 5, 2], [2, 0, 0, 0, 0]])
    found = call(answer, logits, targets)
    nats = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(3, 5)
    real = targets != 0
    by_caption = torch.stack([row[kept].mean() for row, kept in zip(nats, real, strict=True)])
    mean = nats[real].mean()
    expect_close(
        found,
        mean.exp(),
        "It is exp of the mean surprise, in nats, of the words that are no padding.",
        [
            (mean, "That is the loss in nats. One step is missing."),
            (nats.mean().exp(), "The padding counts as words."),
            (nats.mean(), "That is a loss in which the padding counts."),
            ((nats * real).mean().exp(), "Padding costs nothing here, but you divide by it."),
            (nats[real].exp().mean(), "First the mean, then exp."),
            (nats[real].sum().exp(), "Take the mean over the words, not the sum."),
            (by_caption.mean().exp(), "A long caption has more words: average over all words."),
            (2**mean, "With natural logarithms, the base is e."),
            ((-mean).exp(), "The sign is turned: perplexity is 1 or more."),
        ],
        within=1e-3,
    )


def check_temperature(answer: Any) -> None:
    """`word_chances(logits, temperature, forbidden)` are probabilities, (B, V)."""
    logits = 2 * torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    forbidden = [0, 3]
    found = call(answer, logits, 0.5, forbidden)
    expect_shape(found, (3, 6), "(B, V)")
    expect(not found.isnan().any(), "Some are nan. Set a logit to -inf, not a probability.")
    kept = torch.ones(6, dtype=torch.bool)
    kept[forbidden] = False

    def chances(scores: Tensor, dim: int = 1) -> Tensor:
        return scores.masked_fill(~kept, -torch.inf).softmax(dim=dim)

    late = (logits / 0.5).softmax(dim=1) * kept
    expect_close(
        found,
        chances(logits / 0.5),
        "Probabilities of the words that are allowed, of the logits over the temperature.",
        [
            ((logits / 0.5).softmax(dim=1), "Forbidden words can still be drawn."),
            (late, "The probabilities do not sum to 1: forbid words before the softmax."),
            (chances(logits * 0.5), "A low temperature should make the likely words likelier."),
            (chances(logits), "The temperature does not take part."),
            (
                (logits / 0.5).masked_fill(~kept, 0).softmax(dim=1),
                "A logit of 0 is a score like any other. Which one gives probability 0?",
            ),
            (
                (logits / 0.5).softmax(dim=0) * kept,
                "The softmax goes over the words, not over the batch.",
            ),
            (chances(logits).div(0.5), "Divide the logits, not the probabilities."),
        ],
    )


def check_beam_step(answer: Any) -> None:
    """`beam_step(scores, log_probs, size)` keeps the best continuations of all beams."""
    scores = torch.tensor([-1.0, -1.2, -4.0])
    chances = torch.tensor(
        [[0.4, 0.3, 0.1, 0.2], [0.05, 0.9, 0.03, 0.02], [0.01, 0.01, 0.97, 0.01]]
    )
    log_probs = chances.log()
    found = call(answer, scores, log_probs, 3)
    expect(isinstance(found, tuple | list) and len(found) == 3, "Return scores, beams and words.")
    for part, name in zip(found, ("scores", "beams", "words"), strict=True):
        expect_shape(part, (3,), f"(size,) of the {name}")
    total = scores.unsqueeze(1) + log_probs
    best, order = total.flatten().topk(3)
    own = total.max(dim=1)
    expect_close(
        found[0],
        best,
        "The scores are not the best three of all continuations of all beams.",
        [
            (
                own.values.sort(descending=True).values,
                "Each beam kept its own best word: let all continuations compete.",
            ),
            (own.values, "Each beam kept its own best word: let all continuations compete."),
            (log_probs.flatten().topk(3).values, "What was written before no longer counts."),
            (total[0].topk(3).values, "Only the first beam goes on."),
            (total.flatten().topk(3, largest=False).values, "Those are the worst three."),
            (
                (scores.unsqueeze(1) * log_probs).flatten().topk(3).values,
                "Log-probabilities are added.",
            ),
        ],
    )
    beams, words = order // 4, order % 4
    expect(not close(found[2], order), "The scores are right. A word is a column, from 0 to V - 1.")
    expect_close(found[1], beams, "The scores are right. From which beam does each of them come?")
    expect_close(found[2], words, "The scores and the beams are right, and the words are not.")


CHECKS: dict[str, Check] = {
    "lstm.grid_of": check_grid_of,
    "lstm.lstm_step": check_lstm_step,
    "lstm.terms": check_terms,
    "lstm.perplexity": check_perplexity,
    "lstm.temperature": check_temperature,
    "lstm.beam_step": check_beam_step,
}
