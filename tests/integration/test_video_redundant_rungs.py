"""Rungs that add nothing, found in real encodes by VMAF."""

import os
import subprocess
from pathlib import Path

import pytest

from lib.adapters.local.folder import FolderRenditions
from lib.domain.asset import AssetStatus
from lib.domain.renditions import RenditionKind
from lib.presets import load
from lib.video.encode import prune_ladder
from lib.video.encode.encode import encode_video
from lib.video.encode.prune_ladder import find_redundant
from lib.video.package.streams import EncodedFolder
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, VideoTask
from lib.video.plan.ranges import Span
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.bench.video_long import Execution, upload
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

PRESETS = load(Path(__file__).parents[2] / "presets.toml")
PRESET = PRESETS.named(None)
PLENTY = 600.0
LADDER = Plan((Rung("h264", 320, 180, 4, 20_000), Rung("h264", 640, 360, 4, 20_000)))
SECONDS = 20
MOVING = f"testsrc2=s=640x360:r=3:d={SECONDS}"
UPSCALED = "scale=160:90,scale=640:360:flags=bicubic"


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg()


def leave_out(ffmpeg: str, folder: Path, drawn: str, span: Span | None = None) -> set[str]:
    path = folder / "source.mp4"
    making = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", drawn, "-c:v", "libx264", "-qp", "0"]
    subprocess.run([*making, "-pix_fmt", "yuv420p", path], check=True)
    with path.open("rb") as file:
        probe = read_probe(file, "mov")
    made, source = folder / "made", Input(str(path), "mov")
    made.mkdir()
    encode_video(VideoTask(source, probe, LADDER, PRESET, span), ffmpeg_in(made))
    encoded = EncodedFolder(made)
    rungs = [encoded.read_track(each.name) for each in LADDER.rungs]
    task = VideoTask(source, probe, LADDER, PRESET)
    return find_redundant(task, rungs, encoded.read_clip, ffmpeg_in(folder))


def test_an_upscaled_source_does_without_its_highest_rung(ffmpeg, tmp_path):
    assert leave_out(ffmpeg, tmp_path, f"{MOVING},{UPSCALED}") == {"h264-360"}


def test_a_source_with_detail_keeps_its_rungs(ffmpeg, tmp_path):
    assert leave_out(ffmpeg, tmp_path, MOVING) == set()


def test_segments_are_compared_with_their_own_frames(ffmpeg, tmp_path):
    """Against any other frame of a moving picture, both rungs would be equally bad."""
    scrolled = f"{MOVING.replace(f'd={SECONDS}', f'd={2 * SECONDS}')},scroll=h=0.13:v=0.07"
    assert leave_out(ffmpeg, tmp_path, scrolled, Span(15.0, 15.0 + SECONDS)) == set()


def test_a_short_source_is_not_looked_at(ffmpeg, tmp_path):
    short = MOVING.replace(f"d={SECONDS}", "d=2")
    assert leave_out(ffmpeg, tmp_path, f"{short},{UPSCALED}") == set()


def test_a_long_source_is_looked_at_once_its_ranges_are_encoded(ffmpeg, tmp_path, monkeypatch):
    """With limits at which every rung but the lowest adds nothing."""
    monkeypatch.setattr(prune_ladder, "NO_GAIN", 100.0)
    monkeypatch.setattr(prune_ladder, "SMALLER", 10.0)
    path = tmp_path / "film.mp4"
    drawing = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", f"{MOVING},scroll=h=0.13"]
    subprocess.run([*drawing, "-g", "3", "-pix_fmt", "yuv420p", path], check=True)
    renditions, scratch = FolderRenditions(tmp_path / "stage"), tmp_path / "scratch"
    scratch.mkdir()
    done = Execution(upload(path), renditions, PRESETS, ffmpeg, scratch)
    parts = done.plan(0)
    done.encode(parts, [sorted(os.sched_getaffinity(0))])
    done.package()
    [asset] = done.catalog.by_status(AssetStatus.READY)
    [rung] = [each.name for each in asset.renditions if each.kind is RenditionKind.RUNG]
    stored = [key for key in renditions.keys_below(f"{asset.asset_id}/") if key.endswith(".m4s")]
    assert rung == "h264-240/playlist.m3u8"
    assert {key.split("/")[3] for key in stored} == {"h264-240"}
    assert len(parts) == SECONDS / 4
