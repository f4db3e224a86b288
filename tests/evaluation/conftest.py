"""Captions with the scores that the reference implementations gave them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def system_captions(real: Path) -> dict[str, Any]:
    """What a captioning system said of 126 pictures of COCO."""
    return json.loads((real / "metrics" / "coco_fakecap126_reference.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def human_captions(real: Path) -> dict[str, Any]:
    """One human caption of each of COCO's 5,000 val pictures, beside the others of its picture."""
    path = real / "metrics" / "coco_val2017_leave_one_out_reference.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="session")
def published(real: Path) -> dict[str, Any]:
    """Small examples with the scores that their authors published."""
    return json.loads((real / "metrics" / "expected_small.json").read_text("utf-8"))
