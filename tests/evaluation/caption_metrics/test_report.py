"""Tests of cmlearn.evaluation.caption_metrics.report, and of the command that prints it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cmlearn.__main__ import app
from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.evaluation.caption_metrics.bleu import bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d
from cmlearn.evaluation.caption_metrics.corpus_scores import reference_scores
from cmlearn.evaluation.caption_metrics.report import as_table, score_results
from cmlearn.evaluation.caption_metrics.rouge import rouge_l
from cmlearn.text.cleaning import tokenize

CAPTIONS = {
    1: ("A dog runs on the grass.", "A brown dog is running."),
    2: ("Two people ride horses.", "A man and a woman on horses."),
    3: ("A red bus in the street.", "The red bus has stopped."),
    4: ("A cat sleeps on a bed.", "A grey cat, asleep."),
}
SAID = {1: "A dog is running on grass", 2: "two horses", 3: "a bus", 4: "A cat on a bed."}


class Folder:
    """A folder with annotations and results."""

    def __init__(self, path: Path):
        self.annotations, self.results = path / "annotations.json", path / "results.json"
        self.annotate(CAPTIONS)

    def annotate(self, captions: dict[int, tuple[str, ...]]) -> None:
        entries = [{"image_id": i, "caption": c} for i, of in captions.items() for c in of]
        content = {"images": [{"id": image_id} for image_id in captions], "annotations": entries}
        self.annotations.write_text(json.dumps(content), "utf-8")

    def say(self, captions: dict[int, str]) -> None:
        entries = [{"image_id": image_id, "caption": c} for image_id, c in captions.items()]
        self.results.write_text(json.dumps(entries), "utf-8")

    def evaluate(self, *options: str) -> Result:
        arguments = ["evaluate", str(self.results), "--annotations", str(self.annotations)]
        return CliRunner().invoke(
            app, [*arguments, "--resamples", "100", *options], catch_exceptions=False
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def corpus(captions: dict[int, str], references: dict[int, tuple[str, ...]]) -> dict[str, float]:
    ids = sorted(captions)
    told = [[tokenize(text) for text in references[i]] for i in ids]
    return reference_scores([tokenize(captions[i]) for i in ids], told)


def scores_of(outcome: Result) -> dict[str, float]:
    assert outcome.exit_code == 0, outcome.stderr
    return {name: each["score"] for name, each in json.loads(outcome.stdout)["scores"].items()}


def test_the_table_has_the_scores_of_the_plain_functions(folder: Folder) -> None:
    folder.say(SAID)
    outcome = folder.evaluate()
    assert outcome.exit_code == 0
    assert outcome.stderr == ""
    table, _, notes = outcome.stdout.partition("\n\n")
    head, *rows = table.split("\n")
    assert head.split() == ["metric", "score", "95", "%", "interval"]
    found = {row[:20].strip(): [float(n) for n in row[20:].split() if n != "to"] for row in rows}
    expected = corpus(SAID, CAPTIONS)
    assert list(found) == list(expected)
    assert {name: row[0] for name, row in found.items()} == pytest.approx(expected, abs=5e-5)
    assert all(low <= score <= high and low < high for score, low, high in found.values())
    assert len({len(row) for row in rows}) == 1, "the columns are aligned"
    assert notes.startswith("Images scored: 4.\nIntervals: percentile bootstrap over images, 100 ")
    assert "CIDEr-D: document frequencies of all scored images" in notes
    assert "fewer than 30 images" in notes
    assert "zero" not in notes
    assert "Only the images" not in notes
    assert "--leave-one-out" not in notes


def test_the_same_call_prints_the_same(folder: Folder) -> None:
    folder.say(SAID)
    assert folder.evaluate("--json").stdout == folder.evaluate("--json").stdout


def test_a_missing_caption_scores_zero_and_is_named(folder: Folder) -> None:
    folder.say({1: SAID[1], 2: " ", 3: "..."})
    outcome = folder.evaluate()
    assert "3 of 4 images have no caption and score zero: 2, 3, 4.\n" in outcome.stdout
    rouge = scores_of(folder.evaluate("--json"))["ROUGE-L"]
    assert rouge == pytest.approx(corpus({1: SAID[1]}, CAPTIONS)["ROUGE-L"] / 4)


def test_only_the_first_missing_ones_are_named(folder: Folder) -> None:
    folder.annotate(dict.fromkeys(range(1, 1010), ("a dog", "a cat")))
    folder.say({1009: "a dog"})
    outcome = folder.evaluate()
    said = "1,008 of 1,009 images have no caption and score zero: 1, 2, 3, 4, 5 and 1,003 more.\n"
    assert said in outcome.stdout
    assert "fewer than 30" not in outcome.stdout


def test_only_results_leaves_the_other_images_out(folder: Folder) -> None:
    some = {4: SAID[4], 1: SAID[1]}
    folder.say(some)
    outcome = folder.evaluate("--only-results")
    assert "Only the images that the results list are scored: 2 more images" in outcome.stdout
    assert "score zero" not in outcome.stdout
    found = scores_of(folder.evaluate("--only-results", "--json"))
    assert found == pytest.approx(corpus(some, CAPTIONS))


def test_an_empty_caption_scores_zero_also_among_only_results(folder: Folder) -> None:
    folder.say({1: SAID[1], 2: ""})
    outcome = folder.evaluate("--only-results")
    assert "1 of 2 images have no caption and score zero: 2." in outcome.stdout


def test_human_captions_are_left_out_of_their_references(folder: Folder) -> None:
    human = {image_id: captions[1] for image_id, captions in CAPTIONS.items()}
    folder.say(human)
    outcome = folder.evaluate()
    assert "4 of 4 captions are equal to one of their own references" in outcome.stdout
    assert scores_of(folder.evaluate("--json"))["BLEU-4"] == pytest.approx(1)
    others = {image_id: captions[:1] for image_id, captions in CAPTIONS.items()}
    found = scores_of(folder.evaluate("--leave-one-out", "--json"))
    assert found == pytest.approx(corpus(human, others))
    assert "--leave-one-out" not in folder.evaluate("--leave-one-out").stdout


def test_images_that_nobody_captioned_are_not_scored(folder: Folder) -> None:
    folder.annotate({**CAPTIONS, 5: (), 6: ("!",)})
    folder.say({**SAID, 5: "a dog"})
    outcome = folder.evaluate()
    assert "2 images have no reference and are not scored: 5, 6.\n" in outcome.stdout
    assert scores_of(folder.evaluate("--json")) == pytest.approx(corpus(SAID, CAPTIONS))


def test_nothing_to_score(folder: Folder) -> None:
    folder.annotate({1: ("?",), 2: ("a dog",)})
    folder.say({1: "a dog"})
    with pytest.raises(CaptionFileError, match=r"annotations\.json has no caption of an image"):
        score_results(folder.results, folder.annotations, only_results=True)


def test_json_tells_what_the_notes_tell(folder: Folder) -> None:
    folder.annotate({**CAPTIONS, 5: ("!",)})
    folder.say({1: SAID[1], 2: ""})
    content = json.loads(folder.evaluate("--json").stdout)
    scores = content.pop("scores")
    assert set(scores["CIDEr-D"]) == {"score", "low", "high"}
    assert content == {
        "confidence": 0.95,
        "resamples": 100,
        "seed": 0,
        "images": 4,
        "without_caption": [2, 3, 4],
        "without_reference": [5],
        "not_listed": 0,
        "copies": 0,
    }


def test_csv_has_the_scores_of_each_image(folder: Folder, tmp_path: Path) -> None:
    folder.say({4: SAID[4], 1: 'a "dog", running', 2: SAID[2]})
    outcome = folder.evaluate("--csv", str(tmp_path / "scores.csv"))
    assert outcome.exit_code == 0
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["image_id", "caption", *corpus(SAID, CAPTIONS)]
    assert [row["image_id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["caption"] for row in rows] == ['a "dog", running', SAID[2], "", SAID[4]]
    found = scores_of(folder.evaluate("--json"))
    for metric in ("ROUGE-L", "CIDEr-D"):  # their corpus scores are means
        each = [float(row[metric]) for row in rows]
        assert np.mean(each) == pytest.approx(found[metric], abs=1e-6)
        assert each[2] == 0


def test_the_table_is_printed_even_if_the_csv_cannot_be_written(
    folder: Folder, tmp_path: Path
) -> None:
    folder.say(SAID)
    outcome = folder.evaluate("--csv", str(tmp_path / "nowhere" / "scores.csv"))
    assert outcome.exit_code == 1
    assert "CIDEr-D" in outcome.stdout
    assert outcome.stderr.startswith("cmlearn: [Errno 2]")


def test_a_wrong_file_is_one_line(folder: Folder) -> None:
    folder.say({1: "a dog", 99: "a cat"})
    outcome = folder.evaluate()
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "results.json: results[1] is about image 99" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_wrong_usage(folder: Folder) -> None:
    outcome = folder.evaluate()
    assert outcome.exit_code == 2
    assert "results.json' does not exist" in outcome.stderr


# ── real captions ─────────────────────────────────────────────────────────────────────────────


def test_human_captions_of_coco(real: Path) -> None:
    """Their scores are those of the first edition, and its intervals have plausible widths."""
    report = score_results(
        real / "cases" / "results_leave_one_out.json",
        real / "coco" / "annotations" / "captions_val2017.json",
        only_results=True,
        leave_one_out=True,
        progress=False,
    )
    assert "4,500 more images" in as_table(report)
    bleu, cider = report.intervals["BLEU-4"], report.intervals["CIDEr-D"]
    assert bleu.score == pytest.approx(0.2072, abs=5e-5)
    assert cider.score == pytest.approx(0.957, abs=5e-4)
    assert 0.03 < bleu.high - bleu.low < 0.04
    assert 0.1 < cider.high - cider.low < 0.13


def test_the_difference_to_the_ptb_tokenizer_is_what_the_help_says(
    real: Path, human_captions: dict
) -> None:
    annotations = real / "coco" / "annotations" / "captions_val2017.json"
    results = real / "cases" / "results_leave_one_out.json"
    ours = score_results(
        results, annotations, resamples=1, only_results=True, leave_one_out=True, progress=False
    )
    images = [each for each in human_captions["images"] if each["image_id"] in ours.captions]
    ptb = reference_scores(
        [image["cand"].split() for image in images],
        [[reference.split() for reference in image["refs"]] for image in images],
    )
    more = {name: ours.intervals[name].score - ptb[name] for name in ptb}
    assert more.pop("CIDEr-D") == pytest.approx(0.007, abs=5e-4)
    assert min(more.values()) > 0
    assert max(more.values()) == pytest.approx(0.0013, abs=5e-5)


def test_the_difference_on_all_of_val2017_is_what_the_help_says(
    real: Path, human_captions: dict
) -> None:
    """Each human caption is the first of its image, in the order of ids of annotations."""
    content = json.loads((real / "coco" / "annotations" / "captions_val2017.json").read_text())
    captions: dict[int, list[list[str]]] = {}
    for entry in sorted(content["annotations"], key=lambda entry: entry["id"]):
        captions.setdefault(entry["image_id"], []).append(tokenize(entry["caption"]))
    ids = [image["image_id"] for image in human_captions["images"]]
    tokens = [captions[i][0] for i in ids], [captions[i][1:] for i in ids]
    ptb = human_captions["corpus"]
    more = [ours - ptb[f"Bleu_{n}"] for n, ours in enumerate(bleu(*tokens), start=1)]
    more.append(rouge_l(*tokens) - ptb["ROUGE_L"])
    assert min(more) > 0
    assert max(more) == pytest.approx(0.0005, abs=5e-5)
    assert cider_d(*tokens) - ptb["CIDEr"] == pytest.approx(0.003, abs=5e-4)
