"""What changes in mid-stream: sound stays in time, no frame is lost, and shapes are kept."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from lib.presets import load
from lib.video.encode.encode import encode_video
from lib.video.plan.plan import VideoTask, plan_video
from lib.video.plan.ranges import Span
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg
from tests.support.matrix_jobs import frame_times, small

ROOT = Path(__file__).parents[2]
PRESET = small(load(ROOT / "presets.toml"), ()).named(None)

RATE_HZ = 48_000
SECONDS = 2
FRAMES = 25 * SECONDS
"""Of each part of a source."""

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
MP2 = ("-c:a", "mp2")
AC3 = ("-c:a", "ac3")

PICTURES = {
    "turned": (("160x90",), ("90x160",)),
    "turned and back": (("160x90",), ("90x160",), ("160x90",)),
    "larger": (("160x90",), ("320x180",)),
    "smaller": (("320x180",), ("160x90",)),
    "square": (("160x90",), ("128x128",)),
    "from 4:3 to 16:9": (("128x96",), ("160x90",)),
    "wide": (("160x90",), ("320x64",)),
    "tall": (("160x90",), ("64x320",)),
    "odd": (("160x90",), ("146x94",)),
    "of more colours": (("160x90",), ("160x90", "format=yuv444p")),
}
"""Sizes of the parts of a source, each with the filters that follow."""

SOUNDS: Mapping[str, tuple[tuple[str, str], Sequence[tuple[str, int]]]] = {
    "2.0, 5.1, 2.0": (AC3, (("stereo", 48_000), ("5.1", 48_000), ("stereo", 48_000))),
    "5.1, 2.0": (AC3, (("5.1", 48_000), ("stereo", 48_000))),
    "1.0, 2.0": (MP2, (("mono", 48_000), ("stereo", 48_000))),
    "48, 44.1 kHz": (MP2, (("stereo", 48_000), ("stereo", 44_100))),
    "32, 48, 32 kHz": (MP2, (("stereo", 32_000), ("stereo", 48_000), ("stereo", 32_000))),
    "both": (MP2, (("mono", 44_100), ("stereo", 48_000))),
}
"""The encoder, then layout and rate of each part."""


def make(arguments: Sequence[str], path: Path) -> bytes:
    command = [find_ffmpeg(), "-v", "error", "-y", *arguments, "-f", "mpegts", str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def build(
    folder: Path,
    pictures: Sequence[tuple[str, ...]],
    sounds: Sequence[tuple[str, int]],
    codec: Sequence[str],
) -> Path:
    """Write a stream of parts, each white on the left and grey on the right, of one time line."""
    parts = []
    for number in range(max(len(pictures), len(sounds))):
        size, *filters = pictures[min(number, len(pictures) - 1)]
        layout, rate = sounds[min(number, len(sounds) - 1)]
        drawn = ",".join(["drawbox=w=iw/2:color=white:t=fill", *filters])
        arguments = [
            *("-f", "lavfi", "-i", f"color=gray:s={size}:r=25:d={SECONDS}"),
            *("-f", "lavfi", "-i", f"sine=440:r={rate}:d={SECONDS}"),
            *("-vf", drawn, *H264, *codec, "-ar", str(rate)),
            *("-af", f"aformat=channel_layouts={layout}"),
            *("-output_ts_offset", str(number * SECONDS), "-muxdelay", "0"),
        ]
        parts.append(make(arguments, folder / "part.ts"))
    path = folder / "changing.ts"
    path.write_bytes(b"".join(parts))
    return path


def encode(path: Path, folder: Path, span: Span | None = None) -> Path:
    folder.mkdir()
    with path.open("rb") as file:
        probe = read_probe(file, "mpegts")
    plan = plan_video(probe, PRESET)
    task = VideoTask(Input(str(path), "mpegts"), probe, plan, PRESET, span)
    assert encode_video(task, ffmpeg_in(folder)).left_out == {}
    return folder / f"{plan.rungs[-1].name}.mp4"


def sound_seconds(path: Path) -> float:
    """Return how long the samples last that a decoder gives, whatever their time stamps say."""
    command = [find_ffmpeg(), "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-"]
    decoded = subprocess.run(command, check=True, capture_output=True).stdout
    return len(decoded) / 2 / RATE_HZ


def pictures_of(path: Path) -> Iterator[Image.Image]:
    """Yield each frame, as grey."""
    listed = ["-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "pgm", "-pix_fmt", "gray"]
    command = [find_ffmpeg(), "-v", "error", "-i", str(path), *listed, "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    while data:
        opened = Image.open(BytesIO(data))
        opened.load()
        yield opened
        header = len(b"P5\n%d %d\n255\n" % opened.size)
        data = data[header + opened.width * opened.height :]


def shape(picture: Image.Image) -> float:
    """Return how many times as wide as high the part is that isn't black."""
    box = picture.point(lambda level: 255 * (level > 60)).getbbox()
    assert box
    return (box[2] - box[0]) / (box[3] - box[1])


def shown(size: str) -> float:
    width, height = map(int, size.split("x"))
    return width / height


@pytest.mark.parametrize("case", PICTURES)
def test_a_picture_keeps_its_shape_and_all_frames(tmp_path: Path, case: str) -> None:
    parts = PICTURES[case]
    source = build(tmp_path, parts, [("stereo", RATE_HZ)], MP2)
    rung = encode(source, tmp_path / "out")
    found = list(pictures_of(rung))
    assert len(found) == FRAMES * len(parts)
    for number, part in enumerate(parts):
        for at in (1, FRAMES // 2, FRAMES - 2):
            assert shape(found[number * FRAMES + at]) == pytest.approx(shown(part[0]), rel=0.08)
    assert sound_seconds(tmp_path / "out" / "audio-0.mp4") == pytest.approx(
        SECONDS * len(parts), abs=0.1
    )


@pytest.mark.parametrize("case", SOUNDS)
def test_a_sound_stays_in_time_to_the_end(tmp_path: Path, case: str) -> None:
    codec, parts = SOUNDS[case]
    source = build(tmp_path, [("160x90",)], parts, codec)
    rung = encode(source, tmp_path / "out")
    lasts = sound_seconds(tmp_path / "out" / "audio-0.mp4")
    assert lasts == pytest.approx(SECONDS * len(parts), abs=0.1)
    assert len(frame_times(rung, find_ffmpeg())) == FRAMES * len(parts)


def test_a_range_over_a_change_has_the_frames_of_the_whole(tmp_path: Path) -> None:
    source = build(tmp_path, PICTURES["turned"], [("stereo", RATE_HZ)], MP2)
    whole = frame_times(encode(source, tmp_path / "whole"), find_ffmpeg())
    part = encode(source, tmp_path / "part", Span(whole[20], whole[75]))
    # Alone it starts at 0.
    times = [whole[20] + at for at in frame_times(part, find_ffmpeg())]
    assert times == pytest.approx(whole[20:75], abs=0.001)
