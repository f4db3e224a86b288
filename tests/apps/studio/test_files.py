"""Files carry their settings, and a stranger's file gets a clear word."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cmlearn.apps.studio.drawing import Drawing, Settings, draw_pictures
from cmlearn.apps.studio.enlarging import redraw
from cmlearn.apps.studio.files import (
    KEY,
    MAX_BYTES,
    read_settings,
    sheet,
    sheet_pdf,
    sheet_png,
    to_png,
)
from tests.apps.studio.conftest import HOUSE, TREE, drawing_of, unreadable

ALL = Settings("a red house", 7, 3, 9, 1.25, "a tree at night", 0.25)


def png_with(text: str | None, key: str = KEY) -> bytes:
    info, stream = PngInfo(), io.BytesIO()
    if text is not None:
        info.add_text(key, text)
    Image.new("RGB", (8, 8)).save(stream, "png", pnginfo=info)
    return stream.getvalue()


def test_settings_and_pixels_survive_the_file():
    drawing = Drawing(ALL, drawing_of("a red house", HOUSE).picture, None, "flow-abc")
    data = to_png(drawing)
    assert read_settings(data) == (ALL, "flow-abc")
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), drawing.picture)
        assert image.info["Description"] == "a red house"


def test_what_is_read_back_draws_the_same_picture(tiny):
    first = draw_pictures(tiny, [Settings("two red houses", 4, 2, steps=3)])[0]
    again = draw_pictures(tiny, [read_settings(to_png(first))[0]])[0]
    assert np.array_equal(first.picture, again.picture)


def test_the_end_of_a_strip_is_drawn_from_a_file_that_a_browser_wrote(tiny):
    about = {**vars(ALL), "mix": 1, "model": "flow-abc"}  # 1.0 in JavaScript's JSON
    last, _ = read_settings(png_with(json.dumps(about)))
    assert isinstance(last.mix, int)
    end = draw_pictures(tiny, [last])[0]
    assert np.array_equal(end.picture, draw_pictures(tiny, [replace(ALL, mix=1.0)])[0].picture)


def test_an_enlarged_picture_keeps_its_settings_and_says_how():
    drawing = drawing_of("a red house", HOUSE)
    data = to_png(drawing, redraw(drawing, 128), "drawn anew")
    assert read_settings(data)[0] == drawing.settings
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (128, 128)
        assert json.loads(image.info[KEY])["enlarged"] == "drawn anew"


GOOD = {**vars(ALL), "model": "flow-abc"}


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "no PNG"),
        (b"GIF89a" + bytes(50), "no PNG"),
        (b"a red house", "no PNG"),
        (png_with(None)[:40], "no PNG|no settings"),
        (png_with(None), "no settings"),
        (png_with("{}", "parameters"), "no settings"),
        (png_with("{"), "not those of the studio"),
        (png_with("[1, 2]"), "not those of the studio"),
        (png_with("null"), "not those of the studio"),
        (png_with("[" * 100_000), "not those of the studio"),
        (png_with("{}"), "not those of the studio"),
        (png_with(json.dumps({**GOOD, "other": None})), "not those of the studio"),
        (png_with(json.dumps({**GOOD, "sentence": 3})), "not those of the studio"),
        (png_with(json.dumps({**GOOD, "model": "\ud800"})), "not those of the studio"),
        (png_with(json.dumps({**GOOD, "sentence": "\ud800 house"})), "Only English"),
        (png_with(json.dumps({**GOOD, "guidance": 10**400})), "guidance"),
        (png_with(json.dumps({**GOOD, "seed": -1})), "seed"),
        (png_with(json.dumps({**GOOD, "sentence": "<img src=x>"})), "img"),
        (png_with(json.dumps({**GOOD, "sentence": "a house " * 2000})), "letters"),
        (bytes(MAX_BYTES + 1), "at most 4 MB"),
    ],
)
def test_other_files_get_a_clear_word(data, named):
    with pytest.raises(ValueError, match=named) as caught:
        read_settings(data)
    assert len(str(caught.value)) <= 300


def test_a_sheet_has_all_pictures_with_room_for_words():
    drawings = [
        drawing_of("a red house left of a tree at night", HOUSE, TREE, index=i) for i in range(3)
    ]
    page = sheet([*drawings, unreadable("a red house"), drawings[0]], 4, "a title")
    pixels = np.asarray(page)
    assert page.size[0] > page.size[1] / 2
    large = drawings[0].picture.repeat(4, 0).repeat(4, 1)
    column = pixels[:, 48:304]
    found = [y for y in range(page.height - 255) if np.array_equal(column[y : y + 256], large)]
    assert len(found) == 2
    with pytest.raises(ValueError, match="empty"):
        sheet([])


def test_a_place_without_a_picture_stays_empty_and_sentences_are_named():
    house = drawing_of("a red house at night", HOUSE)
    tree = drawing_of("a small green tree at night left of a big red house", TREE)
    pixels = np.asarray(sheet([house, None, None, tree], 2, "a title"))
    side, step = 256, 256 + 24
    below = pixels[48 + 44 + side :]
    named = (below[30:48, 48 : 48 + step] < 200).any()
    assert named
    assert (pixels[48 + 44 : 48 + 44 + side, 48 + step : 48 + step + side] == 255).all()
    large = tree.picture.repeat(4, 0).repeat(4, 1)
    column = pixels[:, 48 + step : 48 + step + side]
    tops = range(len(pixels) - side + 1)
    assert [y for y in tops if np.array_equal(column[y : y + side], large)]
    alike = sheet([house, house], 2)
    assert sheet([house, tree], 2).height == alike.height + 2 * 22  # two lines of the long sentence
    with pytest.raises(ValueError, match="empty"):
        sheet([None])


def test_sheets_are_written_as_png_and_pdf():
    drawings = [drawing_of("a red house", HOUSE)]
    with Image.open(io.BytesIO(sheet_png(drawings))) as image:
        assert image.format == "PNG"
    pdf = sheet_pdf(drawings, title="a “red” house")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert pdf.count(b"/Type /Page\n") == 1
