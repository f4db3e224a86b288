"""The forms in which captions of Flickr8k and Flickr30k come, with what is odd about them."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.flickr import read_csv_file, read_split_list, read_token_file

WORDS = st.text(alphabet="ab ,\"|#'", min_size=1, max_size=20).map(lambda x: " ".join(x.split()))
CAPTIONS = st.dictionaries(
    st.sampled_from(["1_a.jpg", "2_b.jpg", "3_c.jpg.1"]), st.lists(WORDS.filter(bool)), min_size=1
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captions") / "file"


@given(CAPTIONS)
def test_token_files_come_back(file: Path, captions: dict[str, list[str]]) -> None:
    file.write_text(
        "".join(f"{k}#{i}\t{c}\n" for k, cs in captions.items() for i, c in enumerate(cs))
    )
    assert read_token_file(file) == {name: said for name, said in captions.items() if said}


@given(CAPTIONS)
def test_commas_and_quotes_come_back(file: Path, captions: dict[str, list[str]]) -> None:
    text = io.StringIO(newline="")
    rows = [(name, caption) for name, said in captions.items() for caption in said]
    csv.writer(text).writerows([("image", "caption"), *rows])
    file.write_text(text.getvalue())
    assert read_csv_file(file) == {name: said for name, said in captions.items() if said}


@given(CAPTIONS)
def test_bars_and_bare_quotes_come_back(file: Path, captions: dict[str, list[str]]) -> None:
    rows = [f"{k}| {i}| {c}" for k, cs in captions.items() for i, c in enumerate(cs)]
    file.write_text("\n".join(["image_name| comment_number| comment", *rows]))
    assert read_csv_file(file) == {name: said for name, said in captions.items() if said}


def test_the_row_of_kaggle_that_lacks_its_second_bar(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text(
        "image_name| comment_number| comment\n"
        "7.jpg| 3| A dog runs .\n"
        "7.jpg| 4   A dog runs across the grass .\n"
    )
    assert read_csv_file(tmp_path / "results.csv") == {
        "7.jpg": ["A dog runs .", "A dog runs across the grass ."]
    }


@pytest.mark.parametrize(
    ("text", "captions"),
    [
        ("image,caption\n1.jpg,a dog, running\n", ["a dog, running"]),  # nobody quoted it
        ("image_name,comment_number,comment\n1.jpg,0,a dog, running\n", ["a dog, running"]),
        ("\ufeffimage,caption\r\n1.jpg,a dog\r\n\r\n", ["a dog"]),  # saved by a spreadsheet
        ('image,caption\n1.jpg,"a ""dog"""\n', ['a "dog"']),
        ("image,caption\n1.jpg,\n", []),
        ('"image","caption"\n"1.jpg","a dog"\n', ["a dog"]),
        ('"image", "comment_number", "caption"\n"1.jpg",0,"a dog"\n', ["a dog"]),
        ('\ufeff"Image","Caption"\r\n"1.jpg","a dog"\r\n', ["a dog"]),
        ('"image_name"|"comment_number"|"comment"\n1.jpg|0|a dog\n', ["a dog"]),
        ('image,caption\n1.jpg,"a\nbig dog\r\n, running"\n', ["a big dog , running"]),
        ("image,caption\r1.jpg,a dog\r", ["a dog"]),  # line ends of old Macs
    ],
)
def test_tables_as_others_save_them(tmp_path: Path, text: str, captions: list[str]) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert read_csv_file(tmp_path / "a.csv") == {"1.jpg": captions}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line must name the columns"),
        ("1.jpg,a dog\n", "first line must name the columns, image or image_name first"),
        ("image,caption\n1.jpg,a dog\n2.jpg\n", "line 3 has 1 columns"),
        ('image,caption\n1.jpg,"a dog\n2.jpg,a cat\n', "line 3 is not valid CSV"),
        ('image,caption\n1.jpg,"a dog\n2.jpg,"a cat"\n', "line 3 is not valid CSV"),
        (
            'image,caption\n1.jpg,"a dog\n2.jpg,a cat"\n',
            "caption that ends in line 3 contains other rows; is its closing quote missing",
        ),
        ("a" * 200_000 + ",caption\n1.jpg,a dog", "first line must name the columns"),
        ("image,caption\n../1.jpg,a dog\n", "line 2 must name a file"),
        ("image,caption\n,a dog\n", "line 2 must name a file"),
        ("image,caption\n1.jpg," + "a" * 200_000, "line 2 is not valid CSV: field larger"),
        ("image_name|comment_number|comment\n1.jpg\n", "line 2 has 1 columns"),
        ("image_name|comment_number|comment\n1.jpg| a dog\n", "line 2 has 2 columns"),
    ],
)
def test_malformed_tables(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(CaptionFileError, match=message) as caught:
        read_csv_file(tmp_path / "a.csv")
    assert "a.csv" in str(caught.value)


@pytest.mark.parametrize(
    "line", ["a dog", "1.jpg\ta dog", "1.jpg#0 a dog with #7", "1.jpg#x\ta dog", "#0\ta dog"]
)
def test_malformed_token_lines(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.token.txt").write_text(f"1.jpg#0\ta dog\n\n{line}\n")
    with pytest.raises(CaptionFileError, match=r"a\.token\.txt: line 3 is not a picture's name"):
        read_token_file(tmp_path / "a.token.txt")


def test_token_lines_without_a_caption_keep_the_picture(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1.jpg#0\t\n1.jpg#1\t a  dog \n2.jpg#0\n")
    assert read_token_file(tmp_path / "a") == {"1.jpg": ["a dog"], "2.jpg": []}


@settings(max_examples=60)
@given(
    st.sampled_from(["", "image,caption\n", "image_name|comment_number|comment\n"]),
    st.text(st.sampled_from('1.jpg#0\t\n\r,|"/ \\\0\u2028é')).map(str.encode) | st.binary(),
)
def test_whatever_is_in_it(file: Path, header: str, content: bytes) -> None:
    """Plain names and captions of one line, or an error that names the file."""
    file.write_bytes(header.encode() + content)
    for read in (read_token_file, read_csv_file):
        try:
            captions = read(file)
        except CaptionFileError as error:
            assert str(file) in str(error)
        else:
            assert all(Path(name).name == name for name in captions)
            assert all(x == " ".join(x.split()) != "" for said in captions.values() for x in said)


def test_lists_with_and_without_endings(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1.jpg\r\n2\n\n1.jpg\n")
    assert read_split_list(tmp_path / "a") == ["1.jpg", "2.jpg"]
    (tmp_path / "b").write_text("1.jpg\n/etc/passwd\n")
    with pytest.raises(CaptionFileError, match="b: line 2 must name a file"):
        read_split_list(tmp_path / "b")


def test_real_token_file_and_table_of_flickr8k_agree(real: Path) -> None:
    tokens = read_token_file(real / "flickr8k" / "Flickr8k.token.txt")
    table = read_csv_file(real / "flickr8k" / "captions.txt")
    assert {len(said) for said in tokens.values()} == {5}
    assert (len(tokens), len(table)) == (8092, 8091)
    assert len(tokens.pop("2258277193_586949ec62.jpg.1")) == 5
    assert tokens == table
    # The lines that a mere split(",") would break: their captions are whole here.
    lines = (real / "flickr8k" / "captions.txt").read_text("utf-8").split("\n")
    broken = [line for line in lines if line.count(",") > 1]
    assert len(broken) == 2447
    assert sum("," in caption for said in table.values() for caption in said) == 2447


def test_real_lists_of_flickr8k_leave_92_out(real: Path) -> None:
    folder = real / "flickr8k"
    names = [
        read_split_list(folder / f"Flickr_8k.{part}Images.txt") for part in ("train", "dev", "test")
    ]
    assert [len(part) for part in names] == [6000, 1000, 1000]
    assert len(read_token_file(folder / "Flickr8k.token.txt").keys() - set().union(*names)) == 92


def test_real_packed_tokens_and_table_of_flickr30k_agree(real: Path) -> None:
    tokens = read_token_file(real / "flickr30k" / "results_20130124.token.gz")
    assert len(tokens) == 31_014
    assert {len(said) for said in tokens.values()} == {5}
    table = read_csv_file(real / "flickr30k" / "results_mini.csv")
    assert len(table) == 126
    assert table == {name: tokens[name] for name in table}
    sizes = {
        part: len(read_split_list(real / "flickr30k" / f"{part}.txt"))
        for part in ("train", "val", "test")
    }
    assert sizes == {"train": 29_000, "val": 1_014, "test": 1_000}
