"""Every model trains, and every sampler runs, on another device than the CPU.

No machine that tests this course need have a GPU, so the other device is a pretended one
(`second_device`): its tensors are computed on the CPU, and an operation that mixes the two devices
raises as it does on a GPU. This proves that models, losses, samplers and training loops make and
move their tensors where they belong, through every branch and loop that runs here, and that the
numbers come out as on the CPU. It proves nothing of a real GPU's kernels: neither that it has the
operation and number format, nor how it rounds, nor how fast it is. The last tests of this file run
on a real GPU or Apple's MPS, and are skipped where there is none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn.apps.pipeline import Pipeline
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES
from cmlearn.data.storybook.targets import LABELS
from cmlearn.evaluation.probing import linear_probe
from cmlearn.evaluation.retrieval import label_precision, nearest_neighbours, recall_at_k
from cmlearn.evaluation.scene_parser import classifier_parser
from cmlearn.evaluation.sensitivity import gradient_norms, swap_sensitivity
from cmlearn.models import flow, gan, resnet, scene_classifier, two_stream_encoder
from cmlearn.models.bert import Bert, BertConfig
from cmlearn.models.captioner import (
    Captioner,
    CaptionerConfig,
    ProductCaptioner,
    attention_maps,
    caption_loss,
)
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.models.device import device_of
from cmlearn.models.prior import AutoregressivePrior
from cmlearn.models.recall_task import RecallModel, recall_loss
from cmlearn.models.rnn import GRUCell, LSTMCell, RNNCell, unroll
from cmlearn.models.text_encoders import TextEncoderConfig
from cmlearn.models.vae import (
    TextToImageVAE,
    VAEConfig,
    posterior,
    prior_loss,
    to_uint8,
    vae_loss,
)
from cmlearn.pretrained.minilm import FrozenBert
from cmlearn.recipes.image_encoders import storybook_two_streams
from cmlearn.recipes.scene_classifier import storybook_config
from cmlearn.text.word2vec import SkipGram, skipgram_loss
from cmlearn.text.wordpiece import WordPiece
from cmlearn.training import runtime
from cmlearn.training.checkpoint import load_checkpoint, read_info, save_checkpoint
from cmlearn.training.feature_cache import precompute_features
from cmlearn.training.gan_loop import fit_gan, moving_average
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator
from tests.second_device import SECOND, second_device

B, T, V = 5, 6, 11  # pictures in a batch, tokens in a caption, words
TOKENS = torch.tensor(
    [
        [1, 4, 5, 2, 0, 0],
        [1, 6, 2, 0, 0, 0],
        [1, 7, 8, 9, 4, 2],
        [1, 2, 0, 0, 0, 0],
        [1, 4, 4, 2, 0, 0],
    ]
)
NOISE = partial(torch.randn, generator=seeded_generator(0))
PIXELS = torch.randint(256, (B, 64, 64, 3), generator=seeded_generator(1), dtype=torch.uint8)
IMAGES = NOISE(B, 3, 32, 32)
VECTORS = NOISE(B, T, 6) * (TOKENS != 0).unsqueeze(2)
FEATURES = NOISE(B, 9, 2, 2)
SLOTS = {
    name: torch.arange(B * places).reshape(B, *[6] * (places > 1)) % count
    for name, places, count in [
        ("kind", 6, len(KINDS) + 1), ("colour", 6, len(COLOURS)), ("size", 6, len(SIZES)),
        ("sky", 1, len(SKIES)), ("ground", 1, len(GROUNDS)),
    ]
}  # fmt: skip
SLOT_CLASSES = replace(storybook_config(), width=4, hidden_dim=8)
TWO_STREAMS = replace(storybook_two_streams(), width=4, colour_dim=6)


@dataclass(frozen=True)
class Case:
    """A model, what it is trained on, and what is asked of it afterwards.

    Attributes:
        build: makes it.
        objective: its loss.
        batch: on the CPU.
        samplers: each a function of the model in eval mode, which passes inputs on the CPU.
    """

    build: Callable[[], nn.Module]
    objective: Callable[..., dict[str, Tensor]]
    batch: Mapping[str, Tensor]
    samplers: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


def vae_case(kind: str, tokens: Tensor) -> Case:
    text = TextEncoderConfig(V, embed_dim=6, condition_dim=8, hidden_dim=7, kind=kind)
    config = VAEConfig(text, latent_dim=3, dim=12, channels=10)
    samplers = {
        "sample": lambda model: model.sample(tokens, seeded_generator(2)),
        "posterior": lambda model: posterior(model, IMAGES, tokens),
    }
    batch = {"images": IMAGES, "tokens": tokens}
    return Case(lambda: channels_last(TextToImageVAE(config)), vae_loss, batch, samplers)


def captioner_case(build: Callable[[CaptionerConfig], nn.Module], recurrent: str) -> Case:
    sizes = {"channels": 9, "num_cells": 4, "cell_dim": 8, "embed_dim": 5, "hidden_dim": 12}
    config = CaptionerConfig(V, **sizes, recurrent=recurrent)
    samplers: dict[str, Callable[[Any], Any]] = {
        "greedy": lambda model: greedy_search(model, FEATURES, 7),
        "beam": lambda model: beam_search(model, FEATURES, 3, 7),
        "swap": lambda model: swap_sensitivity(model, FEATURES, TOKENS),
    }
    if build is Captioner:
        samplers["maps"] = lambda model: attention_maps(model, FEATURES, TOKENS[:, 1:])
    batch = {"features": FEATURES, "tokens": TOKENS}
    return Case(lambda: build(config), caption_loss, batch, samplers)


CASES = {
    "vae_mean": vae_case("mean", TOKENS),
    "vae_gru": vae_case("gru", TOKENS),
    "vae_vectors": vae_case("vectors", VECTORS),
    "prior": Case(
        lambda: AutoregressivePrior(3, 8, hidden_dim=16, num_components=4),
        prior_loss,
        {"mu": NOISE(B, 3), "logvar": NOISE(B, 3), "condition": NOISE(B, 8)},
        {"sample": lambda model: model.sample(NOISE(B, 8) * 0, seeded_generator(2))},
    ),
    "captioner_rnn": captioner_case(Captioner, "rnn"),
    "captioner_gru": captioner_case(Captioner, "gru"),
    "captioner_lstm": captioner_case(Captioner, "lstm"),
    "product_captioner": captioner_case(ProductCaptioner, "lstm"),
    "resnet18": Case(
        lambda: channels_last(resnet.ResNet18(resnet.ResNetConfig(num_labels=7, width=4))),
        resnet.label_loss,
        {"images": PIXELS, "labels": torch.arange(B * 7).reshape(B, 7) % 2},
        {"map": lambda model: resnet.class_activation_map(model, resnet.prepare(PIXELS), 3)},
    ),
    "two_stream_encoder": Case(
        lambda: two_stream_encoder.TwoStreamEncoder(TWO_STREAMS),
        two_stream_encoder.two_stream_loss,
        {"images": PIXELS, "labels": torch.arange(B * len(LABELS)).reshape(B, -1) % 2},
    ),
    "scene_classifier": Case(
        lambda: scene_classifier.SceneClassifier(SLOT_CLASSES),
        scene_classifier.scene_loss,
        {"images": PIXELS, **SLOTS},
        {
            "slots": lambda model: scene_classifier.predict_slots(
                model, scene_classifier.prepare(PIXELS)
            ),
            "parser": lambda model: classifier_parser(model, sure=0.0)(PIXELS.numpy()),
        },
    ),
    "recall": Case(
        lambda: RecallModel(nn.LSTM(8, 8, batch_first=True), V, 8),
        recall_loss,
        {"symbols": TOKENS, "first": TOKENS[:, 1]},
        {
            "gradients": lambda model: gradient_norms(
                model.network, IMAGES[:, 0, :4, :8], seeded_generator(3)
            )
        },
    ),
    "skip_gram": Case(
        lambda: SkipGram(V, 4),
        skipgram_loss,
        {"word": TOKENS[:, 1], "context": TOKENS[:, 2], "negatives": TOKENS[:, 3:]},
    ),
    "flow": Case(
        lambda: flow.Flow(flow.FlowConfig(V, dim=12, num_blocks=2, num_heads=3)),
        flow.flow_loss,
        {"images": IMAGES, "noise": NOISE(B, 3, 32, 32), "t": torch.rand(B), "tokens": TOKENS},
        {"sample": lambda model: flow.sample(model, TOKENS, seeded_generator(2), steps=3)},
    ),
}


@pytest.fixture
def second() -> Iterator[torch.device]:
    with second_device() as device:
        yield device


def to_cpu(found: Any) -> Any:
    """What a sampler found, with each tensor on the CPU."""
    if isinstance(found, Tensor):
        return found.detach().cpu()
    if isinstance(found, dict):
        return {name: to_cpu(value) for name, value in found.items()}
    return tuple(map(to_cpu, found)) if isinstance(found, tuple) else found


def devices(found: Any) -> set[str]:
    """The kinds of devices on which a sampler left its tensors."""
    if isinstance(found, Tensor):
        return {found.device.type}
    parts = found.values() if isinstance(found, dict) else found
    return set().union(*map(devices, parts)) if isinstance(found, dict | tuple) else set()


def assert_same(ours: Any, theirs: Any, **tolerance: float) -> None:
    """Equal as far as the order of sums lets them."""
    if isinstance(ours, Tensor):
        torch.testing.assert_close(ours, theirs, equal_nan=True, **tolerance)
    elif isinstance(ours, dict | tuple):
        pairs = zip(ours.values(), theirs.values()) if isinstance(ours, dict) else zip(ours, theirs)
        for one, other in pairs:
            assert_same(one, other, **tolerance)
    elif isinstance(ours, list) and ours and isinstance(ours[0], list):  # of beam_search
        words = [[[tokens for tokens, _ in each] for each in found] for found in (ours, theirs)]
        assert words[0] == words[1]
    else:
        assert ours == theirs


def train_model(
    case: Case, device: torch.device, **how: Any
) -> tuple[nn.Module, dict[str, np.ndarray]]:
    """The model of a case on a device, after three steps on batches from the CPU."""
    seed_all(3)
    model = case.build().to(device)
    history = fit(model, case.objective, repeat(case.batch), steps=3, progress=False, **how)
    return model, history


# ── on the pretended device ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_training_follows_the_model_to_its_device(case, second):
    ours, history = train_model(case, second)
    _, expected = train_model(case, torch.device("cpu"))
    assert {weight.device for weight in ours.parameters()} == {second}
    for name, values in expected.items():
        assert np.allclose(history[name], values, rtol=1e-4, atol=1e-5), name


SAMPLERS = [(case, name) for case in CASES for name in CASES[case].samplers]


@pytest.mark.parametrize(("name", "sampler"), SAMPLERS, ids=map("-".join, SAMPLERS))
def test_a_sampler_takes_inputs_from_the_cpu_and_answers_on_the_device(name, sampler, second):
    seed_all(3)
    model = CASES[name].build().eval()
    sample = CASES[name].samplers[sampler]
    expected = sample(model)
    found = sample(copy.deepcopy(model).to(second))
    assert devices(found) <= {second.type}
    assert_same(to_cpu(found), expected, rtol=1e-4, atol=1e-5)


def fitted_gan(device: torch.device) -> tuple[nn.Module, dict[str, np.ndarray]]:
    seed_all(3)
    config = gan.GANConfig(
        V, latent_dim=3, sentence_dim=7, style_dim=9, channels=(8, 6, 4, 3), features=2
    )
    model, discriminator = gan.Generator(config).to(device), gan.Discriminator(config).to(device)
    average = moving_average(model)
    pictures = to_uint8(IMAGES)
    history = fit_gan(
        model,
        discriminator,
        {"discriminator": gan.discriminator_loss, "generator": gan.generator_loss},
        lambda rng: gan.gan_batch(pictures, TOKENS, 4, 3, rng),
        {
            "discriminator": torch.optim.Adam(discriminator.parameters(), 1e-3),
            "generator": torch.optim.Adam(model.parameters(), 1e-3),
        },
        average,
        steps=2,
        seed=4,
    )
    return average.module, history


def test_adversarial_training_follows_the_networks_to_their_device(second):
    ours, history = fitted_gan(second)
    theirs, expected = fitted_gan(torch.device("cpu"))
    for name, values in expected.items():
        assert np.allclose(history[name], values, rtol=1e-4, atol=1e-5), name
    drawn = gan.draw_images(ours, TOKENS, seeded_generator(5))
    assert drawn.device == second
    assert_same(
        drawn.cpu(), gan.draw_images(theirs, TOKENS, seeded_generator(5)), rtol=1e-3, atol=1e-3
    )
    assert to_uint8(drawn).numpy().shape == (B, 32, 32, 3)


@pytest.mark.parametrize("cell", [RNNCell, LSTMCell, GRUCell])
def test_cells_read_on_the_device_of_their_inputs(cell, second):
    network, state = cell(3, 4).to(second), torch.zeros(B, 4, device=second)
    states = (state, state) if cell is LSTMCell else (state,)
    assert unroll(network, NOISE(B, T, 3).to(second), states).device == second


def test_a_frozen_bert_gives_its_vectors_to_the_cpu(second):
    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "house"])
    seed_all(3)
    sizes = BertConfig(len(tokenizer), embed_dim=8, num_layers=2, num_heads=2, hidden_dim=6)
    here = FrozenBert(tokenizer, Bert(sizes).eval().requires_grad_(False))
    there = FrozenBert(tokenizer, copy.deepcopy(here.model).to(second))
    captions = ["a red house", "a house"]
    for ours, theirs in (
        (there.token_vectors(captions), here.token_vectors(captions)),
        (there.sentence_vectors(captions), here.sentence_vectors(captions)),
        (there.word_vectors([["a", "red"]])[0], here.word_vectors([["a", "red"]])[0]),
    ):
        assert ours.device.type == "cpu"
        assert_same(ours, theirs, rtol=1e-2, atol=1e-3)  # float16


def test_metrics_take_vectors_from_any_device(second):
    vectors, classes = NOISE(30, 4), torch.arange(30) % 3
    there, answers = vectors.to(second), classes.to(second)
    near = nearest_neighbours(vectors, vectors, 4, torch.arange(30))
    found = nearest_neighbours(there, there, 4, torch.arange(30, device=second))
    assert found.device == second and torch.equal(found.cpu(), near)
    assert recall_at_k(found, answers, 2) == recall_at_k(near, classes, 2)
    labels = (vectors > 0).float()
    shared = label_precision(labels.to(second), labels.to(second), found)
    assert torch.equal(shared.cpu(), label_precision(labels, labels, near))
    probes = (linear_probe(x, y, x, y) for x, y in ((there, answers), (vectors, classes)))
    assert len(set(probes)) == 1


def test_features_are_computed_on_the_network_s_device_and_kept_as_on_the_cpu(second, tmp_path):
    seed_all(3)
    network = CASES["resnet18"].build().eval()
    pixels, arguments = PIXELS.numpy(), {"batch_size": 2, "progress": False}
    expected = precompute_features(
        network, resnet.prepare, pixels, "x", folder=tmp_path / "cpu", **arguments
    )
    found = precompute_features(
        network.to(second), resnet.prepare, pixels, "x", folder=tmp_path / "second", **arguments
    )
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float16
        assert np.allclose(ours, theirs, rtol=1e-2, atol=1e-3)
    names = [sorted(path.name for path in (tmp_path / at).iterdir()) for at in ("cpu", "second")]
    assert names[0] == names[1], "the same pictures and weights have the same fingerprint"


def test_a_checkpoint_goes_from_any_device_to_any_other(second, tmp_path):
    model = resnet.ResNet18(resnet.ResNetConfig(num_labels=3, width=2)).to(second)
    about = {"recipe": {"steps": 1}, "seed": 0, "scores": {}}
    save_checkpoint(tmp_path / "there", model, model.config, **about)
    assert read_info(tmp_path / "there").recipe == {"steps": 1, "device": second.type}
    for device in (second, torch.device("cpu")):
        loaded, _ = load_checkpoint(
            tmp_path / "there", resnet.ResNet18, resnet.ResNetConfig, device
        )
        assert device_of(loaded) == device and not loaded.training
        assert_same(to_cpu(loaded.state_dict()), to_cpu(model.state_dict()))
    save_checkpoint(tmp_path / "here", loaded, loaded.config, **about)
    assert read_info(tmp_path / "here").recipe == {"steps": 1}, "the CPU goes without saying"


def test_the_pipeline_draws_and_describes_on_its_device(second, monkeypatch):
    here = Pipeline.load(device="cpu")
    drawn = here.draw("a red house", 2, seeded_generator(1))
    monkeypatch.setattr(runtime, "_device_counts", lambda: {second.type: 1, "cpu": 1})
    there = Pipeline.load()
    assert device_of(there.text_to_image) == second
    found = there.draw("a red house", 2, seeded_generator(1)).astype(int)
    assert np.abs(found - drawn).max() <= 1, "the same noise, but for the rounding of a pixel"
    assert there.describe(drawn) == here.describe(drawn)


# ── that the pretended device would notice ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "mistake",
    [
        lambda x, device: x + torch.zeros(3),
        lambda x, device: torch.where(x > 0, x, torch.ones(2, 3)),
        lambda x, device: torch.cat([x, torch.ones(2, 3)]),
        lambda x, device: nn.Linear(3, 4)(x),
        lambda x, device: nn.LSTM(3, 4)(x),
        lambda x, device: nn.Embedding(4, 2).to(device)(torch.tensor([1])),
        lambda x, device: x.cpu()[torch.tensor([0], device=device)],
        lambda x, device: x.index_put_((torch.tensor([0]),), torch.ones(1, 3)),
        lambda x, device: torch.randn(3, device=device, generator=seeded_generator(0)),
        lambda x, device: x.numpy(),
    ],
)
def test_mixed_devices_are_refused(mistake, second):
    with pytest.raises((RuntimeError, TypeError)):
        mistake(torch.ones(2, 3).to(second), second)


def test_what_a_gpu_allows_is_allowed(second):
    x = torch.ones(2, 3).to(second)
    assert (x * torch.tensor(2.0)).device == second, "a single number from the CPU"
    assert x[torch.tensor([1])].device == second, "an index from the CPU"
    assert x[torch.eye(3, dtype=torch.bool)[:2]].tolist() == [1, 1]
    assert float(x.sum()) == 6 and bool((x == 1).all())
    assert not torch.equal(torch.rand(3, device=second).cpu(), torch.rand(3, device=second).cpu())


def test_the_pretended_device_goes_away_again():
    with second_device():
        pass
    with pytest.raises((RuntimeError, NotImplementedError)):
        torch.zeros(2, device=SECOND).cpu()


# ── number format ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_objective_runs_in_bf16(case):
    model, history = train_model(case, torch.device("cpu"), dtype=torch.bfloat16)
    _, exact = train_model(case, torch.device("cpu"))
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert np.allclose(history["loss"][0], exact["loss"][0], rtol=0.05, atol=0.05)


# ── on a real one, where there is one ─────────────────────────────────────────────────────────

REAL = choose_device(None)
needs_accelerator = pytest.mark.skipif(
    REAL.type == "cpu", reason="no CUDA or MPS device here: kernels and rounding are not tested"
)


@needs_accelerator
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_training_on_a_real_accelerator(case):
    model, history = train_model(case, REAL)
    assert {weight.device.type for weight in model.parameters()} == {REAL.type}
    assert np.isfinite(history["loss"]).all()


@needs_accelerator
@pytest.mark.parametrize(("name", "sampler"), SAMPLERS, ids=map("-".join, SAMPLERS))
def test_samplers_on_a_real_accelerator(name, sampler):
    seed_all(3)
    model = CASES[name].build().eval()
    sample = CASES[name].samplers[sampler]
    expected = sample(model)
    found = sample(copy.deepcopy(model).to(REAL))
    assert devices(found) <= {REAL.type}
    if sampler in ("sample", "posterior", "map", "gradients", "maps"):  # no choice may flip
        assert_same(to_cpu(found), expected, rtol=0.02, atol=0.02)


@needs_accelerator
def test_adversarial_training_on_a_real_accelerator():
    model, history = fitted_gan(REAL)
    assert np.isfinite(history["generator loss"]).all()
    assert gan.draw_images(model, TOKENS, seeded_generator(5)).device.type == REAL.type
