"""Run every check in order and stop at the first that fails: `npm test [-- PYTEST ARGUMENTS]`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

TOOLS = Path(sys.executable).parent
PROCESSES = min(os.cpu_count() or 1, 4)
"""Tests that share something run in one of them, in their order: see tests/conftest.py."""
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", str(PROCESSES), "--dist", "loadgroup", "--no-loadscope-reorder"),
)


def main(pytest_arguments: list[str]) -> int:
    """Return the exit code of the first check that fails, or 0."""
    for tool, *arguments in CHECKS:
        if tool == "pytest":
            arguments += pytest_arguments
        heading = " ".join((tool, *arguments))
        print(f"── {heading}", flush=True)
        started = time.monotonic()
        code = subprocess.run([TOOLS / tool, *arguments], check=False).returncode
        if code:
            print(f"── {heading}: failed", file=sys.stderr)
            return code
        print(f"   {time.monotonic() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
