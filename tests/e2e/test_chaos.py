"""Kills, stops, failed calls and repeats on a stage of its own: each upload ends in its true state.

`npm run chaos -- --stage local` does more of it, by other seeds.
"""

import json
import subprocess
import sys

from lib.tools import ROOT

SEED = 11
UPLOADS, SECONDS, SETTLE_SECONDS = 40, 15, 240
FEWEST_KILLS, FEWEST_FAILED_CALLS = 5, 5


def test_no_fault_keeps_an_upload_from_its_true_state():
    options = {
        "--stage": "local",
        "--seed": SEED,
        "--uploads": UPLOADS,
        "--seconds": SECONDS,
        "--settle": SETTLE_SECONDS,
    }
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "tests.robustness.chaos", "--json"),
            *(str(each) for option in options.items() for each in option),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    print(ran.stdout)  # the report, shown where the test fails
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout.splitlines()[-1])
    assert (report["broken"], report["moving"]) == ([], "")
    assert report["uploads"] >= UPLOADS
    assert report["kills"] >= FEWEST_KILLS
    assert report["stops"]
    assert sum(report["failed_calls"].values()) >= FEWEST_FAILED_CALLS
    assert report["repeats"]
    assert report["poison"]
