"""Make the pictures that a player shows above its seek bar: sprite sheets, and where each lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.renditions import Made, Part, RenditionKind
from lib.imaging.port import Images, Still

COLUMNS, ROWS = 10, 10
"""Of one sheet: most videos have one or two, of some 300 kB each."""

PER_SHEET = COLUMNS * ROWS


def make_storyboard(tiles: Path, duration_ms: int, deadline: Deadline, images: Images) -> Made:
    """Return `storyboard.vtt` of the files `<ms>.jpg` in a folder; its parts are the sheets.

    All tiles have one size, which is that of the rendition. Raises PermanentError(ENCODE_FAILED)
    where there are none, and what `images` does.
    """
    found = sorted(tiles.glob("*.jpg"), key=lambda path: int(path.stem))
    if not found:
        raise PermanentError(ErrorCode.ENCODE_FAILED, "expected pictures but none were decoded")
    stills = [Still.read(each) for each in found]
    sprites = images.make_sprite_sheets(stills, COLUMNS, ROWS, deadline)
    size = sprites.size
    parts = tuple(
        Part(sheet_name(number), "image/jpeg", sheet) for number, sheet in enumerate(sprites.sheets)
    )
    return Made(
        "storyboard.vtt",
        RenditionKind.STORYBOARD,
        "text/vtt",
        serialize_storyboard([int(each.stem) for each in found], duration_ms, size).encode(),
        *size,
        duration_ms,
        parts=parts,
    )


def sheet_name(number: int) -> str:
    """Return the name of a sheet beside the WebVTT file."""
    return f"storyboard-{number}.jpg"


def serialize_storyboard(starts_ms: Sequence[int], duration_ms: int, size: tuple[int, int]) -> str:
    """Print WebVTT whose cues are media fragments of the sheets, such as `#xywh=160,0,160,90`.

    Each lasts until the next starts, the first from 0, the last to the end.
    https://www.w3.org/TR/media-frags/#naming-space
    """
    return "WEBVTT\n" + "".join(_cues(starts_ms, duration_ms, size))


def _cues(starts_ms: Sequence[int], duration_ms: int, size: tuple[int, int]) -> Iterator[str]:
    width, height = size
    # A cue ends after it starts, wherever a damaged source says that it ends.
    bounds = [0, *starts_ms[1:], max(duration_ms, starts_ms[-1] + 1)]
    for index, (start, end) in enumerate(pairwise(bounds)):
        sheet, cell = divmod(index, PER_SHEET)
        row, column = divmod(cell, COLUMNS)
        place = f"{column * width},{row * height},{width},{height}"
        yield f"\n{_clock(start)} --> {_clock(end)}\n{sheet_name(sheet)}#xywh={place}\n"


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
