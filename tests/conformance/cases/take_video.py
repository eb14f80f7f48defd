"""Take a case of video or sound along its paths, and judge what became of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lib.application.process_video import process_video
from lib.presets import PACKAGED, Preset, Presets, load
from tests.conformance.cases.case import Case
from tests.conformance.cases.judge_video import judge_video
from tests.media import case_videos
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Ended, Process, Worker, take
from tests.support.range_jobs import process_in_ranges

VIDEOS = Path(__file__).with_name("video")

PATHS: dict[str, Process] = {"short": process_video, "long": process_in_ranges}
"""The one job, and the steps of a long source."""

RUNG = 180
"""px; the one height that is made."""

SEGMENT_S = 2
"""What a range holds, too."""


def paths_of(case: Case) -> tuple[str, ...]:
    """Return the paths that a case is for, of `PATHS`. Raises KeyError where it does not say."""
    told = case.facts["path"]
    return tuple(PATHS) if told == "both" else (told,)


def judge_case(case: Case, path: str, folder: Path) -> list[str]:
    """Take a case along a path; return what differs from its right values."""
    return judge_video(case, take_case(case, path, folder))


def take_case(case: Case, path: str, folder: Path) -> Ended:
    """Take a file along a path, in an empty folder; it is made where it isn't there."""
    source = case.path
    if not source.is_file():
        source = case_videos.make(case.name, find_ffmpeg(), folder)
    return take(source, Worker(recipes(), find_ffmpeg(), PATHS[path]), folder)


def recipes(rung: int = RUNG, segment_seconds: int = SEGMENT_S) -> Presets:
    """Return presets that make one small rung, a file of it, and a poster."""
    loaded = load(PACKAGED)
    default = loaded.named(None)
    image = replace(default.image, formats=("jpeg",), boxes=())
    video = replace(
        default.video,
        ladder=(rung,),
        mp4=rung,
        speed="ultrafast",
        segment_seconds=segment_seconds,
        storyboard=False,
        preview="none",
    )
    only = Preset("default", image, video, default.audio)
    return replace(loaded, by_name={"default": only}, rules=())
