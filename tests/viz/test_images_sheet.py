"""Sheets of pictures."""

import numpy as np
import pytest

from cmlearn.viz.images import contact_sheet, sheet_figure


def test_pictures_stand_in_rows_with_white_between():
    pictures = np.stack([np.full((2, 3, 3), n, np.uint8) for n in range(5)])
    sheet = contact_sheet(pictures, columns=3, gap=1)
    assert sheet.shape == (2 * 3 - 1, 3 * 4 - 1, 3)
    assert sheet[0, [0, 4, 8], 0].tolist() == [0, 1, 2]
    assert sheet[3, [0, 4, 8], 0].tolist() == [3, 4, 255]
    assert (sheet[2] == 255).all()
    assert (sheet[:, 3] == 255).all()


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet(np.zeros((0, 4, 4, 3), np.uint8))


def test_the_figure_keeps_the_sheet_s_shape():
    figure = sheet_figure(np.zeros((10, 40, 3), np.uint8), "all black", width=4)
    assert figure.get_figwidth() == 4
    assert figure.axes[0].get_title() == "all black"
