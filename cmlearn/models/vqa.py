"""A network that answers questions about images, trained end to end.

The cells of an image pass through transformer blocks that the question steers in two ways: its mean
scales and shifts the features (FiLM, Perez et al. 2018, arXiv:1709.07871), and the cells attend to
its words. The blocks are those of the flow, whose adaptive layer norm is a FiLM layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import to_tensor
from cmlearn.models.device import device_of
from cmlearn.models.flow import PAD, Attention, Block, CaptionEncoder

INPUT_SIZE = 48  # pixels; larger images are averaged down to it
LABEL_WEIGHT = 3.0
GRID = (2, 3)  # rows and columns of the cells of an image


@dataclass(frozen=True)
class VQAConfig:
    """The sizes of a network for visual question answering.

    Attributes:
        vocab_size: number of tokens, the specials included.
        num_answers: answers, one of which is chosen.
        num_labels: labels of images, which an auxiliary loss predicts.
        dim: length of a vector; 2 · `num_heads` divides it.
        num_blocks: transformer blocks.
        num_heads: attention heads.
        width: channels of the first convolution; each of the next two doubles them.
    """

    vocab_size: int
    num_answers: int
    num_labels: int
    dim: int = 96
    num_blocks: int = 3
    num_heads: int = 4
    width: int = 16


class ImageEncoder(nn.Module):
    """Encodes an image as a grid of cells, by three convolutions and a maximum over each cell.

    Args:
        width: channels of the first convolution.
        dim: length of a cell's vector.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *conv_block(3, width),
            *conv_block(width, 2 * width),
            *conv_block(2 * width, 4 * width),
        )
        self.to_cells = nn.Linear(4 * width, dim)
        self.position = nn.Parameter(torch.randn(GRID[0] * GRID[1], dim) / 3)

    def forward(self, images: Tensor) -> Tensor:
        """Encode images: (P, 3, 48, 48), -1 to 1 -> (P, cells, D)."""
        features = self.convolutions(images)  # (P, C, 6, 6)
        cells = F.adaptive_max_pool2d(features, GRID)  # (P, C, 2, 3)
        return self.to_cells(cells.flatten(2).transpose(1, 2)) + self.position


def conv_block(in_channels: int, channels: int) -> tuple[nn.Module, ...]:
    """Return a convolution that halves height and width, group norm and ReLU."""
    convolution = nn.Conv2d(in_channels, channels, 3, stride=2, padding=1, bias=False)
    return convolution, nn.GroupNorm(8, channels), nn.ReLU()


class VQA(nn.Module):
    """Answers questions about images.

    Args:
        config: the sizes.
    """

    def __init__(self, config: VQAConfig) -> None:
        super().__init__()
        self.config = config
        self.image = ImageEncoder(config.width, config.dim)
        self.to_labels = nn.Linear(config.dim, config.num_labels)
        self.text = CaptionEncoder(config.vocab_size, config.dim)
        self.answer_token = nn.Parameter(torch.randn(1, 1, config.dim) / 3)
        self.blocks = nn.ModuleList(
            Block(config.dim, config.num_heads) for _ in range(config.num_blocks)
        )
        self.norm = nn.LayerNorm(config.dim)
        self.to_answers = nn.Linear(config.dim, config.num_answers)

    def forward(self, images: Tensor, tokens: Tensor, image_of: Tensor) -> Tensor:
        """Answer B questions about P images.

        Args:
            images: (P, 3, 48, 48) float from `prepare`; each is encoded once.
            tokens: (B, T) int64, padded at the end.
            image_of: (B,) int64, 0 to P - 1, the image of each question.

        Returns:
            Logits, (B, num_answers).
        """
        return self.answer(self.image(images), tokens, image_of)

    def answer(self, cells: Tensor, tokens: Tensor, image_of: Tensor) -> Tensor:
        """Answer B questions about P encoded images, (P, cells, D); see `forward`."""
        words, mean = self.text(tokens)
        cells = cells[image_of]  # (P, cells, D) -> (B, cells, D)
        x = torch.cat([self.answer_token.expand(len(cells), -1, -1), cells], dim=1)
        present = F.pad(tokens != PAD, (x.shape[1], 0), value=True)  # (B, 1 + cells + T)
        for block in self.blocks:
            x = block(x, words, present, mean)
        return self.to_answers(self.norm(x[:, 0]))


def prepare(images: Tensor) -> Tensor:
    """Prepare images: uint8 (P, H, W, 3) -> float32 (P, 3, 48, 48), -1 to 1."""
    return F.interpolate(to_tensor(images) * 2 - 1, size=(INPUT_SIZE, INPUT_SIZE), mode="area")


def vqa_batch(
    arrays: Mapping[str, Tensor], num_images: int, each: int, rng: torch.Generator
) -> dict[str, Tensor]:
    """Draw images at random, with some of their questions, drawn with replacement.

    Args:
        arrays: "images" uint8 (N, H, W, 3) and "labels" float (N, L); of all questions, sorted by
            image, "tokens" (Q, T) and "answers" (Q,) int64; and "first" (N + 1,) int64, where
            those of each image begin.
        num_images: images; those without a question are left out.
        each: questions of an image.
        rng: the source of randomness.

    Returns:
        images (P, 3, 48, 48) and labels (P, L) float; tokens (B, T'), image_of (B,) and answers
        (B,) int64, with B = P · each.
    """
    chosen = torch.randint(len(arrays["images"]), (num_images,), generator=rng)
    chosen = chosen[arrays["first"][chosen + 1] > arrays["first"][chosen]]
    first, end = (arrays["first"][chosen + n].unsqueeze(1) for n in (0, 1))
    share = torch.rand(len(chosen), each, generator=rng)
    rows = (first + (share * (end - first)).long()).flatten()  # (P, each) -> (B,)
    tokens = arrays["tokens"][rows]
    longest = int((tokens != PAD).sum(dim=1).max())
    return {
        "images": prepare(arrays["images"][chosen]),
        "labels": arrays["labels"][chosen],
        "tokens": tokens[:, :longest],
        "image_of": torch.arange(len(chosen)).repeat_interleave(each),
        "answers": arrays["answers"][rows],
    }


def vqa_loss(model: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The cross-entropy of the answers, with an auxiliary loss on the labels of the images.

    A label is predicted in each cell, and the maximum over the cells has to say whether it is
    anywhere in the image. So the image encoder learns before the questions can teach it anything.

    Args:
        model: a `VQA`.
        batch: as `vqa_batch` draws it.

    Returns:
        loss: the sum of the next two.
        answers: mean cross-entropy of the answers, in nats.
        labels: mean binary cross-entropy of a label, times `LABEL_WEIGHT`.
        accuracy: the share of right answers, 0 to 1.
    """
    cells = model.image(batch["images"])
    logits = model.answer(cells, batch["tokens"], batch["image_of"])
    anywhere = model.to_labels(cells).amax(dim=1)  # (P, cells, L) -> (P, L)
    labels = LABEL_WEIGHT * F.binary_cross_entropy_with_logits(anywhere, batch["labels"])
    answers = F.cross_entropy(logits, batch["answers"])
    right = (logits.detach().argmax(dim=1) == batch["answers"]).float().mean()
    return {"loss": answers + labels, "answers": answers, "labels": labels, "accuracy": right}


@torch.no_grad()
def predict_answers(
    model: VQA, images: Tensor, tokens: Tensor, image_of: Tensor, batch_size: int = 500
) -> Tensor:
    """Return the most probable answer to each question.

    Args:
        model: in eval mode.
        images: uint8 (P, H, W, 3).
        tokens: (Q, T) int64.
        image_of: (Q,) int64, the image of each question.
        batch_size: questions answered at once.

    Returns:
        (Q,) int64, ids of answers.
    """
    device = device_of(model)
    answers = []
    for some, of in zip(tokens.split(batch_size), image_of.split(batch_size), strict=True):
        used, local = of.unique(return_inverse=True)
        logits = model(prepare(images[used]).to(device), some.to(device), local.to(device))
        answers.append(logits.argmax(dim=1).cpu())
    return torch.cat(answers)


@torch.no_grad()
def attention_to_words(model: VQA, images: Tensor, tokens: Tensor) -> Tensor:
    """Tell for each word of a question which cells of an image attend to it.

    Args:
        model: in eval mode.
        images: (1, 3, 48, 48) float from `prepare`.
        tokens: (1, T) int64 without padding.

    Returns:
        (blocks, T, rows, columns); the map of each word sums to 1, averaged over heads.
    """
    inputs: list[tuple[Tensor, ...]] = []
    attentions = [cast(Block, block).attention for block in model.blocks]
    hooks = [
        each.register_forward_pre_hook(lambda _, args: inputs.append(args)) for each in attentions
    ]
    model(images, tokens, torch.zeros(1, dtype=torch.int64))
    for hook in hooks:
        hook.remove()
    maps = []
    for attention, (x, words, _) in zip(attentions, inputs, strict=True):
        weights = _weights(attention, x, words)[0].mean(dim=0)  # (heads, N, N + T) -> (N, N + T)
        to_words = weights[1:, x.shape[1] :].T  # (T, cells), without the answer token
        maps.append((to_words / to_words.sum(dim=1, keepdim=True)).unflatten(1, GRID))
    return torch.stack(maps)


def _weights(attention: Attention, x: Tensor, words: Tensor) -> Tensor:
    """Return the attention weights of unpadded inputs, (B, heads, N, N + T); see `Attention`."""
    keys, _ = attention.key_value(torch.cat([x, words], dim=1)).chunk(2, dim=2)
    q, k = (
        each.unflatten(2, (attention.num_heads, -1)).transpose(1, 2)
        for each in (attention.query(x), keys)
    )
    q, k = F.rms_norm(q, q.shape[3:]), F.rms_norm(k, k.shape[3:])
    return torch.softmax(q @ k.transpose(2, 3) / q.shape[3] ** 0.5, dim=3)
