"""Read Flickr8k and Flickr30k from the authors' archives or from a common copy.

Hodosh et al. 2013, "Framing image description as a ranking task", https://doi.org/10.1613/jair.3994
(Flickr8k); Young et al. 2014, "From image descriptions to visual denotations",
https://aclanthology.org/Q14-1006 (Flickr30k).
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
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
from cmlearn.data.photos.on_disk import files_in, keep_present, pictures_in
from cmlearn.data.splits import SEED, SHARES, split_by_picture

PARTS = ("train", "val", "test")
ANY = "any"  # names that copies of both data sets use
# File names in the authors' archives and in the copies on Kaggle; the first that exists is read.
CAPTION_FILES = {
    "flickr8k": ("Flickr8k.token.txt", "Flickr8k.token.txt.gz"),
    "flickr30k": (
        "results_20130124.token",
        "results_20130124.token.gz",
        "results.csv",
        "results_mini.csv",
    ),
    ANY: ("captions.txt", "captions.csv"),
}
KARPATHY_FILES = {
    "flickr8k": "dataset_flickr8k.json",
    "flickr30k": "dataset_flickr30k.json",
    ANY: "dataset.json",
}
LISTS = {
    "flickr8k": (
        "Flickr_8k.trainImages.txt",
        "Flickr_8k.devImages.txt",
        "Flickr_8k.testImages.txt",
    ),
    "flickr30k": ("train.txt", "val.txt", "test.txt"),
}
# Picture names distinguish the data sets: Flickr8k adds ten hexadecimal digits to the photo's id.
NAME_FORMS = {"flickr8k": r"\d+_[0-9a-f]{10}\.jpg", "flickr30k": r"\d+\.jpg"}
TEXT_FOLDERS = ("", "Flickr8k_text", "flickr30k_images", "flickr30k_images/flickr30k_images")
PICTURE_FOLDERS = (
    "Images",
    "images",
    "Flicker8k_Dataset",  # the authors' spelling
    "Flickr8k_Dataset",
    "Flickr8k_Dataset/Flicker8k_Dataset",
    "flickr30k-images",
    "flickr30k_images",
    "flickr30k_images/flickr30k_images",
    "",
)
NAME_COLUMNS = ("image", "image_name")
CAPTION_COLUMNS = ("caption", "comment")
MAX_HEADER = 1000  # characters; the csv module raises an error for a column of over 131,072
# A caption of several lines, one of which begins as a row does.
ROW_IN_CAPTION = re.compile(r"[\r\n][^,\r\n]*\.(?:jpe?g|png)\"?,", re.IGNORECASE)
MOST = 0.9  # share of the pictures on disk that must have captions and be in the lists

Captions = dict[str, list[str]]  # file name of a picture -> its captions


def read_flickr(folder: Path | str, part: str, expected: str | None = None) -> list[CaptionedImage]:
    """Read the training, validation or test part of Flickr8k or Flickr30k.

    Captions come from the authors' token file (also as .gz), one of Kaggle's CSV files, or
    Karpathy's JSON. The split comes from the official lists or from Karpathy's JSON. Files named
    after the expected data set come first, so both data sets can share a folder. Without a
    split, the pictures are divided 80, 10 and 10 %, always in the same way, with a warning.
    Pictures that no list names belong to no part; Flickr8k has 91 of them, and its token file has
    a key that names no picture. The ids are the photographs' ids on Flickr, so a picture has the
    same id in both data sets; pictures whose names have another form are numbered.

    Args:
        folder: the folder with these files, or with the folders that the archives unpack to.
        part: "train", "val" (called dev in Flickr8k) or "test".
        expected: "flickr8k" or "flickr30k", to refuse the other data set; None accepts both, and
            prefers files named after Flickr8k.

    Returns:
        The captioned pictures, sorted by id.

    Raises:
        ValueError: the part is unknown.
        FileNotFoundError: a file or all pictures are missing; the message lists where they were
            searched.
        CaptionFileError: a file is damaged, a picture is in two parts, two names have the same id,
            or most file names have the form of the data set that is not expected.
    """
    folder = Path(folder)
    if part not in PARTS:
        raise ValueError(f"Flickr8k and Flickr30k have the parts {', '.join(PARTS)}; got {part!r}")
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    source, captions = _read_captions(folder, expected)
    _refuse_another(expected, captions, source, folder)
    parts = _find_parts(folder, expected)
    ids = _photo_ids(set(captions).union(*(parts or {}).values()), source)
    if not parts:
        warnings.warn(
            f"{folder} has no list of its parts ({_any_of(_lists_of(part))}): 80, 10 and 10 % of "
            "the pictures are used for training, validation and testing",
            stacklevel=2,
        )
        parts = _own_parts(captions, ids)
    names = parts[part]
    if names and not any(captions.get(name) for name in names):
        raise CaptionFileError(f"{source} has no captions of the {len(names)} pictures of {part!r}")
    listed = [
        CaptionedImage(ids[name], Path(name), tuple(captions.get(name, ()))) for name in names
    ]
    pictures = _picture_folder(folder, captions)
    _warn_of_cut_off(source, pictures_in(pictures), captions, set().union(*parts.values()))
    return keep_present(listed, [pictures], f"{source} ({part})")


def read_token_file(file: Path) -> Captions:
    """Read a token file: lines of NAME#NUMBER, a tab, and a caption.

    One key of Flickr8k, `2258277193_586949ec62.jpg.1`, names a picture that does not exist.

    Args:
        file: the authors' token file, plain or as .gz.

    Returns:
        The captions by the picture's file name.

    Raises:
        CaptionFileError: a line has another form; the message gives its number.
    """
    captions: Captions = {}
    for number, line in read_lines(file):
        match = re.fullmatch(r"([^\t#]+)#\d+(?:\t(.*))?", line)
        if match is None:
            raise CaptionFileError(
                f"{file}: line {number} is not a picture's name, #, a number, a tab and a caption"
            )
        _add(captions, match[1], match[2] or "", f"{file}: line {number}")
    return captions


def read_csv_file(file: Path) -> Captions:
    """Read one of Kaggle's CSV files.

    The columns are separated by commas, with quoting ("image,caption"), or by vertical bars,
    without quoting ("image_name| comment_number| comment"). A line end inside quotes becomes a
    blank.

    Args:
        file: the CSV file.

    Returns:
        The captions by the picture's file name.

    Raises:
        CaptionFileError: the header or a row has another form; the message gives its number.
    """
    text = read_text(file)
    header = re.split(r"[\r\n]", text, maxsplit=1)[0][:MAX_HEADER]
    rows, separator = (_rows_with_bars, "|") if "|" in header else (_rows_with_commas, ",")
    columns = _columns(header, separator)
    if columns[0] not in NAME_COLUMNS or columns[-1] not in CAPTION_COLUMNS:
        raise CaptionFileError(
            f"{file}: its first line must name the columns, {' or '.join(NAME_COLUMNS)} first and "
            f"{' or '.join(CAPTION_COLUMNS)} last; got {header[:80]!r}"
        )
    captions: Captions = {}
    for number, name, caption in rows(text, len(columns), file):
        _add(captions, name, caption, f"{file}: line {number}")
    return captions


def read_split_list(file: Path) -> list[str]:
    """Read the list of a split, one file name in each line.

    Args:
        file: an official list; lines without a suffix mean .jpg files.

    Returns:
        The file names in order, without duplicates.

    Raises:
        CaptionFileError: a line is not a file name.
    """
    names = (
        plain_name(line if "." in line else f"{line}.jpg", f"{file}: line {number}")
        for number, line in read_lines(file)
    )
    return list(dict.fromkeys(names))


def _read_captions(folder: Path, expected: str | None) -> tuple[Path, Captions]:
    order = _order(expected)
    names = [name for each in order for name in CAPTION_FILES[each]]
    names += [KARPATHY_FILES[each] for each in order]
    file = _find(folder, names)
    if file is None:
        raise FileNotFoundError(
            f"no captions in {folder}: looked for {_any_of(names)}, there and in its subfolders "
            f"{', '.join(TEXT_FOLDERS[1:])}. To get them: "
            "`python -m cmlearn download flickr8k` (or flickr30k)"
        )
    captions = _read_caption_file(file)
    if not captions:
        raise CaptionFileError(f"{file} has no captions: is it truncated?")
    return file, captions


def _order(expected: str | None) -> list[str]:
    """Return the data sets in the order in which their files are looked for."""
    if expected is None:
        return [*LISTS, ANY]
    return [expected, ANY, *(name for name in LISTS if name != expected)]


def _read_caption_file(file: Path) -> Captions:
    if file.suffix == ".json":
        return {entry.name: list(entry.captions) for entry in read_karpathy(file)}
    return read_token_file(file) if ".token" in file.suffixes else read_csv_file(file)


def _refuse_another(expected: str | None, captions: Captions, source: Path, folder: Path) -> None:
    for name, form in NAME_FORMS.items():
        alike = [key for key in captions if re.fullmatch(form, key)]
        if expected and name != expected and 2 * len(alike) > len(captions):
            raise CaptionFileError(
                f"{source} names pictures as {name.capitalize()} does, such as {alike[0]!r}, but "
                f"{expected.capitalize()} was requested: write {name}:{folder}"
            )


def _find(folder: Path, names: Iterable[str]) -> Path | None:
    paths = (folder / inside / name for name in names for inside in TEXT_FOLDERS)
    return next((path for path in paths if path.is_file()), None)


def _find_parts(folder: Path, expected: str | None) -> dict[str, list[str]]:
    """Read the split of the expected data set or, failing that, of the other; empty if none."""
    for name in _order(expected):
        parts = _listed_parts(folder, LISTS.get(name, ()))
        parts = parts or _karpathy_parts(folder, KARPATHY_FILES[name])
        if parts:
            return parts
    return {}


def _listed_parts(folder: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Read the official lists; empty if there are none."""
    files = {part: (name, _find(folder, [name])) for part, name in zip(PARTS, names)}
    if not any(file for _, file in files.values()):
        return {}
    parts: dict[str, list[str]] = {}
    listed_in: dict[str, Path] = {}
    for part, (list_name, file) in files.items():
        if file is None:
            raise FileNotFoundError(
                f"{folder} has lists of other parts, but none of {part!r}: {list_name}"
            )
        parts[part] = read_split_list(file)
        for name in parts[part]:  # in two parts, it would be used for training and testing
            if name in listed_in:
                raise CaptionFileError(f"{file} and {listed_in[name]} both list {name}")
            listed_in[name] = file
    return parts


def _lists_of(part: str) -> list[str]:
    return [names[PARTS.index(part)] for names in LISTS.values()]


def _karpathy_parts(folder: Path, name: str) -> dict[str, list[str]]:
    file = _find(folder, [name])
    entries = read_karpathy(file) if file else []
    return {part: [x.name for x in entries if x.part == part] for part in PARTS} if entries else {}


def _own_parts(captions: Captions, ids: Mapping[str, int]) -> dict[str, list[str]]:
    # All captioned pictures are split, not those on disk: a missing one must not move the others.
    items = [CaptionedImage(ids[name], Path(name), ()) for name in captions]
    parts = split_by_picture(items, SHARES, np.random.default_rng(SEED))
    return {part: [item.path.name for item in chosen] for part, chosen in parts.items()}


def _photo_ids(names: Iterable[str], source: Path) -> dict[str, int]:
    """Return the id on Flickr for names of Flickr's forms, whatever the other names are.

    Other names get the number that begins them or, if these are not unique, free ids from 1 on.
    """
    ids: dict[str, int] = {}
    first: dict[int, str] = {}
    others = []
    for name in sorted(names):
        if not any(re.fullmatch(form, name) for form in NAME_FORMS.values()):
            others.append(name)
            continue
        ids[name] = int(re.split(r"[_.]", name)[0])
        if ids[name] in first:
            raise CaptionFileError(
                f"{source}: {first[ids[name]]} and {name} have the same id on Flickr: is one of "
                "them mistyped?"
            )
        first[ids[name]] = name
    numbers = [int(match[0]) for match in (re.match(r"\d+", name) for name in others) if match]
    if len({*numbers} - {*first}) < len(others):
        numbers = [*islice((n for n in count(1) if n not in first), len(others))]
    return ids | dict(zip(others, numbers))


def _picture_folder(folder: Path, captions: Captions) -> Path:
    """Return the folder that has the most pictures of the captions."""
    found = {name: len(files_in(folder / name) & captions.keys()) for name in PICTURE_FOLDERS}
    best = max(found, key=lambda name: found[name])
    if not found[best]:
        searched = ", ".join(name for name in PICTURE_FOLDERS if name)
        raise FileNotFoundError(
            f"no pictures in {folder}: its captions name {len(captions)}, such as "
            f"{next(iter(captions), '')!r}, and none is there or in its subfolders {searched}"
        )
    return folder / best


def _warn_of_cut_off(
    source: Path, on_disk: set[str], captioned: Iterable[str], listed: Iterable[str]
) -> None:
    """Warn if many pictures on disk have no caption or are in no part."""
    with_caption = on_disk.intersection(captioned)
    in_parts = with_caption.intersection(listed)
    if len(with_caption) < MOST * len(on_disk):
        found = f"{source}: of {len(on_disk)} pictures on disk, only {len(with_caption)} are named"
    elif len(in_parts) < MOST * len(with_caption):
        found = (
            f"{source.parent}: of {len(with_caption)} pictures with captions, only "
            f"{len(in_parts)} are in the lists of the parts"
        )
    else:
        return
    warnings.warn(f"{found}: was a file cut off?", stacklevel=3)


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names)


def _columns(header: str, separator: str) -> list[str]:
    columns = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
    return [column.strip().lower() for column in columns] or [""]


def _rows_with_commas(text: str, columns: int, file: Path) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        next(reader)
        for row in reader:
            if row and len(row) < columns:
                raise CaptionFileError(f"{file}: line {reader.line_num} has {len(row)} columns")
            if row:  # an unquoted caption has a column for each of its commas
                caption = ",".join(row[columns - 1 :])
                if ROW_IN_CAPTION.search(caption):
                    raise CaptionFileError(
                        f"{file}: the caption that ends in line {reader.line_num} contains other "
                        "rows; is its closing quote missing?"
                    )
                yield reader.line_num, row[0], caption
    except csv.Error as error:
        raise CaptionFileError(
            f"{file}: line {reader.line_num} is not valid CSV: {error}"
        ) from error


def _rows_with_bars(text: str, columns: int, file: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n")[1:], start=2):
        row = line.split("|", columns - 1)
        if len(row) == columns:
            yield number, row[0], row[-1]
        elif line.strip():
            # Kaggle's copy lacks the second bar in one line:
            # "2199200615.jpg| 4   A dog runs across ...".
            match = re.fullmatch(r"\s*\d+\s+(.*)", row[-1]) if len(row) == columns - 1 else None
            if match is None:
                raise CaptionFileError(f"{file}: line {number} has {len(row)} columns")
            yield number, row[0], match[1]


def _add(captions: Captions, name: str, caption: str, where: str) -> None:
    of_picture = captions.setdefault(plain_name(name.strip(), where), [])
    if caption.strip():
        of_picture.append(one_line(caption))
