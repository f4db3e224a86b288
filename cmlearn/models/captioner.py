"""A captioner: a recurrent decoder with cross-attention generates a caption from image features.

Vinyals et al. 2015, "Show and tell" (CVPR): the image sets the initial state of a recurrent
network, which generates the caption. Xu et al. 2015, "Show, attend and tell" (ICML): before each
word, the decoder attends to the cells of the feature grid. Here attention comes after the recurrent
network, for all words at once, in several layers. Without these layers this is "Show and tell".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.attention import CrossAttention
from cmlearn.models.device import device_of
from cmlearn.models.rnn import State, run_network

PAD, BOS, EOS, UNK = range(4)  # as in every vocabulary of the course

# Name → the network, and the number of vectors in its state.
NETWORKS: Mapping[str, tuple[Callable[..., nn.Module], int]] = {
    "rnn": (nn.RNN, 1),
    "gru": (nn.GRU, 1),
    "lstm": (nn.LSTM, 2),
}


@dataclass(frozen=True)
class CaptionerConfig:
    """The sizes of a captioner.

    Attributes:
        vocab_size: number of tokens, the specials included.
        channels: channels of the feature grid.
        num_cells: cells of the feature grid, H·W; 1 for pooled features.
        cell_dim: length of the vector that each cell is projected to.
        embed_dim: length of a word's vector.
        hidden_dim: length of the recurrent network's state.
        num_attention_layers: cross-attention layers after the recurrent network; 0 is "Show and
            tell".
        recurrent: the recurrent network, one of `NETWORKS`.

    Raises:
        ValueError: there is no such recurrent network.
    """

    vocab_size: int
    channels: int = 256
    num_cells: int = 16
    cell_dim: int = 128
    embed_dim: int = 64
    hidden_dim: int = 192
    num_attention_layers: int = 2
    recurrent: str = "lstm"

    def __post_init__(self) -> None:
        if self.recurrent not in NETWORKS:
            known = ", ".join(NETWORKS)
            raise ValueError(f"recurrent: {self.recurrent!r} is none of {known}")


class GridEncoder(nn.Module):
    """Projects each cell of a feature grid and adds a learned position embedding.

    Args:
        config: the sizes.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.config = config
        self.project = nn.Linear(config.channels, config.cell_dim)
        self.position = nn.Parameter(torch.randn(config.num_cells, config.cell_dim) / 2)
        self.cell_norm = nn.LayerNorm(config.cell_dim)

    def encode(self, features: Tensor) -> Tensor:
        """Project the features of B images to grid cells.

        Args:
            features: (B, channels, h, w) with h·w = num_cells, or (B, channels) pooled.

        Returns:
            (B, num_cells, cell_dim).

        Raises:
            ValueError: the features have another shape.
        """
        cells = features.float().flatten(2) if features.ndim > 2 else features.float().unsqueeze(2)
        expected = (self.config.channels, self.config.num_cells)
        if tuple(cells.shape[1:]) != expected:
            raise ValueError(
                f"features: (B, channels={expected[0]}, {expected[1]} cells) expected, got "
                f"{tuple(features.shape)}"
            )
        return self.cell_norm(F.relu(self.project(cells.transpose(1, 2))) + self.position)


class Captioner(GridEncoder):
    """Predicts the next word from the features of an image and the words so far.

    Args:
        config: the sizes.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__(config)
        network, self.num_states = NETWORKS[config.recurrent]
        state_dim = self.num_states * config.hidden_dim
        self.init_state = nn.Linear(config.num_cells * config.cell_dim, state_dim)
        self.embedding = nn.Embedding(config.vocab_size, config.embed_dim, padding_idx=PAD)
        self.rnn = network(config.embed_dim, config.hidden_dim, batch_first=True)
        self.attention_layers = nn.ModuleList(
            CrossAttention(config.hidden_dim, config.cell_dim)
            for _ in range(config.num_attention_layers)
        )
        self.norm = nn.LayerNorm(config.hidden_dim)
        self.output = nn.Linear(config.hidden_dim, config.vocab_size)

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Score the next word after each word, given the true ones (teacher forcing).

        Args:
            features: (B, channels, h, w) with h·w = num_cells, or (B, channels) pooled.
            tokens: (B, T) int64, beginning with <bos>.

        Returns:
            logits (B, T, vocab_size): [:, t] scores the word that follows tokens[:, t].
        """
        cells = self.encode(features)
        return self.step(cells, tokens, self.initial_state(cells))[0]

    def initial_state(self, cells: Tensor) -> State:
        """The state before the first word: (B, num_cells, cell_dim) -> one or two of (1, B, H)."""
        hidden, *rest = self.init_state(cells.flatten(1))[None].chunk(self.num_states, dim=2)
        return torch.tanh(hidden), *rest

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Continue from a state with the next tokens.

        Args:
            cells: (B, num_cells, cell_dim), from `encode`.
            tokens: (B, T) int64.
            state: of the recurrent network, each part (1, B, hidden_dim).

        Returns:
            The logits (B, T, vocab_size) of the word after each token, and the new state.
        """
        states, state = run_network(self.rnn, self.embedding(tokens), state)  # (B, T, hidden_dim)
        for layer in self.attention_layers:
            states = layer(states, cells)
        return self.output(self.norm(states)), state


@dataclass(frozen=True)
class PhotoCaptionerConfig(CaptionerConfig):
    """The sizes of a `PhotoCaptioner`.

    Attributes:
        dropout: share of the numbers set to zero in training, before the recurrent network, before
            each attention layer and before the last layer; 0 to less than 1.

    Raises:
        ValueError: there is no such recurrent network, or `dropout` is out of range.
    """

    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: a share from 0 to less than 1, got {self.dropout}")


class PhotoCaptioner(Captioner):
    """A captioner for large feature grids and few training images.

    The initial state comes from the mean of the cells (Xu et al. 2015, section 3.1), so the layer
    that computes it does not grow with the grid. Dropout (Srivastava et al. 2014, "Dropout", JMLR)
    works against overfitting.

    Args:
        config: the sizes.
    """

    def __init__(self, config: PhotoCaptionerConfig) -> None:
        super().__init__(config)
        self.init_state = nn.Linear(config.cell_dim, self.num_states * config.hidden_dim)
        self.dropout = nn.Dropout(config.dropout)

    def initial_state(self, cells: Tensor) -> State:
        """The state before the first word: (B, num_cells, cell_dim) -> one or two of (1, B, H)."""
        return super().initial_state(cells.mean(dim=1, keepdim=True))

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Continue from a state with the next tokens, as `Captioner.step`, with dropout."""
        words = self.dropout(self.embedding(tokens))
        states, state = run_network(self.rnn, words, state)  # (B, T, hidden_dim)
        for layer in self.attention_layers:
            states = layer(self.dropout(states), cells)
        return self.output(self.dropout(self.norm(states))), state


class ProductCaptioner(Captioner):
    """p(word) ∝ vision(word | attended context) · language(word | words so far).

    A product of two experts (Hinton 2002, "Training products of experts", Neural Computation 14):
    multiplied probabilities are added logits, and either expert can veto a word. The language
    expert depends on the words so far, and not on the image. The vision expert depends on the
    attended context alone. In training, the language expert is dropped for a part of the captions,
    so that the vision expert learns to name objects without it.

    Args:
        config: the sizes.
        language_dropout: share of captions for which language is dropped in training, 0 to 1.

    Raises:
        ValueError: a share below 0 or above 1.
    """

    def __init__(self, config: CaptionerConfig, language_dropout: float = 0.5) -> None:
        super().__init__(config)
        if not 0 <= language_dropout <= 1:
            raise ValueError(f"language_dropout: a share from 0 to 1, got {language_dropout}")
        self.language_dropout = language_dropout
        self.language_weight = 1.0  # 0 leaves the vision expert alone
        self.language = nn.Linear(config.hidden_dim, config.vocab_size)

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Continue from a state with the next tokens; the logits of both experts are added.

        Args:
            cells: (B, num_cells, cell_dim), from `encode`.
            tokens: (B, T) int64.
            state: of the recurrent network, each part (1, B, hidden_dim).

        Returns:
            The logits (B, T, vocab_size) of the word after each token, and the new state.
        """
        states, state = run_network(self.rnn, self.embedding(tokens), state)  # (B, T, hidden_dim)
        language = self.language_weight * self.language(states)
        if self.training:
            kept = torch.rand(len(tokens), 1, 1) >= self.language_dropout
            language = language * kept.to(language.device)
        return self.output(self.norm(self._attended(states, cells))) + language, state

    def _attended(self, states: Tensor, cells: Tensor) -> Tensor:
        """The attended context of each state, without the residual state: (B, T, hidden_dim)."""
        total = torch.zeros_like(states)
        for layer in self.attention_layers:
            assert isinstance(layer, CrossAttention)
            found, _ = layer.attention(layer.norm(states), cells, cells, need_weights=False)
            found = found + layer.mlp(found)
            total, states = total + found, states + found
        return total


def caption_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of each next word of the true captions.

    Args:
        model: (features, tokens) -> logits.
        batch: "features" (B, …) and "tokens" (B, T) int64, from <bos> to <eos>, then <pad>.

    Returns:
        loss: cross-entropy in nats, the mean over words that are not padding.
        accuracy: share of those words with the highest logit, 0 to 1.
    """
    tokens = batch["tokens"]
    inputs, targets = tokens[:, :-1], tokens[:, 1:]  # the shift by one: t predicts t + 1
    logits = model(batch["features"], inputs)
    real = targets != PAD
    right = (logits.argmax(dim=2) == targets) & real
    return {
        "loss": F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD),
        "accuracy": right.sum() / real.sum(),
    }


@torch.no_grad()
def attention_maps(model: Captioner, features: Tensor, tokens: Tensor) -> Tensor:
    """Compute each layer's attention weights for captions that the model generated.

    Args:
        model: with attention layers, in eval mode.
        features: of B images, as `Captioner.forward` takes them.
        tokens: (B, T) int64 without <bos>, as `greedy_search` returns them.

    Returns:
        (B, num_attention_layers, T, num_cells): each layer's weights on the cells when it predicts
        word t, averaged over the heads. Each row has the sum 1.

    Raises:
        ValueError: the model has no attention layers.
    """
    layers = getattr(model, "attention_layers", ())
    if not len(layers):
        raise ValueError(f"model: a {type(model).__name__} without attention layers has no maps")
    maps: list[Tensor] = []

    def keep(layer: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
        maps.append(layer.attention_weights(*inputs))  # type: ignore[operator]

    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        device = device_of(model)
        model(features.to(device), F.pad(tokens[:, :-1], (1, 0), value=BOS).to(device))
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(maps, dim=1)
