"""Tests of cmlearn.models.gan."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from cmlearn.models import gan
from cmlearn.models.gan import Discriminator, GANConfig, Generator
from cmlearn.training.runtime import seed_all, seeded_generator

CONFIG = GANConfig(
    vocab_size=11, latent_dim=5, sentence_dim=7, style_dim=9, channels=(8, 6, 4, 3), features=2
)
TOKENS = torch.tensor([[1, 5, 7], [1, 6, 8], [1, 5, 7], [1, 9, 0]])


@pytest.fixture
def networks() -> tuple[Generator, Discriminator]:
    seed_all(0)
    return Generator(CONFIG), Discriminator(CONFIG)


@pytest.fixture
def batch() -> dict[str, Tensor]:
    images = torch.randint(256, (20, 32, 32, 3), generator=seeded_generator(1), dtype=torch.uint8)
    drawn = gan.gan_batch(images, TOKENS.repeat(5, 1), 4, 5, seeded_generator(2))
    return {**drawn, "tokens": TOKENS, "fake": drawn["real"].flip(0) / 2}


# ── the two networks ──────────────────────────────────────────────────────────────────────────


def test_shapes_and_range(networks) -> None:
    generator, discriminator = networks
    images = generator(torch.randn(4, 5, generator=seeded_generator(0)), TOKENS)
    assert images.shape == (4, 3, 32, 32) and images.abs().max() <= 1
    realness, embedding = discriminator.embed(images)
    assert realness.shape == (4,) and embedding.shape == (4, 7)
    assert discriminator(images, TOKENS).shape == (4,)


def test_noise_and_caption_both_change_the_picture(networks) -> None:
    generator, _ = networks
    z = torch.randn(4, 5, generator=seeded_generator(0))
    own = generator(z, TOKENS)
    assert not torch.allclose(own[0], generator(-z, TOKENS)[0])
    assert not torch.allclose(own[0], generator(z, TOKENS.roll(1, 0))[0])
    torch.testing.assert_close(own, generator(z, F.pad(TOKENS, (0, 2))))  # padding does not


def test_a_drawing_depends_on_its_own_caption_alone(networks) -> None:
    generator = networks[0].eval()
    z = torch.randn(4, 5, generator=seeded_generator(0))
    torch.testing.assert_close(generator(z, TOKENS)[:2], generator(z[:2], TOKENS[:2]))


def test_draw_repeats_with_a_seed(networks, monkeypatch) -> None:
    generator, _ = networks
    first = gan.draw_images(generator, TOKENS, seeded_generator(3))
    monkeypatch.setattr(gan, "SAMPLED_AT_ONCE", 3)
    torch.testing.assert_close(first, gan.draw_images(generator, TOKENS, seeded_generator(3)))
    assert not torch.allclose(first, gan.draw_images(generator, TOKENS, seeded_generator(4)))


def test_the_score_is_realness_and_match(networks, batch) -> None:
    _, discriminator = networks
    realness, embedding = discriminator.embed(batch["real"])
    products = (embedding @ discriminator.text(TOKENS).T).diagonal() / math.sqrt(7)
    torch.testing.assert_close(discriminator(batch["real"], TOKENS), realness + products)


def test_bad_shapes_are_refused(networks) -> None:
    generator, discriminator = networks
    with pytest.raises(ValueError, match="z: .*latent_dim"):
        generator(torch.ones(4, 6), TOKENS)
    with pytest.raises(ValueError, match="images: .*32, 32"):
        discriminator(torch.ones(4, 3, 16, 16), TOKENS)


# ── batches and losses, against their formulas ────────────────────────────────────────────────


def test_a_batch_pairs_pictures_with_their_captions() -> None:
    images = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 32, 32, 3)
    tokens = torch.arange(20)[:, None]
    batch = gan.gan_batch(images, tokens, 6, 5, seeded_generator(0))
    shown = ((batch["real"][:, 0, 0, 0] + 1) * 127.5).round().long()
    assert torch.equal(shown, batch["tokens"][:, 0])
    assert batch["z"].shape == (6, 5) and batch["shifts"].abs().max() <= gan.MAX_SHIFT


def test_translation_moves_down_and_right_and_repeats_the_edge() -> None:
    images = torch.arange(25.0).reshape(1, 1, 5, 5)
    shifts = torch.tensor([[2, -1], [0, 0]])
    moved, same = gan.translate(images.repeat(2, 1, 1, 1), shifts)[:, 0]
    assert torch.equal(moved[2:, :4], images[0, 0, :3, 1:])
    assert torch.equal(moved[0, :4], images[0, 0, 0, 1:])
    assert torch.equal(moved[2:, 4], images[0, 0, :3, 4])
    assert torch.equal(same, images[0, 0])


def test_the_hinge_losses_by_hand() -> None:
    real, fake = torch.tensor([3.0, 0.5]), torch.tensor([-2.0, -0.5])
    wrong = torch.tensor([1.0])
    assert gan.hinge_losses(real, fake, wrong).item() == pytest.approx(0.25 + 0.25 + 0.5 * 2)
    assert gan.hinge_losses(real, fake, wrong[:0]).item() == pytest.approx(0.5)


def test_equal_captions_are_equally_right() -> None:
    embedding, sentence = torch.randn(2, 4, 7, generator=seeded_generator(0))
    logits = embedding @ sentence.T / math.sqrt(7)
    shares = logits.softmax(dim=1)
    rows = [(shares[0, 0].log() + shares[0, 2].log()) / 2, shares[1, 1].log()]
    rows += [(shares[2, 0].log() + shares[2, 2].log()) / 2, shares[3, 3].log()]
    expected = -torch.stack(rows).mean()
    torch.testing.assert_close(gan.contrastive_loss(embedding, sentence, TOKENS), expected)


def test_the_penalty_is_the_squared_slope_by_hand() -> None:
    images = torch.tensor([[1.0, 2.0], [0.0, -3.0]], requires_grad=True)
    scores = images[:, 0] ** 2 + 5 * images[:, 1]  # slopes (2, 5) and (0, 5)
    assert gan.gradient_penalty(scores, images).item() == pytest.approx((4 + 25 + 0 + 25) / 2)


def test_the_discriminators_loss_has_all_parts(networks, batch) -> None:
    _, discriminator = networks
    terms = gan.discriminator_loss(discriminator, batch)
    shifts = dict(zip(("real", "fake"), batch["shifts"][:2], strict=True))
    moved = {name: gan.translate(batch[name], each) for name, each in shifts.items()}
    real, fake = (discriminator(each, TOKENS) for each in moved.values())
    wrong = discriminator(moved["real"], TOKENS.roll(1, 0))  # no two neighbours are equal
    torch.testing.assert_close(terms["hinge"], gan.hinge_losses(real, fake, wrong))
    torch.testing.assert_close(terms["wrong"], wrong.mean())
    parts = terms["hinge"] + terms["contrastive"] + gan.GAMMA / 2 * terms["penalty"]
    torch.testing.assert_close(terms["loss"], parts)


def test_an_equal_caption_is_not_wrong(networks, batch) -> None:
    _, discriminator = networks
    same = {**batch, "tokens": TOKENS[:1].expand(4, 3)}
    assert gan.discriminator_loss(discriminator, same)["wrong"] == 0


def test_the_generators_loss_wants_a_high_score(networks, batch) -> None:
    _, discriminator = networks
    terms = gan.generator_loss(discriminator, batch)
    score = discriminator(gan.translate(batch["fake"], batch["shifts"][2]), TOKENS).mean()
    torch.testing.assert_close(terms["score"], score)
    torch.testing.assert_close(terms["loss"], terms["contrastive"] - score)


def test_every_weight_gets_a_gradient(networks, batch) -> None:
    generator, discriminator = networks
    gan.discriminator_loss(discriminator, batch)["loss"].backward()
    fake = generator(batch["z"], TOKENS)
    gan.generator_loss(discriminator, {**batch, "fake": fake})["loss"].backward()
    for network in networks:
        for name, weight in network.named_parameters():
            assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_the_discriminator_learns_to_refuse_wrong_captions(batch) -> None:
    seed_all(0)
    discriminator = Discriminator(CONFIG)
    images = torch.stack([torch.full((3, 32, 32), each) for each in (-1.0, -0.3, 0.3, 1.0)])
    tokens = torch.tensor([[1, 3], [1, 4], [1, 5], [1, 6]])
    adam = torch.optim.Adam(discriminator.parameters(), 1e-2)
    given = {**batch, "real": images, "fake": batch["real"], "tokens": tokens}
    for _ in range(80):
        adam.zero_grad()
        gan.discriminator_loss(discriminator, given)["loss"].backward()
        adam.step()
    right, wrong = discriminator(images, tokens), discriminator(images, tokens.roll(1, 0))
    assert (right > wrong).all() and right.mean() > 0 > wrong.mean()
    assert discriminator(batch["real"], tokens).mean() < 0


def test_pretraining_finds_the_captions(batch) -> None:
    seed_all(0)
    discriminator = Discriminator(CONFIG)
    before = gan.pretraining_loss(discriminator, batch)["loss"].item()
    adam = torch.optim.Adam(discriminator.parameters(), 1e-2)
    for _ in range(60):
        adam.zero_grad()
        gan.pretraining_loss(discriminator, batch)["loss"].backward()
        adam.step()
    assert gan.pretraining_loss(discriminator, batch)["loss"].item() < 0.7 * before
