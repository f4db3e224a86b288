"""The files in which captions of Flickr8k and Flickr30k are handed round."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from cmlearn.data.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_lines,
    read_text,
)

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
