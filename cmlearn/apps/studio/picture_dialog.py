"""The dialog of one picture: its claims, one word changed, enlarged, saved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from cmlearn.apps.studio.drawing import Drawing
from cmlearn.apps.studio.edits import Change, change_word, compare_drawings, replacements
from cmlearn.apps.studio.enlarging import redraw, resample
from cmlearn.apps.studio.files import to_png
from cmlearn.apps.studio.page_parts import chip, claims_list, image, picture, quiet_button, text
from cmlearn.apps.studio.page_style import picture_url
from cmlearn.apps.studio.work_queue import Job, QueueFullError
from cmlearn.data.storybook.parser import words_of

if TYPE_CHECKING:
    from cmlearn.apps.studio.page import Page

LARGE = 512  # pixels of a picture that is drawn anew
REFRESH = 0.2  # seconds


class PictureDialog:
    """Shows one picture large, with what can be done to it.

    Args:
        page: whose dialog it is.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.drawing: Drawing | None = None
        self.job: Job | None = None
        with ui.dialog() as self.dialog, ui.card().classes("st-dialog"):
            self.box = ui.element("div").style("width: 100%")
        self.timer = ui.timer(REFRESH, self._refresh, active=False)

    def open(self, drawing: Drawing) -> None:
        """Show a drawing."""
        self.cancel()
        self.drawing = drawing
        self.box.clear()
        with self.box, ui.element("div").classes("st-two"):
            with ui.element("div"):
                picture(drawing)
                self._savers(drawing)
            with ui.element("div"):
                self._checks(drawing)
        self.dialog.open()

    def cancel(self) -> None:
        """Give up the edited picture that is being drawn, if any."""
        if self.job:
            self.page.studio.queue.cancel(self.job)
        self.job = None
        self.timer.deactivate()

    def _savers(self, drawing: Drawing) -> None:
        text("p", _settings_in_words(drawing)).classes("st-no")
        with ui.element("div").classes("st-save"):
            quiet_button("Save as PNG", lambda: self._save(None, ""))
            quiet_button(f"Save drawn anew, {LARGE} × {LARGE}", self._save_redrawn)
            quiet_button("Save resampled, 2×", self._save_resampled)
            quiet_button("Use its settings", self._use)
        note = (
            "Drawn anew: the renderer of the data set draws what the scene parser reads. "
            "Resampled: the model's own pixels, without new detail. "
            "Each file carries its settings."
        )
        text("p", note).classes("st-no")

    def _checks(self, drawing: Drawing) -> None:
        with ui.element("div").style("display: flex; justify-content: space-between"):
            text("h2", f"Picture {drawing.settings.index + 1}").style("font-size: 22px")
            quiet_button("Close", self.dialog.close)
        claims_list(drawing)
        text("p", "Change one word, keep the rest: the noise stays the same.").classes("st-label")
        self._words(drawing)
        self.options = ui.element("div").classes("st-chips")
        self.problem = ui.label().classes("st-problem").props('role="alert"')
        self.changed = ui.element("div").props('aria-live="polite"')

    def _words(self, drawing: Drawing) -> None:
        """Write the sentence; words that can be changed are buttons."""
        if drawing.settings.other:
            text("p", "Pictures of a strip belong to two sentences.").classes("st-no")
            return
        found = {
            position: others for position, _, others in replacements(drawing.settings.sentence)
        }
        with ui.element("div").classes("st-words"):
            for position, word in enumerate(words_of(drawing.settings.sentence)):
                if position not in found:
                    text("span", word).classes("st-word")
                    continue
                button = text("button", word).classes("st-word").props('type="button"')
                button.on("click", partial(self._offer, position, found[position]))

    def _offer(self, position: int, others: tuple[str, ...]) -> None:
        self.options.clear()
        with self.options:
            for word in others:
                chip(word, partial(self._change, position, word))

    def _change(self, position: int, word: str) -> None:
        """Draw the edited sentence from the same noise."""
        self.cancel()
        if self.drawing is None:
            return
        settings = self.drawing.settings
        edited = change_word(settings.sentence, position, word)
        try:
            self.job = self.page.submit([replace(settings, sentence=edited)])
        except (ValueError, QueueFullError) as error:
            self.problem.text = str(error)
            return
        self.problem.text = "Drawing …"
        self.timer.activate()

    def _refresh(self) -> None:
        if self.job is None or not self.job.ended.done():
            return
        job, self.job = self.job, None
        self.timer.deactivate()
        self.problem.text = job.error
        if job.results and self.drawing:
            self._compare(self.drawing, job.results[0])

    def _compare(self, before: Drawing, after: Drawing) -> None:
        change = compare_drawings(before, after)
        self.changed.clear()
        with self.changed:
            _marked(change)
            with ui.element("div").classes("st-three"):
                for drawing, name in ((before, "before"), (after, "after")):
                    with ui.element("div"):
                        picture(drawing)
                        text("p", name)
                with ui.element("div"):
                    image(_map(change), "White where the picture changed.").classes("st-pic")
                    text("p", f"{change.area:.0%} of the pixels changed")
            text("p", in_words(change)).classes("st-no")
            with ui.element("div").classes("st-save"):
                quiet_button("Go on with this picture", lambda: self.open(after))

    def _save(self, large: np.ndarray | None, how: str) -> None:
        if self.drawing is None:
            return
        at = self.drawing.settings
        name = f"picture-{at.seed}-{at.index + 1}{'-large' if how else ''}.png"
        ui.download(to_png(self.drawing, large, how), name)

    def _save_redrawn(self) -> None:
        try:
            large = redraw(self.drawing, LARGE) if self.drawing else None
        except ValueError as error:
            self.problem.text = str(error)
            return
        self._save(large, "drawn anew by the renderer")

    def _save_resampled(self) -> None:
        if self.drawing:
            self._save(resample(self.drawing.picture), "resampled to 2×")

    def _use(self) -> None:
        if self.drawing:
            self.page.use(self.drawing.settings)
            self.dialog.close()


def in_words(change: Change) -> str:
    """Say which claims were kept, and which of the new ones hold."""
    held = [text for text, before, _ in change.kept if before]
    lost = [text for text, before, now in change.kept if before and not now]
    missing = [text for text, true in change.new if not true]
    kept = f"{len(held) - len(lost)} of {len(held)} claims that held were kept"
    parts = [kept + (f" (lost: {', '.join(lost)})" if lost else "")]
    parts += [f"new claims that do not hold: {', '.join(missing)}"] if missing else []
    return "; ".join(parts) + "."


def _marked(change: Change) -> None:
    with ui.element("div").classes("st-words"):
        for word, is_new in change.words:
            label = text("span", word).classes("st-word")
            if is_new:
                label.classes("new")


def _map(change: Change) -> str:
    grey = (255 * change.difference.clip(0, 1)).astype(np.uint8)
    return picture_url(np.dstack([grey] * 3))


def _settings_in_words(drawing: Drawing) -> str:
    at = drawing.settings
    return (
        f"Seed {at.seed}, no. {at.index + 1}, {at.steps} steps, guidance {at.guidance:g}, "
        f"model {drawing.model}"
    )
