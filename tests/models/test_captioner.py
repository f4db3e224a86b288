"""Tests of cmlearn.models.captioner."""

from dataclasses import asdict, replace

import pytest
import torch

from cmlearn.models.captioner import (
    BOS,
    EOS,
    NETWORKS,
    PAD,
    Captioner,
    CaptionerConfig,
    PhotoCaptioner,
    PhotoCaptionerConfig,
    ProductCaptioner,
    attention_maps,
    caption_loss,
)
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.loop import fit
from tests.models.small_captioner import CONFIG, FEATURES, TOKENS, new_captioner


@pytest.fixture
def model() -> Captioner:
    return new_captioner()


@pytest.fixture
def features() -> torch.Tensor:
    return FEATURES


def test_shapes(model, features):
    assert model(features, TOKENS[:, :-1]).shape == (3, 4, 11)
    cells = model.encode(features)
    assert cells.shape == (3, 6, 9)
    assert [part.shape for part in model.initial_state(cells)] == [(1, 3, 32)] * 2


def test_the_position_of_a_feature_matters(model, features):
    mirrored = features.flip(3)
    assert not torch.allclose(model(features, TOKENS), model(mirrored, TOKENS))


@pytest.mark.parametrize("num_attention_layers", [0, 1, 3])
def test_every_attention_layer_reaches_the_words(features, num_attention_layers):
    torch.manual_seed(0)
    model = Captioner(replace(CONFIG, num_attention_layers=num_attention_layers))
    model(features, TOKENS).square().sum().backward()
    assert len(model.attention_layers) == num_attention_layers
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


def test_step_by_step_gives_the_logits_of_the_whole(model, features):
    cells = model.encode(features)
    state, one_by_one = model.initial_state(cells), []
    for word in TOKENS.unbind(1):
        logits, state = model.step(cells, word.unsqueeze(1), state)
        one_by_one.append(logits)
    torch.testing.assert_close(torch.cat(one_by_one, dim=1), model(features, TOKENS))


def test_a_word_depends_on_no_later_word(model, features):
    changed = TOKENS.clone()
    changed[:, 3] = 10
    before, after = model(features, TOKENS), model(features, changed)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3], after[:, 3])


def test_padding_counts_for_nothing(model, features):
    longer = torch.cat([TOKENS, torch.full((3, 4), PAD)], dim=1)
    short = caption_loss(model, {"features": features, "tokens": TOKENS})
    long = caption_loss(model, {"features": features, "tokens": longer})
    assert torch.allclose(short["loss"], long["loss"])
    assert torch.allclose(short["accuracy"], long["accuracy"])


def test_features_of_another_shape_are_refused(model):
    with pytest.raises(ValueError, match="features"):
        model(torch.zeros(2, 5, 2, 2), TOKENS[:2])


def test_pooled_features(features):
    config = CaptionerConfig(vocab_size=11, channels=5, num_cells=1)
    assert Captioner(config)(features.mean((2, 3)), TOKENS).shape == (3, 5, 11)


# ── Attention maps ───────────────────────────────────────────────────────────────────────────────


def test_a_map_for_each_attention_layer_and_word(model):
    written = greedy_search(model, FEATURES, max_length=7)
    maps = attention_maps(model, FEATURES, written)
    assert maps.shape == (3, 2, written.shape[1], 6)
    torch.testing.assert_close(maps.sum(dim=3), torch.ones(maps.shape[:3]))
    assert not maps.requires_grad


def test_maps_are_the_attention_weights_of_decoding(model):
    written = greedy_search(model, FEATURES, max_length=4)
    cells = model.encode(FEATURES)
    read = torch.cat([torch.full((3, 1), BOS), written[:, :-1]], dim=1)
    states, _ = model.rnn(model.embedding(read), model.initial_state(cells))
    maps = attention_maps(model, FEATURES, written)
    torch.testing.assert_close(
        maps[:, 0], model.attention_layers[0].attention_weights(states, cells)
    )
    states = model.attention_layers[0](states, cells)
    torch.testing.assert_close(
        maps[:, 1], model.attention_layers[1].attention_weights(states, cells)
    )


def test_no_hook_stays_behind(model):
    attention_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="features"):
        attention_maps(model, FEATURES[:, :4], torch.zeros(3, 2, dtype=torch.int64))
    assert all(not layer._forward_pre_hooks for layer in model.attention_layers)


def test_a_captioner_without_attention_has_no_maps():
    model = new_captioner(replace(CONFIG, num_attention_layers=0))
    with pytest.raises(ValueError, match="without attention layers has no maps"):
        attention_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))


# ── RNN, GRU and LSTM ────────────────────────────────────────────────────────────────────────────


def new_model(recurrent: str, num_attention_layers: int = 0) -> Captioner:
    return new_captioner(
        replace(CONFIG, recurrent=recurrent, num_attention_layers=num_attention_layers)
    )


@pytest.fixture(params=list(NETWORKS))
def recurrent_model(request) -> Captioner:
    return new_model(request.param)


def test_shapes_with_each_network(recurrent_model, features):
    assert recurrent_model(features, TOKENS[:, :-1]).shape == (3, 4, 11)
    state = recurrent_model.initial_state(recurrent_model.encode(features))
    assert [part.shape for part in state] == [(1, 3, 32)] * recurrent_model.num_states


def test_step_by_step_is_the_whole_with_each_network(recurrent_model, features):
    test_step_by_step_gives_the_logits_of_the_whole(recurrent_model, features)


def test_every_weight_gets_a_gradient(recurrent_model, features):
    recurrent_model(features, TOKENS).square().sum().backward()
    for name, weight in recurrent_model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


def test_each_network_learns_one_batch(recurrent_model, features):
    batch = {"features": features, "tokens": TOKENS}
    fit(recurrent_model, caption_loss, [batch] * 150, steps=150, learning_rate=0.02, progress=False)
    assert torch.equal(greedy_search(recurrent_model, features), TOKENS[:, 1:])
    (captions,) = beam_search(recurrent_model, features[:1], beam_size=3)
    assert captions[0][0] == [4, 5, 6, EOS]


def test_it_is_kept_and_loaded(recurrent_model, features, tmp_path):
    kept = {"recipe": {}, "seed": 0, "scores": {}}
    save_checkpoint(tmp_path / "m", recurrent_model, recurrent_model.config, **kept)
    loaded, _ = load_checkpoint(tmp_path / "m", Captioner, CaptionerConfig)
    assert torch.equal(loaded(features, TOKENS), recurrent_model(features, TOKENS))


def test_a_network_that_is_not_known():
    with pytest.raises(ValueError, match="'mamba' is none of rnn, gru, lstm"):
        CaptionerConfig(11, recurrent="mamba")


# ── The captioner of photographs ─────────────────────────────────────────────────────────────────


PHOTO_CONFIG = PhotoCaptionerConfig(**asdict(CONFIG))


def test_without_dropout_nothing_is_drawn(features):
    torch.manual_seed(0)
    model = PhotoCaptioner(PHOTO_CONFIG).train()
    before = torch.get_rng_state()
    first, second = (model(features, TOKENS) for _ in range(2))
    assert torch.equal(first, second) and torch.equal(torch.get_rng_state(), before)


def test_dropout_acts_in_training_alone(features):
    torch.manual_seed(0)
    model = PhotoCaptioner(replace(PHOTO_CONFIG, dropout=0.5)).train()
    assert not torch.equal(model(features, TOKENS), model(features, TOKENS))
    model.eval()
    assert torch.equal(model(features, TOKENS), model(features, TOKENS))


@pytest.mark.parametrize("dropout", [-0.1, 1])
def test_dropout_is_a_share_below_one(dropout):
    with pytest.raises(ValueError, match="dropout: a share from 0 to less than 1, got"):
        replace(PHOTO_CONFIG, dropout=dropout)


def test_the_initial_state_of_photographs_knows_what_and_not_where(features):
    torch.manual_seed(0)
    model = PhotoCaptioner(PHOTO_CONFIG).eval()
    assert model.init_state.in_features == PHOTO_CONFIG.cell_dim
    cells = model.encode(features)
    states, moved = model.initial_state(cells), model.initial_state(cells.flip(1))
    assert [part.shape for part in states] == [(1, 3, 32)] * 2
    for one, other in zip(states, moved, strict=True):
        torch.testing.assert_close(one, other)
    other = features.clone()
    other[:, 0] += 1
    assert not torch.allclose(states[0], model.initial_state(model.encode(other))[0])


def test_step_by_step_is_the_whole_for_photographs(features):
    torch.manual_seed(0)
    model = PhotoCaptioner(replace(PHOTO_CONFIG, dropout=0.5)).eval()
    test_step_by_step_gives_the_logits_of_the_whole(model, features)


def test_a_captioner_of_photographs_is_kept_and_loaded(features, tmp_path):
    torch.manual_seed(0)
    model = PhotoCaptioner(replace(PHOTO_CONFIG, dropout=0.25)).eval()
    save_checkpoint(tmp_path / "m", model, model.config, recipe={}, seed=0, scores={})
    loaded, _ = load_checkpoint(tmp_path / "m", PhotoCaptioner, PhotoCaptionerConfig)
    assert loaded.config == model.config
    assert torch.equal(loaded(features, TOKENS), model(features, TOKENS))


# ── The product of vision and language ───────────────────────────────────────────────────────────


PRODUCT_CONFIG = CaptionerConfig(
    11, channels=5, num_cells=6, cell_dim=8, embed_dim=7, hidden_dim=12, num_attention_layers=2
)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    tokens = torch.tensor([[1, 4, 5, 6, 2], [1, 7, 8, 2, 0], [1, 9, 10, 4, 2]])
    return {"features": torch.randn(3, 5, 2, 3), "tokens": tokens}


def test_shapes_of_the_product(batch):
    model = ProductCaptioner(PRODUCT_CONFIG).eval()
    assert model(batch["features"], batch["tokens"][:, :-1]).shape == (3, 4, 11)
    assert greedy_search(model, batch["features"]).shape[0] == 3
    assert len(beam_search(model, batch["features"], beam_size=3)) == len(batch["features"])


def test_the_logits_are_a_sum_of_the_two(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(PRODUCT_CONFIG).eval()
    given = batch["tokens"][:, :-1]
    both = model(batch["features"], given)
    model.language_weight = 0.0
    vision = model(batch["features"], given)
    cells = model.encode(batch["features"])
    states, _ = model.rnn(model.embedding(given), model.initial_state(cells))
    assert torch.allclose(both, vision + model.language(states), atol=1e-5)


def test_silent_language_gets_no_gradient(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(PRODUCT_CONFIG, language_dropout=1.0).train()
    caption_loss(model, batch)["loss"].backward()
    assert model.language.weight.grad.abs().max() == 0
    assert model.output.weight.grad.abs().max() > 0


def test_one_batch_is_learned(batch):
    torch.manual_seed(0)
    model = ProductCaptioner(PRODUCT_CONFIG)
    fit(model, caption_loss, iter([batch] * 150), steps=150, learning_rate=1e-2)
    assert torch.equal(greedy_search(model, batch["features"])[:, :4], batch["tokens"][:, 1:])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="language_dropout"):
        ProductCaptioner(PRODUCT_CONFIG, language_dropout=share)
