"""The storyboard: sprite sheets, and WebVTT that says where each picture lies and when."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.renditions import Made, RenditionKind
from lib.imaging.in_process import InProcess
from lib.video.auxiliary.storyboard import make_storyboard, serialize_storyboard

TILE = (48, 27)
CUE = re.compile(
    r"^(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})\n"
    r"(storyboard-\d+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)$",
    re.MULTILINE,
)
MS = (3_600_000, 60_000, 1000, 1)


def make(tiles: Path, duration_ms: int) -> Made:
    return make_storyboard(tiles, duration_ms, lambda: 60.0, InProcess())


def color(index: int) -> tuple[int, int, int]:
    return (index * 37 % 256, index * 91 % 256, index * 53 % 256)


@pytest.fixture
def tiles(tmp_path: Path):
    """Write tiles, each of its own colour, one each `step_ms`."""

    def write(count: int, step_ms: int) -> Path:
        for index in range(count):
            image = Image.new("RGB", TILE, color(index))
            image.save(tmp_path / f"{index * step_ms}.jpg", quality=95, subsampling=0)
        return tmp_path

    return write


def cues(made: Made) -> list[tuple[int, int, str, tuple[int, ...]]]:
    assert isinstance(made.content, bytes)
    found = []
    for match in CUE.findall(made.content.decode()):
        start, end = (
            sum(int(digits) * ms for digits, ms in zip(match[at : at + 4], MS, strict=True))
            for at in (0, 4)
        )
        found.append((start, end, match[8], tuple(map(int, match[9:]))))
    return found


@pytest.mark.parametrize(("count", "sheets"), [(1, 1), (7, 1), (10, 1), (100, 1), (101, 2)])
def test_each_cue_shows_the_picture_of_its_time(tiles, count, sheets):
    made = make(tiles(count, 1000), count * 1000)
    parts = {part.name: part.content for part in made.parts}
    assert list(parts) == [f"storyboard-{number}.jpg" for number in range(sheets)]
    found = cues(made)
    assert len(found) == count
    for index, (start, _, name, (x, y, width, height)) in enumerate(found):
        assert start == index * 1000
        content = parts[name]
        assert isinstance(content, bytes)
        with Image.open(BytesIO(content)) as sheet:
            assert (width, height) == TILE
            assert x + width <= sheet.width
            assert y + height <= sheet.height
            shown = sheet.convert("RGB").getpixel((x + width // 2, y + height // 2))
        assert isinstance(shown, tuple)
        assert shown == pytest.approx(color(index), abs=12)


def test_the_cues_cover_the_video_without_gaps(tiles):
    found = cues(make(tiles(23, 5000), 113_250))
    assert found[0][0] == 0
    assert found[-1][1] == 113_250
    assert all(before[1] == after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("count", "cells"), [(3, [(3, 1)]), (100, [(10, 10)]), (112, [(10, 10), (10, 2)])]
)
def test_a_sheet_is_no_larger_than_its_pictures(tiles, count, cells):
    made = make(tiles(count, 1000), count * 1000)
    sizes = []
    for part in made.parts:
        assert isinstance(part.content, bytes)
        assert part.mime == "image/jpeg"
        with Image.open(BytesIO(part.content)) as sheet:
            sizes.append((sheet.width // TILE[0], sheet.height // TILE[1]))
    assert sizes == cells


def test_it_is_a_webvtt_rendition(tiles):
    made = make(tiles(2, 1000), 2000)
    assert (made.name, made.kind, made.mime) == (
        "storyboard.vtt",
        RenditionKind.STORYBOARD,
        "text/vtt",
    )
    assert (made.width, made.height, made.duration_ms) == (*TILE, 2000)
    assert made.content == (
        b"WEBVTT\n"
        b"\n00:00:00.000 --> 00:00:01.000\nstoryboard-0.jpg#xywh=0,0,48,27\n"
        b"\n00:00:01.000 --> 00:00:02.000\nstoryboard-0.jpg#xywh=48,0,48,27\n"
    )


def test_it_counts_hours():
    assert "01:01:01.007 --> 10:00:00.000" in serialize_storyboard([0, 3_661_007], 36_000_000, TILE)


@pytest.mark.parametrize("duration_ms", [0, 900, 1000])
def test_a_duration_that_is_not_true_gives_no_cue_that_ends_before_it_starts(duration_ms):
    last = serialize_storyboard([0, 1000], duration_ms, TILE).splitlines()[-2]
    assert last == "00:00:01.000 --> 00:00:01.001"


def test_without_pictures_there_is_none(tmp_path):
    with pytest.raises(PermanentError) as caught:
        make(tmp_path / "tiles", 1000)
    assert caught.value.code is ErrorCode.ENCODE_FAILED
