"""Tests of cmlearn.models.flow."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cmlearn.models.flow import (
    Attention,
    Block,
    CaptionEncoder,
    Flow,
    FlowConfig,
    euler,
    flow_batch,
    flow_loss,
    from_patches,
    guided,
    hidden_matrices,
    sample,
    to_patches,
)

CONFIG = FlowConfig(vocab_size=11, image_size=12, patch_size=4, dim=24, num_blocks=2, num_heads=3)
TOKENS = torch.tensor([[1, 4, 5, 6, 2], [1, 7, 2, 0, 0], [0, 0, 0, 0, 0], [1, 8, 9, 2, 0]])


@pytest.fixture
def model() -> Flow:
    """A flow whose branches and output are not zero, as after some training."""
    torch.manual_seed(0)
    model = Flow(CONFIG)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.2) if weight.ndim > 1 else None
    return model.eval()


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_shapes(model: Flow) -> None:
    assert model(noise(4, 3, 12, 12), torch.rand(4), TOKENS).shape == (4, 3, 12, 12)
    words, mean = CaptionEncoder(11, 24)(TOKENS)
    assert words.shape == (4, 5, 24) and mean.shape == (4, 24)
    assert to_patches(noise(2, 3, 12, 12), 4).shape == (2, 9, 48)


def test_patches_are_rows_of_squares_and_come_back() -> None:
    images = noise(2, 3, 12, 12)
    patches = to_patches(images, 4)
    assert torch.equal(from_patches(patches, 4), images)
    assert torch.equal(patches[0, 1].view(3, 4, 4), images[0, :, :4, 4:8])


def test_attention_is_that_of_torch() -> None:
    """With queries and keys that are normalised already, MultiheadAttention is the reference."""
    torch.manual_seed(0)
    ours = Attention(12, 3)
    x, words = noise(2, 4, 12), noise(2, 3, 12)
    present = torch.tensor([[True] * 7, [True] * 5 + [False] * 2])
    sources = torch.cat([x, words], dim=1)
    key, value = (sources @ ours.key_value.weight.T).chunk(2, dim=2)
    query = ours.query(x)

    def normalise(vectors: torch.Tensor) -> torch.Tensor:
        heads = vectors.unflatten(2, (3, 4))
        return (heads / heads.square().mean(-1, keepdim=True).add(1e-7).sqrt()).flatten(2)

    theirs, _ = F.multi_head_attention_forward(
        *(each.transpose(0, 1) for each in (normalise(query), normalise(key), value)),
        12, 3, None, None, None, None, False, 0.0, ours.out.weight, None,
        key_padding_mask=~present, need_weights=False, use_separate_proj_weight=True,
        q_proj_weight=torch.eye(12), k_proj_weight=torch.eye(12), v_proj_weight=torch.eye(12),
    )  # fmt: skip
    assert torch.allclose(ours(x, words, present), theirs.transpose(0, 1), atol=1e-4)


def test_an_untrained_block_changes_nothing_and_an_untrained_flow_predicts_grey() -> None:
    x = noise(2, 4, 12)
    present = torch.ones(2, 7, dtype=torch.bool)
    assert torch.equal(Block(12, 3)(x, noise(2, 3, 12), present, noise(2, 12)), x)
    predicted = Flow(CONFIG)(noise(4, 3, 12, 12), torch.rand(4), TOKENS)
    assert predicted.abs().max() < 1  # the bias of the last layer only


def test_padding_changes_nothing(model: Flow) -> None:
    x, t = noise(4, 3, 12, 12), torch.rand(4)
    longer = F.pad(TOKENS, (0, 3))
    assert torch.allclose(model(x, t, TOKENS), model(x, t, longer), atol=1e-5)


def test_the_order_of_words_matters(model: Flow) -> None:
    x, t = noise(1, 3, 12, 12), torch.rand(1)
    one, two = torch.tensor([[1, 4, 5, 2]]), torch.tensor([[1, 5, 4, 2]])
    assert not torch.allclose(model(x, t, one), model(x, t, two), atol=1e-4)


def test_muon_gets_the_matrices_of_the_blocks_only() -> None:
    model = Flow(CONFIG)
    matrices = hidden_matrices(model)
    assert len(matrices) == 2 * 5 and all(weight.ndim == 2 for weight in matrices)
    taken = {id(weight) for weight in matrices}
    assert not any(id(weight) in taken for weight in model.text.parameters())
    assert not any(id(block.modulation.weight) in taken for block in model.blocks)


def test_a_batch_is_drawn_from_the_generator_alone() -> None:
    images = torch.arange(7).view(7, 1, 1, 1).expand(7, 12, 12, 3).to(torch.uint8)
    tokens = torch.arange(1, 15).view(7, 2, 1).repeat(1, 1, 3)
    draw = [flow_batch(images, tokens, 400, torch.Generator().manual_seed(s)) for s in (0, 0, 1)]
    assert all(torch.equal(draw[0][name], draw[1][name]) for name in draw[0])
    assert not torch.equal(draw[0]["noise"], draw[2]["noise"])
    batch = draw[0]
    assert batch["images"].shape == batch["noise"].shape == (400, 3, 12, 12)
    assert batch["t"].min() > 0 and batch["t"].max() < 1
    null = (batch["tokens"] == 0).all(dim=1)
    assert 0.05 < null.float().mean() < 0.16
    row = ((batch["images"][:, 0, 0, 0] + 1) * 127.5).round().long()
    assert torch.equal(((batch["tokens"][:, 0] - 1) // 2)[~null], row[~null])


def test_the_loss_is_the_error_of_the_velocity() -> None:
    def predict(noisy: torch.Tensor, t: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        seen.append(noisy)
        return torch.full_like(noisy, 0.5)

    seen: list[torch.Tensor] = []
    batch = {"images": noise(4, 3, 2, 2), "noise": noise(4, 3, 2, 2).flip(0)}
    batch |= {"t": torch.tensor([0.0, 0.3, 0.6, 0.9]), "tokens": TOKENS}
    loss = flow_loss(predict, batch)["loss"]  # type: ignore[arg-type]
    t = batch["t"].view(-1, 1, 1, 1)
    velocity = batch["images"] - batch["noise"]
    implied = (0.5 - seen[0]) / (1 - t)
    assert loss == pytest.approx((implied - velocity).square().mean().item(), rel=1e-4)


def test_one_batch_is_learnt_by_heart() -> None:
    torch.manual_seed(0)
    model = Flow(CONFIG)
    images = torch.randint(256, (4, 12, 12, 3), generator=torch.Generator().manual_seed(0))
    batch = flow_batch(images.to(torch.uint8), TOKENS[:, None], 4, torch.Generator().manual_seed(0))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    first = flow_loss(model, batch)["rmse"].item()
    for _ in range(300):
        optimiser.zero_grad()
        flow_loss(model, batch)["loss"].backward()
        optimiser.step()
    assert flow_loss(model, batch)["rmse"].item() < 0.15 * first


def test_the_sampler_carries_noise_to_a_known_gaussian() -> None:
    """Data from N(m, s²): the expected clean value has a closed form, and so has the endpoint."""
    m, s = 3.0, 0.5

    def predict(x: torch.Tensor, t: float) -> torch.Tensor:
        variance = t**2 * s**2 + (1 - t) ** 2
        return m + t * s**2 / variance * (x - t * m)

    start = noise(20_000)
    end = euler(predict, start, 200)
    assert end.mean().item() == pytest.approx(m, abs=0.02)
    assert end.std().item() == pytest.approx(s, abs=0.02)
    assert torch.allclose(end, m + s * start, atol=0.03)  # the flow of a Gaussian is linear
    assert torch.allclose(euler(predict, start, 1), torch.full_like(start, m))  # the mean


def test_guidance_one_is_the_conditional_prediction(model: Flow) -> None:
    x = noise(4, 3, 12, 12)
    times = torch.full((4,), 0.3)
    with torch.no_grad():
        conditional = model(x, times, TOKENS)
        null = model(x, times, torch.zeros_like(TOKENS))
        assert torch.equal(guided(model, TOKENS, 1)(x, 0.3), conditional)
        assert torch.allclose(guided(model, TOKENS, 0)(x, 0.3), null, atol=1e-6)
        further = guided(model, TOKENS, 2)(x, 0.3)
    assert torch.allclose(further, 2 * conditional - null, atol=1e-5)
    assert torch.allclose(further[2], null[2], atol=1e-5)  # the null caption has no direction


def test_the_same_seed_gives_the_same_images(model: Flow) -> None:
    one, two, other = (
        sample(model, TOKENS, torch.Generator().manual_seed(seed), steps=3) for seed in (0, 0, 1)
    )
    assert one.shape == (4, 3, 12, 12) and torch.equal(one, two)
    assert not torch.allclose(one, other, atol=1e-3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="patch_size 5 must divide image_size 12"):
        FlowConfig(11, image_size=12, patch_size=5)
    with pytest.raises(ValueError, match="must divide dim"):
        FlowConfig(11, dim=30, num_heads=4)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        euler(lambda x, t: x, torch.zeros(1), 0)
