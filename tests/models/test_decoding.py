"""Tests of cmlearn.models.decoding."""

from dataclasses import replace

import pytest
import torch

from cmlearn.models.captioner import BOS, EOS, NETWORKS, Captioner, caption_loss
from cmlearn.models.decoding import beam_search, greedy_search
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
        captions = beam_search(trained, features[i : i + 1], beam_size=3)
        assert captions[0][0] == expected
        scores = [score for _, score in captions]
        assert scores == sorted(scores, reverse=True) and scores[0] <= 0


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


def test_decoding_ends_without_eos(model, features):
    assert greedy_search(model, features, max_length=5).shape[1] <= 5
    with pytest.raises(ValueError, match="one image"):
        beam_search(model, features)


@pytest.mark.parametrize(("recurrent", "layers"), [*((n, 0) for n in NETWORKS), ("lstm", 2)])
def test_a_beam_of_one_is_greedy(features, recurrent, layers):
    model = new_captioner(replace(CONFIG, recurrent=recurrent, num_attention_layers=layers))
    for one in features.split(1):
        words = greedy_search(model, one, max_length=12)[0].tolist()
        assert beam_search(model, one, beam_size=1, max_length=12)[0][0] == words
