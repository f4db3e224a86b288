"""Tests of cmlearn.data.photos.flickr."""

import gzip
import json
import warnings
from pathlib import Path

import pytest

from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.flickr import read_flickr

PARTS = ("train", "val", "test")
NAMES = [f"{100 + i}_{i:010x}.jpg" for i in range(20)]
SPLIT = {"train": NAMES[:12], "val": NAMES[12:16], "test": NAMES[16:]}


def tokens(names: list[str] = NAMES) -> str:
    return "".join(f"{name}#{i}\tpicture {name}, {i}\n" for name in names for i in range(2))


def table(names: list[str] = NAMES) -> str:
    rows = "".join(f'{name},"picture {name}, {i}"\n' for name in names for i in range(2))
    return f"image,caption\n{rows}"


def bars(names: list[str] = NAMES) -> str:
    rows = "".join(f"{name}| {i}| picture {name}, {i}\n" for name in names for i in range(2))
    return f"image_name| comment_number| comment\n{rows}"


def karpathy(split: dict[str, list[str]]) -> str:
    images = [
        {
            "filename": name,
            "split": part,
            "sentences": [{"raw": f"picture {name}, {i}"} for i in range(2)],
        }
        for part, names in split.items()
        for name in names
    ]
    return json.dumps({"images": images})


def fill(folder: Path, texts: dict[str, str | bytes], pictures: str = "Images") -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    (folder / pictures).mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / pictures / name).touch()
    return folder


def lists(names: tuple[str, str, str], inside: str = "", ending: str = ".jpg") -> dict[str, str]:
    return {
        inside + name: "".join(f"{x.removesuffix('.jpg')}{ending}\n" for x in SPLIT[part])
        for name, part in zip(names, PARTS)
    }


OF_8K = ("Flickr_8k.trainImages.txt", "Flickr_8k.devImages.txt", "Flickr_8k.testImages.txt")
OF_30K = ("train.txt", "val.txt", "test.txt")
WITH_SPLIT = {
    "the authors' Flickr8k": (
        {"Flickr8k_text/Flickr8k.token.txt": tokens()} | lists(OF_8K, "Flickr8k_text/"),
        "Flickr8k_Dataset/Flicker8k_Dataset",
    ),
    "all in one folder": ({"Flickr8k.token.txt": tokens()} | lists(OF_8K), ""),
    "beside its lemmata": (
        {"Flickr8k.token.txt": tokens(), "Flickr8k.lemma.token.txt": "no form of ours"}
        | lists(OF_8K),
        "Flicker8k_Dataset",
    ),
    "Flickr30k": ({"results_20130124.token": tokens()} | lists(OF_30K), "flickr30k-images"),
    "Flickr30k, packed": (
        {"results_20130124.token.gz": gzip.compress(tokens().encode())} | lists(OF_30K, ending=""),
        "flickr30k_images",
    ),
    "Kaggle's Flickr8k with lists": ({"captions.txt": table()} | lists(OF_8K), "Images"),
    "Kaggle's Flickr30k with lists": (
        {"flickr30k_images/results.csv": bars()} | lists(OF_30K),
        "flickr30k_images/flickr30k_images",
    ),
    "Karpathy's alone": ({"dataset_flickr8k.json": karpathy(SPLIT)}, "Images"),
    "Karpathy's beside tokens": (
        {"dataset_flickr30k.json": karpathy(SPLIT), "results_20130124.token": tokens()},
        "flickr30k-images",
    ),
    "lists before Karpathy's": (
        {"dataset.json": karpathy({"train": NAMES}), "Flickr8k.token.txt": tokens()} | lists(OF_8K),
        "Images",
    ),
}


@pytest.mark.parametrize("form", WITH_SPLIT)
def test_every_form_is_the_same_data_set(tmp_path: Path, form: str) -> None:
    folder = fill(tmp_path, *WITH_SPLIT[form])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for part in PARTS:
            items = read_flickr(folder, part)
            assert [item.path.name for item in items] == SPLIT[part]
            assert [item.image_id for item in items] == [int(x[:3]) for x in SPLIT[part]]
            assert all(item.path.is_file() for item in items)
            for item in items:
                expected = tuple(f"picture {item.path.name}, {i}" for i in range(2))
                assert item.captions == expected


@pytest.mark.parametrize("text", [{"captions.txt": table()}, {"results.csv": bars()}])
def test_without_a_split_it_is_ours_by_picture(tmp_path: Path, text: dict) -> None:
    folder = fill(tmp_path, text)
    parts = {}
    for part in PARTS:
        with pytest.warns(UserWarning, match="has no list of its parts .*80, 10 and 10 %"):
            parts[part] = [item.path.name for item in read_flickr(folder, part)]
    assert [len(parts[part]) for part in PARTS] == [16, 2, 2]
    assert sorted(sum(parts.values(), [])) == NAMES
    (folder / "Images" / parts["train"][0]).unlink()
    with pytest.warns(UserWarning):
        assert [item.path.name for item in read_flickr(folder, "train")] == parts["train"][1:]
        assert [item.path.name for item in read_flickr(folder, "test")] == parts["test"]


def test_pictures_without_a_number_are_numbered_by_name(tmp_path: Path) -> None:
    (tmp_path / "Images").mkdir()
    for name in ("b.jpg", "a.jpg"):
        (tmp_path / "Images" / name).touch()
    (tmp_path / "captions.txt").write_text("image,caption\nb.jpg,B\na.jpg,A\n")
    with pytest.warns(UserWarning):
        parts = [read_flickr(tmp_path, part) for part in PARTS[:1]]
    assert [(item.image_id, item.captions) for item in parts[0]] == [(1, ("A",)), (2, ("B",))]


@pytest.mark.parametrize("odd", [f"{NAMES[0]}.1", "garden.jpg", f"{NAMES[0]}.png", "100_.jpg"])
def test_one_odd_name_changes_no_other_id(tmp_path: Path, odd: str) -> None:
    fill(tmp_path, {"Flickr8k.token.txt": tokens([odd, *NAMES])} | lists(OF_8K))
    for part in PARTS:
        items = read_flickr(tmp_path, part, "flickr8k")
        assert [item.image_id for item in items] == [int(name[:3]) for name in SPLIT[part]]


def test_two_names_of_one_photograph_are_refused(tmp_path: Path) -> None:
    same = f"{NAMES[0][:4]}{'f' * 10}.jpg"
    fill(tmp_path, {"Flickr8k.token.txt": tokens([*NAMES, same])} | lists(OF_8K))
    with pytest.raises(CaptionFileError, match=f"{NAMES[0]} and {same} have the same id on Flickr"):
        read_flickr(tmp_path, "train")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder .*absent"):
        read_flickr(tmp_path / "absent", "train")
    with pytest.raises(FileNotFoundError, match=r"Flickr8k\.token\.txt or .* Flickr8k_text.*downl"):
        read_flickr(tmp_path, "train")
    texts = {"Flickr8k.token.txt": tokens()} | lists(OF_8K)
    folder = fill(tmp_path, texts, pictures="my pictures")
    with pytest.raises(FileNotFoundError, match="name 20, such as '100_0.*subfolders Images, im"):
        read_flickr(folder, "train")
    with pytest.raises(ValueError, match="parts train, val, test; got 'dev'"):
        read_flickr(folder, "dev")


def test_a_list_that_is_missing_is_not_made_up(tmp_path: Path) -> None:
    texts = {"Flickr8k.token.txt": tokens()} | lists(OF_8K)
    folder = fill(tmp_path, texts)
    (folder / OF_8K[1]).unlink()
    for part in PARTS:
        with pytest.raises(FileNotFoundError, match=r"none of 'val': Flickr_8k\.devImages\.txt"):
            read_flickr(folder, part)


def test_a_picture_in_two_lists_is_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path, {"Flickr8k.token.txt": tokens()} | lists(OF_8K))
    with (folder / OF_8K[2]).open("a") as file:
        file.write(NAMES[3] + "\n")
    with pytest.raises(CaptionFileError, match=f"testImages.* and .*trainImages.* {NAMES[3]}"):
        read_flickr(folder, "val")


def test_lists_of_another_data_set_are_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path, {"Flickr8k.token.txt": tokens()})
    for name in OF_30K:
        (folder / name).write_text(f"{name.removesuffix('.txt')}.jpg\n")
    with pytest.raises(CaptionFileError, match="no captions of the 1 pictures of 'train'"):
        read_flickr(folder, "train")


@pytest.mark.parametrize(
    ("named", "other", "name"),
    [("flickr30k", "flickr8k", "1001_693b08cb0e.jpg"), ("flickr8k", "flickr30k", "1001.jpg")],
)
@pytest.mark.parametrize("file", ["captions.txt", "Flickr8k.token.txt", "results_20130124.token"])
def test_the_other_of_the_two_is_refused(
    tmp_path: Path, named: str, other: str, name: str, file: str
) -> None:
    names = [name, name.replace("1001", "1002"), "phantom.jpg.1"]
    fill(tmp_path, {file: table(names) if file == "captions.txt" else tokens(names)})
    for each in names:
        (tmp_path / "Images" / each).touch()
    said = f"{file} names pictures as {other.capitalize()} does, such as '{name}', but "
    said += f"{named.capitalize()} was requested: write {other}:{tmp_path}$"
    with pytest.raises(CaptionFileError, match=said):
        read_flickr(tmp_path, "train", named)
    with pytest.warns(UserWarning, match="80, 10 and 10 %"):
        assert read_flickr(tmp_path, "train", other) == read_flickr(tmp_path, "train")


NAMES_30K = [name.partition("_")[0] + ".jpg" for name in NAMES]
SPLIT_30K = {"train": NAMES_30K[:8], "val": NAMES_30K[8:14], "test": NAMES_30K[14:]}
LISTS_30K = {f"{part}.txt": "\n".join(names) for part, names in SPLIT_30K.items()}


@pytest.mark.parametrize(
    "texts",
    [
        {
            "dataset_flickr8k.json": karpathy(SPLIT),
            "dataset_flickr30k.json": karpathy(SPLIT_30K),
            "dataset_coco.json": "{}",
        },
        {"Flickr8k.token.txt": tokens(), "results_20130124.token": tokens(NAMES_30K)}
        | lists(OF_8K)
        | LISTS_30K,
        {"captions.txt": table(), "results.csv": bars(NAMES_30K)} | lists(OF_8K) | LISTS_30K,
        {"Flickr8k.token.txt": tokens(), "captions.txt": table(NAMES_30K)}
        | {"dataset_flickr8k.json": karpathy(SPLIT)}
        | LISTS_30K,
    ],
)
def test_of_both_in_one_folder_the_one_that_was_asked_for_is_read(
    tmp_path: Path, texts: dict[str, str | bytes]
) -> None:
    fill(tmp_path, texts)
    (tmp_path / "flickr30k-images").mkdir()
    for name in NAMES_30K:
        (tmp_path / "flickr30k-images" / name).touch()
    for expected, split in (("flickr8k", SPLIT), ("flickr30k", SPLIT_30K)):
        for part in PARTS:
            items = read_flickr(tmp_path, part, expected)
            assert [item.path.name for item in items] == split[part]
            assert all(item.path.is_file() for item in items)


def test_pictures_named_otherwise_are_taken_as_either(tmp_path: Path) -> None:
    own = ["garden.jpg", "kitchen.jpg", "1.jpg"]
    fill(tmp_path, {"captions.txt": table(own)})
    for name in own:
        (tmp_path / "Images" / name).touch()
    for expected in ("flickr8k", "flickr30k"):
        with pytest.warns(UserWarning, match="80, 10 and 10 %"):
            assert read_flickr(tmp_path, "train", expected)


@pytest.mark.parametrize(
    ("file", "text"), [("results.csv", bars()), ("Flickr8k.token.txt", tokens())]
)
def test_captions_that_were_cut_off_are_noticed(tmp_path: Path, file: str, text: str) -> None:
    fill(tmp_path, {file: text[: len(text) // 2]} | lists(OF_8K))
    said = rf"{file}: of 20 pictures on disk, only 1[01] are named: was a file cut off\?"
    with pytest.warns(UserWarning, match=said):
        read_flickr(tmp_path, "train")


def test_lists_that_were_cut_off_are_noticed(tmp_path: Path) -> None:
    texts = lists(OF_8K)
    texts[OF_8K[0]] = "\n".join(NAMES[:4])
    fill(tmp_path, {"Flickr8k.token.txt": tokens()} | texts)
    with pytest.warns(UserWarning, match="of 20 pictures with captions, only 12 are in the lists"):
        read_flickr(tmp_path, "test")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptionFileError, match=r"token\.txt has no captions"):
        read_flickr(fill(tmp_path, {"Flickr8k.token.txt": ""}), "train")


def test_real_case_of_two_karpathy_files(real: Path) -> None:
    folder = real / "cases" / "karpathy_three_files" / "data"
    parts = [read_flickr(folder, part, "flickr30k") for part in PARTS]
    assert [len(part) for part in parts] == [12, 4, 4]


def test_real_case_of_an_edited_key(real: Path, tmp_path: Path) -> None:
    text = (real / "cases" / "flickr8k_edited_token" / "Flickr8k.token.txt").read_text("utf-8")
    named = {line.partition("#")[0] for line in text.split("\n") if line}
    (tmp_path / "Flickr8k.token.txt").write_text(text, "utf-8")
    for name in named:
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match="80, 10 and 10 %"):
        items = [item for part in PARTS for item in read_flickr(tmp_path, part, "flickr8k")]
    photos = [item for item in items if item.path.suffix == ".jpg"]
    assert len(photos) == len(named) - 1
    assert all(item.path.name.startswith(f"{item.image_id}_") for item in photos)


@pytest.mark.parametrize("case", ["csv_header_in_quotes", "csv_line_end_inside_quotes"])
def test_real_cases_of_valid_csv(real: Path, case: str) -> None:
    with pytest.warns(UserWarning, match="80, 10 and 10 %"):
        parts = [read_flickr(real / "cases" / case / "data", part, "flickr8k") for part in PARTS]
    assert [len(part) for part in parts] == [16, 2, 2]
    assert {len(item.captions) for part in parts for item in part} == {5}


def test_real_case_of_a_file_that_was_cut_off(real: Path) -> None:
    folder = real / "cases" / "csv_cut_off" / "data"
    with pytest.warns(UserWarning, match="of 20 pictures on disk, only 8 are named: was a file"):
        read_flickr(folder, "train", "flickr8k")


def test_real_flickr8k(real: Path) -> None:
    found = {}
    for part, listed in (("train", 6000), ("val", 1000), ("test", 1000)):
        with pytest.warns(
            UserWarning, match=rf"of {listed} pictures, .* are not in .*Images and 0"
        ):
            found[part] = read_flickr(real / "flickr8k", part, "flickr8k")
    with pytest.raises(CaptionFileError, match="as Flickr8k does, such as '1000268201_693b08cb0e"):
        read_flickr(real / "flickr8k", "val", "flickr30k")
    assert {part: len(items) for part, items in found.items()} == {"train": 16, "val": 8, "test": 8}
    items = sum(found.values(), [])
    assert all(len(item.captions) == 5 for item in items)
    assert all(item.path.name.startswith(f"{item.image_id}_") for item in items)


def test_real_flickr30k(real: Path) -> None:
    folder = real / "flickr30k"
    with pytest.raises(CaptionFileError, match=r"as Flickr30k does, such as '1000092795\.jpg'"):
        read_flickr(folder, "val", "flickr8k")
    with pytest.raises(FileNotFoundError, match="lists 29000 pictures and none is in .*images"):
        read_flickr(folder, "train")
    with pytest.warns(UserWarning, match="of 1014 pictures, 1001 are not in"):
        val = read_flickr(folder, "val")
    with pytest.warns(UserWarning, match="of 1000 pictures, 989 are not in"):
        test = read_flickr(folder, "test")
    assert (len(val), len(test)) == (13, 11)
    assert all(item.path.name == f"{item.image_id}.jpg" for item in val + test)
