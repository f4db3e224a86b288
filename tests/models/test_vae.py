"""Tests of cmlearn.models.vae."""

import math

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference_kl

from cmlearn.models.text_encoders import TextEncoderConfig
from cmlearn.models.vae import (
    VALUES,
    AnnealedVAELoss,
    ImageDecoder,
    ImageEncoder,
    TextToImageVAE,
    VAEConfig,
    gaussian_nll,
    kl_divergence,
    log_density,
    posterior,
    prior_loss,
    reparameterise,
    to_signed,
    to_uint8,
    vae_loss,
)
from cmlearn.training.loop import fit

CONFIG = VAEConfig(
    TextEncoderConfig(vocab_size=11, embed_dim=6, condition_dim=9, hidden_dim=10),
    latent_dim=5,
    dim=12,
    channels=7,
)
TOKENS = torch.tensor([[1, 4, 5, 2], [1, 6, 2, 0], [1, 7, 8, 2]])


def built(seed: int = 0) -> TextToImageVAE:
    torch.manual_seed(seed)
    return TextToImageVAE(CONFIG).eval()


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    images = torch.rand(3, 3, 32, 32, generator=noise(1)) * 2 - 1
    return {"images": images, "tokens": TOKENS}


# ── shapes ────────────────────────────────────────────────────────────────────────────────────


def test_shapes(batch):
    out = built()(batch["images"], batch["tokens"])
    assert out["images"].shape == (3, 3, 32, 32)
    for name in ("mu", "logvar", "z"):
        assert out[name].shape == (3, 5)
    assert out["log_prior"].shape == (3,)


def test_shapes_of_the_halves(batch):
    caption = built().text.encode(TOKENS)
    mu, logvar = ImageEncoder(CONFIG)(batch["images"], caption)
    assert mu.shape == logvar.shape == (3, 5)
    assert ImageDecoder(CONFIG)(mu, caption).shape == (3, 3, 32, 32)


def test_the_posterior_of_a_batch(batch):
    model = built()
    rows = posterior(model, batch["images"], TOKENS)
    assert {name: tuple(part.shape) for name, part in rows.items()} == {
        "mu": (3, 5),
        "logvar": (3, 5),
        "condition": (3, 9),
    }
    one = posterior(model, batch["images"][1:2], TOKENS[1:2])
    for name, part in rows.items():
        torch.testing.assert_close(part[1:2], one[name], atol=1e-5, rtol=1e-4)


def test_the_decoders_second_convolution_adds_to_what_the_first_one_made():
    seen = []
    decoder = built().decoder
    decoder.conv1.register_forward_hook(lambda *given: seen.append(given[2]))
    decoder.to_patches.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    z, caption = torch.randn(3, 5, generator=noise()), built().text.encode(TOKENS)
    drawn = decoder(z, caption)
    first, both = torch.nn.functional.silu(seen[0]), seen[1]
    torch.testing.assert_close(both, first + torch.nn.functional.silu(decoder.conv2(first)))
    torch.nn.init.zeros_(decoder.conv2.weight)
    torch.nn.init.zeros_(decoder.conv2.bias)
    alone = decoder(z, caption)
    assert not torch.allclose(alone, drawn)
    assert not torch.allclose(alone[0], alone[1])  # the way around it still carries the picture


def test_a_table_of_word_vectors_is_taken_and_stays_trainable():
    table = torch.randn(11, 6, generator=noise())
    embedding = TextToImageVAE(CONFIG, table).text.embedding.weight
    assert torch.equal(embedding, table)
    assert embedding.requires_grad


# ── the terms of the loss, held against torch.distributions ───────────────────────────────────


def test_kl_is_that_of_two_gaussians():
    mu, logvar, prior_mu, prior_logvar = torch.randn(4, 6, 5, generator=noise())
    ours = kl_divergence(mu, logvar, prior_mu, prior_logvar)
    q, p = Normal(mu, (logvar / 2).exp()), Normal(prior_mu, (prior_logvar / 2).exp())
    assert torch.allclose(ours, reference_kl(q, p).sum(dim=1), atol=1e-5)
    assert ours.shape == (6,)


def test_kl_of_a_gaussian_with_itself_is_nothing():
    mu, logvar = torch.randn(2, 4, 3, generator=noise())
    assert torch.equal(kl_divergence(mu, logvar, mu, logvar), torch.zeros(4))


@pytest.mark.parametrize("sigma", [0.02, 0.3, 1.0])
def test_gaussian_nats_with_a_given_sigma(batch, sigma):
    decoded = batch["images"] + 0.1 * torch.randn(3, 3, 32, 32, generator=noise())
    nats = -Normal(decoded, sigma).log_prob(batch["images"]).flatten(1).sum(dim=1).mean()
    constant = VALUES / 2 * math.log(2 * math.pi)
    expected = float(nats) - constant
    assert float(gaussian_nll(decoded, batch["images"], sigma)) == pytest.approx(expected, rel=1e-4)


def test_the_calibrated_sigma_is_the_best_of_all(batch):
    decoded = batch["images"] + 0.1 * torch.randn(3, 3, 32, 32, generator=noise())
    rmse = float((decoded - batch["images"]).square().mean().sqrt())
    best = float(gaussian_nll(decoded, batch["images"]))
    assert best == pytest.approx(float(gaussian_nll(decoded, batch["images"], rmse)), abs=0.1)
    for sigma in (0.8 * rmse, 1.25 * rmse):
        assert float(gaussian_nll(decoded, batch["images"], sigma)) > best + 10


def test_drawn_z_has_the_mean_and_the_spread_that_were_asked_for():
    torch.manual_seed(0)
    mu, logvar = torch.full((20_000, 1), 3.0), torch.full((20_000, 1), 2 * math.log(0.5))
    z = reparameterise(mu, logvar)
    assert float(z.mean()) == pytest.approx(3, abs=0.02)
    assert float(z.std()) == pytest.approx(0.5, abs=0.01)


def test_gradients_pass_through_the_draw():
    mu, logvar = torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    reparameterise(mu, logvar).sum().backward()
    assert torch.equal(mu.grad, torch.ones(2, 3))
    assert (logvar.grad != 0).all()


def test_the_loss_is_made_of_its_parts(batch):
    torch.manual_seed(0)
    terms = vae_loss(built(), batch, beta=7.0)
    assert set(terms) == {"loss", "reconstruction", "kl", "rmse"}
    expected = (terms["reconstruction"] + 7 * terms["kl"]) / VALUES
    assert torch.allclose(terms["loss"], expected)
    calibrated = VALUES / 2 * (2 * terms["rmse"].log() + 1)
    assert torch.allclose(terms["reconstruction"], calibrated, rtol=1e-4)


def test_log_density_is_that_of_a_gaussian():
    z, mu, logvar = torch.randn(3, 6, 5, generator=noise())
    reference = Normal(mu, (logvar / 2).exp()).log_prob(z).sum(dim=1)
    assert torch.allclose(log_density(z, mu, logvar), reference, atol=1e-5)


def test_the_kl_of_the_loss_is_the_one_of_the_prior_alone(batch):
    model = built()
    rows = posterior(model, batch["images"], TOKENS)
    torch.manual_seed(3)
    alone = prior_loss(model.prior, rows)
    torch.manual_seed(3)
    together = vae_loss(model, batch)
    assert torch.allclose(alone["kl"], together["kl"], atol=1e-4)
    assert torch.allclose(alone["loss"] * 5, alone["kl"])


def test_training_the_prior_alone_changes_nothing_else(batch):
    model = built()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    rows = posterior(model, batch["images"], TOKENS)
    history = fit(model.prior, prior_loss, [rows] * 80, steps=80, progress=False)
    assert history["kl"][-10:].mean() < history["kl"][:10].mean() - 1
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]) != name.startswith("prior."), name


def test_beta_falls_to_its_end_and_stays():
    annealed = AnnealedVAELoss(steps=10, start=1000.0, end=10.0)
    betas = []

    def spy(images: torch.Tensor, tokens: torch.Tensor) -> dict[str, torch.Tensor]:
        zeros = torch.zeros(1, 2)
        latents = {"mu": zeros, "logvar": zeros, "z": zeros}
        return {"images": images + 1, **latents, "log_prior": torch.tensor([-9.0])}

    batch = {"images": torch.zeros(1, 3, 32, 32), "tokens": TOKENS[:1]}
    for _ in range(13):
        terms = annealed(spy, batch)
        betas.append(float((terms["loss"] * VALUES - terms["reconstruction"]) / terms["kl"]))
    powers = [10 ** (3 - 2 * step / 10) for step in range(10)]
    assert betas == pytest.approx([*powers, 10, 10, 10], rel=1e-3)


# ── what training does ────────────────────────────────────────────────────────────────────────


def test_overfits_one_batch(batch):
    smooth = torch.nn.functional.avg_pool2d(batch["images"], 16)
    images = torch.nn.functional.interpolate(smooth * 6, scale_factor=16)
    model = built()
    history = fit(
        model,
        vae_loss,
        iter([{**batch, "images": images}] * 150),
        steps=150,
        learning_rate=1e-2,
        progress=False,
    )
    assert history["rmse"][-1] < 0.25 * history["rmse"][0]


def test_same_seed_same_result(batch):
    first, second = (
        fit(built(), vae_loss, iter([batch] * 3), steps=3, progress=False)["loss"]
        for _ in range(2)
        if torch.manual_seed(5)
    )
    assert first.tolist() == second.tolist()


# ── drawing ───────────────────────────────────────────────────────────────────────────────────


def test_the_same_generator_draws_the_same():
    model = built()
    assert torch.equal(model.sample(TOKENS, noise(3)), model.sample(TOKENS, noise(3)))
    assert not torch.equal(model.sample(TOKENS, noise(3)), model.sample(TOKENS, noise(4)))


def test_a_picture_depends_on_its_caption():
    model = built()
    one, other = TOKENS[:1], TOKENS[2:]
    assert not torch.equal(model.sample(one, noise()), model.sample(other, noise()))


def test_padding_changes_no_picture():
    model = built()
    longer = torch.nn.functional.pad(TOKENS, (0, 3))
    drawn, also = model.sample(TOKENS, noise()), model.sample(longer, noise())
    assert torch.equal(to_uint8(also), to_uint8(drawn))
    # Not to the last bit: some processors add up a longer row in another order.
    torch.testing.assert_close(also, drawn, rtol=0, atol=1e-6)


# ── units ─────────────────────────────────────────────────────────────────────────────────────


def test_pixels_there_and_back():
    pixels = torch.arange(256, dtype=torch.uint8).repeat(3).view(2, 16, 8, 3)
    signed = to_signed(pixels)
    assert signed.shape == (2, 3, 16, 8)
    assert (float(signed.min()), float(signed.max())) == (-1.0, 1.0)
    assert torch.equal(to_uint8(signed), pixels)


def test_what_lies_outside_is_cut_off():
    wild = torch.tensor([-7.0, 7.0]).view(2, 1, 1, 1).expand(2, 3, 4, 5)
    assert to_uint8(wild)[:, 0, 0, 0].tolist() == [0, 255]
