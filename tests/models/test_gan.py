"""Tests of cmlearn.models.gan."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.gan import (
    DecoderAsGenerator,
    Discriminator,
    GANConfig,
    Generator,
    TextToImageGAN,
    gradient_penalties,
    gradient_penalty,
    matching_aware_discriminator_loss,
    plain_discriminator_loss,
    plain_generator_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    relativistic_loss,
)
from cmlearn.models.text_encoders import EncodedCaption, TextEncoderConfig
from cmlearn.models.vae import ImageDecoder, VAEConfig
from cmlearn.training.batches import Batch
from cmlearn.training.gan_loop import fit_gan, with_noise
from cmlearn.training.runtime import seed_all, seeded_generator

CONFIG = GANConfig(
    vocab_size=13, embed_dim=3, window=3, latent_dim=5, dim=12, channels=7, match_dim=11
)


def built(seed: int = 0) -> tuple[Generator, Discriminator]:
    seed_all(seed)
    return Generator(CONFIG).eval(), Discriminator(CONFIG).eval()


@pytest.fixture
def batch() -> Batch:
    draw = seeded_generator(1)
    padding = torch.zeros(3, 4, dtype=torch.bool)
    padding[1, 2:] = True
    return {
        "real": torch.rand(3, 3, 32, 32, generator=draw) * 2 - 1,
        "z": torch.randn(3, 5, generator=draw),
        "words": torch.randn(3, 4, 9, generator=draw),
        "padding": padding,
    }


# ── the two networks ──────────────────────────────────────────────────────────────────────────


def test_shapes(batch):
    draws, judges = built()
    said = batch["words"], batch["padding"]
    images = draws(batch["z"], *said)
    assert images.shape == (3, 3, 32, 32)
    assert float(images.detach().abs().max()) <= 1
    assert judges(images, *said).shape == (3,)
    assert judges.pairs(images, *said).shape == (3, 3)


def test_drawn_by_a_generator_of_chance(batch):
    draws, _ = built()
    said = batch["words"], batch["padding"]
    first, again, other = (draws.sample(*said, seeded_generator(seed)) for seed in (3, 3, 4))
    assert first.shape == (3, 3, 32, 32)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_new_generator_begins_smooth(batch):
    seed_all(0)
    draws = Generator(GANConfig(vocab_size=13, embed_dim=3))
    z, said = torch.randn(3, 32, generator=seeded_generator(1)), (batch["words"], batch["padding"])
    # Both layers read 32 channels through 3 × 3 windows, so PyTorch begins them alike.
    ratio = draws.fine.weight.std() / draws.conv3.weight.std()
    assert float(ratio.detach()) == pytest.approx(0.1, rel=0.05)
    with torch.no_grad():
        image = draws(z, *said)
        draws.fine.weight.zero_()
        coarse = draws(z, *said)
    assert float((image - coarse).std()) < 0.1 * float(coarse.std())


def test_the_whole_reads_and_draws():
    model = TextToImageGAN(CONFIG, torch.randn(13, 3, generator=seeded_generator(2)))
    tokens = torch.tensor([[1, 4, 5, 2], [1, 6, 2, 0]])
    images = model.sample(tokens, seeded_generator(0))
    assert images.shape == (2, 3, 32, 32)
    torch.testing.assert_close(images, model.sample(F.pad(tokens, (0, 3)), seeded_generator(0)))
    loaded = TextToImageGAN(CONFIG)
    loaded.load_state_dict(model.state_dict())
    assert torch.equal(images, loaded.sample(tokens, seeded_generator(0)))


def test_a_decoder_as_generator_draws_what_it_draws_in_its_vae(batch):
    text = TextEncoderConfig(vocab_size=13, embed_dim=3, condition_dim=9, hidden_dim=4)
    seed_all(0)
    decoder = ImageDecoder(VAEConfig(text, latent_dim=5, dim=12, channels=7))
    said = batch["words"], batch["padding"]
    drawn = DecoderAsGenerator(decoder)(batch["z"], *said)
    assert torch.equal(drawn, decoder(batch["z"], EncodedCaption(batch["words"][:, 0], *said)))
    relativistic_generator_loss(DecoderAsGenerator(decoder), built()[1], batch)["loss"].backward()
    assert all(weight.grad is not None for weight in decoder.parameters())


def test_a_pair_is_scored_as_if_it_came_alone(batch):
    _, judges = built()
    pairs = judges.pairs(batch["real"], batch["words"], batch["padding"])
    for row in range(3):
        for column in range(3):
            image = batch["real"][row : row + 1]
            said = (batch[name][column : column + 1] for name in ("words", "padding"))
            torch.testing.assert_close(judges(image, *said)[0], pairs[row, column])


def test_padding_changes_nothing(batch):
    draws, judges = built()
    longer = F.pad(batch["words"], (0, 0, 0, 2), value=7.0)
    padding = F.pad(batch["padding"], (0, 2), value=True)
    short = batch["words"], batch["padding"]
    torch.testing.assert_close(draws(batch["z"], *short), draws(batch["z"], longer, padding))
    torch.testing.assert_close(
        judges(batch["real"], *short), judges(batch["real"], longer, padding)
    )


def test_words_and_noise_both_count(batch):
    draws, judges = built()
    z, words, padding = batch["z"], batch["words"], batch["padding"]
    image = draws(z, words, padding)
    assert not torch.allclose(image[0], draws(z, words.flip(0), padding)[0])
    assert not torch.allclose(image[0], draws(z.flip(0), words, padding)[0])
    score = judges(batch["real"], words, padding)
    assert not torch.allclose(score[0], judges(batch["real"], words.flip(0), padding)[0])


# ── the losses, held against their formulas ───────────────────────────────────────────────────


def test_the_plain_losses_are_cross_entropies(batch):
    draws, judges = built()
    said = batch["words"], batch["padding"]
    real, fake = judges(batch["real"], *said), judges(draws(batch["z"], *said), *said)
    terms = plain_discriminator_loss(draws, judges, batch)
    binary = F.binary_cross_entropy_with_logits
    torch.testing.assert_close(terms["real"], binary(real, torch.ones(3)))
    torch.testing.assert_close(terms["fake"], binary(fake, torch.zeros(3)))
    torch.testing.assert_close(terms["loss"], terms["real"] + terms["fake"])
    ours = plain_generator_loss(draws, judges, batch)["loss"]
    torch.testing.assert_close(ours, binary(fake, torch.ones(3)))


def test_beats_counts_the_difference_alone():
    better, worse = torch.tensor([3.0, -1.0]), torch.tensor([1.0, 0.0])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(1))) / 2
    assert float(relativistic_loss(better, worse)) == pytest.approx(expected)
    torch.testing.assert_close(
        relativistic_loss(better + 5, worse + 5), relativistic_loss(better, worse)
    )
    assert float(relativistic_loss(better, better)) == pytest.approx(math.log(2))


def test_the_generator_is_asked_the_same_the_other_way_round(batch):
    draws, judges = built()
    said = batch["words"], batch["padding"]
    real, fake = judges(batch["real"], *said), judges(draws(batch["z"], *said), *said)
    terms = relativistic_discriminator_loss(draws, judges, batch, gamma=0.0)
    torch.testing.assert_close(terms["adversarial"], relativistic_loss(real, fake))
    torch.testing.assert_close(terms["loss"], terms["adversarial"])
    torch.testing.assert_close(
        relativistic_generator_loss(draws, judges, batch)["loss"], relativistic_loss(fake, real)
    )


def test_wrong_captions_are_those_of_the_other_pictures(batch):
    draws, judges = built()
    terms = matching_aware_discriminator_loss(draws, judges, batch, gamma=3.0, share=1.0)
    said = batch["words"], batch["padding"]
    own = judges(batch["real"], *said)
    turned = [
        judges(batch["real"], *(part.roll(shift, dims=0) for part in said)) for shift in (1, 2)
    ]
    expected = (relativistic_loss(own, turned[0]) + relativistic_loss(own, turned[1])) / 2
    torch.testing.assert_close(terms["mismatched"], expected)
    together = terms["adversarial"] + terms["mismatched"] + 1.5 * (terms["r1"] + terms["r2"])
    torch.testing.assert_close(terms["loss"], together)


# ── R1 and R2 ─────────────────────────────────────────────────────────────────────────────────


def test_the_penalty_is_the_squared_slope_by_hand():
    inputs = torch.tensor([[1.0, 2.0], [0.0, -3.0]], requires_grad=True)
    scores = inputs[:, 0] ** 2 + 5 * inputs[:, 1]  # slopes (2, 5) and (0, 5)
    assert gradient_penalty(scores, inputs).item() == pytest.approx((4 + 25 + 0 + 25) / 2)


def test_slopes_agree_with_one_gradient_a_picture(batch):
    draws, judges = built()
    said = batch["words"], batch["padding"]
    fake = draws(batch["z"], *said)
    steep = gradient_penalties(judges, batch["real"], fake, said, share=2 / 3)
    for name, images in (("r1", batch["real"]), ("r2", fake)):
        squares = []
        for n in range(2):  # of three pictures the first two
            image = images[n : n + 1].detach().clone().requires_grad_()
            judges(image, *(part[n : n + 1] for part in said)).backward()
            squares.append(float(image.grad.square().sum()))
        assert steep[name].item() == pytest.approx(sum(squares) / 2, rel=1e-4)


def test_the_penalty_has_the_gradient_of_finite_differences(batch):
    _, judges = built()
    judges = judges.double()
    real, words = batch["real"].double(), batch["words"].double()
    said = words, batch["padding"]
    weight = judges.realness[1].weight
    gradient_penalties(judges, real, real, said)["r1"].backward()
    step = torch.zeros_like(weight)
    step[0, 3] = 1e-4

    def moved(by: Tensor) -> float:
        with torch.no_grad():
            weight.add_(by)
        r1 = float(gradient_penalties(judges, real, real, said)["r1"].detach())
        with torch.no_grad():
            weight.sub_(by)
        return r1

    expected = (moved(step) - moved(-step)) / 2e-4
    assert float(weight.grad[0, 3]) == pytest.approx(expected, rel=1e-4)


# ── whose gradients ───────────────────────────────────────────────────────────────────────────

OF_THE_DISCRIMINATOR = [
    plain_discriminator_loss,
    relativistic_discriminator_loss,
    matching_aware_discriminator_loss,
]


@pytest.mark.parametrize("loss", OF_THE_DISCRIMINATOR)
def test_the_discriminators_loss_gives_the_generator_no_gradient(batch, loss):
    draws, judges = built()
    loss(draws, judges, batch)["loss"].backward()
    assert all(weight.grad is None for weight in draws.parameters())
    assert all(weight.grad is not None for weight in judges.parameters())


@pytest.mark.parametrize("loss", [plain_generator_loss, relativistic_generator_loss])
def test_the_generators_loss_reaches_every_weight_of_it(batch, loss):
    draws, judges = built()
    loss(draws, judges, batch)["loss"].backward()
    assert all(weight.grad is not None for weight in draws.parameters())


def test_a_turn_of_one_leaves_the_other_as_it_was(batch):
    draws, judges = built()
    before = {name: copy.deepcopy(m.state_dict()) for name, m in (("g", draws), ("d", judges))}
    seen = []

    def watching(*given):
        seen.append(all(torch.equal(w, before["g"][k]) for k, w in draws.state_dict().items()))
        seen.append(any(not torch.equal(w, before["d"][k]) for k, w in judges.state_dict().items()))
        before["d"] = copy.deepcopy(judges.state_dict())
        return relativistic_generator_loss(*given)

    stream = iter([batch, batch])
    settings = {"steps": 1, "progress": False}
    fit_gan(draws, judges, watching, matching_aware_discriminator_loss, stream, **settings)
    assert seen == [True, True]  # the discriminator's turn moved itself alone
    assert all(torch.equal(w, before["d"][k]) for k, w in judges.state_dict().items())
    assert any(not torch.equal(w, before["g"][k]) for k, w in draws.state_dict().items())


# ── what training does ────────────────────────────────────────────────────────────────────────


class Line(nn.Module):
    """Scores points of the plane: (B, 2) -> (B,)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1)
        )

    def forward(self, points: Tensor) -> Tensor:
        return self.layers(points).squeeze(1)


def two_heaps(seed: int) -> Iterator[Batch]:
    draw = seeded_generator(seed)
    while True:
        side = 2.0 * torch.randint(2, (64, 1), generator=draw) - 1
        heap = torch.cat([side, torch.zeros(64, 1)], dim=1)
        yield {"real": heap + 0.1 * torch.randn(64, 2, generator=draw)}


def points_after(seed: int, steps: int) -> Tensor:
    seed_all(seed)
    draws = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
    draws.append(nn.Linear(32, 2))
    settings = {"steps": steps, "learning_rate": 3e-3, "progress": False}
    losses = relativistic_generator_loss, partial(relativistic_discriminator_loss, gamma=0.1)
    fit_gan(
        draws, Line(), *losses, with_noise(two_heaps(seed), 4, seeded_generator(seed)), **settings
    )
    with torch.no_grad():
        return draws(torch.randn(400, 4, generator=seeded_generator(9)))


def test_adversarial_training_finds_both_modes():
    points = points_after(0, 400)
    near = (points[:, 0].abs() - 1).abs() < 0.4
    left, right = (float((near & (points[:, 0] * side > 0)).float().mean()) for side in (-1, 1))
    assert left > 0.2
    assert right > 0.2


def test_same_seed_same_result():
    assert torch.equal(points_after(1, 5), points_after(1, 5))
    assert not torch.equal(points_after(1, 5), points_after(2, 5))


def test_what_cannot_be(batch):
    draws, judges = built()
    with pytest.raises(ValueError, match="z: .*latent_dim"):
        draws(batch["z"][:, :4], batch["words"], batch["padding"])
    with pytest.raises(ValueError, match=r"images: .*32, 32"):
        judges(batch["real"][:, :, :16, :16], batch["words"], batch["padding"])
    with pytest.raises(ValueError, match="words"):
        judges(batch["real"][:2], batch["words"], batch["padding"])
