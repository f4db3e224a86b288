"""The notebook panel draws, sorts, edits, and explains."""

from __future__ import annotations

from cmlearn.apps.studio import panel as panels
from cmlearn.apps.studio.layouts import ORDERS
from cmlearn.apps.studio.panel import build_studio_panel, drawn_as_html


def test_the_panel_draws_and_changes_a_word(tiny):
    panel = build_studio_panel(tiny, "a red house at night")
    box, row, result = panel.children
    seeds, order, edit = row.children
    first = result.value
    assert first.startswith("<img") and 'alt="4 pictures of “a red house at night”' in first
    edit.value = "a blue house at night"
    assert "“a blue house at night”" in result.value
    box.value = "two red houses"
    assert edit.value == "" and "“two red houses”" in result.value
    before = result.value
    seeds.value = 3
    assert result.value != before
    assert tuple(order.options) == tuple(ORDERS)
    box.value = "<b>cat</b>"
    assert "<b>" not in result.value and "not known" in result.value


def test_a_new_sentence_after_an_edit_is_drawn_once(tiny, monkeypatch):
    panel = build_studio_panel(tiny, "a red house")
    box, row, result = panel.children
    edit = row.children[2]
    asked: list[str] = []
    monkeypatch.setattr(panels, "drawn_as_html", lambda _, words, *rest: asked.append(words) or "")
    edit.value = "a blue house"
    box.value = "a tree"
    box.value = "a star"
    assert asked == ["a blue house", "a tree", "a star"]


def test_a_long_text_has_nothing_to_change(tiny, monkeypatch):
    monkeypatch.setattr(panels, "replacements", None)  # it would take minutes
    panel = build_studio_panel(tiny, "a house " * 2000)
    assert [label for label, _ in panel.children[1].children[2].options] == ["nothing"]
    assert "letters" in panel.children[2].value


def test_what_cannot_be_drawn_is_text(tiny):
    assert "&quot;b&quot; is not known" in drawn_as_html(tiny, "<b>house</b>", 0)
