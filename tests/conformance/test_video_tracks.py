"""Sources with several tracks, with some that nobody decodes, and with something before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cases.case import Case
from tests.conformance.cases.judge_video import judge_video
from tests.conformance.cases.take_video import PATHS, recipes
from tests.media.track_videos import MAKERS, make
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Worker, take

SHOWN = {"status": "READY", "width": 160, "height": 90, "frames": 50, "sounds": 1}
SMALL = {"status": "READY", "width": 96, "height": 54, "frames": 50, "sounds": 1}
HEARD = {"status": "READY", "audio": "audio.m4a", "duration_ms": 2000, "frames": 0}
NOTED = {"warnings": ["TRACK_NOT_DECODED"]}
FAILED = {"status": "FAILED", "error": "UNSUPPORTED_MEDIA"}
NO_INDEX = {"status": "FAILED", "error": "CORRUPT_MEDIA", "message_says": "no index"}

RIGHT: Mapping[str, Mapping[str, Any]] = {
    "stamped-ac3.m2ts": SHOWN,
    "stamped-mid-packet.mts": SHOWN,
    "stamped-after-stamp.mts": SHOWN,
    "stamped-mpeg2.m2t": SHOWN,
    "protected.ts": SHOWN,
    "protected-mid-packet.ts": SHOWN,
    "lost-one-byte.ts": SHOWN,
    "behind-noise.ts": SHOWN,
    "behind-zeros.ts": SHOWN,
    "mid-pack.vob": {key: SHOWN[key] for key in ("status", "width", "height", "sounds")},
    "mid-pack.mpg": {key: SHOWN[key] for key in ("status", "width", "height", "sounds")},
    "two-programs.ts": {**SHOWN, "warnings": ["IGNORED"]},
    "first-disabled.mp4": SHOWN,
    "large-disabled.mp4": SMALL,
    "both-disabled.mp4": SHOWN,
    "small-first.mov": SHOWN,
    "cover-first.mp4": SHOWN,
    "cover-first.mkv": SHOWN,
    "cover-first-live.mkv": SHOWN,
    "default-second.mkv": SMALL,
    "frame-first.mp4": SHOWN,
    "cover-alone.m4a": HEARD,
    "cover-png.mkv": HEARD,
    "apac-first.mov": {**SHOWN, **NOTED},
    "apac-second.mp4": {**SHOWN, **NOTED},
    "apac-only.mov": {**SHOWN, **NOTED, "sounds": 0},
    "apac-alone.m4a": {**FAILED, "message_says": "no decoder reads it"},
    "unknown-second.mp4": {**SHOWN, **NOTED},
    "unknown-second.mkv": {**SHOWN, **NOTED},
    "unknown-picture.mp4": {**HEARD, **NOTED},
    "unknown-picture.mkv": {**HEARD, **NOTED},
    "unknown-first-picture.mp4": {**SMALL, **NOTED},
    "unknown-large.mp4": {**SMALL, **NOTED},
    "unknown-large.mkv": {**SMALL, **NOTED},
    "unknown-first.m4a": {**HEARD, **NOTED},
    **{f"empty-picture.{each}": HEARD for each in ("mp4", "mkv", "ts", "avi", "flv")},
    **{f"empty-sound.{each}": {**SHOWN, "sounds": 0} for each in ("mov", "mkv", "ts", "flv")},
    "encrypted.mp4": {**FAILED, "message_says": "encrypted, cenc"},
    "encrypted-cbcs.mp4": {**FAILED, "message_says": "encrypted, cbcs"},
    "no-index.mp4": NO_INDEX,
    "cut-early.mp4": NO_INDEX,
    "cut-late.mov": NO_INDEX,
    **dict.fromkeys(
        (
            *("big-tag.flac", "big-tag.wav", "small-tag.aiff", "big-tag.aac", "big-tag.mp3"),
            *("tag-and-zeros.mp3", "two-tags.aac", "tag.wv", "tag.ac3", "noise.mp3", "ones.aac"),
            *("ape-tag.mp3", "endless-tag.mp3"),
            *("zeros.ac3", "half-a-frame.mp2", "half-a-frame.dts"),
        ),
        HEARD,
    ),
}


def _cases() -> Iterator[Any]:
    for name, facts in RIGHT.items():
        # What has no picture is one part on the long path, too.
        for path in PATHS if "width" in facts else ["short"]:
            yield pytest.param(name, path, id=f"{name} {path}")


@pytest.fixture(scope="module")
def source_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a name to its source, which is made once for all paths."""

    @cache
    def made(name: str) -> Path:
        return make(name, find_ffmpeg(), tmp_path_factory.mktemp("source"))

    return made


@pytest.mark.parametrize(("name", "path"), list(_cases()))
def test_the_right_tracks_are_shown_and_heard(
    name: str, path: str, source_of: Callable[[str], Path], tmp_path: Path
) -> None:
    source = source_of(name)
    case = Case(source, RIGHT[name])
    out = tmp_path / "out"
    out.mkdir()
    worker = Worker(recipes(), find_ffmpeg(), PATHS[path])
    assert judge_video(case, take(source, worker, out)) == []


def test_every_source_has_its_right_values() -> None:
    assert set(RIGHT) == set(MAKERS)
