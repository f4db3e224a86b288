"""Convert between image files, RGB arrays and tensors."""

from __future__ import annotations

import io
import os
import re
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

# Mean and standard deviation of R, G and B over ImageNet's training images, in [0, 1], as
# torchvision documents for its weights: https://docs.pytorch.org/vision/stable/models.html
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
MAX_PIXELS = 50_000_000
TWELVE_BITS = 1 << 12
# What libjpeg writes about damaged data; junk before a segment of the header is harmless.
JPEG_DAMAGE = re.compile(
    r"Premature end of JPEG file|Corrupt JPEG data: "
    r"(?!\d+ extraneous bytes before marker 0x(?:c[02]|db|e.|fe)).*"
)
STDERR = threading.RLock()  # one redirection at a time, or a thread would restore another's
INTERPOLATIONS = {
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


class ImageError(ValueError):
    """A file that cannot be read as a picture; the message names the file and the problem."""


def load_image(path: Path | str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Load a picture as upright RGB.

    OpenCV decodes complete 8-bit PNG and JPEG files of one or three channels. It ignores
    truncated JPEGs, alpha channels and the bit fields of BMP without a warning, so Pillow checks
    every header and decodes all other files. Transparent pixels are blended with white. Of an
    animation, the first frame is returned.

    JPEG has no checksum. Damaged data is known only by the warnings that libjpeg writes to
    standard error, so they are read from there. They reveal 97 % of the holes of 1,000 bytes in
    photographs, and fewer than half of those of 16 bytes, after which the data fits again.

    Args:
        path: a JPEG, PNG, WebP, BMP, GIF or TIFF file.
        max_pixels: larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8.

    Raises:
        FileNotFoundError: the file does not exist.
        ImageError: the file is not a picture, is damaged or too large, or its pixel format is
            not supported.
    """
    path = Path(path)
    content = _read(path)
    with tempfile.TemporaryFile() as messages:
        try:
            with warnings.catch_warnings(), _stderr_to(messages):
                # Pillow warns about odd tags and its own size limit; `max_pixels` replaces it.
                warnings.simplefilter("ignore")
                image = _decode(content, max_pixels)
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from error
        except Exception as error:  # decoders raise almost any exception on damaged files
            raise ImageError(f"{path} is damaged or no picture: {error}") from error
        messages.seek(0)
        damage = JPEG_DAMAGE.search(messages.read().decode("utf-8", "replace"))
    if damage:
        raise ImageError(f"{path} is damaged, libjpeg says: {damage[0]}")
    return image


def centre_crop(image: np.ndarray) -> np.ndarray:
    """Crop to the largest centred square.

    Args:
        image: (H, W, ...).

    Returns:
        (S, S, ...) with S = min(H, W), a view of `image`.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resize(
    image: np.ndarray, size: int | tuple[int, int], interpolation: str = "area"
) -> np.ndarray:
    """Resize an image.

    Args:
        image: (H, W) or (H, W, 3).
        size: the side of a square, or (height, width), in pixels.
        interpolation: "area" averages all source pixels that a pixel covers, which avoids
            aliasing when an image is made smaller. "nearest", "linear", "cubic" and "lanczos"
            sample a few source pixels only.

    Returns:
        (height, width) or (height, width, 3), with the dtype of `image`.

    Raises:
        ValueError: `interpolation` is unknown, or `size` is less than 1 pixel.
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation must be one of {[*INTERPOLATIONS]}, got {interpolation!r}")
    height, width = (size, size) if isinstance(size, int) else size
    if height < 1 or width < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    return cv2.resize(image, (width, height), interpolation=INTERPOLATIONS[interpolation])


def resize_all(images: np.ndarray, size: int) -> np.ndarray:
    """Resize N images to squares by area averaging.

    Args:
        images: (N, H, W, 3) uint8.
        size: side of the squares, in pixels.

    Returns:
        (N, size, size, 3) uint8.
    """
    return np.stack([resize(image, size) for image in images])


def blur(pictures: np.ndarray, sigma: float) -> np.ndarray:
    """Blur N pictures with a Gaussian filter.

    Args:
        pictures: (N, H, W, 3) uint8.
        sigma: standard deviation of the filter, in 64ths of the picture's width.

    Returns:
        (N, H, W, 3) uint8.
    """
    pixels = sigma * pictures.shape[2] / 64
    return np.stack([cv2.GaussianBlur(picture, (0, 0), pixels) for picture in pictures])


def encode_png(image: np.ndarray) -> bytes:
    """Return an image as the bytes of a PNG file.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()  # OpenCV wants BGR


def to_tensor(images: np.ndarray | Tensor) -> Tensor:
    """Convert pixels to the input format of a network.

    Args:
        images: (..., H, W, 3) uint8, 0 to 255.

    Returns:
        (..., 3, H, W) float32 in [0, 1].

    Raises:
        ValueError: `images` is not uint8, or its last axis is not the three colour channels.
    """
    pixels = images if isinstance(images, Tensor) else torch.from_numpy(np.array(images))
    if pixels.dtype != torch.uint8:
        raise ValueError(f"images must be uint8 pixels of 0 to 255, got {pixels.dtype}")
    if pixels.ndim < 3 or pixels.shape[-1] != 3:
        raise ValueError(f"images must be (..., H, W, 3), got {tuple(pixels.shape)}")
    return pixels.movedim(-1, -3).float() / 255


def to_pixels(tensor: Tensor) -> np.ndarray:
    """Convert a tensor to pixels, the inverse of `to_tensor`.

    Args:
        tensor: (..., 3, H, W) float in [0, 1]; values outside are clipped.

    Returns:
        (..., H, W, 3) uint8.
    """
    pixels = (tensor.detach().clamp(0, 1) * 255).round().to(torch.uint8)
    return pixels.movedim(-3, -1).cpu().numpy()


def normalise(tensor: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Standardise each colour channel: (tensor - mean) / std.

    Args:
        tensor: (..., 3, H, W) float.
        mean: three means, of R, G and B.
        std: three standard deviations.

    Returns:
        (..., 3, H, W), the dtype of `tensor`.
    """
    return (tensor - _per_colour(mean, tensor)) / _per_colour(std, tensor)


def denormalise(tensor: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Undo `normalise`: tensor * std + mean for each colour channel.

    Args:
        tensor: (..., 3, H, W) float.
        mean: three means, of R, G and B.
        std: three standard deviations.

    Returns:
        (..., 3, H, W), the dtype of `tensor`.
    """
    return tensor * _per_colour(std, tensor) + _per_colour(mean, tensor)


@contextmanager
def suppress_stderr() -> Iterator[None]:
    """Discard everything that the process writes to standard error during the block.

    OpenCV and its codecs write warnings to file descriptor 2, which neither `warnings` nor
    `contextlib.redirect_stderr` can catch.
    """
    with open(os.devnull, "wb") as nowhere, _stderr_to(nowhere):
        yield


@contextmanager
def _stderr_to(file: BinaryIO) -> Iterator[None]:
    """Redirect everything that the process writes to file descriptor 2."""
    with STDERR:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder, not a picture")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no picture at {path}") from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    if not content:
        raise ImageError(f"{path} is empty: was its download cut off?")
    return content


def _decode(content: bytes, max_pixels: int) -> np.ndarray:
    try:
        header = Image.open(io.BytesIO(content))
    except UnidentifiedImageError as error:
        raise ImageError("no picture of a known format, or its first bytes are damaged") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"more than max_pixels={max_pixels:,} pixels ({error})") from error
    width, height = header.size
    if width * height > max_pixels:
        raise ImageError(f"{width:,} x {height:,} pixels are more than max_pixels={max_pixels:,}")
    if _is_deep(header) or _opencv_is_right(header, content):
        return _decode_by_opencv(content, header)
    if header.format in {"JPEG", "MPO"}:  # for the warnings, which Pillow suppresses
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    return _decode_by_pillow(header)


def _is_deep(header: Image.Image) -> bool:
    """Tell whether a channel has more than 8 bits, which Pillow would clip to white."""
    return header.mode.startswith("I") or header.mode == "F"


def _opencv_is_right(header: Image.Image, content: bytes) -> bool:
    if header.mode not in {"L", "RGB"} or "transparency" in header.info:
        return False
    if _is_turned(header):
        return False  # OpenCV applies the orientation of a JPEG, but not that of a WebP
    # A complete JPEG ends with the marker FF D9. Pillow reports what a truncated one lacks.
    ends_whole = content.rstrip(b"\0").endswith(b"\xff\xd9")
    return header.format == "PNG" or (header.format == "JPEG" and ends_whole)


def _is_turned(header: Image.Image) -> bool:
    if header.format == "PNG":  # its metadata may follow the pixels, and OpenCV forgives damage
        header.load()
    try:
        return header.getexif().get(ExifTags.Base.Orientation, 1) != 1
    except Exception:  # Pillow raises almost any exception on damaged metadata
        return False  # the pixels are sound, and nothing says that they are turned


def _decode_by_opencv(content: bytes, header: Image.Image) -> np.ndarray:
    encoded = np.frombuffer(content, np.uint8)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    if not _is_turned(header):  # OpenCV also reads an orientation from damaged metadata
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    bgr = cv2.imdecode(encoded, flags)
    if bgr is None:
        header.load()  # raises an error if the file is damaged
        raise ImageError(
            f"{header.format} pixels of the kind {header.mode!r} are not supported; "
            "convert the file to an 8-bit PNG"
        )
    if bgr.dtype == np.uint16:
        if 0 < bgr.max() < TWELVE_BITS:
            raise ImageError(
                f"16-bit pixels of at most {bgr.max()}: probably 10 or 12 bits of a camera or "
                "scanner, whose white level is unknown; convert the file to 8 bits"
            )
        bgr = (bgr // 257).astype(np.uint8)  # 65535 -> 255
    if bgr.dtype != np.uint8:
        raise ImageError(
            f"pixels of type {bgr.dtype}, whose white level is unknown; convert the file to 8 bits"
        )
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _decode_by_pillow(picture: Image.Image) -> np.ndarray:
    upright = ImageOps.exif_transpose(picture) if _is_turned(picture) else picture
    if upright.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
        upright = ImageCms.applyTransform(upright, transform) or upright
    if "transparency" in upright.info or upright.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        upright = Image.alpha_composite(white, layer)
    return np.array(upright.convert("RGB"))


def _per_colour(values: Sequence[float], tensor: Tensor) -> Tensor:
    return torch.tensor(values, dtype=tensor.dtype, device=tensor.device).reshape(-1, 1, 1)
