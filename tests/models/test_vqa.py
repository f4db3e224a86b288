"""The network for questions: shapes, what it depends on, and that it can learn."""

from __future__ import annotations

import pytest
import torch

from cmlearn.models.vqa import (
    GRID,
    VQA,
    VQAConfig,
    attention_to_words,
    predict_answers,
    prepare,
    vqa_batch,
    vqa_loss,
)

CONFIG = VQAConfig(11, 5, 7, dim=16, num_blocks=2, num_heads=2, width=8)
CELLS = GRID[0] * GRID[1]


@pytest.fixture
def model() -> VQA:
    torch.manual_seed(0)
    network = VQA(CONFIG)
    for weight in network.parameters():  # a new one has zeros where the words would come in
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return network.eval()


@pytest.fixture
def arrays() -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 11, (9, 6), generator=rng)
    tokens[:, 4:] = 0
    return {
        "images": torch.randint(0, 256, (4, 64, 64, 3), generator=rng).to(torch.uint8),
        "labels": torch.randint(0, 2, (4, 7), generator=rng).float(),
        "tokens": tokens,
        "answers": torch.randint(0, 5, (9,), generator=rng),
        "first": torch.tensor([0, 3, 3, 7, 9]),  # the second image has no question
    }


def batch_of(arrays, num_images=12, each=3):
    return vqa_batch(arrays, num_images, each, torch.Generator().manual_seed(1))


def test_shapes(model, arrays):
    images = prepare(arrays["images"])
    assert images.shape == (4, 3, 48, 48) and images.min() >= -1 and images.max() <= 1
    assert model.image(images).shape == (4, CELLS, 16)
    logits = model(images, arrays["tokens"], torch.tensor([0, 0, 0, 2, 2, 2, 2, 3, 3]))
    assert logits.shape == (9, 5)


def test_a_batch_has_questions_of_its_images(arrays):
    batch = batch_of(arrays)
    assert len(batch["tokens"]) == 3 * len(batch["images"]) == len(batch["answers"])
    assert batch["tokens"].shape[1] == 4  # no longer than the longest question
    for n, image in enumerate(batch["image_of"].tolist()):
        [row] = [
            r
            for r in range(9)
            if torch.equal(arrays["tokens"][r, :4], batch["tokens"][n])
            and arrays["answers"][r] == batch["answers"][n]
        ]
        of = int(torch.searchsorted(arrays["first"], torch.tensor(row), right=True)) - 1
        assert of != 1
        assert torch.equal(prepare(arrays["images"][of : of + 1])[0], batch["images"][image])


def test_padding_and_the_other_questions_change_nothing(model, arrays):
    images, of = prepare(arrays["images"]), torch.tensor([0, 0, 0, 2, 2, 2, 2, 3, 3])
    together = model(images, arrays["tokens"], of)
    alone = model(images[2:3], arrays["tokens"][4:5, :4], torch.tensor([0]))
    assert torch.allclose(together[4:5], alone, atol=1e-5)


def test_image_and_words_matter(model, arrays):
    images, tokens, of = prepare(arrays["images"]), arrays["tokens"][:1], torch.tensor([0])
    first = model(images[:1], tokens, of)
    assert not torch.allclose(first, model(images[3:], tokens, of), atol=1e-3)
    assert not torch.allclose(first, model(images[:1], arrays["tokens"][1:2], of), atol=1e-3)


def test_it_learns_one_batch(arrays):
    torch.manual_seed(0)
    model, batch = VQA(CONFIG), batch_of(arrays, num_images=4)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    first = vqa_loss(model, batch)
    assert torch.allclose(first["loss"], first["answers"] + first["labels"])
    for _ in range(80):
        optimiser.zero_grad()
        vqa_loss(model, batch)["loss"].backward()
        optimiser.step()
    last = vqa_loss(model, batch)
    assert last["answers"] < 0.2 * first["answers"] and last["labels"] < first["labels"]


def test_predicted_in_parts_or_at_once_is_the_same(model, arrays):
    of = torch.tensor([0, 0, 0, 2, 2, 2, 2, 3, 3])
    images, tokens = arrays["images"], arrays["tokens"]
    at_once = predict_answers(model, images, tokens, of)
    assert at_once.shape == (9,) and at_once.dtype == torch.int64
    assert torch.equal(at_once, predict_answers(model, images, tokens, of, batch_size=2))


def test_attention_to_words_is_shared_out_over_the_cells(model, arrays):
    maps = attention_to_words(model, prepare(arrays["images"][:1]), arrays["tokens"][:1, :4])
    assert maps.shape == (CONFIG.num_blocks, 4, *GRID)
    assert torch.allclose(maps.sum(dim=(2, 3)), torch.ones(2, 4), atol=1e-5)
