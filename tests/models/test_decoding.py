"""Tests of cmlearn.models.decoding."""

from dataclasses import replace

import pytest
import torch

from cmlearn.models.captioner import BOS, EOS, NETWORKS, PAD, Captioner, caption_loss
from cmlearn.models.decoding import NOT_WORDS, beam_search, greedy_search
from cmlearn.training.loop import fit
from tests.models.small_captioner import CONFIG, FEATURES, TOKENS, new_captioner


@pytest.fixture
def model() -> Captioner:
    return new_captioner()


@pytest.fixture
def features() -> torch.Tensor:
    return FEATURES


@pytest.fixture
def trained(model, features) -> Captioner:
    batch = {"features": features, "tokens": TOKENS}
    history = fit(model, caption_loss, [batch] * 150, steps=150, learning_rate=0.02, progress=False)
    assert history["accuracy"][-1] == 1
    return model


def test_greedy_search_finds_the_captions(trained, features):
    assert torch.equal(greedy_search(trained, features), TOKENS[:, 1:])


def test_beam_search_finds_the_caption_and_scores_it(trained, features):
    for i, expected in enumerate(([4, 5, 6, EOS], [7, EOS], [8, 9, EOS])):
        (captions,) = beam_search(trained, features[i : i + 1], beam_size=3)
        assert captions[0][0] == expected
        scores = [score for _, score in captions]
        assert scores == sorted(scores, reverse=True) and scores[0] <= 0


def test_a_beam_wide_enough_finds_the_best_of_all_captions(model, features):
    words_only = range(4, 11)
    middles = [[], *[[a] for a in words_only]]
    middles += [[a, b] for a in words_only for b in words_only]
    by_hand = {}
    for middle in middles:
        words = torch.tensor([[*middle, EOS]])
        given = torch.cat([torch.tensor([[BOS]]), words[:, :-1]], dim=1)
        logits = model(features[:1], given)
        logits[..., NOT_WORDS] = -torch.inf
        scores = logits.log_softmax(dim=2).gather(2, words.unsqueeze(2))
        by_hand[(*middle, EOS)] = scores.mean().item()
    best, score = beam_search(model, features[:1], beam_size=11**3, max_length=3)[0][0]
    assert tuple(best) == max(by_hand, key=by_hand.get)
    assert score == pytest.approx(by_hand[tuple(best)], abs=1e-5)


def test_decoding_ends_without_eos(model, features):
    with torch.no_grad():
        model.output.bias[EOS] = -100
    assert greedy_search(model, features, max_length=5).shape[1] == 5
    for captions in beam_search(model, features, beam_size=2, max_length=5):
        assert [len(tokens) for tokens, _ in captions] == [5, 5]


def test_a_beam_holds_at_least_one_caption(model, features):
    with pytest.raises(ValueError, match="beam_size: at least 1, got 0"):
        beam_search(model, features, beam_size=0)


@pytest.mark.parametrize("beam_size", [2, 5])
@pytest.mark.parametrize(("recurrent", "layers"), [("gru", 0), ("lstm", 2)])
def test_many_images_at_once_get_the_captions_of_each_alone(recurrent, layers, beam_size):
    torch.manual_seed(3)
    config = replace(CONFIG, recurrent=recurrent, num_attention_layers=layers)
    model = Captioner(config).eval()
    with torch.no_grad():
        model.output.weight *= 4  # so that captions end after different numbers of words
    features = torch.randn(20, 5, 2, 3)
    together = beam_search(model, features, beam_size, max_length=9)
    assert len({len(captions[0][0]) for captions in together}) > 2
    for captions, one in zip(together, features.split(1), strict=True):
        (alone,) = beam_search(model, one, beam_size, max_length=9)
        assert [tokens for tokens, _ in captions] == [tokens for tokens, _ in alone]
        scores = [score for _, score in alone]
        assert [score for _, score in captions] == pytest.approx(scores, abs=1e-5)


def test_no_caption_has_a_special_token_but_the_last(model, features):
    with torch.no_grad():
        model.output.bias[NOT_WORDS] = 100  # by far the most probable
    for row in greedy_search(model, features, max_length=6):
        words = [token for token in row.tolist() if token != PAD]
        assert words and not set(words) & set(NOT_WORDS)
    for captions in beam_search(model, features, beam_size=3, max_length=6):
        assert len(captions) == 3
        assert not any(set(tokens) & set(NOT_WORDS) for tokens, _ in captions)
        assert not any(EOS in tokens[:-1] for tokens, _ in captions)


@pytest.mark.parametrize(("recurrent", "layers"), [*((n, 0) for n in NETWORKS), ("lstm", 2)])
def test_a_beam_of_one_is_greedy(features, recurrent, layers):
    model = new_captioner(replace(CONFIG, recurrent=recurrent, num_attention_layers=layers))
    for one in features.split(1):
        words = greedy_search(model, one, max_length=12)[0].tolist()
        ((tokens, _),) = beam_search(model, one, beam_size=1, max_length=12)[0]
        assert tokens == words
