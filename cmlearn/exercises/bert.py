"""Checks of the exercises on BERT: pieces, attention, gaps and sentence vectors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from cmlearn.exercises.checking import Check, call, expect, expect_shape
from cmlearn.exercises.comparing import expect_array, expect_sizes, expect_value

PAD, CLS, SEP, MASK = 0, 101, 102, 103
IGNORED = -100  # the target that cross-entropy leaves out


def check_batch_shape(answer: Any) -> None:
    """The shape of three encoded captions, in which some words have several pieces."""
    expect_sizes(
        answer,
        (3, 8),
        {
            "That counts the words. Some words have several pieces.": (3, 5),
            "[CLS] and [SEP] are tokens, too.": (3, 6),
            "That counts the words, and neither [CLS] nor [SEP].": (3, 3),
            "Of [CLS] and [SEP] you count one.": (3, 7),
            "The captions are the rows, the tokens the columns.": (8, 3),
        },
        "A row for each caption. How many tokens does the longest one have?",
    )


def check_causal_attention(answer: Any) -> None:
    """`attend_backwards(queries, keys, values)` returns what each token finds, (B, H, T, d)."""
    queries, keys, values = torch.randn(3, 2, 3, 5, 4, generator=_rng())
    scores = queries @ keys.mT / 2
    earlier = torch.ones(5, 5).tril().bool()
    found = call(answer, queries, keys, values)
    expect_shape(found, (2, 3, 5, 4), "(B, heads, T, d)")
    before_itself = "A token may attend to itself. Your first one has nothing to attend to."
    expect(not found[:, :, 0].isnan().any(), before_itself)
    cut = scores.softmax(-1) * earlier
    expect_array(
        found,
        _attended(scores, earlier, values),
        "(B, heads, T, d)",
        {
            "Your mask is the wrong way round: tokens attend to what follows.": _attended(
                scores, earlier.mT, values
            ),
            "The mask has no effect: tokens attend to what follows.": scores.softmax(-1) @ values,
            "The weights do not sum to one. Mask the scores before the softmax.": cut @ values,
            "The scores are not divided by the root of d.": _attended(scores * 2, earlier, values),
            "The softmax goes along the wrong axis: each query's weights sum to one.": _attended(
                scores, earlier, values, dim=-2
            ),
        },
        "Each token finds a weighted mean of its own value and of those before it.",
    )


def _attended(scores: Tensor, allowed: Tensor, values: Tensor, dim: int = -1) -> Tensor:
    return scores.masked_fill(~allowed, -torch.inf).softmax(dim) @ values


def check_layer_norm(answer: Any) -> None:
    """`normalised(x)` returns x (B, T, D) with mean 0 and variance 1 over each token's numbers."""
    x = 5 * torch.randn(3, 4, 7, generator=_rng()) + 2
    centred = x - x.mean(-1, keepdim=True)
    expect_array(
        call(answer, x),
        F.layer_norm(x, (7,)),
        "(B, T, D)",
        {
            "Each token has a mean and a variance of its own; yours are the batch's.": (
                F.layer_norm(x, x.shape)
            ),
            "You normalise over the tokens of a caption, not over a token's numbers.": (
                F.layer_norm(x.mT, (4,)).mT
            ),
            "You normalise over the batch, as batch norm does.": (
                F.layer_norm(x.transpose(0, 2), (3,)).transpose(0, 2)
            ),
            "You divide by the variance. Where is the root?": (
                centred / x.var(-1, correction=0, keepdim=True)
            ),
            "Your variance divides by D − 1; layer norm divides by D.": (
                centred / x.std(-1, keepdim=True)
            ),
            "The mean is 0 now, and the variance is what it was.": centred,
        },
        "Each token's numbers should have the mean 0 and the variance 1.",
        within=1e-3,
    )


def check_masked_tokens(answer: Any) -> None:
    """`with_gaps(tokens, chosen)` returns the inputs and the targets of masked prediction."""
    tokens = torch.tensor([[CLS, 7, 8, 9, SEP, PAD], [CLS, 5, 6, 7, 8, SEP]])
    chosen = torch.tensor([[1, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 1]]).bool()
    words = chosen & (tokens != PAD) & (tokens != CLS) & (tokens != SEP)
    wanted = tokens.masked_fill(words, MASK), tokens.masked_fill(~words, IGNORED)
    found = call(answer, tokens, chosen)
    expect(isinstance(found, tuple | list) and len(found) == 2, "Return inputs and targets.")
    _check_gaps(found[0], tokens, chosen, wanted[0])
    expect_array(
        found[1],
        wanted[1],
        "(B, T) of the targets",
        {
            "Tokens that you left in view are targets, too. They teach copying.": tokens,
            "The targets come from the inputs, in which the answer is hidden.": (
                wanted[0].masked_fill(~words, IGNORED)
            ),
            "The targets are the wrong way round: what you hid is left out.": (
                tokens.masked_fill(words, IGNORED)
            ),
            "Only what was hidden may be a target; [PAD], [CLS] and [SEP] never are.": (
                tokens.masked_fill(~chosen, IGNORED)
            ),
        },
        "A target is the hidden token's id; everywhere else it is -100.",
    )


def _check_gaps(inputs: Any, tokens: Tensor, chosen: Tensor, wanted: Tensor) -> None:
    expect_shape(inputs, (2, 6), "(B, T) of the inputs")
    expect(not (inputs[tokens == PAD] == MASK).any(), "You hide padding. It is no word.")
    specials = (tokens == CLS) | (tokens == SEP)
    expect(not (inputs[specials] == MASK).any(), "You hide [CLS] or [SEP]. They are no words.")
    shown = "A chosen word is still in view in the inputs."
    expect((inputs[wanted == MASK] == MASK).all(), shown)
    expect(torch.equal(inputs, wanted), "A token that was not chosen has changed.")


def check_head_offset(answer: Any) -> None:
    """`share_at(weights, offset)` returns the mean weight at an offset, (layers, heads)."""
    weights = torch.rand(2, 3, 6, 6, generator=_rng()).softmax(dim=-1)
    for offset in (-2, 1):
        line = weights.diagonal(offset, dim1=2, dim2=3)
        expect_array(
            call(answer, weights, offset),
            line.mean(-1),
            "(layers, heads)",
            {
                "Rows are queries and columns are keys; you swapped them.": (
                    weights.diagonal(-offset, dim1=2, dim2=3).mean(-1)
                ),
                "Tokens without such a neighbour count as zeros. Leave them out.": (
                    line.sum(-1) / 6
                ),
                "You wrap around: the first and the last token are no neighbours.": (
                    weights.roll(-offset, 3).diagonal(dim1=2, dim2=3).mean(-1)
                ),
                "That is the largest weight. The mean is asked for.": line.amax(-1),
            },
            "Take the weight of token t on token t + offset, and the mean over t.",
        )


def check_wrong_line(answer: Any) -> None:
    """The line of a masked mean that counts the padding."""
    expect_value(
        answer,
        4,
        {
            "Line 1 takes vectors (B, T, D) and a mask (B, T), as `masked_mean` does.": 1.0,
            "Line 2 is right: a word is what is no padding, and each has D numbers.": 2.0,
            "Line 3 is right: padding adds zeros, so it does not change the sum.": 3.0,
            "Line 5 is right: a mean is a sum divided by a count. Is it the right count?": 5.0,
        },
        "Give the number of a line, from 1 to 5.",
    )


def check_search(answer: Any) -> None:
    """`most_alike(queries, captions)` returns the row of the caption with the highest cosine."""
    queries = torch.tensor([[1.0, 0.2, 0.0], [0.0, 3.0, 4.0]])
    captions = torch.tensor(
        [[12.0, 3.0, 0.6], [19.0, 19.0, 0.0], [0.0, 0.3, 0.5], [-1.0, 8.0, 1.0]]
    )
    cosines = F.normalize(queries, dim=1) @ F.normalize(captions, dim=1).T
    found = call(answer, queries, captions)
    expect(getattr(found, "dtype", None) != torch.float32, "Return rows, not cosines.")
    expect(
        tuple(getattr(found, "shape", ())) != (4,),
        "You found a query for each caption. Which axis has the captions?",
    )
    expect_array(
        found,
        cosines.argmax(1),
        "(queries,)",
        {
            "Long vectors win. A cosine compares directions alone.": (
                (queries @ captions.T).argmax(1)
            ),
            "That is the least similar caption.": cosines.argmin(1),
            "That is the nearest caption. A cosine compares directions, not distances.": (
                torch.cdist(queries, captions).argmin(1)
            ),
            "You normalise the numbers of a column. Each row should have length 1.": (
                (F.normalize(queries, dim=0) @ F.normalize(captions, dim=0).T).argmax(1)
            ),
        },
        "One of the rows is not the most similar one.",
    )


def check_standardise(answer: Any) -> None:
    """`standardised(vectors)` scales each number over all words; zeros stay padding."""
    vectors = 3 * torch.randn(2, 4, 3, generator=_rng()) + torch.tensor([1.0, -4.0, 9.0])
    vectors[0, 2:] = 0
    present = (vectors != 0).any(2)
    words = vectors[present]
    wanted, by_all = torch.zeros_like(vectors), vectors.flatten(0, 1)
    wanted[present] = (words - words.mean(0)) / words.std(0, correction=0)
    found = call(answer, vectors)
    expect_shape(found, (2, 4, 3), "(N, T, D)")
    padded = (vectors - by_all.mean(0)) / by_all.std(0, correction=0)
    expect(
        not torch.allclose(found[present], padded[present], atol=1e-3),
        "Padding takes part in your mean and deviation. It is no word.",
    )
    expect(not found[~present].any(), "Padding should stay zero, or the GRU reads it as a word.")
    same = (words - words.mean()) / words.std(correction=0)
    own = F.layer_norm(words, (3,))
    expect(
        not any(torch.allclose(found[present], each, atol=1e-3) for each in (same, own)),
        "Each of the D numbers has a mean and a deviation of its own, over all words.",
    )
    expect(
        torch.allclose(found[present], wanted[present], atol=0.25),
        "Each number should have mean 0 and deviation 1 over the words that are there.",
    )


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


CHECKS: dict[str, Check] = {
    "bert.batch_shape": check_batch_shape,
    "bert.causal_attention": check_causal_attention,
    "bert.layer_norm": check_layer_norm,
    "bert.masked_tokens": check_masked_tokens,
    "bert.head_offset": check_head_offset,
    "bert.wrong_line": check_wrong_line,
    "bert.search": check_search,
    "bert.standardise": check_standardise,
}
