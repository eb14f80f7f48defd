"""One rule for what is missing of a source, whatever its format."""

from __future__ import annotations

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import MediaWarning, WarningCode
from lib.imaging.completeness import is_complete, read_warnings, report_lines, warn
from lib.imaging.load import read_picture
from tests.support.images import LIMITS, photo, save

COMPLETE = ("jpeg", "png", "webp", "gif", "tiff", "bmp", "jpeg2000", "psd", "ico", "avif", "heif")


@pytest.mark.parametrize(("lines", "complete"), [(1200, True), (1199, False), (120, False)])
def test_a_tenth_of_the_lines_is_enough_to_show(lines: int, complete: bool) -> None:
    image = Image.new("L", (1, 1))
    report_lines(image, lines, 1200)
    assert is_complete(read_warnings(image)) is complete
    if not complete:
        message = f"cut short: {lines:,} of 1,200 lines are there"
        assert read_warnings(image) == (MediaWarning(WarningCode.INCOMPLETE, message),)


def test_less_than_a_tenth_is_corrupt() -> None:
    with pytest.raises(PermanentError) as raised:
        report_lines(Image.new("L", (1, 1)), 119, 1200)
    assert raised.value.code == ErrorCode.CORRUPT_MEDIA
    assert "119 of 1,200 lines" in raised.value.message


def test_other_warnings_leave_a_picture_complete() -> None:
    image = Image.new("L", (1, 1))
    for _ in range(2):
        warn(image, WarningCode.IGNORED, "a profile of another colour model")
    assert [each.code for each in read_warnings(image)] == [WarningCode.IGNORED]
    assert is_complete(read_warnings(image))


@pytest.mark.parametrize("container", COMPLETE)
def test_whole_pictures_are_complete(container: str) -> None:
    probe = read_picture(save(photo(), container), container, LIMITS).probe
    assert probe.complete is True
    assert probe.warnings == ()
