"""Display of figures in a notebook, with alternative text and a small PNG."""

from __future__ import annotations

import base64
import html
import io

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

DPI = 90
COLOURS = 256  # size of a palette with one byte for each pixel


def show(figure: Figure, alt: str) -> None:
    """Display `figure` as a PNG with alternative text, then close it.

    The output contains the picture twice. JupyterLab and the site show the HTML, an `<img>` with
    an `alt`, because they give a plain `image/png` no alternative text. PDF export and viewers that
    sanitise HTML show the `image/png`.

    Args:
        figure: the figure to display.
        alt: what the figure shows, in a sentence or two.

    Raises:
        ValueError: `alt` is empty.
    """
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty: say in a sentence what the figure shows.")
    png = png_bytes(figure)
    data = {"text/html": image_tag(png, alt), "image/png": _base64(png), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
    plt.close(figure)


def png_bytes(figure: Figure, dpi: int = DPI) -> bytes:
    """Return the figure as an opaque PNG of at most 256 colours.

    Args:
        figure: the figure to draw.
        dpi: pixels per inch.

    Returns:
        The PNG file; the same figure always gives the same bytes.
    """
    drawn, stream = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, bbox_inches="tight")
    with Image.open(drawn) as picture:
        fewer_colours(picture.convert("RGB")).save(stream, format="png", optimize=True)
    return stream.getvalue()


def fewer_colours(picture: Image.Image) -> Image.Image:
    """Reduce a picture to a palette of 256 colours: about 40 % of the bytes, hardly visible.

    The palette is Pillow's median cut, refined by k-means, with each colour weighted by the square
    root of its area. With weights equal to the area, large regions such as the sky take the colours
    that small things need (a brown trunk turns grey). With equal weights the sky shows bands. There
    is no dithering, because it turns flat areas to noise
    (docs/decisions/0004-alternative-text.md).

    Args:
        picture: of mode RGB; up to 256 colours are kept exactly.

    Returns:
        A picture of the same size, of mode P.
    """
    pixels = np.asarray(picture.convert("RGBA"))
    packed = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
    colours, place, area = np.unique(packed, return_inverse=True, return_counts=True)
    weight = np.ceil(np.sqrt(area)).astype(int)
    sample = np.repeat(colours.view(np.uint8).reshape(-1, 4)[:, :3], weight, axis=0)
    quantized = Image.fromarray(sample[None]).quantize(
        COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=1
    )
    chosen = np.asarray(quantized)[0, np.cumsum(weight) - weight]
    reduced = Image.fromarray(chosen[place].reshape(packed.shape))
    reduced.putpalette(quantized.getpalette() or [])
    return reduced


def image_tag(png: bytes, alt: str) -> str:
    """Return an HTML `<img>` with the picture as a data URI and its alternative text."""
    text = html.escape(" ".join(alt.split()), quote=True)
    return f'<img alt="{text}" style="max-width: 100%" src="data:image/png;base64,{_base64(png)}">'


def _base64(png: bytes) -> str:
    return base64.b64encode(png).decode("ascii")
