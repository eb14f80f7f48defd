"""2,000 damaged images: each ends in renditions or in a PermanentError, and none takes the process.

The same 2,000 on every run. For others: `python -m tests.contract.mutations 2000 20000`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNT = 2_000

MEGABYTES = 300
"""An interpreter with every decoder and encoder, and images of 4 megapixels at most."""


def test_damaged_images_end_for_good_in_bounded_memory():
    command = [sys.executable, "-W", "error", "-m", "tests.contract.mutations", "0", str(COUNT)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    *numbers, summary = run.stdout.splitlines()
    assert run.returncode == 0, f"after {numbers[-1:]}, {summary}: {run.stderr[-2000:]}"
    result = json.loads(summary)
    counts = result["counts"]
    assert sum(counts.values()) == len(numbers) == COUNT
    # Damage of every depth: some is not even noticed, some only by the last decoder.
    assert counts["READY"] > COUNT / 10
    assert counts["CORRUPT_MEDIA"] > COUNT / 10
    assert counts["LIMIT_EXCEEDED"] > 0
    assert result["megabytes"] < MEGABYTES
