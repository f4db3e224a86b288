"""The studio's page: a sentence, its pictures with what is true of them, and tools for each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from nicegui import Client, events, run, ui

from cmlearn.apps.studio.drawing import (
    MAX_GUIDANCE,
    MAX_INDEX,
    MAX_SEED,
    MAX_STEPS,
    MIN_GUIDANCE,
    Drawing,
    Settings,
)
from cmlearn.apps.studio.edits import ATTRIBUTES
from cmlearn.apps.studio.files import sheet_pdf, sheet_png
from cmlearn.apps.studio.layouts import (
    MAX_COUNT,
    MIN_STRIP,
    ORDERS,
    grid,
    strip,
    variations,
)
from cmlearn.apps.studio.page_parts import (
    chip,
    claims_list,
    picture,
    quiet_button,
    segmented,
    text,
    waiting_card,
)
from cmlearn.apps.studio.page_style import CSS, SCRIPT, icon
from cmlearn.apps.studio.picture_dialog import PictureDialog
from cmlearn.apps.studio.sentences import EXAMPLES, PALETTE, check_sentence
from cmlearn.apps.studio.service import Studio, summary
from cmlearn.apps.studio.work_queue import Job, QueueFullError

TITLE = "Content studio"
MODES = ("Variations", "Grid", "Strip")
REFRESH = 0.2  # seconds between two updates of the pictures
SHEET_COLUMNS = 4  # of a contact sheet, but for grids
KEPT = 8  # sentences of the history
Cell = Settings | str  # what to draw, or why it cannot be drawn


def build_page(studio: Studio) -> None:
    """Build the page of one user.

    Args:
        studio: what all users share.
    """
    ui.add_css(CSS)
    ui.add_body_html(f"<script>{SCRIPT}</script>")
    Page(studio, ui.context.client)


class Page:
    """The page of one user; everything that it knows is lost when the browser goes.

    Args:
        studio: what all users share.
        client: the user's browser.
    """

    def __init__(self, studio: Studio, client: Client) -> None:
        self.studio, self.user = studio, f"page {client.id}"
        self.job: Job | None = None
        self.cells: list[Cell] = []
        self.drawings: list[Drawing] = []
        self.mode, self.order = MODES[0], "as drawn"
        self.shown_mode, self.shown_columns = MODES[0], 0  # of the pictures; 0: as many as fit
        self.history: list[str] = []
        self._head()
        with ui.element("div").classes("st-body"):
            with ui.element("aside").classes("st-side").props('aria-label="What to draw"'):
                self._side()
            with ui.element("main").classes("st-main"):
                self._main()
        self.dialog = PictureDialog(self)
        self.timer = ui.timer(REFRESH, self._refresh, active=False)
        ui.on("studio_settings", self._dropped)
        client.on_delete(self.cancel)
        client.on_delete(self.dialog.cancel)

    # ── the parts of the page ─────────────────────────────────────────────────────────────────

    def _head(self) -> None:
        with ui.element("header").classes("st-head"):
            for word in ("house", "tree", "balloon"):
                ui.element("img").props(f'alt="" src="{icon(word)}"')
            with ui.element("div"):
                text("h1", TITLE)
                text("p", "Variations of an idea, each checked against its sentence.")
            chooser = ui.element("input").props(
                'type="file" accept="image/png" class="sr" id="studio-file" tabindex="-1" '
                'aria-label="Saved picture"'
            )
            # Emptied after each choice, so that the same file can be chosen again.
            read = "(event) => { studioRead(event.target.files[0]); event.target.value = ''; }"
            chooser.on("change", js_handler=read)
            opener = text("button", "Open a saved picture, or drop it here").classes("st-open")
            opener.props('type="button"')
            opener.on("click", js_handler="() => document.getElementById('studio-file').click()")

    def _side(self) -> None:
        self.sentence = (
            ui.textarea("Your sentence", value=EXAMPLES[0])
            .props('outlined autogrow maxlength="10000" input-class="st-sentence"')
            .classes("w-full")
            .style("width: 100%")
        )
        self.sentence.on("keydown.enter.prevent", self.draw)
        self.problem = ui.label().classes("st-problem").props('role="alert"')
        text("button", "Draw").classes("st-draw").props('type="button"').on("click", self.draw)
        self._numbers()
        for name, words in PALETTE.items():
            with ui.element("div").classes("st-group").props(f'role="group" aria-label="{name}"'):
                ui.label(name).classes("st-name")
                with ui.element("div").classes("st-chips"):
                    for word in words:
                        chip(word, partial(self._add, word))
        with ui.expansion("Examples").style("width: 100%; margin-top: 12px"):
            self._sentences(EXAMPLES)
        with ui.expansion("History").style("width: 100%") as self.history_box:
            text("p", "Nothing drawn yet.").classes("st-no")

    def _numbers(self) -> None:
        with ui.element("div").classes("st-row"):
            self.count = ui.number("Pictures", value=12, precision=0)
            self.count.props("outlined dense").style("width: 92px")
            self.seed = ui.number("Seed", value=0, precision=0)
            self.seed.props("outlined dense").style("flex: 1")
            quiet_button("Another", self._another_seed).props('aria-label="Another seed"')
        with ui.expansion("Steps, guidance, first picture").style("width: 100%; margin-top: 4px"):
            text("p", "Steps: more are slower, and finer").classes("st-label")
            self.steps = self._slider("Steps", 1, MAX_STEPS, 1, 16)
            text("p", "Guidance: more is truer, and less varied").classes("st-label")
            self.guidance = self._slider("Guidance", MIN_GUIDANCE, MAX_GUIDANCE, 0.25, 2.0)
            self.first = ui.number("No. of the first picture", value=1, precision=0)
            self.first.props("outlined dense").style("width: 200px; margin-top: 12px")

    def _slider(self, name: str, least: float, most: float, step: float, value: float) -> ui.slider:
        slider = ui.slider(min=least, max=most, step=step, value=value)
        return slider.props(
            f'label-always switch-label-side aria-label="{name}" color="deep-purple-8"'
        )

    def _sentences(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            with ui.element("div").style("margin-bottom: 6px"):
                chip(sentence, partial(self._use, sentence))

    def _main(self) -> None:
        with ui.element("div").classes("st-bar").props('role="group" aria-label="What to make"'):
            self.mode_buttons = {
                name: quiet_button(name, partial(self._choose_mode, name)) for name in MODES
            }
        self._options()
        self.title = text("h2", "What shall it be?").classes("st-title")
        with ui.element("div").classes("st-bar"):
            self.status = text("span", "").classes("st-status")
            self.status.props('role="status" aria-live="polite"')
            self.cancel_button = quiet_button("Cancel", self.cancel).classes("st-stop")
            ui.element("div").classes("st-gap")
            with segmented("Sort by") as self.sorting:
                self.order_buttons = {
                    name: quiet_button(name, partial(self._choose_order, name)) for name in ORDERS
                }
            with segmented("Contact sheet"):
                quiet_button("PNG", partial(self._save_sheet, sheet_png, "png"))
                quiet_button("PDF", partial(self._save_sheet, sheet_pdf, "pdf"))
        self.cancel_button.set_visibility(False)
        self.gallery = ui.element("div").classes("st-gallery")
        with self.gallery:
            self._empty()
        self._mark_buttons()

    def _options(self) -> None:
        names = list(ATTRIBUTES)
        with ui.element("div").classes("st-bar") as self.grid_options:
            self.rows = ui.select(names, value="colour", label="Rows").style("width: 130px")
            self.columns = ui.select(names, value="sky", label="Columns").style("width: 130px")
            for select in (self.rows, self.columns):
                select.props("outlined dense")
            text("p", "Same noise everywhere; one attribute for each direction.").classes("st-no")
        with ui.element("div").classes("st-bar") as self.strip_options:
            self.other = ui.input("To this sentence", value=EXAMPLES[1]).props("outlined dense")
            self.other.style("min-width: 340px; flex: 1").on("keydown.enter", self.draw)
            note = "Same noise everywhere; each step mixes what the two sentences predict."
            text("p", note).classes("st-no")

    def _empty(self) -> None:
        with ui.element("div").classes("st-empty").style("grid-column: 1 / -1"):
            text("p", "Type a sentence, put it together from the words at the left, or take one:")
            with ui.element("div").classes("st-chips"):
                for example in EXAMPLES:
                    chip(example, partial(self._use_and_draw, example))
            text(
                "p",
                "Below each picture you see which claims of the sentence hold, as the scene parser "
                "reads them. Choose a picture to change one word, to enlarge it, or to save it.",
            ).style("margin-top: 22px")

    # ── what the user does ────────────────────────────────────────────────────────────────────

    def draw(self) -> None:
        """Draw what the page asks for, in place of what it shows."""
        try:
            cells = self._asked()  # a mistake in it cancels nothing
            self.cancel()
            self._begin(cells, self.sentence.value.strip(), self.mode)
        except (ValueError, QueueFullError) as error:
            self._say_problem(str(error))

    def submit(self, settings: Sequence[Settings]) -> Job:
        """Put pictures into the queue in this user's name; raises as `Studio.submit` does."""
        return self.studio.submit(self.user, settings)

    def cancel(self) -> None:
        """Stop drawing; what is drawn already stays."""
        if self.job:
            self.studio.queue.cancel(self.job)

    def use(self, settings: Settings) -> None:
        """Put the settings of a picture into the form; for one of a strip, choose strips."""
        self.sentence.value, self.seed.value = settings.sentence, settings.seed
        self.first.value = settings.index + 1
        self.steps.value, self.guidance.value = settings.steps, settings.guidance
        if settings.other:
            self.other.value = settings.other
            self._choose_mode("Strip")

    def _settings(self) -> Settings:
        words = self.sentence.value or ""
        problem = check_sentence(words)  # the most frequent problem comes first
        if problem:
            raise ValueError(problem)
        return Settings(
            words.strip(),
            _whole("seed", self.seed.value, MAX_SEED),
            self._first() - 1,
            steps=int(self.steps.value),
            guidance=float(self.guidance.value),
        )

    def _first(self) -> int:
        first = _whole("first picture", self.first.value, MAX_INDEX + 1)
        if not 1 <= first <= MAX_INDEX + 1:
            raise ValueError(f"first picture: a number from 1 to {MAX_INDEX + 1:,} is needed")
        return first

    def _count(self) -> int:
        return _whole("pictures", self.count.value, MAX_COUNT)

    def _asked(self) -> list[Cell]:
        settings = self._settings()
        if self.mode == "Grid":
            return [
                cell for row in grid(settings, self.rows.value, self.columns.value) for cell in row
            ]
        if self.mode == "Strip":
            return [*strip(settings, self.other.value or "", max(MIN_STRIP, self._count()))]
        return [*variations(settings, self._count())]

    def _begin(self, cells: list[Cell], title: str, mode: str) -> None:
        """Have pictures drawn, and show them as they come; raises as `Studio.submit` does."""
        self.job = self.submit([cell for cell in cells if isinstance(cell, Settings)])
        self.cells, self.drawings = cells, []
        self._say_problem("")
        self.title.text = title
        self._remember(title)
        columns = len(ATTRIBUTES[self.columns.value]) if mode == "Grid" else 0
        self.shown_mode, self.shown_columns = mode, columns
        self._mark_buttons()
        style = f"grid-template-columns: repeat({columns}, minmax(110px, 225px))" if columns else ""
        self.gallery.style(replace=style)
        self._show()
        self.cancel_button.set_visibility(True)
        self.timer.activate()

    def _refresh(self) -> None:
        """Show what has been drawn since the last time."""
        job = self.job
        if job is None:
            return
        if len(job.results) > len(self.drawings):
            self.drawings = list(job.results)
            self._show()
        if job.ended.done():
            self._end(job)
            return
        place = self.studio.queue.place(job)
        number = min(len(self.drawings) + 1, self._wanted())
        waiting = f", place {place + 1} in the queue" if place else ""
        self.status.text = f"Drawing {number} of {self._wanted()}{waiting} …"

    def _end(self, job: Job) -> None:
        self.drawings = list(job.results)  # some may have come since the last update
        self.job = None
        self.timer.deactivate()
        self.cancel_button.set_visibility(False)
        self.status.text = summary(self.drawings) if self.drawings else ""
        if job.is_cancelled:
            self.status.text += " Cancelled."
        if job.error:
            self._say_problem(job.error)
        self._show()

    def _wanted(self) -> int:
        return sum(isinstance(cell, Settings) for cell in self.cells)

    def _dropped(self, event: events.GenericEventArguments) -> None:
        """Take over the settings of a file, and draw them again."""
        answer: Any = event.args
        if "error" in answer:
            self._say_problem(answer["error"])
            return
        try:
            settings = Settings(**answer["settings"])
            self.cancel()
            self._begin([settings], settings.sentence, MODES[0])
        except (ValueError, TypeError, KeyError, QueueFullError) as error:
            self._say_problem(str(error))
            return
        self._choose_mode(MODES[0])
        self.use(settings)
        if answer.get("model") != self.studio.name:
            self._say_problem("This picture was drawn by another model: yours may differ.")

    def _add(self, word: str) -> None:
        before = (self.sentence.value or "").rstrip()
        self.sentence.value = f"{before} {word}".strip()

    def _use(self, words: str) -> None:
        self.sentence.value = words

    def _use_and_draw(self, words: str) -> None:
        self._use(words)
        self.draw()

    def _another_seed(self) -> None:
        self.seed.value, self.first.value = random.randrange(10_000), 1

    def _choose_mode(self, name: str) -> None:
        self.mode = name
        self._mark_buttons()

    def _choose_order(self, name: str) -> None:
        self.order = name
        self._mark_buttons()
        self._show()

    async def _save_sheet(self, make: Callable[..., bytes], ending: str) -> None:
        if not self.drawings:
            self._say_problem("There is nothing to save yet: draw pictures first.")
            return
        cells = [drawing for _, drawing in self._placed()]
        while cells[-1] is None:  # not drawn yet, or cannot be drawn
            cells.pop()
        columns, title = self.shown_columns or SHEET_COLUMNS, self.title.text
        data = await run.io_bound(make, cells, columns, title)
        if data is not None:  # None: the server is about to end
            ui.download(data, f"contact-sheet.{ending}")

    # ── what the page shows ───────────────────────────────────────────────────────────────────

    def _sorted(self) -> list[Drawing]:
        """Sort variations; the pictures of a grid or strip have their cells."""
        is_free = self.shown_mode == MODES[0]
        return ORDERS[self.order](self.drawings) if is_free else self.drawings

    def _placed(self) -> list[tuple[Cell, Drawing | None]]:
        """Return each cell with its picture, or None where there is none."""
        drawn = iter(self._sorted())
        return [
            (cell, next(drawn, None) if isinstance(cell, Settings) else None) for cell in self.cells
        ]

    def _show(self) -> None:
        """Show the pictures, and empty frames for those to come."""
        self.gallery.clear()
        with self.gallery:
            if not self.cells:
                self._empty()
                return
            for cell, drawing in self._placed():
                if isinstance(cell, str):
                    with ui.element("div").classes("st-card"):
                        text("p", cell).classes("st-cannot")
                elif drawing:
                    self._card(drawing)
                elif self.job:
                    waiting_card()

    def _card(self, drawing: Drawing) -> None:
        with ui.element("figure").classes("st-card"):
            button = ui.element("button").props('type="button"')
            button.on("click", lambda: self.dialog.open(drawing))
            with button:
                picture(drawing)
            with ui.element("figcaption").classes("st-note"):
                text("div", self._name(drawing)).classes("st-no")
                claims_list(drawing)

    def _name(self, drawing: Drawing) -> str:
        settings = drawing.settings
        if settings.other:
            return f"{100 * settings.mix:.0f} % of the way"
        if self.shown_mode == "Grid":
            return settings.sentence
        return f"No. {settings.index + 1}"

    def _mark_buttons(self) -> None:
        for buttons, chosen in ((self.mode_buttons, self.mode), (self.order_buttons, self.order)):
            for name, button in buttons.items():
                button.props(f'aria-pressed="{str(name == chosen).lower()}"')
        self.grid_options.set_visibility(self.mode == "Grid")
        self.strip_options.set_visibility(self.mode == "Strip")
        self.sorting.set_visibility(self.shown_mode == MODES[0])

    def _remember(self, words: str) -> None:
        self.history = [words, *(other for other in self.history if other != words)][:KEPT]
        self.history_box.clear()
        with self.history_box:
            self._sentences(self.history)

    def _say_problem(self, words: str) -> None:
        self.problem.text = words


def _whole(name: str, value: float | None, most: int) -> int:
    """Return a whole number that was typed; its range is checked where it is used.

    Raises:
        ValueError: nothing was typed, or a fraction.
    """
    if value is None or not float(value).is_integer():
        raise ValueError(f"{name}: a whole number up to {most:,} is needed")
    return int(value)
