"""The notebook panel draws, sorts, edits, and explains."""

from __future__ import annotations

from cmlearn.apps.studio.panel import ORDERS, build_studio_panel, drawn_as_html


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


def test_what_cannot_be_drawn_is_text(tiny):
    assert "&quot;b&quot; is not known" in drawn_as_html(tiny, "<b>house</b>", 0)
