"""Find the ffmpeg that the tests run: the layer's own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from lib.domain.clock import Deadline
from lib.video.encode.ffmpeg import Ffmpeg

PLENTY = 3600.0
"""s."""

BINARY = "*/ffmpeg/bin/ffmpeg"
LAYERS = Path(__file__).parents[2] / ".build" / "layers"


@cache
def find_ffmpeg() -> str:
    """Return FFMPEG_PATH, else the newest built layer's binary that runs here; built if need be."""
    if named := os.environ.get("FFMPEG_PATH"):
        return named
    if path := _newest_that_runs():
        return path
    build = [sys.executable, "layers/build.py", "--target", "host", "ffmpeg"]
    subprocess.run(build, cwd=LAYERS.parents[1], check=True)
    path = _newest_that_runs()
    return path or pytest.fail(f"expected FFMPEG_PATH or a layer below {LAYERS} that runs here")


def _newest_that_runs() -> str | None:
    built = sorted(LAYERS.glob(BINARY), key=lambda path: -path.stat().st_mtime)
    return next((str(path) for path in built if _runs(path)), None)


def ffmpeg_in(scratch: Path, deadline: Deadline = lambda: PLENTY) -> Ffmpeg:
    """Return that ffmpeg as a job gets it: with a folder, and with more time than it takes."""
    return Ffmpeg(find_ffmpeg(), deadline, scratch)


def _runs(path: Path) -> bool:
    try:
        return subprocess.run([path, "-version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
