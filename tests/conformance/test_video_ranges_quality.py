"""A film in ranges is as good as the film in one pass: frames, bytes and VMAF."""

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from lib.presets import load
from lib.video.encode.encode import encode_video
from lib.video.package import cmaf
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, VideoTask
from lib.video.plan.ranges import Span
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.bench.vmaf import measure_vmaf
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

ROOT = Path(__file__).parents[2]
PRESET = load(ROOT / "presets.toml").named(None)
CLIP = ROOT / "tests/media/bunny-720p-5.1.mp4"
SIZE = (640, 360)
SECONDS = 12
BORDERS = (0.0, 4.0, 8.0, 100.0)
PLENTY = 600.0
MEAN, BORDER, BYTES = 0.5, 3.0, 0.05
"""VMAF that may be missing on average, and in the worst frame; and the part of bytes."""

PLAN = Plan((Rung("h264", *SIZE, PRESET.video.crf["h264"], 900),), timescale=90_000)


@dataclass(frozen=True)
class Made:
    size: int
    scores: list[float]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    arguments: list[str | Path] = ["-stream_loop", "9", "-i", CLIP, "-t", str(SECONDS)]
    arguments += [
        "-an",
        "-r",
        "12.5",
        "-vf",
        "scale=640:360",
        "-g",
        "25",
        "-c:v",
        "libx264",
        "-crf",
        "12",
    ]
    subprocess.run([find_ffmpeg(), "-v", "error", *arguments, str(path)], check=True)
    return path


def make(film: Path, folder: Path, span: Span | None) -> Path:
    with film.open("rb") as file:
        probe = read_probe(file, "mov")
    folder.mkdir()
    task = VideoTask(Input(str(film), "mov"), probe, PLAN, PRESET, span)
    encode_video(task, ffmpeg_in(folder))
    return folder / f"{PLAN.rungs[0].name}.mp4"


def joined(paths: list[Path], ends: list[float | None], target: Path) -> Path:
    """Write the first init segment and all segments, as a player fetches them."""
    with target.open("wb") as out:
        for path, end_s in zip(paths, ends, strict=True):
            with path.open("rb") as file:
                init, track = cmaf.read_track(file, path.stem)
                out.write(b"" if out.tell() else init)
                end = None if end_s is None else round(end_s * track.timescale)
                out.writelines(content for _, content in cmaf.split(file, end_tick=end))
    return target


def judge(path: Path, film: Path) -> Made:
    return Made(path.stat().st_size, measure_vmaf(find_ffmpeg(), path, film, SIZE))


@pytest.fixture(scope="module")
def whole(film, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    path = make(film, folder / "made", None)
    return judge(joined([path], [None], folder / "whole.mp4"), film)


@pytest.fixture(scope="module")
def ranges(film, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranges")
    spans = [Span(*each) for each in pairwise(BORDERS)]
    paths = [make(film, folder / str(number), span) for number, span in enumerate(spans)]
    return judge(joined(paths, [*BORDERS[1:-1], None], folder / "joined.mp4"), film)


def test_no_frame_is_lost_or_shown_twice(whole, ranges):
    assert len(ranges.scores) == len(whole.scores) == SECONDS * 12.5


def test_they_look_alike_on_average(whole, ranges):
    lost = sum(whole.scores) / len(whole.scores) - sum(ranges.scores) / len(ranges.scores)
    assert abs(lost) <= MEAN


def test_no_frame_at_a_border_looks_worse(whole, ranges):
    drops = [one - many for one, many in zip(whole.scores, ranges.scores, strict=True)]
    assert max(drops) <= BORDER


def test_they_need_as_many_bytes(whole, ranges):
    assert abs(ranges.size / whole.size - 1) <= BYTES
