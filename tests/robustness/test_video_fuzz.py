"""800 damaged videos and sounds: each ends for good, within its bounds, and leaves nothing.

The same 800 on every run. `VIDEO_MUTANTS=100000` takes more of them, for hours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.robustness.video_mutations import JOB_STEP, seeds
from tests.support.ffmpeg_binary import find_ffmpeg

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("VIDEO_MUTANTS", "800"))

MEGABYTES = 100
"""An interpreter, and sources of a few KB: MediaInfo has a process of its own."""

CHILD_MEGABYTES = 600
"""MediaInfo may have 1 GB of addresses, ffmpeg 2.6 GB; damaged sources of a few KB need neither."""

PROCESSES = 2


def share(sources: Path, folder: Path, first: int) -> dict[str, Any]:
    """Take one share of the mutations through their process; return what became of them."""
    own = folder / str(first)
    own.mkdir()
    numbers = [str(sources), find_ffmpeg(), str(own), str(first), str(COUNT), str(PROCESSES)]
    command = [sys.executable, "-W", "error", "-m", "tests.robustness.video_mutations", *numbers]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    *mutations, summary = done.stdout.splitlines() or [""]
    assert done.returncode == 0, f"after {mutations[-1:]}, {summary}: {done.stderr[-2000:]}"
    result: dict[str, Any] = json.loads(summary)
    return result


def test_damaged_sources_end_for_good_within_their_bounds(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    seeds(find_ffmpeg(), sources)
    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = list(pool.map(partial(share, sources, tmp_path), range(PROCESSES)))
    probed, jobs = (
        sum((Counter(each["counts"][kind]) for each in shares), Counter[str]())
        for kind in ("probe", "job")
    )
    assert probed.total() + jobs.total() == COUNT
    assert jobs.total() == len(range(0, COUNT, JOB_STEP))
    # Damage of every depth: most of it lies behind what is described.
    assert probed["PLANNED"] > COUNT / 4
    assert probed["CORRUPT_MEDIA"] > COUNT / 20
    assert probed["LIMIT_EXCEEDED"] > 0
    assert jobs["READY"] > COUNT / JOB_STEP / 10
    assert jobs["CORRUPT_MEDIA"] > COUNT / JOB_STEP / 40
    assert max(each["megabytes"] for each in shares) < MEGABYTES
    assert max(each["child_megabytes"] for each in shares) < CHILD_MEGABYTES
    assert max(each["slowest"] for each in shares) < 1
