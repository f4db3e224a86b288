"""Recognises Flickr8k or Flickr30k in a folder, whichever copy of it somebody has.

Hodosh et al. 2013, "Framing image description as a ranking task", https://doi.org/10.1613/jair.3994
(Flickr8k); Young et al. 2014, "From image descriptions to visual denotations",
https://aclanthology.org/Q14-1006 (Flickr30k).
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.photos.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_lines,
    read_text,
)
from cmlearn.data.photos.karpathy import read_karpathy
from cmlearn.data.photos.on_disk import files_in, keep_present
from cmlearn.data.splits import SEED, SHARES, split_by_picture

# What the authors' archives and Kaggle's copies are called; the first that is there is taken.
TOKEN_FILES = (
    "Flickr8k.token.txt",
    "Flickr8k.token.txt.gz",
    "results_20130124.token",
    "results_20130124.token.gz",
)


CSV_FILES = ("captions.txt", "captions.csv", "results.csv", "results_mini.csv")


KARPATHY_FILES = ("dataset_flickr8k.json", "dataset_flickr30k.json", "dataset.json")


LISTS = {
    "train": ("Flickr_8k.trainImages.txt", "train.txt"),
    "val": ("Flickr_8k.devImages.txt", "val.txt"),
    "test": ("Flickr_8k.testImages.txt", "test.txt"),
}


# What the photographs are called tells the two apart: a number with a secret, or a number alone.
NAME_FORMS = {"flickr8k": r"\d+_[0-9a-f]{10}\.jpg", "flickr30k": r"\d+\.jpg"}


TEXT_FOLDERS = ("", "Flickr8k_text", "flickr30k_images", "flickr30k_images/flickr30k_images")


PICTURE_FOLDERS = (
    "Images",
    "images",
    "Flicker8k_Dataset",  # as its authors spell it
    "Flickr8k_Dataset",
    "Flickr8k_Dataset/Flicker8k_Dataset",
    "flickr30k-images",
    "flickr30k_images",
    "flickr30k_images/flickr30k_images",
    "",
)


def read_flickr(folder: Path | str, part: str, expected: str | None = None) -> list[CaptionedImage]:
    """Return the captioned pictures of "train", "val" or "test", in the order of their ids.

    Recognises captions as the authors' token file (also .gz), as one of Kaggle's CSV files, or
    as Karpathy's JSON; the split as the official lists, or as Karpathy's JSON. Where neither
    says the split, the pictures are split 80, 10 and 10 %, the same way every time, with a
    warning. Pictures that are in no list belong to no part (91 of Flickr8k, and a key of its token
    file that names no picture). Ids are those that the photographs have on Flickr: the same in
    both data sets, which share pictures.

    Args:
        folder: what holds these files, or the subfolders that the archives unpack to.
        part: "train", "val" (Flickr8k calls it dev) or "test".
        expected: "flickr8k" or "flickr30k", to refuse the other; None takes either.

    Raises:
        ValueError: no such part.
        FileNotFoundError: something is missing; the message says what was looked for, and where.
        CaptionFileError: a file is damaged, a picture is in two parts, or most pictures are named
            as those of the data set that is not the expected one.
    """
    folder = Path(folder)
    if part not in LISTS:
        raise ValueError(f"Flickr8k and Flickr30k have the parts {', '.join(LISTS)}; got {part!r}")
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    source, captions = _read_captions(folder)
    _refuse_another(expected, captions, source, folder)
    parts = _listed_parts(folder) or _karpathy_parts(folder)
    ids = _photo_ids(set(captions).union(*(parts or {}).values()))
    if not parts:
        warnings.warn(
            f"{folder} has no list of its parts ({_any_of(LISTS[part])}): 80, 10 and 10 % of the "
            "pictures are for training, choosing and testing",
            stacklevel=2,
        )
        parts = _own_parts(captions, ids)
    names = parts[part]
    if names and not any(captions.get(name) for name in names):
        raise CaptionFileError(f"{source} has no captions of the {len(names)} pictures of {part!r}")
    listed = [
        CaptionedImage(ids[name], Path(name), tuple(captions.get(name, ()))) for name in names
    ]
    return keep_present(listed, [_picture_folder(folder, captions)], f"{source} ({part})")


def _read_captions(folder: Path) -> tuple[Path, Captions]:
    readers: Mapping[tuple[str, ...], Callable[[Path], Captions]] = {
        TOKEN_FILES: read_token_file,
        CSV_FILES: read_csv_file,
        KARPATHY_FILES: lambda file: {x.name: list(x.captions) for x in read_karpathy(file)},
    }
    for names, read in readers.items():
        file = _find(folder, names)
        if file:
            captions = read(file)
            if not captions:
                raise CaptionFileError(f"{file} has no captions: was it cut off?")
            return file, captions
    raise FileNotFoundError(
        f"no captions in {folder}: looked for {_any_of([x for names in readers for x in names])}, "
        f"there and in its subfolders {', '.join(TEXT_FOLDERS[1:])}. How to get them: "
        "`python -m cmlearn download flickr8k` (or flickr30k)"
    )


def _refuse_another(expected: str | None, captions: Captions, source: Path, folder: Path) -> None:
    for name, form in NAME_FORMS.items():
        alike = [key for key in captions if re.fullmatch(form, key)]
        if expected and name != expected and 2 * len(alike) > len(captions):
            raise CaptionFileError(
                f"{source} names pictures as {name.capitalize()} does, such as {alike[0]!r}, and "
                f"{expected.capitalize()} was named: write {name}:{folder}"
            )


def _find(folder: Path, names: Iterable[str]) -> Path | None:
    paths = (folder / inside / name for name in names for inside in TEXT_FOLDERS)
    return next((path for path in paths if path.is_file()), None)


def _listed_parts(folder: Path) -> dict[str, list[str]]:
    """The official lists, all of them or none."""
    files = {part: _find(folder, names) for part, names in LISTS.items()}
    if not any(files.values()):
        return {}
    parts: dict[str, list[str]] = {}
    listed_in: dict[str, Path] = {}
    for part, file in files.items():
        if file is None:
            raise FileNotFoundError(
                f"{folder} has lists of other parts and none of {part!r}: {_any_of(LISTS[part])}"
            )
        parts[part] = read_split_list(file)
        for name in parts[part]:  # in two parts, it would be trained on and tested with
            if name in listed_in:
                raise CaptionFileError(f"{file} and {listed_in[name]} both list {name}")
            listed_in[name] = file
    return parts


def _karpathy_parts(folder: Path) -> dict[str, list[str]]:
    file = _find(folder, KARPATHY_FILES)
    entries = read_karpathy(file) if file else []
    return {part: [x.name for x in entries if x.part == part] for part in LISTS} if entries else {}


def _own_parts(captions: Captions, ids: Mapping[str, int]) -> dict[str, list[str]]:
    # Of all that have captions, not of what is on disk: a missing picture moves no other.
    items = [CaptionedImage(ids[name], Path(name), ()) for name in captions]
    parts = split_by_picture(items, SHARES, np.random.default_rng(SEED))
    return {part: [item.path.name for item in chosen] for part, chosen in parts.items()}


def _photo_ids(names: Iterable[str]) -> dict[str, int]:
    """The numbers that names begin with, if they tell the pictures apart; else their order."""
    numbers = {name: re.match(r"\d+", name) for name in sorted(names)}
    ids = {name: int(match[0]) for name, match in numbers.items() if match}
    if len(set(ids.values())) == len(numbers):
        return ids
    return {name: order for order, name in enumerate(numbers, start=1)}


def _picture_folder(folder: Path, captions: Captions) -> Path:
    """The folder that has most of the pictures."""
    count = {name: len(files_in(folder / name) & captions.keys()) for name in PICTURE_FOLDERS}
    best = max(count, key=lambda name: count[name])
    if not count[best]:
        looked = ", ".join(name for name in PICTURE_FOLDERS if name)
        raise FileNotFoundError(
            f"no pictures in {folder}: its captions name {len(captions)}, such as "
            f"{next(iter(captions), '')!r}, and none is there or in its subfolders {looked}"
        )
    return folder / best


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names)


NAME_COLUMNS = ("image", "image_name")


CAPTION_COLUMNS = ("caption", "comment")


Captions = dict[str, list[str]]


def read_token_file(file: Path) -> Captions:
    """Captions by the picture's file name, from lines of NAME#NUMBER, a tab, the caption.

    One key of Flickr8k, `2258277193_586949ec62.jpg.1`, names no file that there is.

    Raises:
        CaptionFileError: a line is of another form; the message has its number.
    """
    captions: Captions = {}
    for number, line in read_lines(file):
        match = re.fullmatch(r"([^\t#]+)#\d+(?:\t(.*))?", line)
        if match is None:
            raise CaptionFileError(
                f"{file}: line {number} is not a picture's name, # and a number, a tab, a caption"
            )
        _add(captions, match[1], match[2] or "", f"{file}: line {number}")
    return captions


def read_csv_file(file: Path) -> Captions:
    """Captions by the picture's file name, from one of Kaggle's CSV files.

    They have commas and quotes ("image,caption"), or bars and bare quotes
    ("image_name| comment_number| comment").

    Raises:
        CaptionFileError: no such header, or a row of another form; the message has its number.
    """
    text = read_text(file)
    header = text.partition("\n")[0]
    columns = [column.strip().lower() for column in re.split(r"[,|]", header)]
    if columns[0] not in NAME_COLUMNS or columns[-1] not in CAPTION_COLUMNS:
        raise CaptionFileError(
            f"{file}: its first line must name the columns, {' or '.join(NAME_COLUMNS)} first and "
            f"{' or '.join(CAPTION_COLUMNS)} last; got {header[:80]!r}"
        )
    captions: Captions = {}
    rows = _rows_with_bars if "|" in header else _rows_with_commas
    for number, name, caption in rows(text, len(columns), file):
        _add(captions, name, caption, f"{file}: line {number}")
    return captions


def read_split_list(file: Path) -> list[str]:
    """File names of a split, one in a line; some lists leave ".jpg" out.

    Raises:
        CaptionFileError: a line is no file name.
    """
    names = (
        plain_name(line if "." in line else f"{line}.jpg", f"{file}: line {number}")
        for number, line in read_lines(file)
    )
    return list(dict.fromkeys(names))


def _rows_with_commas(text: str, columns: int, file: Path) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        next(reader)
        for row in reader:
            if row and len(row) < columns:
                raise CaptionFileError(f"{file}: line {reader.line_num} has {len(row)} columns")
            if row:  # where nobody quoted it, a caption's commas make more columns
                yield reader.line_num, row[0], ",".join(row[columns - 1 :])
    except csv.Error as error:
        raise CaptionFileError(f"{file}: line {reader.line_num} is no CSV: {error}") from error


def _rows_with_bars(text: str, columns: int, file: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n")[1:], start=2):
        row = line.split("|", columns - 1)
        if len(row) == columns:
            yield number, row[0], row[-1]
        elif line.strip():
            # Kaggle's copy lacks the second bar in "2199200615.jpg| 4   A dog runs across ...".
            match = re.fullmatch(r"\s*\d+\s+(.*)", row[-1]) if len(row) == columns - 1 else None
            if match is None:
                raise CaptionFileError(f"{file}: line {number} has {len(row)} columns")
            yield number, row[0], match[1]


def _add(captions: Captions, name: str, caption: str, where: str) -> None:
    if "\n" in caption:
        raise CaptionFileError(f"{where}: a caption of several lines: is a quote left open?")
    of_picture = captions.setdefault(plain_name(name.strip(), where), [])
    if caption.strip():
        of_picture.append(one_line(caption))
