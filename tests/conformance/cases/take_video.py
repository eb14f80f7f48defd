"""Take a case of video or sound along its paths, and judge what became of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from string import Template

from lib.application.process_video import process_video
from lib.presets import PACKAGED, Preset, Presets, load
from tests.conformance.cases.case import Case
from tests.conformance.cases.judge_video import judge_video
from tests.media import case_video_kinds, case_videos
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


def judge_paths(case: Case, paths: Iterable[str], folder: Path) -> dict[str, list[str]]:
    """Take a case along paths, in an empty folder; return what differs, by path."""
    source = find_source(case, folder)
    differing = {}
    for path in paths:
        own = folder / path
        own.mkdir()
        differing[path] = judge_video(case, _take(source, path, own))
    return differing


def take_case(case: Case, path: str, folder: Path) -> Ended:
    """Take a file along a path, in an empty folder; it is made where it isn't there."""
    return _take(find_source(case, folder), path, folder)


def _take(source: Path, path: str, folder: Path) -> Ended:
    return take(source, Worker(recipes(), find_ffmpeg(), PATHS[path]), folder)


def find_source(case: Case, folder: Path) -> Path:
    """Return the path of a case; where it isn't there, it is made in a folder."""
    if case.path.is_file():
        return case.path
    if command := case.facts.get("make"):
        arguments = str(command)
        while "$" in arguments:
            arguments = Template(arguments).substitute(WORDS)
        case_videos.run(find_ffmpeg(), *shlex.split(arguments), folder / case.name)
        return folder / case.name
    made = {**case_videos.MAKERS, **case_video_kinds.MAKERS}
    made[case.name](find_ffmpeg(), folder / case.name)
    return folder / case.name


WORDS = {
    "gray": "-f lavfi -i color=0x6e6e6e:s=320x180:r=25",
    "hd": "-f lavfi -i color=0x6e6e6e:s=1280x720:r=5:d=1,format=gbrp,$corners",
    "sd": "-f lavfi -i color=0x6e6e6e:s=320x180:r=5:d=1,format=gbrp,$corners",
    "tone": "-f lavfi -i sine=440:r=48000",
    "corners": ",".join(
        f"drawbox={x}:{y}:iw/6:ih/6:{color}:fill"
        for x, y, color in (
            ("0", "0", "0xdc1e1e"),
            ("iw-iw/6", "0", "0x1ec81e"),
            ("0", "ih-ih/6", "0x1e1edc"),
            ("iw-iw/6", "ih-ih/6", "0xdcdc1e"),
        )
    ),
    "x264": "-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -x264-params threads=1",
    "aac": "-c:a aac -ac 2",
}
"""What `make` of a case may say, besides ffmpeg's own arguments."""


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
