"""The product of vision and language: shapes, and that each expert depends on its own input."""

import pytest
import torch

from cmlearn.models.captioner import CaptionerConfig, ProductCaptioner, caption_loss
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.training.loop import fit

CONFIG = CaptionerConfig(
    11, channels=5, num_cells=6, cell_dim=8, embed_dim=7, hidden_dim=12, num_attention_layers=2
)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    tokens = torch.tensor([[1, 4, 5, 6, 2], [1, 7, 8, 2, 0], [1, 9, 10, 4, 2]])
    return {"features": torch.randn(3, 5, 2, 3), "tokens": tokens}


def test_shapes(batch):
    model = ProductCaptioner(CONFIG).eval()
    assert model(batch["features"], batch["tokens"][:, :-1]).shape == (3, 4, 11)
    assert greedy_search(model, batch["features"]).shape[0] == 3
    assert len(beam_search(model, batch["features"][:1], beam_size=3)) <= 3


def test_the_logits_are_a_sum_of_the_two(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(CONFIG).eval()
    given = batch["tokens"][:, :-1]
    both = model(batch["features"], given)
    model.language_weight = 0.0
    vision = model(batch["features"], given)
    cells = model.encode(batch["features"])
    states, _ = model.rnn(model.embedding(given), model.initial_state(cells))
    assert torch.allclose(both, vision + model.language(states), atol=1e-5)


def test_silent_language_gets_no_gradient(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(CONFIG, language_dropout=1.0).train()
    caption_loss(model, batch)["loss"].backward()
    assert model.language.weight.grad.abs().max() == 0
    assert model.output.weight.grad.abs().max() > 0


def test_it_learns_one_batch(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(CONFIG)
    fit(model, caption_loss, iter([batch] * 150), steps=150, learning_rate=1e-2)
    assert torch.equal(greedy_search(model, batch["features"])[:, :4], batch["tokens"][:, 1:])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="language_dropout"):
        ProductCaptioner(CONFIG, language_dropout=share)
