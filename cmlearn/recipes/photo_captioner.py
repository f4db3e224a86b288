"""Trains a captioner on photographs with captions, such as Flickr8k.

The image encoder is frozen, so its features are computed once. The decoder is that of "Show, attend
and tell" (Xu et al. 2015, ICML) with attention after the recurrent network. Against overfitting it
has dropout and label smoothing (Szegedy et al. 2016, "Rethinking the inception architecture",
section 7), and an average of the weights of the last steps is kept (Polyak & Juditsky 1992). The
validation split chooses the step at which the training stops.
"""

from __future__ import annotations

import copy
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.apps.photo_captions import MAX_WORDS, STORYBOOK, checkpoint_path, encoder_path
from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import checkpoint_folder, expand_user
from cmlearn.data.progress import progress_bar
from cmlearn.data.source import Source, load_pictures
from cmlearn.evaluation.caption_metrics.bleu import bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d
from cmlearn.models.captioner import PAD, PhotoCaptioner, PhotoCaptionerConfig
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.models.resnet import LastStage, ResNet18, ResNetConfig, prepare
from cmlearn.pretrained.imagenet import load_imagenet_weights
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.batches import Batch
from cmlearn.training.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from cmlearn.training.feature_cache import precompute_features
from cmlearn.training.gan_loop import moving_average
from cmlearn.training.resume import (
    State,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from cmlearn.training.runtime import channels_last, seed_all, seeded_generator, setup, to_device

RESNET18 = "resnet18"  # torchvision's, trained on ImageNet
FEW_CAPTIONS = 2000  # with fewer, words of three occurrences enter the vocabulary
DECODED_AT_ONCE = 100  # images
NO_WORDS = [""]  # in place of an empty caption: no reference has an empty token


@dataclass(frozen=True)
class PhotoRecipe:
    """Training settings of a captioner of photographs.

    Attributes:
        image_size: side of the squares that the encoder takes, in pixels.
        cell_dim: length of the vector that each cell of the grid is projected to.
        embed_dim: length of a word's vector.
        hidden_dim: length of the LSTM's state.
        num_attention_layers: cross-attention layers after the LSTM.
        dropout: share of the numbers set to zero in training, 0 to less than 1.
        label_smoothing: share of the target's probability given to all words alike, 0 to 1.
        batch_size: images in a batch, each with one of its captions.
        learning_rate: after a linear warm-up.
        warmup: steps of the warm-up.
        weight_decay: coefficient of AdamW's decoupled weight decay.
        average_decay: of the exponential moving average of the weights, 0 to less than 1.
        evaluate_every: steps between two evaluations.
        patience: evaluations without a better score, after which the training ends.
        max_steps: the longest training.
        max_scored: the number of validation images that are scored, at most.
        beam_size: beams of the final scores.
    """

    image_size: int = 224
    cell_dim: int = 256
    embed_dim: int = 256
    hidden_dim: int = 512
    num_attention_layers: int = 1
    dropout: float = 0.5
    label_smoothing: float = 0.1
    batch_size: int = 32
    learning_rate: float = 1e-3
    warmup: int = 50
    weight_decay: float = 0.01
    average_decay: float = 0.98
    evaluate_every: int = 50
    patience: int = 6
    max_steps: int = 20_000
    max_scored: int = 1000
    beam_size: int = 3


class Part(NamedTuple):
    """One split: its captions, and the features of its images.

    Attributes:
        captions: the captions of each of N images.
        grid: (N, C, h, w) float16, memory-mapped.
        pooled: (N, C) float16, the mean of the cells, memory-mapped.
    """

    captions: tuple[tuple[str, ...], ...]
    grid: np.ndarray
    pooled: np.ndarray


def train_photo_captioner(
    source: Source,
    out: Path | str,
    *,
    encoder: str = RESNET18,
    minutes: float | None = None,
    seed: int = 0,
    force: bool = False,
    recipe: PhotoRecipe | None = None,
    progress: bool = True,
) -> CheckpointInfo:
    """Train a captioner, and keep it with its image encoder.

    `out`.safetensors and `out`.json are the captioner, `out`.encoder.safetensors and .json the
    encoder. `out`.partial holds the state of the last evaluation until the training ends: the same
    call continues from there, and ends with the same weights as one without an interruption.

    Args:
        source: a data set with the splits "train" and "val".
        out: a name, in the folder of one's own checkpoints, or a path; without a suffix.
        encoder: "resnet18" for torchvision's weights, or a file: torchvision's names, or a
            checkpoint of a `ResNet18` with its JSON file.
        minutes: the training ends at the first evaluation after so many; None: no limit.
        seed: of the initial weights, the order of the images, the captions and dropout.
        force: replace an existing checkpoint, and start anew in place of continuing.
        recipe: the settings.
        progress: show progress bars on stderr.

    Returns:
        The content of `out`.json.

    Raises:
        FileExistsError: the checkpoint exists, and `force` is false.
        FileNotFoundError: a file is missing.
        ConnectionError: the weights of the encoder cannot be downloaded.
        ValueError: the path is that of a shipped checkpoint, the data set cannot be used, or
            `out`.partial is of a training with other settings.
        OSError: a file cannot be written.
    """
    recipe = recipe or PhotoRecipe()
    path = out_path(str(out), force=force)
    partial = path.with_name(f"{path.name}.partial")
    if force and partial.is_dir():
        shutil.rmtree(partial)
    device = setup()
    name, network = load_encoder(encoder)
    kept = save_checkpoint(
        partial / "encoder", network, network.config, recipe={"from": name}, seed=0, scores={}
    )
    limits = {"train": None, "val": recipe.max_scored}
    data = {
        part: load_pictures(part, source, recipe.image_size, limit, progress=progress)
        for part, limit in limits.items()
    }
    encoder_of_grid = channels_last(LastStage(network)).to(device)
    parts = {part: part_of(pictures, encoder_of_grid, progress) for part, pictures in data.items()}
    settings = {
        "data": source.name,
        "captions_sha256": _digest(data),
        "encoder": name,
        "encoder_sha256": kept.sha256,
        **asdict(recipe),
    }
    training = _Training(parts, recipe, settings, seed, device, partial)
    training.run(minutes, progress)
    model, vocabulary = training.best_model(), training.vocabulary
    info = save_checkpoint(
        partial / "captioner",
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={
            **settings,
            **{f"{part}_images": len(each.captions) for part, each in parts.items()},
            "train_captions": sum(map(len, parts["train"].captions)),
            "steps": training.step,
            "best_step": training.best_step,
        },
        seed=seed,
        scores=score_photos(model, vocabulary, parts["val"], recipe),
    )
    _move(partial / "encoder", encoder_path(path))
    _move(partial / "captioner", path)
    shutil.rmtree(partial)
    return info


def out_path(out: str, *, force: bool = False) -> Path:
    """Return where a captioner is to be kept.

    Args:
        out: a name or a path.
        force: whether an existing one may be replaced.

    Raises:
        ValueError: the path is that of a shipped checkpoint, or the name is taken.
        FileExistsError: there is a checkpoint, and `force` is false.
    """
    path = checkpoint_path(out)
    if path.name in {STORYBOOK, ""}:
        raise ValueError(f"--out: {out!r} names the captioner of the course: choose another name")
    if path.resolve().parent == checkpoint_folder().resolve():
        raise ValueError(
            f"--out: {path} is in the folder of the shipped checkpoints: choose another"
        )
    existing = path.with_name(f"{path.name}.json")
    if existing.exists() and not force:
        raise FileExistsError(f"--out: {existing} exists: choose another name, or add --force")
    return path


def load_encoder(encoder: str) -> tuple[str, ResNet18]:
    """Load the image encoder; return its name and the network in eval mode.

    Args:
        encoder: "resnet18" or a file, as `train_photo_captioner` takes it.

    Raises:
        FileNotFoundError: there is no such file.
        ConnectionError: the weights cannot be downloaded.
        ValueError: the file holds something else.
    """
    if encoder == RESNET18:
        try:
            return "ResNet-18, ImageNet, torchvision", load_imagenet_weights()
        except (ConnectionError, ImportError) as error:
            raise ConnectionError(f"{error}; in this command: --encoder FILE") from error
    path = expand_user(encoder, f"--encoder {encoder}")
    if path.with_suffix(".json").is_file():
        return path.name, load_checkpoint(path, ResNet18, ResNetConfig)[0]
    return path.name, load_imagenet_weights(path)


def part_of(pictures: CaptionedPictures, network: LastStage, progress: bool = True) -> Part:
    """Return the captions of a split with the features of its images, which are computed once."""
    name = f"photographs-{pictures.name}"
    features = precompute_features(network, prepare, pictures.images, name, progress=progress)
    return Part(pictures.captions, features.grid, features.pooled)


def score_photos(
    model: PhotoCaptioner, vocabulary: Vocabulary, part: Part, recipe: PhotoRecipe
) -> dict[str, float]:
    """Caption the images of a split by beam search; return CIDEr-D and BLEU-4."""
    candidates = [tokenize(text) for text in captions_of(model, vocabulary, part, recipe)]
    references = _references(part)
    return {
        "val_CIDEr-D": round(cider_d(_with_words(candidates), references), 4),
        "val_BLEU-4": round(bleu(_with_words(candidates), references)[3], 4),
        "val_scored": len(candidates),
    }


def captions_of(
    model: PhotoCaptioner, vocabulary: Vocabulary, part: Part, recipe: PhotoRecipe
) -> list[str]:
    """Caption the images of a split by beam search."""
    found: list[str] = []
    for start in range(0, len(part.captions), DECODED_AT_ONCE):
        grid = torch.from_numpy(part.grid[start : start + DECODED_AT_ONCE].copy())
        beams = beam_search(model, grid, recipe.beam_size, MAX_WORDS)
        found += [vocabulary.decode(captions[0][0]) for captions in beams]
    return found


def smoothed_loss(model: nn.Module, batch: Batch, smoothing: float) -> Tensor:
    """Cross-entropy of each next word, in nats, with label smoothing."""
    tokens = batch["tokens"]
    logits = model(batch["features"], tokens[:, :-1])
    return F.cross_entropy(
        logits.flatten(0, 1),
        tokens[:, 1:].flatten(),
        ignore_index=PAD,
        label_smoothing=smoothing,
    )


def photo_batches(
    grid: np.ndarray, tokens: Tensor, batch_size: int, seed: int, first: int = 0
) -> Iterator[Batch]:
    """Yield batches without end, each image with one of its captions.

    Every epoch draws an order of the images and a caption for each. Both depend on the seed and the
    number of the epoch alone, so a training continues at any step.

    Args:
        grid: (N, C, h, w) float16.
        tokens: (N, K, T) int64.
        batch_size: images in a batch; N, if that is less.
        seed: of the order and of the captions.
        first: number of the first batch.

    Yields:
        "features" (B, C, h, w) and "tokens" (B, T'), without columns of padding.
    """
    batch_size = min(batch_size, len(tokens))
    per_epoch = len(tokens) // batch_size
    for epoch in count(first // per_epoch):
        rng = seeded_generator(_mixed(seed, epoch))
        order = torch.randperm(len(tokens), generator=rng)
        choices = torch.randint(tokens.shape[1], (len(tokens),), generator=rng)
        begin = first % per_epoch if epoch == first // per_epoch else 0
        for rows in order.split(batch_size)[begin:per_epoch]:
            chosen = tokens[rows, choices[rows]]
            longest = int((chosen != PAD).sum(dim=1).max())
            features = torch.from_numpy(grid[rows.numpy()])
            yield {"features": features, "tokens": chosen[:, :longest]}


class _Training:
    """A training that can be interrupted: weights, their average, optimiser, and what was best."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        recipe: PhotoRecipe,
        settings: Mapping[str, Any],
        seed: int,
        device: torch.device,
        folder: Path,
    ) -> None:
        self.train, self.val = parts["train"], parts["val"]
        self.recipe, self.seed, self.device, self.folder = recipe, seed, device, folder
        self.settings = {**settings, "seed": seed}
        texts = [text for captions in self.train.captions for text in captions]
        self.vocabulary = Vocabulary.from_captions(texts, 3 if len(texts) < FEW_CAPTIONS else 5)
        each = max(map(len, self.train.captions))
        self.tokens = self.vocabulary.encode_captions(self.train.captions, each, MAX_WORDS)
        seed_all(seed)
        self.model = PhotoCaptioner(self._config()).to(device)
        self.averaged = moving_average(self.model, recipe.average_decay)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.best = copy.deepcopy(self.model.state_dict())
        self.step, self.best_step, self.best_score, self.without_better = 0, 0, -1.0, 0
        self._restore()

    def _config(self) -> PhotoCaptionerConfig:
        _, channels, height, width = self.train.grid.shape
        return PhotoCaptionerConfig(
            len(self.vocabulary),
            channels,
            height * width,
            cell_dim=self.recipe.cell_dim,
            embed_dim=self.recipe.embed_dim,
            hidden_dim=self.recipe.hidden_dim,
            num_attention_layers=self.recipe.num_attention_layers,
            dropout=self.recipe.dropout,
        )

    def best_model(self) -> PhotoCaptioner:
        """The captioner with the best average of weights, in eval mode."""
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.best)
        return model.eval()

    def run(self, minutes: float | None, progress: bool) -> None:
        """Train until the score has not risen for `patience` evaluations, or the time is over."""
        recipe, start = self.recipe, time.monotonic()
        batches = photo_batches(
            self.train.grid, self.tokens, recipe.batch_size, self.seed, self.step
        )
        options: dict[str, Any] = {"total": recipe.max_steps, "initial": self.step}
        with progress_bar(show=progress, desc="captioner", **options) as bar:
            while not self._is_over(time.monotonic() - start, minutes):
                if self.step % recipe.evaluate_every == 0:
                    seed_all(_mixed(self.seed, self.step))  # dropout, also after an interruption
                self._step(to_device(next(batches), self.device))
                if self.step % recipe.evaluate_every == 0 or self.step == recipe.max_steps:
                    score = self._evaluate()
                    self._save()
                    bar.set_postfix_str(
                        f"val CIDEr-D {score:.3f}, best {self.best_score:.3f} at {self.best_step}"
                    )
                bar.update()

    def _is_over(self, seconds: float, minutes: float | None) -> bool:
        if self.step and self.step % self.recipe.evaluate_every == 0:
            late = minutes is not None and seconds > 60 * minutes
            if late or self.without_better >= self.recipe.patience:
                return True
        return self.step >= self.recipe.max_steps

    def _step(self, batch: Batch) -> None:
        self.step += 1
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * min(1, self.step / self.recipe.warmup)
        self.model.train()
        loss = smoothed_loss(self.model, batch, self.recipe.label_smoothing)
        if not loss.isfinite():
            raise FloatingPointError(f"step {self.step}: the loss is not finite")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.averaged.update_parameters(self.model)

    def _evaluate(self) -> float:
        """Score the averaged weights by greedy decoding; keep them if they are the best."""
        model = cast(PhotoCaptioner, self.averaged.module).eval()
        candidates: list[list[str]] = []
        for start in range(0, len(self.val.captions), DECODED_AT_ONCE):
            grid = torch.from_numpy(self.val.grid[start : start + DECODED_AT_ONCE].copy())
            rows = greedy_search(model, grid, MAX_WORDS)
            candidates += [tokenize(self.vocabulary.decode(row)) for row in rows]
        score = cider_d(_with_words(candidates), _references(self.val))
        self.without_better += 1
        if score > self.best_score:
            self.best_score, self.best_step, self.without_better = score, self.step, 0
            self.best = copy.deepcopy(model.state_dict())
        return score

    def _save(self) -> None:
        weights = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "best": self.best,
        }
        notes = {
            "settings": self.settings,
            **{name: getattr(self, name) for name in _NOTES},
        }
        save_state(self.folder, self.step, State(weights, optimiser_tensors(self.optimiser), notes))

    def _restore(self) -> None:
        state = load_state(self.folder)
        if state is None:
            return
        _refuse_other_settings(state.notes.get("settings", {}), self.settings, self.folder)
        self.model.load_state_dict(state.weights["model"])
        self.averaged.load_state_dict(state.weights["averaged"])
        self.best = state.weights["best"]
        restore_optimiser(self.optimiser, state.optimiser)
        for name in _NOTES:
            setattr(self, name, state.notes[name])


_NOTES = ("step", "best_step", "best_score", "without_better")


def _refuse_other_settings(then: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    differing = [name for name in now if then.get(name) != now[name]]
    if differing:
        raise ValueError(
            f"{folder} is of an interrupted training with another {', '.join(differing)}: choose "
            "another --out, or start anew with --force"
        )


def _references(part: Part) -> list[list[list[str]]]:
    return [[tokenize(text) for text in captions] for captions in part.captions]


def _with_words(candidates: list[list[str]]) -> list[list[str]]:
    return [candidate or NO_WORDS for candidate in candidates]


def _digest(data: Mapping[str, CaptionedPictures]) -> str:
    """Identify the captions of both splits."""
    content = repr([(part, each.image_ids, each.captions) for part, each in data.items()])
    return hashlib.sha256(content.encode()).hexdigest()


def _mixed(seed: int, number: int) -> int:
    """One seed from two numbers, such that neighbouring numbers give unrelated streams."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _move(checkpoint: Path, to: Path) -> None:
    """Rename both files of a checkpoint; the description comes last, as when it is saved."""
    to.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("safetensors", "json"):
        os.replace(
            checkpoint.with_name(f"{checkpoint.name}.{suffix}"),
            to.with_name(f"{to.name}.{suffix}"),
        )
