"""Run every check in order and stop at the first that fails: `npm test [-- PYTEST ARGUMENTS]`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

MINUTES = 8
"""What all of it takes on two cores; more where they have other work."""

USAGE = f"""npm test [-- PYTEST ARGUMENTS]

Runs ruff, mypy, import-linter and then pytest, and stops at the first that fails: about
{MINUTES} minutes on two cores. Less of it:

  npm test -- tests/unit                      the checks, then one suite
  npm test -- -k sequencer                    the checks, then tests by name
  .venv/bin/pytest tests/unit/test_keys.py    one file, without the checks
  .venv/bin/pytest -h                         what else pytest takes"""
HELP = {"-h", "--help"}

TOOLS = Path(sys.executable).parent
PROCESSES = min(os.cpu_count() or 1, 4)
"""Tests that share something run in one of them, in their order: see tests/conftest.py."""
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", str(PROCESSES), "--dist", "loadscope", "--no-loadscope-reorder"),
)


def main(pytest_arguments: list[str]) -> int:
    """Return the exit code of the first check that fails, or 0."""
    if HELP & set(pytest_arguments):
        print(USAGE)
        return 0
    if not pytest_arguments:
        print(f"every check and every test: about {MINUTES} minutes on two cores", flush=True)
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
