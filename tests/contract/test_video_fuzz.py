"""1,000 damaged videos and sounds: each ends for good, and leaves nothing behind.

The same 1,000 on every run. For others: `python -m tests.contract.video_mutations`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.ffmpeg_binary import find_ffmpeg

ROOT = Path(__file__).parents[2]
COUNT = 1_000

JOB_STEP = 7
"""Of every so many one goes through the whole job, which starts ffmpeg; all kinds of sources do."""

MEGABYTES = 100
"""An interpreter, and sources of a few KB: MediaInfo has a process of its own."""

PROCESSES = 2


def run(what: str, folder: Path, step: int = 1) -> dict[str, Any]:
    """Share the mutations among some processes; return what became of them all."""

    def share(first: int) -> dict[str, Any]:
        own = folder / str(first)
        own.mkdir()
        numbers = [find_ffmpeg(), str(own), str(first * step), str(COUNT), str(step * PROCESSES)]
        command = [sys.executable, "-W", "error", "-m", "tests.contract.video_mutations", what]
        done = subprocess.run([*command, *numbers], cwd=ROOT, capture_output=True, text=True)
        *mutations, summary = done.stdout.splitlines() or [""]
        assert done.returncode == 0, f"after {mutations[-1:]}, {summary}: {done.stderr[-2000:]}"
        result: dict[str, Any] = json.loads(summary)
        return result

    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = list(pool.map(share, range(PROCESSES)))
    counts = sum((Counter(each["counts"]) for each in shares), Counter[str]())
    assert counts.total() == len(range(0, COUNT, step))
    return {"counts": counts, "megabytes": max(each["megabytes"] for each in shares)}


def test_damaged_sources_are_described_or_refused_in_bounded_memory(tmp_path: Path) -> None:
    result = run("probe", tmp_path)
    counts = result["counts"]
    # Damage of every depth: most of it lies behind what is described.
    assert counts["PLANNED"] > COUNT / 4
    assert counts["CORRUPT_MEDIA"] > COUNT / 20
    assert counts["LIMIT_EXCEEDED"] > 0
    assert result["megabytes"] < MEGABYTES


def test_damaged_sources_end_for_good_and_leave_nothing_behind(tmp_path: Path) -> None:
    counts = run("job", tmp_path, JOB_STEP)["counts"]
    assert counts["READY"] > COUNT / JOB_STEP / 10
    assert counts["CORRUPT_MEDIA"] > COUNT / JOB_STEP / 20
