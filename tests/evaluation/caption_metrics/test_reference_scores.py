"""Our scores of captions are those of the reference implementations.

Live, on random captions: pycocoevalcap for BLEU, ROUGE-L and CIDEr-D, sacrebleu for BLEU, and
METEOR 1.5 where Java is installed. Stored, to four digits: all of `../shared/real/metrics` but
SPICE, which needs a parser, and what was measured on data that are not there: of COCO's first 1,000
system captions there are only the counts of BLEU, of Flickr8k's human judgements nothing.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from cmlearn.evaluation.caption_metrics.bleu import BleuCounts, bleu, bleu_of_counts, sentence_bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d, sentence_cider_d
from cmlearn.evaluation.caption_metrics.meteor import meteor, sentence_meteor
from cmlearn.evaluation.caption_metrics.rouge import rouge_l, sentence_rouge_l
from cmlearn.text.cleaning import tokenize

FOUR_DIGITS = 5e-5
BLEUS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4")
Candidates = list[list[str]]
References = list[list[list[str]]]

WORDS = ["a", "red", "blue", "house", "houses", "tree", "left", "of"]
CAPTION = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9)
TOLD = st.tuples(CAPTION, st.lists(CAPTION, min_size=1, max_size=3))
PICTURES = st.lists(TOLD, min_size=1, max_size=5)


def unzipped(pictures: Sequence[tuple]) -> tuple[Candidates, References]:
    return [candidate for candidate, _ in pictures], [list(told) for _, told in pictures]


# ── live, on random captions ──────────────────────────────────────────────────────────────────


def by_pycocoevalcap(scorer: Any, candidates: Candidates, references: References) -> tuple:
    said = {row: [" ".join(tokens)] for row, tokens in enumerate(candidates)}
    told = {row: [" ".join(tokens) for tokens in of] for row, of in enumerate(references)}
    options = {"verbose": 0} if isinstance(scorer, Bleu) else {}
    return scorer.compute_score(told, said, **options)


@settings(deadline=None)
@given(PICTURES)
def test_bleu_is_that_of_pycocoevalcap(pictures) -> None:
    corpus, each = by_pycocoevalcap(Bleu(4), *unzipped(pictures))
    assert bleu(*unzipped(pictures)) == pytest.approx(corpus, abs=1e-9)
    assert sentence_bleu(*unzipped(pictures)) == pytest.approx(np.array(each).T, abs=1e-9)


@settings(deadline=None)
@given(PICTURES)
def test_rouge_l_is_that_of_pycocoevalcap(pictures) -> None:
    mean, each = by_pycocoevalcap(Rouge(), *unzipped(pictures))
    assert rouge_l(*unzipped(pictures)) == pytest.approx(mean)
    assert sentence_rouge_l(*unzipped(pictures)) == pytest.approx(each)


@settings(deadline=None)
@given(PICTURES)
def test_cider_d_is_that_of_pycocoevalcap(pictures) -> None:
    mean, each = by_pycocoevalcap(Cider(), *unzipped(pictures))
    assert cider_d(*unzipped(pictures)) == pytest.approx(mean, abs=1e-9)
    assert sentence_cider_d(*unzipped(pictures)) == pytest.approx(each, abs=1e-9)


@settings(deadline=None)
@given(PICTURES)
def test_bleu_is_that_of_sacrebleu(pictures) -> None:
    candidates, references = unzipped(pictures)
    most = max(map(len, references))
    # sacrebleu takes the first reference of each candidate, then the second; None is no reference.
    streams = [[" ".join(of[n]) if n < len(of) else None for of in references] for n in range(most)]
    for order, ours in enumerate(bleu(candidates, references), start=1):
        metric = sacrebleu.BLEU(max_ngram_order=order, smooth_method="none", tokenize="none")
        theirs = metric.corpus_score([" ".join(c) for c in candidates], streams).score / 100
        # Where no n-gram is right theirs is 0, and ours near it.
        assert ours == pytest.approx(theirs) if theirs else ours < 0.04


# ── stored scores ─────────────────────────────────────────────────────────────────────────────


def split_at_blanks(stored: dict[str, Any]) -> tuple[Candidates, References]:
    """The stored tokens; they stand between single blanks."""
    images = stored["images"]
    return (
        [image["cand"].split(" ") for image in images],
        [[reference.split(" ") for reference in image["refs"]] for image in images],
    )


def split_at_any_space(stored: dict[str, Any]) -> tuple[Candidates, References]:
    """The tokens as pycocoevalcap's BLEU and CIDEr take them: "22\xa03/4" (one picture) is two."""
    candidates, references = split_at_blanks(stored)
    again = [[" ".join(tokens).split() for tokens in of] for of in references]
    return [" ".join(tokens).split() for tokens in candidates], again


def stored_scores(stored: dict[str, Any], *names: str) -> np.ndarray:
    return np.squeeze([[image[name] for name in names] for image in stored["images"]])


@pytest.mark.parametrize("name", ["system_captions", "human_captions"])
def test_stored_bleu(name, request) -> None:
    stored = request.getfixturevalue(name)
    tokens = split_at_any_space(stored)
    corpus = [stored["corpus"][order] for order in BLEUS]
    assert bleu(*tokens) == pytest.approx(corpus, abs=FOUR_DIGITS)
    assert sentence_bleu(*tokens) == pytest.approx(stored_scores(stored, *BLEUS), abs=FOUR_DIGITS)


@pytest.mark.parametrize("name", ["system_captions", "human_captions"])
def test_stored_rouge_l(name, request) -> None:
    stored = request.getfixturevalue(name)
    each = sentence_rouge_l(*split_at_blanks(stored))
    assert each == pytest.approx(stored_scores(stored, "ROUGE_L"), abs=FOUR_DIGITS)
    assert each.mean() == pytest.approx(stored["corpus"]["ROUGE_L"], abs=FOUR_DIGITS)


@pytest.mark.parametrize("name", ["system_captions", "human_captions"])
def test_stored_cider(name, request) -> None:
    stored = request.getfixturevalue(name)
    each = sentence_cider_d(*split_at_any_space(stored))
    assert each == pytest.approx(stored_scores(stored, "CIDEr"), abs=FOUR_DIGITS)
    assert each.mean() == pytest.approx(stored["corpus"]["CIDEr"], abs=FOUR_DIGITS)


@pytest.mark.parametrize("name", ["system_captions", "human_captions"])
def test_stored_meteor_as_far_as_equal_words_and_stems_go(name, request) -> None:
    # Synonyms and paraphrases are worth 0.01 to 0.02 of METEOR; what is left goes along with it.
    stored = request.getfixturevalue(name)
    tokens, whole = split_at_any_space(stored), stored_scores(stored, "METEOR")
    each = sentence_meteor(*tokens)
    assert np.corrcoef(each, whole)[0, 1] > 0.93
    assert 0.01 < stored["corpus"]["METEOR"] - meteor(*tokens) < 0.02


def published_tokens(example: dict[str, Any]) -> tuple[Candidates, References]:
    said, told = example["cands"], example["refs"]
    if isinstance(said, dict):
        said, told = list(said.values()), [told[key] for key in said]
    return [tokenize(text) for text in said], [[tokenize(text) for text in of] for of in told]


@pytest.mark.parametrize("name", ["clipscore_good", "clipscore_bad", "nlg_eval", "nlg_eval_single"])
def test_published_examples(published, name) -> None:
    tokens, expected = published_tokens(published[name]), published[name]["expected"]
    scores = dict(zip(BLEUS, bleu(*tokens))) | {
        "ROUGE_L": rouge_l(*tokens),
        "CIDEr": cider_d(*tokens),
    }
    assert scores == pytest.approx({key: expected[key] for key in scores}, abs=FOUR_DIGITS)
    assert 0.6 * expected["METEOR"] < meteor(*tokens) < expected["METEOR"] + 0.01


def test_published_bleu_from_its_counts(published) -> None:
    example = published["coco_caption_fakecap_1000"]
    parts = (example["counts"][key] for key in ("correct", "guess", "testlen", "reflen"))
    scores = bleu_of_counts(BleuCounts(*map(np.array, parts)))
    assert scores == pytest.approx([example["expected"][name] for name in BLEUS], abs=5e-4)


# ── METEOR 1.5, held to exact and stem matching ───────────────────────────────────────────────


def meteor_jar() -> Path:
    package = find_spec("pycocoevalcap")
    assert package is not None
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0], "meteor", "meteor-1.5.jar")


def function_words_of_meteor() -> frozenset[str]:
    with ZipFile(meteor_jar()) as jar:
        return frozenset(jar.read("function/english.words").decode().split())


def by_meteor(candidates: Candidates, references: References) -> np.ndarray:
    """Scores of each candidate by METEOR 1.5, then that of the corpus."""
    if shutil.which("java") is None:
        pytest.skip("METEOR 1.5 needs Java, which is not installed")
    command = ["java", "-Xmx1G", "-jar", str(meteor_jar()), "-", "-"]
    command += ["-stdio", "-l", "en", "-lower", "-m", "exact stem"]
    rows = [[*of, candidate] for candidate, of in zip(candidates, references)]
    asked = ["SCORE ||| " + " ||| ".join(" ".join(tokens) for tokens in row) for row in rows]
    counted = run(command, asked)
    return np.array([float(line) for line in run(command, ["EVAL ||| " + " ||| ".join(counted)])])


def run(command: list[str], lines: list[str]) -> list[str]:
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return done.stdout.strip().split("\n")


def test_meteor_on_random_captions() -> None:
    rng = np.random.default_rng(0)
    words = ["a", "the", "red", "house", "of", "tree", "blue"]  # no two of one stem

    def draw() -> list[str]:
        return list(rng.choice(words, rng.integers(1, 9)))

    candidates, references = [draw() for _ in range(300)], [[draw(), draw()] for _ in range(300)]
    candidates[0], candidates[1] = references[0][0], references[1][1]
    *each, corpus = by_meteor(candidates, references)
    listed = function_words_of_meteor()
    assert sentence_meteor(candidates, references, listed) == pytest.approx(each, abs=FOUR_DIGITS)
    assert meteor(candidates, references, listed) == pytest.approx(corpus, abs=FOUR_DIGITS)


def test_meteor_on_captions_of_a_system(system_captions) -> None:
    tokens, listed = split_at_any_space(system_captions), function_words_of_meteor()
    *each, corpus = by_meteor(*tokens)
    assert sentence_meteor(*tokens, listed) == pytest.approx(each, abs=FOUR_DIGITS)
    assert meteor(*tokens, listed) == pytest.approx(corpus, abs=FOUR_DIGITS)


def test_meteor_on_captions_of_people(human_captions) -> None:
    tokens, listed = split_at_any_space(human_captions), function_words_of_meteor()
    *each, corpus = by_meteor(*tokens)
    apart = np.abs(sentence_meteor(*tokens, listed) - each) > FOUR_DIGITS
    # As the docstring of the module tells: where a stem has several partners.
    assert apart.sum() == 17
    assert meteor(*tokens, listed) == pytest.approx(corpus, abs=2e-4)
