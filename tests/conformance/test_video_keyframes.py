"""Keyframes of a source, by its index or by seeking, against what an independent reader lists."""

from __future__ import annotations

import subprocess

import pytest

from lib.domain.media import VideoProbe
from lib.video.encode.find_keyframe import find_keyframe
from lib.video.plan.keyframes import read_keyframes
from lib.video.source import Input
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

SOURCE = (
    *("-f", "lavfi", "-i", "testsrc2=s=192x108:r=30000/1001:d=20"),
    *("-f", "lavfi", "-i", "sine=440:d=20"),
)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac")
INDEXED = {
    "b-frames.mp4": (*SOURCE, *H264, "-g", "75"),
    "index-first.mov": (*SOURCE, *H264, "-g", "50", "-movflags", "+faststart"),
    "all-keyframes.mov": (*SOURCE, "-c:v", "mjpeg", "-t", "2"),
    "late-picture.mp4": (*SOURCE[:4], "-itsoffset", "-0.5", *SOURCE[4:], *H264, "-g", "75"),
    "no-edit-list.mp4": (*SOURCE, *H264, "-an", "-use_editlist", "0", "-g", "75"),
}


def make(path, arguments):
    subprocess.run([find_ffmpeg(), "-v", "error", "-y", *arguments, str(path)], check=True)
    return path


def listed(path):
    """Return the keyframes' times from the start of the earliest track, by ffprobe."""
    found = subprocess.run(
        [
            *("ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"),
            *("-show_entries", "packet=pts_time,flags:format=start_time", str(path)),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    start = float(found[-1])
    rows = (row.split(",") for row in found[:-1])
    return sorted(float(time) - start for time, flags, *_ in rows if "K" in flags)


@pytest.mark.parametrize("name", INDEXED)
def test_an_index_lists_all_keyframes(tmp_path, name):
    path = make(tmp_path / name, INDEXED[name])
    with path.open("rb") as file:
        found = read_keyframes(file)
    assert found
    assert len(found) > 2
    assert found == pytest.approx(listed(path), abs=2e-6)


@pytest.mark.parametrize(
    ("name", "options"),
    [("fragmented.mp4", ("-movflags", "frag_keyframe+empty_moov")), ("a.mkv", ()), ("a.ts", ())],
)
def test_where_no_index_lists_them_a_seek_finds_one(tmp_path, name, options):
    path = make(tmp_path / name, (*SOURCE, *H264, "-g", "75", *options))
    with path.open("rb") as file:
        assert read_keyframes(file) is None
    container = {"mp4": "mov", "mkv": "matroska", "ts": "mpegts"}[path.suffix[1:]]
    for at in (5.0, 10.0, 17.5):
        found = find_keyframe(
            at,
            source=Input(str(path), container),
            probe=VideoProbe(width=192, height=108, video_codec="avc"),
            ffmpeg=ffmpeg_in(tmp_path),
        )
        assert found is not None
        nearest = min(listed(path), key=lambda each: abs(each - found))
        # Matroska counts in ms, and calls what the encoder of the sound is late a start below 0.
        assert found == pytest.approx(nearest, abs=0.03), (at, found)
        assert abs(found - at) < 3


def test_a_file_that_is_cut_off_or_no_mp4_tells_nothing(tmp_path):
    path = make(tmp_path / "whole.mp4", (*SOURCE, *H264, "-movflags", "+faststart"))
    content = path.read_bytes()
    for number, length in enumerate((0, 7, 40, 800, 2000)):
        broken = tmp_path / f"{number}.mp4"
        broken.write_bytes(content[:length])
        with broken.open("rb") as file:
            assert read_keyframes(file) is None
