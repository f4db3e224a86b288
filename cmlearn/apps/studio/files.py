"""Writes drawings as PNG with their settings inside, as contact sheets, and reads them back."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngImageFile, PngInfo

from cmlearn.apps.studio.drawing import Drawing, Settings
from cmlearn.viz.style import GREEN, INK, MUTED, RED

KEY = "cmlearn-studio"  # of the text chunk that holds the settings as JSON
MAX_BYTES = 4_000_000  # of a file that is read
SIDE, GAP, MARGIN = 256, 24, 48  # pixels of a picture on a sheet, between pictures, around them
LINE = 22  # height of a line of text
LETTERS = 32  # in a line of a sentence below a picture
LINES = 5  # of findings below a picture
DPI = 150  # of the PDF
FOREIGN = "The settings in this PNG cannot be used. They are not those of the studio."


def to_png(drawing: Drawing, picture: np.ndarray | None = None, how: str = "") -> bytes:
    """Return a PNG with the caption, seed, index, steps, guidance and model in its metadata.

    Args:
        drawing: what to save.
        picture: an enlarged version to save in place of the drawn one, (H, W, 3) uint8 RGB.
        how: how it was enlarged.
    """
    info = PngInfo()
    about = {**asdict(drawing.settings), "model": drawing.model, "enlarged": how}
    info.add_text("Description", drawing.settings.nearer)
    info.add_text(KEY, json.dumps(about))
    stream = io.BytesIO()
    image = Image.fromarray(drawing.picture if picture is None else picture)
    image.save(stream, "png", pnginfo=info, optimize=True)
    return stream.getvalue()


def read_settings(data: bytes) -> tuple[Settings, str]:
    """Read the settings that `to_png` wrote into a file; its pixels are not decoded.

    Args:
        data: the bytes of the file.

    Returns:
        The settings, and the fingerprint of the model that drew the picture.

    Raises:
        ValueError: the file is too large, no PNG, or has no such settings, or bad ones.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        raise ValueError(f"The file has {size}, and at most {MAX_BYTES / 1e6:.0f} MB are read.")
    try:
        with PngImageFile(io.BytesIO(data)) as image:
            text = image.info.get(KEY)
    except (SyntaxError, OSError, ValueError, EOFError) as error:
        raise ValueError("This file is no PNG, or it is damaged: drop a saved picture.") from error
    if not isinstance(text, str):
        raise ValueError("This PNG has no settings of the studio in it: drop a saved picture.")
    return _settings(text)


def sheet_png(drawings: Sequence[Drawing | None], columns: int = 4, title: str = "") -> bytes:
    """Return a contact sheet as a PNG; see `sheet`."""
    stream = io.BytesIO()
    sheet(drawings, columns, title).save(stream, "png", optimize=True)
    return stream.getvalue()


def sheet_pdf(drawings: Sequence[Drawing | None], columns: int = 4, title: str = "") -> bytes:
    """Return a contact sheet as a PDF of one page; see `sheet`."""
    stream = io.BytesIO()
    page = sheet(drawings, columns, title)
    page.save(stream, "pdf", resolution=DPI, quality=95, title=title or "Contact sheet")
    return stream.getvalue()


def sheet(drawings: Sequence[Drawing | None], columns: int = 4, title: str = "") -> Image.Image:
    """Lay pictures out as a contact sheet, each above its number and its claims.

    Pictures of different sentences, as in a grid, have their sentence below them too.

    Args:
        drawings: at least one; the place of None stays empty.
        columns: pictures in a row.
        title: above all; by default the sentence of the first.

    Raises:
        ValueError: there are no drawings.
    """
    drawn = [drawing for drawing in drawings if drawing]
    if not drawn:
        raise ValueError("drawings is empty: draw pictures before you save a contact sheet")
    columns = min(columns, len(drawings))
    rows = -(-len(drawings) // columns)
    names = _names(drawn)
    extra = max(map(len, names.values()))  # lines of the longest sentence
    cell = (SIDE + GAP, SIDE + (LINES + 1 + extra) * LINE + GAP)
    width = 2 * MARGIN + columns * cell[0] - GAP
    page = Image.new("RGB", (width, 2 * MARGIN + LINE * 2 + rows * cell[1] - GAP), "white")
    pen = ImageDraw.Draw(page)
    heading = title or drawn[0].settings.sentence
    size = min(26, max(12, int(1.6 * (width - 2 * MARGIN) / len(heading))))
    pen.text((MARGIN, MARGIN), heading, INK, _font(size))
    for number, drawing in enumerate(drawings):
        row, column = divmod(number, columns)
        corner = (MARGIN + column * cell[0], MARGIN + LINE * 2 + row * cell[1])
        if drawing:
            _put(page, pen, drawing, corner, names[drawing.settings.nearer])
    return page


def _names(drawn: Sequence[Drawing]) -> dict[str, list[str]]:
    """Return the lines of each sentence; none if there is only one, which is the title."""
    sentences = {drawing.settings.nearer for drawing in drawn}
    if len(sentences) == 1:
        return {sentence: [] for sentence in sentences}
    return {sentence: textwrap.wrap(sentence, LETTERS) for sentence in sentences}


def _put(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    drawing: Drawing,
    corner: tuple[int, int],
    name: Sequence[str],
) -> None:
    """Draw one picture with the lines of its name and its claims onto a sheet."""
    left, top = corner
    large = Image.fromarray(drawing.picture).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    page.paste(large, corner)
    at = drawing.settings
    pen.text((left, top + SIDE + 4), f"seed {at.seed}, no. {at.index + 1}", MUTED, _font(14))
    for line, words in enumerate(name, start=1):
        pen.text((left, top + SIDE + 4 + line * LINE), words, INK, _font(14))
    for line, (mark, text, colour) in enumerate(_lines(drawing), start=1 + len(name)):
        pen.text((left, top + SIDE + 4 + line * LINE), f"{mark} {text}", colour, _font(15))


def _lines(drawing: Drawing) -> list[tuple[str, str, str]]:
    """Return up to `LINES` findings about a drawing: the false ones first, for want of room."""
    found = sorted(drawing.findings, key=lambda finding: finding[1])
    lines = [("✓", text, GREEN) if true else ("✗", text, RED) for text, true in found]
    if len(lines) <= LINES:
        return lines
    return [*lines[: LINES - 1], ("", f"and {len(lines) - LINES + 1} more", MUTED)]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which has ✓ and ✗, from matplotlib's own files."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size)


def _settings(text: str) -> tuple[Settings, str]:
    """Read the JSON of a text chunk; anybody may have written it."""
    try:
        values: dict[str, Any] = json.loads(text)
        known = {field.name: values[field.name] for field in fields(Settings)}
        model = str(values["model"])[:40]
        model.encode()  # half a surrogate pair cannot be sent on
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(FOREIGN) from error
    try:
        return Settings(**known), model
    except TypeError as error:
        raise ValueError(FOREIGN) from error
    except ValueError as error:
        raise ValueError(f"The settings in this PNG cannot be used. {error}"[:300]) from error
