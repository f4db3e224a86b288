"""Tests of cmlearn.training.batches."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from cmlearn.training.batches import sample_captions, shuffled_batches
from cmlearn.training.runtime import seeded_generator


def test_an_epoch_sees_every_row_once_and_rows_stay_together() -> None:
    arrays = {"x": torch.arange(12), "y": torch.arange(12).reshape(12, 1) * 10}
    batches = list(islice(shuffled_batches(arrays, 4, seeded_generator(0)), 3))
    x = torch.cat([batch["x"] for batch in batches])
    y = torch.cat([batch["y"] for batch in batches])
    assert sorted(x.tolist()) == list(range(12))
    assert x.tolist() != list(range(12))
    assert torch.equal(y[:, 0], x * 10)


def test_every_batch_is_full_and_orders_differ() -> None:
    stream = shuffled_batches({"x": torch.arange(10)}, 4, seeded_generator(0))
    batches = [batch["x"].tolist() for batch in islice(stream, 6)]
    assert {len(batch) for batch in batches} == {4}
    assert batches[0] != batches[2]


def test_same_seed_same_batches() -> None:
    def first(seed: int) -> list[int]:
        return next(shuffled_batches({"x": torch.arange(50)}, 9, seeded_generator(seed)))[
            "x"
        ].tolist()

    assert first(5) == first(5) != first(6)


def test_few_rows_make_one_small_batch() -> None:
    stream = shuffled_batches({"x": torch.arange(3)}, 64, seeded_generator(0))
    assert sorted(next(stream)["x"].tolist()) == [0, 1, 2]


def test_memory_mapped_array_stays_uint8(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(24, dtype=np.uint8).reshape(6, 2, 2))
    store = np.load(tmp_path / "x.npy", mmap_mode="r")
    batch = next(shuffled_batches({"x": store}, 5, seeded_generator(0)))
    assert batch["x"].shape == (5, 2, 2)
    assert batch["x"].dtype == torch.uint8


@pytest.mark.parametrize(
    ("arrays", "batch_size", "message"),
    [
        ({}, 4, "arrays is empty"),
        ({"x": torch.zeros(0, 3)}, 4, "have no rows"),
        ({"x": torch.zeros(4), "y": torch.zeros(5)}, 4, "'x': 4, 'y': 5"),
        ({"x": torch.zeros(4)}, 0, "batch_size must be at least 1"),
    ],
)
def test_wrong_arguments_are_named(arrays: dict, batch_size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shuffled_batches(arrays, batch_size, seeded_generator(0))


TOKENS = torch.tensor(
    [[[1, 5, 2, 0, 0], [1, 6, 6, 2, 0]], [[1, 7, 2, 0, 0], [1, 8, 8, 8, 2]]]  # (N=2, K=2, T=5)
)


def test_one_caption_of_each_picture_without_needless_padding() -> None:
    arrays = {"picture": torch.tensor([0, 1]), "tokens": TOKENS}
    batches = sample_captions(shuffled_batches(arrays, 2, seeded_generator(0)), seeded_generator(1))
    seen = set()
    for batch in islice(batches, 30):
        longest = (batch["tokens"] != 0).sum(dim=1).max()
        assert batch["tokens"].shape == (2, longest)
        for picture, tokens in zip(batch["picture"], batch["tokens"]):
            written = tokens[tokens != 0].tolist()
            assert written in [[t for t in row if t] for row in TOKENS[picture].tolist()]
            seen.add(tuple(written))
    assert len(seen) == 4


def test_one_caption_of_each_picture_where_words_are_vectors() -> None:
    vectors = torch.where(TOKENS.unsqueeze(-1) > 0, torch.tensor([0.0, 1.0]), 0.0)  # (2, K, T, 2)
    by_ids = sample_captions([{"tokens": TOKENS}], seeded_generator(1))
    by_vectors = sample_captions([{"tokens": vectors}], seeded_generator(1))
    ids, found = next(by_ids)["tokens"], next(by_vectors)["tokens"]
    assert found.shape == (*ids.shape, 2)
    assert torch.equal(found[..., 1] > 0, ids > 0)


def test_one_caption_each_wants_several_captions() -> None:
    with pytest.raises(ValueError, match="tokens"):
        next(sample_captions([{"tokens": TOKENS[0]}], seeded_generator(0)))
