from dataclasses import replace

import pytest
import torch

from cmlearn.models.captioner import BOS, EOS, PAD, Captioner, CaptionerConfig, caption_loss
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.training.loop import fit

CONFIG = CaptionerConfig(
    vocab_size=11, channels=5, num_cells=6, cell_dim=9, embed_dim=7, hidden_dim=32
)
TOKENS = torch.tensor([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS, PAD, PAD], [BOS, 8, 9, EOS, PAD]])


@pytest.fixture
def model() -> Captioner:
    torch.manual_seed(0)
    return Captioner(CONFIG).eval()


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(3, 5, 2, 3, generator=torch.Generator().manual_seed(1))


def test_shapes(model, features):
    assert model(features, TOKENS[:, :-1]).shape == (3, 4, 11)
    cells = model.encode(features)
    assert cells.shape == (3, 6, 9)
    assert [part.shape for part in model.initial_state(cells)] == [(1, 3, 32)] * 2


def test_what_stands_where_makes_a_difference(model, features):
    mirrored = features.flip(3)
    assert not torch.allclose(model(features, TOKENS), model(mirrored, TOKENS))


@pytest.mark.parametrize("num_attention_layers", [0, 1, 3])
def test_every_look_reaches_the_words(features, num_attention_layers):
    torch.manual_seed(0)
    model = Captioner(replace(CONFIG, num_attention_layers=num_attention_layers))
    model(features, TOKENS).square().sum().backward()
    assert len(model.attention_layers) == num_attention_layers
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


def test_read_at_once_or_word_by_word(model, features):
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


@pytest.fixture
def fitted(model, features) -> Captioner:
    batch = {"features": features, "tokens": TOKENS}
    history = fit(model, caption_loss, [batch] * 150, steps=150, learning_rate=0.02, progress=False)
    assert history["accuracy"][-1] == 1
    return model


def test_one_batch_is_learnt_by_heart_and_written_back(fitted, features):
    written = greedy_search(fitted, features)
    assert torch.equal(written, TOKENS[:, 1:])


def test_beam_search_finds_the_caption_and_scores_it(fitted, features):
    for i, expected in enumerate(([4, 5, 6, EOS], [7, EOS], [8, 9, EOS])):
        captions = beam_search(fitted, features[i : i + 1], beam_size=3)
        assert captions[0][0] == expected
        scores = [score for _, score in captions]
        assert scores == sorted(scores, reverse=True) and scores[0] <= 0


def test_a_beam_of_one_is_greedy(model, features):
    for i in range(3):
        words = greedy_search(model, features[i : i + 1], max_length=12)[0].tolist()
        assert beam_search(model, features[i : i + 1], beam_size=1, max_length=12)[0][0] == words


def test_a_beam_wide_enough_finds_the_best_of_all_captions(model, features):
    middles = [[], *[[a] for a in range(11) if a != EOS]]
    middles += [[a, b] for a in range(11) for b in range(11) if EOS not in (a, b)]
    by_hand = {}
    for middle in middles:
        words = torch.tensor([[*middle, EOS]])
        given = torch.cat([torch.tensor([[BOS]]), words[:, :-1]], dim=1)
        scores = model(features[:1], given).log_softmax(dim=2).gather(2, words.unsqueeze(2))
        by_hand[(*middle, EOS)] = scores.mean().item()
    best, score = beam_search(model, features[:1], beam_size=11**3, max_length=3)[0]
    assert tuple(best) == max(by_hand, key=by_hand.get)
    assert score == pytest.approx(by_hand[tuple(best)], abs=1e-5)


def test_writing_ends_without_eos(model, features):
    assert greedy_search(model, features, max_length=5).shape[1] <= 5
    with pytest.raises(ValueError, match="one image"):
        beam_search(model, features)
