"""2,000 damaged images: each ends in renditions or in a PermanentError, and none takes the process.

The same 2,000 on every run. For others: `python -m tests.robustness.mutations 2000 20000`, and a
seed as third argument, or `IMAGE_MUTATIONS` and `IMAGE_SEED` in the environment.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("IMAGE_MUTATIONS", "2000"))
SEED = os.environ.get("IMAGE_SEED", "0")

MEGABYTES = 300
"""An interpreter with every decoder and encoder, and images of 4 megapixels at most."""

SECONDS = 90
"""Of a processor, for 2,000; they take 5. Who takes more is ended by the kernel."""

MADE = 20_000
"""Bytes of one rendition of 16 px, and its manifest."""


def limited() -> None:
    """Give a child no more time and memory than it may take."""
    seconds = SECONDS * max(1, COUNT // 2000)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # The address space of what is not touched counts here too.
    resource.setrlimit(resource.RLIMIT_DATA, (2_000_000_000, 2_000_000_000))


def test_damaged_images_end_for_good_in_bounded_memory():
    command = [sys.executable, "-W", "error", "-m", "tests.robustness.mutations", "0", str(COUNT)]
    run = subprocess.run(
        [*command, SEED], cwd=ROOT, capture_output=True, text=True, preexec_fn=limited
    )
    *numbers, summary = run.stdout.splitlines() or [""]
    assert run.returncode == 0, f"after {numbers[-1:]}, {summary}: {run.stderr[-2000:]}"
    result = json.loads(summary)
    counts = result["counts"]
    assert sum(counts.values()) == len(numbers) == COUNT
    # Damage of every depth: some is not even noticed, some only by the last decoder.
    assert counts["READY"] > COUNT / 10
    assert counts["CORRUPT_MEDIA"] > COUNT / 10
    assert counts["LIMIT_EXCEEDED"] > COUNT / 100
    assert result["megabytes"] < MEGABYTES
    assert result["largest"][0] < MADE
