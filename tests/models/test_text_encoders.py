"""Tests of cmlearn.models.text_encoders."""

import pytest
import torch

from cmlearn.models import text_encoders
from cmlearn.models.text_encoders import (
    GRUEncoder,
    MeanEncoder,
    TextEncoderConfig,
    VectorEncoder,
    build_text_encoder,
)

CONFIG = TextEncoderConfig(vocab_size=11, embed_dim=5, condition_dim=7, hidden_dim=6)
TOKENS = torch.tensor([[1, 4, 5, 6, 2], [1, 6, 5, 4, 2], [1, 7, 2, 0, 0], [0, 0, 0, 0, 0]])
Encoder = type[MeanEncoder] | type[GRUEncoder]
both = pytest.mark.parametrize("encoder_class", [MeanEncoder, GRUEncoder])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@both
def test_shape_and_finite_also_for_padding_only(encoder_class: Encoder) -> None:
    condition = encoder_class(CONFIG)(TOKENS)
    assert condition.shape == (4, 7)
    assert condition.isfinite().all()


@both
def test_padding_changes_nothing(encoder_class: Encoder) -> None:
    encoder = encoder_class(CONFIG)
    longer = torch.cat([TOKENS, torch.zeros(4, 9, dtype=torch.int64)], dim=1)
    torch.testing.assert_close(encoder(longer), encoder(TOKENS))
    torch.testing.assert_close(encoder(TOKENS[2:3, :3]), encoder(TOKENS)[2:3])


def test_the_mean_forgets_the_order_which_the_gru_keeps() -> None:
    forward, backward = MeanEncoder(CONFIG)(TOKENS)[:2]
    torch.testing.assert_close(forward, backward)
    forward, backward = GRUEncoder(CONFIG)(TOKENS)[:2]
    assert (forward - backward).abs().max() > 0.01


@both
def test_word_vectors_to_begin_from(encoder_class: Encoder) -> None:
    table = torch.randn(11, 5)
    encoder = encoder_class(CONFIG, table)
    torch.testing.assert_close(encoder.embedding.weight.data, table)
    encoder(TOKENS).sum().backward()
    gradient = encoder.embedding.weight.grad
    assert gradient is not None
    assert gradient[0].abs().sum() == 0  # <pad> never learns
    assert gradient[4].abs().sum() > 0
    with pytest.raises(ValueError, match=r"\(11, 5\).*\(3, 5\)"):
        encoder_class(CONFIG, torch.zeros(3, 5))


@both
def test_a_row_for_pad_in_the_table_does_not_leak_in(encoder_class: Encoder) -> None:
    encoder = encoder_class(CONFIG, torch.randn(11, 5))
    torch.testing.assert_close(encoder(TOKENS[2:3, :3]), encoder(TOKENS[2:3]))


@both
def test_encode_gives_the_condition_and_vectors_to_attend_to(encoder_class: Encoder) -> None:
    encoder = encoder_class(CONFIG)
    condition, words, padding = encoder.encode(TOKENS)
    torch.testing.assert_close(condition, encoder(TOKENS))
    assert words.shape == (*padding.shape, 7)
    assert padding.shape == (4, 1 if encoder_class is MeanEncoder else 5)
    assert not padding.all(dim=1).any()  # attention over nothing would be NaN


def test_the_gru_offers_each_word_and_no_padding() -> None:
    padding = GRUEncoder(CONFIG).encode(TOKENS).padding
    assert padding.tolist()[2:] == [[False] * 3 + [True] * 2, [False] + [True] * 4]


def test_a_state_knows_what_was_read_before_it_and_nothing_after() -> None:
    encoder, changed = GRUEncoder(CONFIG), TOKENS.clone()
    changed[0, 3] = 9
    moved = (encoder.encode(TOKENS).words != encoder.encode(changed).words).any(dim=2)[0]
    assert moved.tolist() == [False, False, False, True, True]


@both
def test_wrong_shapes_and_types_are_refused(encoder_class: Encoder) -> None:
    encoder = encoder_class(CONFIG)
    for wrong in (TOKENS[0], TOKENS[:, :0], TOKENS.float(), TOKENS[None]):
        with pytest.raises(ValueError, match="tokens: expected"):
            encoder(wrong)


def test_build_by_name() -> None:
    assert isinstance(build_text_encoder(CONFIG), GRUEncoder)
    mean = TextEncoderConfig(vocab_size=3, kind="mean")
    assert isinstance(build_text_encoder(mean), MeanEncoder)
    with pytest.raises(ValueError, match="'bert'"):
        build_text_encoder(TextEncoderConfig(vocab_size=3, kind="bert"))


def test_the_gru_learns_the_order_of_one_batch() -> None:
    encoder = GRUEncoder(TextEncoderConfig(vocab_size=11, condition_dim=2, hidden_dim=16))
    optimiser = torch.optim.Adam(encoder.parameters(), lr=0.02)
    labels = torch.tensor([0, 1])
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(encoder(TOKENS[:2]), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.05


# ── words that are vectors already ─────────────────────────────────────────────────────────────


VECTORS_CONFIG = TextEncoderConfig(0, embed_dim=5, condition_dim=7, kind="vectors")


def vectors_of_three() -> torch.Tensor:
    vectors = 3 + torch.randn(3, 4, 5)
    vectors[1, 2:] = 0  # two words, then padding
    vectors[2] = 0  # no word at all
    return vectors.half()


def test_vectors_are_read_to_the_same_shapes() -> None:
    encoder = build_text_encoder(VECTORS_CONFIG).eval()
    assert isinstance(encoder, VectorEncoder)
    condition, words, padding = encoder.encode(vectors_of_three())
    assert condition.shape == (3, 7)
    assert words.shape == (3, 4, 7)
    assert condition.isfinite().all() and words.isfinite().all()
    assert padding.tolist() == [[False] * 4, [False, False, True, True], [False, True, True, True]]
    torch.testing.assert_close(encoder(vectors_of_three()).shape, condition.shape)


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing_in_vectors(training: bool) -> None:
    vectors = vectors_of_three()[:2]
    longer = torch.cat([vectors, torch.zeros(2, 3, 5)], dim=1)
    encoder = VectorEncoder(VECTORS_CONFIG).train(training)
    read = []
    for padded in (longer, vectors):
        torch.manual_seed(1)  # of the noise
        read.append(encoder(padded))
    torch.testing.assert_close(*read)


def read_by_the_gru(encoder: VectorEncoder, vectors: torch.Tensor) -> torch.Tensor:
    """What the GRU is given where there are words: (words, D)."""
    seen: list[torch.Tensor] = []
    hook = encoder.gru.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    encoder.encode(vectors)
    hook.remove()
    return seen[0][(seen[0] != 0).any(dim=2)]


def test_vectors_are_standardised_and_never_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_encoders, "NOISE", 0.0)
    encoder = VectorEncoder(VECTORS_CONFIG)
    present = read_by_the_gru(encoder, vectors_of_three())
    assert present.mean(dim=0).abs().max() < 1e-4
    assert (present.std(dim=0, correction=0) - 1).abs().max() < 1e-2
    assert {name.split(".")[0] for name, _ in encoder.named_parameters()} == {
        "gru", "project", "norm"
    }  # fmt: skip


def test_noise_of_the_documented_size_is_added_in_training_alone() -> None:
    encoder = VectorEncoder(VECTORS_CONFIG).eval()
    vectors = torch.randn(200, 6, 5)
    plain = read_by_the_gru(encoder, vectors)
    torch.testing.assert_close(read_by_the_gru(encoder, vectors), plain)
    encoder.standardise.momentum = 0.0  # keep the statistics
    encoder.train()
    standard = (vectors.flatten(0, 1) - vectors.mean((0, 1))) / vectors.std((0, 1), correction=0)
    noise = read_by_the_gru(encoder, vectors) - standard
    assert noise.mean().abs() < 0.1
    assert abs(noise.std() - text_encoders.NOISE) < 0.05


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 6), (2, 3, 4, 5)])
def test_vectors_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"vectors: expected \(B, T, 5\)"):
        VectorEncoder(VECTORS_CONFIG).encode(torch.ones(shape))


def test_an_encoder_of_vectors_has_no_table() -> None:
    with pytest.raises(ValueError, match='table: .* "vectors" has none'):
        build_text_encoder(VECTORS_CONFIG, torch.zeros(11, 5))


def test_a_gru_reads_rows_of_its_embedding_as_it_reads_ids() -> None:
    encoder = GRUEncoder(CONFIG)
    by_ids = encoder.encode(TOKENS)
    by_rows = encoder.encode_embedded(encoder.embedding(TOKENS), TOKENS == 0)
    for ours, theirs in zip(by_rows, by_ids, strict=True):
        torch.testing.assert_close(ours, theirs)
