"""Figures are shown with their alternative text, and the same way every time."""

from __future__ import annotations

import base64
import re
import struct

import pytest
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt

from cmlearn.viz.display import image_tag, png_bytes, show


def a_figure(height: float = 2.0) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(3, height))
    axes.plot([1, 3, 2])
    return figure


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(monkeypatch, figure, alt):
    """What `show` hands to IPython."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data))
    show(figure, alt)
    (bundle,) = bundles
    return bundle


def test_the_output_carries_picture_and_text(monkeypatch):
    bundle = shown(monkeypatch, a_figure(), alt="A line that rises, then falls.")
    assert bundle["text/plain"] == "A line that rises, then falls."
    assert 'alt="A line that rises, then falls."' in bundle["text/html"]
    data = re.search(r"base64,([A-Za-z0-9+/=]+)", bundle["text/html"])[1]
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_no_bare_image_beside_it(monkeypatch):
    # JupyterLab gives a bare image/png no alternative text, and the picture would be stored twice.
    bundle = shown(monkeypatch, a_figure(), alt="A line.")
    assert set(bundle) == {"text/html", "text/plain"}


def test_the_figure_is_closed(monkeypatch):
    shown(monkeypatch, a_figure(), alt="A line.")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_alternative_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt is empty"):
        show(a_figure(), alt)


def test_quotes_and_angles_cannot_break_out_of_the_attribute():
    tag = image_tag(b"png", 'says "<b>" & more\non two lines')
    assert 'alt="says &quot;&lt;b&gt;&quot; &amp; more on two lines"' in tag


def test_the_same_figure_gives_the_same_bytes():
    assert png_bytes(a_figure()) == png_bytes(a_figure())


def test_no_date_and_no_version_in_the_png():
    assert b"tEXt" not in png_bytes(a_figure())


def test_the_size_follows_the_dpi():
    small, large = (
        struct.unpack(">II", png_bytes(a_figure(), dpi=dpi)[16:24]) for dpi in (50, 100)
    )
    assert large[0] == pytest.approx(2 * small[0], abs=3)


def test_show_displays_in_a_real_shell():
    with capture_output() as captured:
        show(a_figure(), alt="A line.")
    assert "A line." in captured.stdout or captured.outputs
