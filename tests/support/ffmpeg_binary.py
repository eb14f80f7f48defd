"""Find the ffmpeg that the tests run: the layer's own."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

LAYERS = Path(__file__).parents[2] / ".build" / "layers"


@cache
def find_ffmpeg() -> str:
    """Return FFMPEG_PATH, else the newest built layer's binary that runs on this machine."""
    if named := os.environ.get("FFMPEG_PATH"):
        return named
    built = sorted(LAYERS.glob("*/ffmpeg/bin/ffmpeg"), key=lambda path: -path.stat().st_mtime)
    for path in built:
        if _runs(path):
            return str(path)
    pytest.fail(f"expected FFMPEG_PATH or a built layer below {LAYERS}, but found no ffmpeg")


def _runs(path: Path) -> bool:
    try:
        return subprocess.run([path, "-version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
