"""The appearance of the studio's page: its style sheet, its script, and small pictures of words."""

from __future__ import annotations

import base64
import io
from functools import cache

import numpy as np
from PIL import Image

from cmlearn.data.storybook.renderer import (
    GROUND_RGB,
    SKY_RGB,
    THING_RGB,
    render_thing,
)
from cmlearn.data.storybook.scene import KINDS, Thing

ICON = 160  # pixels of the drawing that an icon is cut from
_ICON_COLOUR = dict(
    zip(KINDS, ("red", "green", "blue", "purple", "orange", "blue", "orange", "yellow", "red"))
)
_SKY = {"at noon": "day", "at night": "night", "at sunset": "sunset"}
_GROUND = {
    "on the grass": "grass",
    "on the sand": "sand",
    "in the snow": "snow",
    "on the sea": "sea",
}


def data_url(png: bytes) -> str:
    """Return a PNG as a URL that needs no request."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def picture_url(picture: np.ndarray) -> str:
    """Return a picture (H, W, 3 or 4) uint8 as a URL that needs no request."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "png")
    return data_url(stream.getvalue())


@cache
def icon(word: str) -> str:
    """Return a small picture of a kind of thing as a URL."""
    picture, opacity = render_thing(Thing(word, _ICON_COLOUR[word], "big", 1), ICON)
    solid = picture / np.maximum(opacity[..., None], 1 / 255)
    rgba = np.dstack([solid.clip(0, 255), 255 * opacity]).astype(np.uint8)
    rows, columns = np.nonzero(opacity > 0.1)
    return picture_url(rgba[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def swatch(word: str) -> str:
    """Return the CSS background that shows a colour, a sky or a ground; "" for other words."""
    if word in THING_RGB:
        return _rgb(THING_RGB[word])
    if word in _SKY:
        top, low = SKY_RGB[_SKY[word]]
        return f"linear-gradient({_rgb(top)}, {_rgb(low)})"
    return _rgb(GROUND_RGB[_GROUND[word]]) if word in _GROUND else ""


def _rgb(colour: tuple[int, int, int]) -> str:
    return "rgb({}, {}, {})".format(*colour)


CSS = """
:root { --ink: #26243a; --soft: #66647a; --paper: #f7f4ee; --card: #fffdf9; --line: #e3ddd1;
  --accent: #5b3fa0; --good: #23703a; --bad: #b3261e; --night: #1c1f44; }
body, .nicegui-content { background: var(--paper); color: var(--ink);
  font-family: "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
.nicegui-content { padding: 0; gap: 0; align-items: stretch; width: 100%; }
h1, h2 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua",
  "DejaVu Serif", Georgia, serif; font-weight: 600; letter-spacing: -0.01em;
  line-height: 1.25; margin: 0; }
.st-head { display: flex; align-items: center; gap: 18px; padding: 16px 28px; width: 100%;
  background: linear-gradient(100deg, #1c1f44 0%, #3d3470 55%, #a5628a 100%); color: #fff;
  box-sizing: border-box; }
.st-head h1 { font-size: 25px; line-height: 1.1; }
.st-head p { margin: 3px 0 0; font-size: 14px; color: #e9e4f6; }
.st-head img { height: 42px; }
.st-open { margin-left: auto; border: 1px solid #ffffff88; border-radius: 9px; padding: 9px 14px;
  background: #ffffff1c; color: #fff; font: inherit; font-size: 14px; cursor: pointer; }
.st-open:hover { background: #ffffff33; }
.st-body { display: grid; grid-template-columns: 372px minmax(0, 1fr); width: 100%; }
.st-side { padding: 22px 24px 40px 28px; border-right: 1px solid var(--line); background: #fbf9f4;
  box-sizing: border-box; }
.st-main { padding: 22px 32px 60px; min-width: 0; }
@media (max-width: 860px) { .st-body { grid-template-columns: 1fr; }
  .st-side { border-right: 0; border-bottom: 1px solid var(--line); }
  .st-head p { display: none; } }
.st-group { margin-top: 13px; }
.st-group > .st-name, .st-name { font-size: 12px; font-weight: 600; color: var(--soft);
  margin-bottom: 5px; }
.st-chips { display: flex; flex-wrap: wrap; gap: 6px; }
.st-chip { display: inline-flex; align-items: center; gap: 6px; height: 30px; padding: 0 10px;
  border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--ink);
  font: inherit; font-size: 13.5px; cursor: pointer; }
.st-chip:hover { border-color: var(--accent); background: #fff; }
.st-chip img { height: 20px; max-width: 22px; object-fit: contain; }
.st-dot { width: 14px; height: 14px; border-radius: 4px; border: 1px solid #00000022; }
button:focus-visible, a:focus-visible { outline: 3px solid #7a5cd0; outline-offset: 2px; }
.st-draw { width: 100%; margin-top: 10px; height: 48px; border: 0; border-radius: 11px;
  background: var(--accent);
  color: #fff; font: inherit; font-size: 17px; font-weight: 600; cursor: pointer; }
.st-draw:hover { background: #4a3188; }
.st-quiet { height: 36px; padding: 0 14px; border: 1px solid #cfc7b8; border-radius: 9px;
  background: var(--card); color: var(--ink); font: inherit; font-size: 14px; cursor: pointer; }
.st-quiet:hover { border-color: var(--accent); }
.st-quiet[aria-pressed=true] { background: var(--ink); color: #fff; border-color: var(--ink); }
.st-quiet:disabled { opacity: .45; cursor: default; }
.st-problem { color: var(--bad); font-size: 14px; line-height: 1.4; margin: 8px 0; min-height: 0;
  overflow-wrap: anywhere; }
.st-problem:empty { display: none; }
.st-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 14px 0 18px; }
.st-bar .st-gap { flex: 1; }
.st-status { font-size: 15px; color: var(--soft); min-height: 23px; }
.st-title { font-size: 27px; line-height: 1.25; overflow-wrap: anywhere; }
.st-gallery { display: grid; gap: 20px 18px;
  grid-template-columns: repeat(auto-fill, minmax(192px, 1fr)); }
.st-gallery.st-table { overflow-x: auto; }
.st-card { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  overflow: hidden; box-shadow: 0 1px 2px #2a1f0a14, 0 6px 18px #2a1f0a0d; }
.st-card > button { display: block; width: 100%; padding: 0; border: 0; background: none;
  cursor: zoom-in; }
.st-pic { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
.st-note { padding: 10px 12px 12px; }
.st-seg { display: inline-flex; align-items: center; gap: 8px; font-size: 14px;
  color: var(--soft); margin-left: 10px; }
.st-seg > div { display: inline-flex; }
.st-seg .st-quiet { border-radius: 0; margin-left: -1px; }
.st-seg .st-quiet:first-child { border-radius: 9px 0 0 9px; }
.st-seg .st-quiet:last-child { border-radius: 0 9px 9px 0; }
.st-stop { border-color: var(--bad); color: var(--bad); }
.st-label { font-size: 14px; color: var(--soft); margin: 14px 0 2px; }
.st-row { display: flex; gap: 10px; align-items: center; margin-top: 12px; }
.st-empty .st-chips { justify-content: center; margin-top: 18px; }
.st-no { font-size: 12.5px; color: var(--soft); margin-bottom: 4px; overflow-wrap: anywhere; }
ul.st-claims { list-style: none; margin: 0; padding: 0; font-size: 13.5px; line-height: 1.55; }
.st-claims .yes { color: var(--good); } .st-claims .no { color: var(--bad); font-weight: 600; }
.st-wait { aspect-ratio: 1; background:
  linear-gradient(110deg, #ece6da 30%, #f6f1e7 50%, #ece6da 70%);
  background-size: 220% 100%; animation: st-wait 1.6s linear infinite; }
@keyframes st-wait { to { background-position: -220% 0; } }
@media (prefers-reduced-motion: reduce) { .st-wait { animation: none; } }
.st-cannot { padding: 14px; font-size: 13px; color: var(--soft); }
p.st-no { margin: 8px 0 0; line-height: 1.45; }
.st-empty { border: 1.5px dashed #cfc6b4; border-radius: 16px; padding: 44px 28px;
  text-align: center; color: var(--soft); font-size: 15.5px; line-height: 1.6; }
.st-empty p { margin: 0 auto; max-width: 620px; }
.st-dialog { width: min(980px, 94vw) !important; max-width: none !important; border-radius: 18px;
  background: var(--paper); padding: 24px 28px; box-sizing: border-box; }
.st-two { display: grid; grid-template-columns: 384px minmax(0, 1fr); gap: 28px; }
@media (max-width: 860px) { .st-two { grid-template-columns: 1fr; } }
.st-two .st-pic, .st-three .st-pic { border-radius: 12px; }
.st-three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 14px; margin-top: 10px; }
.st-save { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.st-three p { margin: 5px 0 0; font-size: 13px; color: var(--soft); }
.st-words { display: flex; flex-wrap: wrap; gap: 5px; font-size: 18px; margin: 6px 0 12px; }
.st-word { border: 0; background: none; font: inherit; color: inherit; padding: 2px 4px;
  border-radius: 6px; }
button.st-word { cursor: pointer; border-bottom: 2px solid var(--accent);
  border-radius: 6px 6px 0 0; }
button.st-word:hover { background: #e9e2fa; }
.st-word.new { background: #ffe9a8; font-weight: 600; }
.st-side .q-field__label, .st-main .q-field__label { color: var(--soft); }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
"""

# A dropped or chosen file goes to /api/settings; its answer goes to the page as an event.
SCRIPT = """
async function studioRead(file) {
  if (!file) return;
  let answer;
  try {
    if (file.size > 4000000) throw new Error('The file is too large: at most 4 MB are read.');
    answer = await (await fetch('/api/settings', {method: 'POST', body: file})).json();
  } catch (error) { answer = {error: error.message}; }
  emitEvent('studio_settings', answer);
}
window.addEventListener('dragover', event => event.preventDefault());
window.addEventListener('drop', event => {
  event.preventDefault();
  studioRead(event.dataTransfer.files[0]);
});
"""
