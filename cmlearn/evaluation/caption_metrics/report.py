"""Score a file of results and format the scores as a table, JSON or CSV.

Both sides are split into words by `cmlearn.text.cleaning.tokenize`. pycocoevalcap uses the PTB
tokenizer of Stanford CoreNLP, which keeps hyphens and some full stops inside words. On human
captions of COCO, each scored against the others of its image, the scores with `tokenize` are
higher: by 0.0005 at most on 5,000 images and by 0.0013 on 500 of them, CIDEr-D by 0.003 and 0.007.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.results import exclude_captions, read_references, read_results
from cmlearn.evaluation.caption_metrics.intervals import (
    Interval,
    Statistics,
    bootstrap,
    image_statistics,
    scores,
)
from cmlearn.text.cleaning import tokenize

CONFIDENCE = 0.95
SEED = 0  # of the resamples
NAMED = 5  # image ids that a note lists
FEW_IMAGES = 30  # with fewer, a percentile interval is clearly too narrow


@dataclass(frozen=True)
class Report:
    """Scores of the captions of N images.

    Attributes:
        captions: the caption of each scored image, by image id; empty if there is none.
        statistics: of the N images, in the order of `captions`.
        intervals: corpus score and interval of each metric.
        resamples: number of resamples behind the intervals.
        without_caption: ids of scored images whose caption is missing or has no words.
        without_reference: ids of images that have no reference and are not scored.
        not_listed: number of images that are not scored because the results do not list them.
        copies: number of captions that are equal to a reference of their image.
    """

    captions: Mapping[int, str]
    statistics: Statistics
    intervals: Mapping[str, Interval]
    resamples: int
    without_caption: Sequence[int]
    without_reference: Sequence[int]
    not_listed: int
    copies: int


def score_results(
    results: Path,
    annotations: Path,
    *,
    resamples: int = 1000,
    only_results: bool = False,
    leave_one_out: bool = False,
    progress: bool = True,
) -> Report:
    """Score the captions of a file of results against the captions of the annotations.

    Args:
        results: JSON in COCO's results format.
        annotations: JSON in COCO's layout of captions.
        resamples: number of bootstrap resamples over images.
        only_results: score only the images that the results list. Otherwise every image of the
            annotations is scored, and scores zero without a caption.
        leave_one_out: the captions are human ones from the annotations; remove each of them from
            its references.
        progress: show a bar on stderr after two seconds.

    Raises:
        CaptionFileError: a file cannot be read (see `read_results`, `read_references` and
            `exclude_captions`), or no image has a reference.
    """
    references = read_references(annotations)
    captions = read_results(results, references)
    if leave_one_out:
        references = exclude_captions(references, captions)
    listed = captions if only_results else references
    expected = {image_id: references[image_id] for image_id in references if image_id in listed}
    tokenized = {image_id: _token_lists(texts) for image_id, texts in expected.items()}
    scored = [image_id for image_id in tokenized if tokenized[image_id]]
    if not scored:
        raise CaptionFileError(f"{annotations} has no caption of an image that is to be scored")
    candidates = [tokenize(captions.get(image_id, "")) for image_id in scored]
    statistics = image_statistics(
        candidates, [tokenized[image_id] for image_id in scored], progress=progress
    )
    return Report(
        captions={image_id: captions.get(image_id, "") for image_id in scored},
        statistics=statistics,
        intervals=bootstrap(statistics, resamples, np.random.default_rng(SEED), CONFIDENCE),
        resamples=resamples,
        without_caption=[i for i, tokens in zip(scored, candidates) if not tokens],
        without_reference=[image_id for image_id in tokenized if not tokenized[image_id]],
        not_listed=len(references) - len(expected),
        copies=sum(tokens in tokenized[i] for i, tokens in zip(scored, candidates)),
    )


def as_table(report: Report) -> str:
    """Return an aligned line for each metric, then notes on what was scored."""
    width = max(map(len, report.intervals))
    rows = [
        f"{name:{width}}  {score:7.4f}   {low:.4f} to {high:.4f}"
        for name, (score, low, high) in report.intervals.items()
    ]
    return "\n".join([f"{'metric':{width}}    score   95 % interval", *rows, "", *_notes(report)])


def as_json(report: Report) -> str:
    """Return the table, and the counts of its notes, as a JSON object."""
    content = {
        "scores": {name: interval._asdict() for name, interval in report.intervals.items()},
        "confidence": CONFIDENCE,
        "resamples": report.resamples,
        "seed": SEED,
        "images": len(report.captions),
        "without_caption": list(report.without_caption),
        "without_reference": list(report.without_reference),
        "not_listed": report.not_listed,
        "copies": report.copies,
    }
    return json.dumps(content, indent=2)


def write_csv(report: Report, file: Path) -> None:
    """Write the scores of each image: image_id, caption, and one column for each metric.

    BLEU of a single caption is not smoothed: without a matching 4-gram its BLEU-4 is about 0.
    """
    each = scores(report.statistics)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image_id", "caption", *each])
        for (image_id, caption), row in zip(report.captions.items(), zip(*each.values())):
            writer.writerow([image_id, caption, *(f"{value:.6f}" for value in row)])


def _token_lists(captions: Sequence[str]) -> list[list[str]]:
    return [tokens for tokens in map(tokenize, captions) if tokens]


def _notes(report: Report) -> list[str]:
    images = len(report.captions)
    notes = [
        f"Images scored: {images:,}.",
        f"Intervals: percentile bootstrap over images, {report.resamples:,} resamples.",
        "CIDEr-D: document frequencies of all scored images, the same in every resample.",
    ]
    if report.not_listed:
        notes.append(
            f"Only the images that the results list are scored: {report.not_listed:,} more images "
            "of the annotations are not."
        )
    if report.without_caption:
        notes.append(
            f"{len(report.without_caption):,} of {images:,} images have no caption and score "
            f"zero: {_some(report.without_caption)}."
        )
    if report.without_reference:
        notes.append(
            f"{len(report.without_reference):,} images have no reference and are not scored: "
            f"{_some(report.without_reference)}."
        )
    if report.copies > images / 2:
        notes.append(
            f"{report.copies:,} of {images:,} captions are equal to one of their own references. "
            "If people wrote them, use --leave-one-out."
        )
    if images < FEW_IMAGES:
        notes.append(f"With fewer than {FEW_IMAGES} images the intervals are too narrow.")
    return notes


def _some(image_ids: Sequence[int]) -> str:
    more = len(image_ids) - NAMED
    named = ", ".join(map(str, image_ids[:NAMED]))
    return f"{named} and {more:,} more" if more > 0 else named
