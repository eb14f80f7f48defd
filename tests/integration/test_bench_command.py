"""`npm run bench`, started as a user starts it."""

from __future__ import annotations

import subprocess
import sys

from lib.tools import ROOT


def test_help_names_the_benchmarks():
    command = [sys.executable, "-m", "tests.bench", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "coldstart: Measure packages and cold starts" in shown
    assert "pipeline: Measure the local stage" in shown
    assert "--json" in shown
