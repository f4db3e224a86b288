"""The picture of the studio's page is there, and light."""

from __future__ import annotations

from PIL import Image

from tools.folders import ROOT
from tools.studio_picture import PICTURE


def test_the_picture_is_there_and_light():
    assert (ROOT / PICTURE).stat().st_size < 250_000
    with Image.open(ROOT / PICTURE) as picture:
        assert picture.width == 1280 and len(set(picture.resize((32, 32)).getdata())) > 50
