import pytest
from PIL import Image

from tests.bench.crop import Crop, judge, measure_kept, read_crops, window

PHOTO = Image.new("RGB", (100, 200))


@pytest.mark.parametrize(
    ("top", "kept"), [(0, 0.0), (50, 0.0), (75, 0.5), (100, 1.0), (80, 0.6), (120, 0.6)]
)
def test_kept_is_the_part_of_the_box_that_fits(top: int, kept: float):
    crop = Crop(PHOTO, (100, 50), [(0, 0, 100, 100)], [(10, 50, 20, 75)])
    # The box is 50 px high: from 100 to 150.
    assert measure_kept(crop, crop.heads, (0, top)) == pytest.approx(kept)


def test_what_never_fits_is_no_loss():
    crop = Crop(PHOTO, (100, 50), [(0, 0, 100, 100)], [])
    assert measure_kept(crop, crop.subject, (0, 30)) == pytest.approx(1)


def test_a_head_is_cut_below_nine_tenths():
    crop = Crop(PHOTO, (100, 50), [(0, 0, 100, 100)], [(10, 50, 20, 75)])
    results = {each.name: each.value for each in judge("x", [crop] * 2, [(0, 100), (0, 90)])}
    assert results["x: heads cut"] == 1
    assert results["x: heads"] == pytest.approx(90)


def test_windows_are_the_largest_of_their_shape():
    assert window((400, 100), 1) == (100, 100)
    assert window((100, 400), 2) == (100, 50)


def test_the_photos_of_the_project_are_labelled():
    crops = list(read_crops(None))
    assert sum(bool(each.heads) for each in crops) >= 2
    assert all(
        0 <= left < right <= 100 and 0 <= top < bottom <= 100
        for each in crops
        for left, top, right, bottom in (*each.subject, *each.heads)
    )
