"""What decoders find missing of a source, on its way from them to the probe.

One rule for all formats: a picture of which every line is there is complete, whatever its file
lacks behind them. One with missing lines is shown with what is there; below a tenth of its lines
it is CORRUPT_MEDIA.
"""

from __future__ import annotations

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import MediaWarning, WarningCode

KEY = "media-pipeline"
"""In `Image.info`, where decoders keep what they find beside the pixels."""

LEAST_SHARE = 10
"""One of so many lines has to be there."""


def report_lines(image: Image.Image, lines: int, height: int, unit: str = "lines") -> None:
    """Note that of so many lines (frames, …) of a source so many are there.

    Raises PermanentError(CORRUPT_MEDIA) for too few. All of them need no note.
    """
    if lines >= height:
        return
    refuse_few(lines, height, unit)
    warn(image, WarningCode.INCOMPLETE, f"cut short: {lines:,} of {height:,} {unit} are there")


def refuse_few(there: int, of: int, unit: str) -> None:
    """Raise PermanentError(CORRUPT_MEDIA) where less than a tenth is there."""
    if there * LEAST_SHARE < of:
        raise PermanentError(
            ErrorCode.CORRUPT_MEDIA, f"cut short: {there:,} of {of:,} {unit} are there"
        )


def warn(image: Image.Image, code: WarningCode, message: str) -> None:
    """Note a warning about the source of an image, once."""
    warning = MediaWarning(code, message)
    noted = read_warnings(image)
    if warning not in noted:
        image.info[KEY] = (*noted, warning)


def read_warnings(image: Image.Image) -> tuple[MediaWarning, ...]:
    """Return what was noted."""
    noted = image.info.get(KEY)
    return noted if isinstance(noted, tuple) else ()


def is_complete(warnings: tuple[MediaWarning, ...]) -> bool:
    """Tell whether all of a source is there."""
    return all(each.code != WarningCode.INCOMPLETE for each in warnings)
