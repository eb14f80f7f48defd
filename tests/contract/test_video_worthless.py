"""Rungs that add nothing, found in real encodes by VMAF."""

import subprocess
from pathlib import Path

import pytest

from lib.presets import load
from lib.video.encode import encode
from lib.video.ladder import Rung
from lib.video.planning import Plan
from lib.video.probe import read_probe
from lib.video.span import Input, Span
from lib.video.worth import find_worthless
from tests.ffmpeg_binary import find_ffmpeg

PRESET = load(Path(__file__).parents[2] / "presets.toml").named(None).video
PLENTY = 600.0
LADDER = Plan((Rung("h264", 320, 180, 4, 20_000), Rung("h264", 640, 360, 4, 20_000)))
MOVING = "testsrc2=s=640x360:r=25:d=2"
UPSCALED = "scale=160:90,scale=640:360:flags=bicubic"
SPAN = Span(0.0, 2.0)


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg()


def leave_out(ffmpeg: str, folder: Path, drawn: str, span: Span | None) -> set[str]:
    path = folder / "source.mp4"
    making = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", drawn, "-c:v", "libx264", "-qp", "0"]
    subprocess.run([*making, "-pix_fmt", "yuv420p", path], check=True)
    with path.open("rb") as file:
        probe = read_probe(file, "mov")
    made, source = folder / "made", Input(str(path), "mov")
    made.mkdir()
    encode(
        source,
        probe,
        LADDER,
        PRESET,
        made,
        span=span,
        ffmpeg=ffmpeg,
        deadline=lambda: PLENTY,
        on_progress=lambda _: None,
    )
    return find_worthless(
        source, probe, LADDER, made, 1, span=span, ffmpeg=ffmpeg, deadline=lambda: PLENTY
    )


def test_an_upscaled_source_does_without_its_highest_rung(ffmpeg, tmp_path):
    upscaled = f"{MOVING},{UPSCALED}"
    assert leave_out(ffmpeg, tmp_path, upscaled, SPAN) == {"h264-360"}


def test_a_source_with_detail_keeps_its_rungs(ffmpeg, tmp_path):
    assert leave_out(ffmpeg, tmp_path, MOVING, SPAN) == set()


def test_a_span_is_compared_with_its_own_frames(ffmpeg, tmp_path):
    """Against any other frame of a moving picture, both rungs would be equally bad."""
    assert leave_out(ffmpeg, tmp_path, MOVING, Span(1.0, 2.0)) == set()


def test_a_short_source_is_not_looked_at(ffmpeg, tmp_path):
    upscaled = f"{MOVING},{UPSCALED}"
    assert leave_out(ffmpeg, tmp_path, upscaled, None) == set()
