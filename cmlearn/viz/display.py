"""Shows a figure in a notebook together with its alternative text."""

from __future__ import annotations

import base64
import html
import io

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

DPI = 90


def show(figure: Figure, alt: str) -> None:
    """Display `figure` as a PNG that a screen reader can tell, then close it.

    An `<img>` with its own `alt` is the one form that JupyterLab, the site and a slide all pass
    on: for a bare `image/png` output JupyterLab writes no alternative text.

    Args:
        figure: the figure to display; it is closed afterwards.
        alt: what the figure shows, in a sentence or two.

    Raises:
        ValueError: `alt` is empty.
    """
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty: say in a sentence what the figure shows.")
    display({"text/html": image_tag(png_bytes(figure), alt), "text/plain": alt}, raw=True)
    plt.close(figure)


def png_bytes(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as PNG, the same bytes whenever it is drawn (no date, no software version)."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    return stream.getvalue()


def image_tag(png: bytes, alt: str) -> str:
    """An HTML `<img>` that carries the picture and its alternative text."""
    data = base64.b64encode(png).decode("ascii")
    text = html.escape(" ".join(alt.split()), quote=True)
    return f'<img alt="{text}" style="max-width: 100%" src="data:image/png;base64,{data}">'
