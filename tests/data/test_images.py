"""Tests of cmlearn.data.images."""

import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from cmlearn.data.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageError,
    blur,
    centre_crop,
    denormalise,
    encode_png,
    load_image,
    normalise,
    resize,
    suppress_stderr,
    to_pixels,
    to_tensor,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(height: int = 32, width: int = 48) -> np.ndarray:
    """Red, green over blue, white: no two corners alike, so that every turn shows."""
    image = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left], image[:top, left:] = RED, GREEN
    image[top:, :left], image[top:, left:] = BLUE, WHITE
    return image


def noise(height: int = 64, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def assert_close(image: np.ndarray, expected: np.ndarray, mean_error: float = 0) -> None:
    assert image.dtype == np.uint8
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() <= mean_error


@pytest.mark.parametrize(
    ("ending", "mean_error"),
    [("png", 0), ("bmp", 0), ("tiff", 0), ("gif", 0), ("jpg", 5), ("webp", 5), ("ppm", 0)],
)
def test_colours_come_as_red_green_blue(tmp_path: Path, ending: str, mean_error: float) -> None:
    Image.fromarray(quarters()).save(tmp_path / f"a.{ending}")
    assert_close(load_image(tmp_path / f"a.{ending}"), quarters(), mean_error)


def test_an_encoded_image_is_read_back_with_its_colours(tmp_path):
    (tmp_path / "a.png").write_bytes(encode_png(quarters()))
    assert np.array_equal(load_image(tmp_path / "a.png"), quarters())


def test_path_may_be_a_string_with_any_letters(tmp_path: Path) -> None:
    Image.fromarray(quarters()).save(tmp_path / "blå 猫.png")
    assert_close(load_image(str(tmp_path / "blå 猫.png")), quarters())


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_comes_upright(tmp_path: Path, ending: str, orientation: int) -> None:
    turn_back = {  # what a camera stored, by the orientation that it wrote down
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x, 1),
        7: lambda x: np.rot90(x.transpose(1, 0, 2), 2),
        8: lambda x: np.rot90(x, -1),
    }
    stored = Image.fromarray(np.ascontiguousarray(turn_back[orientation](quarters())))
    exif = Image.Exif()
    exif[0x112] = orientation
    stored.save(tmp_path / f"a.{ending}", exif=exif)
    assert_close(load_image(tmp_path / f"a.{ending}"), quarters(), mean_error=5)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("content", [b"", b"not a TIFF header", b"II*\0\x08\0\0\0\x05\0\x12\x01"])
def test_damaged_metadata_leaves_the_pixels(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"a.{ending}"
    Image.fromarray(quarters()).save(path, exif=b"Exif\0\0" + content)
    assert_close(load_image(path), quarters(), mean_error=5)


def test_16_bit_becomes_8_bit(tmp_path: Path) -> None:
    deep = np.array([[0, 257, 32896, 65535]], np.uint16).repeat(3, axis=0)
    expected = np.array([[0, 1, 128, 255]], np.uint8).repeat(3, axis=0)
    cv2.imwrite(str(tmp_path / "grey.png"), deep)
    cv2.imwrite(str(tmp_path / "grey.tiff"), deep)
    for name in ("grey.png", "grey.tiff"):
        assert_close(load_image(tmp_path / name), np.stack([expected] * 3, axis=-1))
    cv2.imwrite(str(tmp_path / "colour.png"), np.stack([deep * 0, deep * 0, deep], axis=-1))
    assert_close(
        load_image(tmp_path / "colour.png"), np.stack([expected, expected * 0, expected * 0], -1)
    )


@pytest.mark.parametrize("brightest", [0, 4096, 8191])
def test_a_dark_picture_of_sixteen_bits_is_no_twelve_bit_one(tmp_path: Path, brightest) -> None:
    deep = np.full((4, 5, 3), brightest, np.uint16)
    assert cv2.imwrite(str(tmp_path / "dark.png"), deep)
    assert np.array_equal(load_image(tmp_path / "dark.png"), deep // 257)


@pytest.mark.parametrize("brightest", [1, 30, 1023, 4095])
def test_ten_or_twelve_bits_in_sixteen_are_refused_not_black(tmp_path: Path, brightest) -> None:
    deep = np.linspace(0, brightest, 64).astype(np.uint16).reshape(8, 8)
    cv2.imwrite(str(tmp_path / "scan.png"), deep)
    with pytest.raises(ImageError, match=rf"scan\.png: 16-bit pixels of at most {brightest}:"):
        load_image(tmp_path / "scan.png")
    cv2.imwrite(str(tmp_path / "mask.png"), deep * 0)
    assert not load_image(tmp_path / "mask.png").any()


def test_pixels_without_a_known_white_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "float.tiff")
    Image.fromarray(np.ones((4, 4), np.int32)).save(tmp_path / "int.tiff")
    for name in ("float.tiff", "int.tiff"):
        with pytest.raises(ImageError, match=name):
            load_image(tmp_path / name)


def test_transparent_becomes_white(tmp_path: Path) -> None:
    layer = np.dstack([quarters(), np.full((32, 48), 255, np.uint8)])
    layer[:16, :24, 3] = 0  # the red quarter vanishes
    layer[:16, 24:, 3] = 51  # a fifth of the green one stays
    expected = quarters()
    expected[:16, :24] = WHITE
    expected[:16, 24:] = (204, 255, 204)
    for name in ("a.png", "a.tiff"):
        Image.fromarray(layer).save(tmp_path / name)
        assert_close(load_image(tmp_path / name), expected)
    grey = Image.fromarray(layer).convert("LA")
    grey.save(tmp_path / "grey.png")
    assert load_image(tmp_path / "grey.png")[0, 0].tolist() == [255, 255, 255]


def test_palettes_with_and_without_transparency(tmp_path: Path) -> None:
    palette = Image.fromarray(quarters()).quantize(4)
    palette.save(tmp_path / "opaque.png")
    assert_close(load_image(tmp_path / "opaque.png"), quarters())
    red = palette.getpixel((0, 0))
    for name in ("clear.png", "clear.gif"):
        palette.save(tmp_path / name, transparency=red)
        expected = quarters()
        expected[:16, :24] = WHITE
        assert_close(load_image(tmp_path / name), expected)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tiff"])
def test_grey_and_black_and_white_get_three_channels(tmp_path: Path, ending: str) -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(4).reshape(16, 64)
    Image.fromarray(ramp).save(tmp_path / f"grey.{ending}", quality=100)
    assert_close(load_image(tmp_path / f"grey.{ending}"), np.dstack([ramp] * 3), mean_error=1)
    if ending != "jpg":
        Image.fromarray(ramp > 127).save(tmp_path / f"one.{ending}")
        one = (ramp > 127).astype(np.uint8) * 255
        assert_close(load_image(tmp_path / f"one.{ending}"), np.dstack([one] * 3))


def test_cmyk_keeps_its_colours(tmp_path: Path) -> None:
    for ending in ("jpg", "tiff"):
        Image.fromarray(quarters()).convert("CMYK").save(tmp_path / f"a.{ending}", quality=95)
        assert_close(load_image(tmp_path / f"a.{ending}"), quarters(), mean_error=3)


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    first = Image.fromarray(quarters())
    for name in ("a.gif", "a.png", "a.webp"):
        first.save(
            tmp_path / name,
            save_all=True,
            append_images=[Image.new("RGB", first.size, "black")],
            **({"lossless": True} if name == "a.webp" else {}),
        )
        assert_close(load_image(tmp_path / name), quarters())


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no picture at .*absent\.png"):
        load_image(tmp_path / "absent.png")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match=r"empty\.jpg is empty"):
        load_image(tmp_path / "empty.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)
    with pytest.raises(ImageError, match=r"empty\.jpg.inside cannot be read: Not a directory"):
        load_image(tmp_path / "empty.jpg" / "inside")


@pytest.mark.parametrize("content", [b"<html>404 not found</html>", b"\0" * 5000, b"\xff\xd8\xff"])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=r"page\.jpg: no picture of a known format"):
        load_image(tmp_path / "page.jpg")


@pytest.mark.parametrize(
    "kind",
    ["JPEG", "PROGRESSIVE", "PNG", "BMP", "GIF", "TIFF", "WEBP", "CMYK", "RGBA", "GREY"],
)
def test_cut_off_anywhere_is_an_error(tmp_path: Path, kind: str) -> None:
    picture = Image.fromarray(noise())
    modes = {"CMYK": "CMYK", "RGBA": "RGBA", "GREY": "L"}
    formats = {"PROGRESSIVE": "JPEG", "CMYK": "JPEG", "RGBA": "PNG", "GREY": "JPEG"}
    whole = io.BytesIO()
    picture.convert(modes.get(kind, "RGB")).save(
        whole, formats.get(kind, kind), progressive=kind == "PROGRESSIVE"
    )
    content = whole.getvalue()
    path = tmp_path / "cut"
    path.write_bytes(content)
    complete = load_image(path)
    for share in np.linspace(0.01, 0.98, 25):
        path.write_bytes(content[: int(share * len(content))])
        try:
            image = load_image(path)
        except ImageError as error:
            assert str(path) in str(error)
        else:  # where nothing of the picture itself is missing, it may load
            assert_close(image, complete)


def with_hole(content: bytes, share: float, length: int = 1024) -> bytes:
    """The content with zeros inside, as a disk leaves them that lost two sectors."""
    start = int(share * (len(content) - length))
    return content[:start] + bytes(length) + content[start + length :]


@pytest.mark.parametrize("kind", ["RGB", "L", "CMYK", "upside down", "PNG", "progressive"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_hole_in_the_data_is_an_error(tmp_path: Path, kind: str, share: float) -> None:
    picture = Image.fromarray(noise())
    options: dict[str, Any] = {"progressive": kind == "progressive"}
    if kind == "upside down":
        options["exif"] = Image.Exif()
        options["exif"][0x112] = 3
    if kind in {"L", "CMYK"}:
        picture = picture.convert(kind)
    whole = io.BytesIO()
    picture.save(whole, "PNG" if kind == "PNG" else "JPEG", **options)
    (tmp_path / "a").write_bytes(whole.getvalue())
    load_image(tmp_path / "a")
    (tmp_path / "a").write_bytes(with_hole(whole.getvalue(), share))
    with pytest.raises(ImageError, match=f"{tmp_path}/a.* damaged"):
        load_image(tmp_path / "a")


def test_a_picture_cut_off_with_an_end_mark_is_an_error(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(noise()).save(whole, "JPEG")
    (tmp_path / "a.jpg").write_bytes(whole.getvalue()[:3000] + b"\xff\xd9")
    with pytest.raises(ImageError, match=r"a\.jpg is damaged, libjpeg says: Corrupt JPEG data"):
        load_image(tmp_path / "a.jpg")


def test_junk_before_the_header_is_harmless(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(noise()).save(whole, "JPEG")
    before, tables, after = whole.getvalue().partition(b"\xff\xdb")
    (tmp_path / "whole.jpg").write_bytes(whole.getvalue())
    (tmp_path / "junk.jpg").write_bytes(before + b"junk" + tables + after)
    assert_close(load_image(tmp_path / "junk.jpg"), load_image(tmp_path / "whole.jpg"))


def test_decoders_write_nothing_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = io.BytesIO()
    Image.fromarray(noise()).save(whole, "JPEG")
    files = {
        "hole.jpg": with_hole(whole.getvalue(), 0.5),
        "giant.png": header_only_png(6_000, 6_000),
        "float.fits": fits(np.ones((4, 5), ">f4")),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ImageError, match=name):
            load_image(tmp_path / name)
    assert capfd.readouterr() == ("", "")


def fits(pixels: np.ndarray) -> bytes:
    """The pixels in the format of astronomers, which OpenCV does not read."""
    cards = {"SIMPLE": "T", "BITPIX": -32, "NAXIS": 2}
    cards |= {"NAXIS1": pixels.shape[1], "NAXIS2": pixels.shape[0]}
    header = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards.items()) + "END"
    content = pixels.tobytes()
    return header.ljust(2880).encode() + content.ljust(2880, b"\0")


def test_a_sound_file_of_an_unsupported_kind_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(fits(np.ones((4, 5), ">f4")))
    with pytest.raises(ImageError, match="FITS pixels of the kind 'F' are not supported") as caught:
        load_image(tmp_path / "a.fits")
    assert "damaged" not in str(caught.value)


def header_only_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_giant_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    (tmp_path / "giant.png").write_bytes(header_only_png(side, side))
    with pytest.raises(ImageError, match=r"giant\.png: .*max_pixels=50,000,000"):
        load_image(tmp_path / "giant.png")


def test_max_pixels_can_be_chosen(tmp_path: Path) -> None:
    Image.fromarray(quarters()).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png", max_pixels=32 * 48).shape == (32, 48, 3)
    with pytest.raises(ImageError, match="48 x 32 pixels are more than max_pixels=1,535"):
        load_image(tmp_path / "a.png", max_pixels=32 * 48 - 1)


REFUSED = {
    "12in16bit.tif",
    "16_bit_noise.tif",
    "bmp_b_reallybig.bmp",
    "bmp_b_shortfile.bmp",
    "broken.png",
    "crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif",
    "decompression_bomb.gif",
    "libtiff_segfault.tif",
    "png_decompression_dos.png",
    "truncated_end_chunk.png",
    "truncated_image.png",
    "ultrahdr.jpg",
    "unbound_variable.jp2",
}


def test_real_bad_images_load_rightly_or_not_at_all(real: Path) -> None:
    folder = real / "bad_images"
    paths = sorted(path for path in folder.iterdir() if path.suffix != ".json")
    assert paths
    refused = set()
    for path in paths:
        try:
            assert load_image(path).shape[2] == 3
        except ImageError as error:
            assert str(path) in str(error)
            refused.add(path.name)
    assert refused == REFUSED


def test_real_unusual_images_are_as_pillow_says(real: Path) -> None:
    """Each by an independent way: Pillow, turned upright, over white."""
    for about in json.loads((real / "bad_images" / "manifest.json").read_text()):
        if about["file"] in REFUSED or about.get("mode") == "LAB":
            continue
        picture = ImageOps.exif_transpose(Image.open(real / "bad_images" / about["file"]))
        layer = picture.convert("RGBA")
        expected = Image.new("RGBA", layer.size, "white")
        expected.alpha_composite(layer)
        image = load_image(real / "bad_images" / about["file"])
        assert_close(image, np.array(expected.convert("RGB")), mean_error=1)
        if "size" in about:
            turned = (about["exif_orientation"] or 1) >= 5
            assert image.shape[:2] == tuple(about["size"] if turned else about["size"][::-1])


def test_real_cmyk_is_red_on_black(real: Path) -> None:
    image = load_image(real / "bad_images" / "pil_sample_cmyk.jpg").astype(int)
    red = image[image.max(axis=2) > 128]
    assert len(red) > 500
    assert (red[:, 0] > 2 * red[:, 1:].max(axis=1)).mean() > 0.95
    assert np.median(image) < 20


def test_real_portraits_are_all_the_same_picture(real: Path) -> None:
    folder = real / "bad_images"
    upright = load_image(folder / "hopper.bmp")
    copies = [
        *folder.glob("hopper_orientation_*"),
        folder / "hopper.Lab.tif",
        folder / "hopper.jpg",
    ]
    assert len(copies) == 8
    for path in copies:
        assert_close(load_image(path), upright, mean_error=6)
    one, other = load_image(folder / "Portrait_6.jpg"), load_image(folder / "Portrait_8.jpg")
    assert_close(resize(one, (90, 60)), resize(other, (90, 60)), mean_error=2)


def test_real_photographs_load(real: Path) -> None:
    grey = load_image(real / "coco" / "val2017" / "000000431848.jpg")
    assert grey.shape[2] == 3
    assert np.array_equal(grey[..., 0], grey[..., 2])


def test_real_cases(real: Path) -> None:
    folder = real / "cases" / "jpeg_hole"
    assert load_image(folder / "whole.jpg").shape == (240, 320, 3)
    for name in ("hole.jpg", "cut_then_end_mark.jpg"):
        with pytest.raises(ImageError, match=f"{name} is damaged"):
            load_image(folder / name)


def test_no_real_photograph_is_refused(real: Path) -> None:
    for name in ("coco", "flickr8k", "flickr30k"):
        for path in sorted((real / name).rglob("*.jpg")):
            load_image(path)


def test_only_the_block_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with suppress_stderr():
        os.write(2, b"within ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_error_ends_the_silence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), suppress_stderr():
        1 / 0  # noqa: B018
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


# ── pictures that are arrays already ────────────────────────────────────────────────────────────


def test_centre_crop_takes_the_middle_square() -> None:
    wide = np.arange(5 * 9 * 3).reshape(5, 9, 3)
    assert np.array_equal(centre_crop(wide), wide[:, 2:7])
    assert np.array_equal(centre_crop(wide.transpose(1, 0, 2)), wide.transpose(1, 0, 2)[2:7])
    assert centre_crop(wide[..., 0]).shape == (5, 5)


def test_area_averages_where_nearest_picks() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (resize(stripes, 4, "area") == 100).all()
    assert set(np.unique(resize(stripes, 4, "nearest"))) <= {0, 200}


def test_resize_takes_height_before_width_and_names_wrong_arguments() -> None:
    image = quarters()
    assert resize(image, (10, 20)).shape == (10, 20, 3)
    assert resize(image, 7).shape == (7, 7, 3)
    with pytest.raises(ValueError, match="interpolation must be one of .*'bicubic'"):
        resize(image, 7, "bicubic")
    with pytest.raises(ValueError, match="size must be at least 1 pixel"):
        resize(image, 0)


def test_tensor_round_trip() -> None:
    images = np.stack([noise(4, 6), noise(4, 6)])
    tensor = to_tensor(images)
    assert tensor.shape == (2, 3, 4, 6)
    assert tensor.dtype == torch.float32
    assert 0 <= tensor.min() < tensor.max() <= 1
    assert np.array_equal(to_pixels(tensor), images)
    assert torch.equal(to_tensor(torch.from_numpy(images[0])), tensor[0])
    assert to_pixels(torch.tensor([-1.0, 0.5, 2.0]).reshape(3, 1, 1)).tolist() == [[[0, 128, 255]]]


def test_to_tensor_refuses_what_is_no_pixels() -> None:
    with pytest.raises(ValueError, match="must be uint8"):
        to_tensor(np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ValueError, match=r"must be \(\.\.\., H, W, 3\), got \(3, 4, 4\)"):
        to_tensor(np.zeros((3, 4, 4), np.uint8))


def test_normalise_per_colour_and_back() -> None:
    mean = torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1).expand(2, 3, 4, 5)
    assert torch.allclose(normalise(mean, IMAGENET_MEAN, IMAGENET_STD), torch.zeros(1), atol=1e-6)
    tensor = torch.rand(2, 3, 4, 5)
    back = denormalise(normalise(tensor, IMAGENET_MEAN, IMAGENET_STD), IMAGENET_MEAN, IMAGENET_STD)
    assert torch.allclose(back, tensor, atol=1e-6)


# ── Blur ─────────────────────────────────────────────────────────────────────────────────────────


def test_blur_is_measured_in_64ths():
    edge = np.zeros((1, 128, 128, 3), np.uint8)
    edge[:, :, 64:] = 255
    large, small = blur(edge, 2)[0, 0, ::2, 0], blur(edge[:, ::2, ::2], 2)[0, 0, :, 0]
    assert np.abs(large.astype(int) - small).max() < 30
    assert 0 < small[30] < 128
