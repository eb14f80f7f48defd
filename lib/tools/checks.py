"""Run every check in order and stop at the first that fails: `npm test [-- SUITE… PYTEST…]`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from lib.tools import ROOT

MINUTES = 14
"""What all of it takes on two cores; more where they have other work."""

TESTS = ROOT / "tests"
SUITES = tuple(sorted({path.parent.name for path in TESTS.glob("*/test_*.py")}))
WITH_A_VALUE = {"-k", "-m", "-n", "-o", "-p", "-r", "-W", "-c"}
"""Short options of pytest whose value is the next argument, which names no suite."""

USAGE = f"""npm test [-- SUITES] [PYTEST ARGUMENTS]

Runs ruff, mypy, import-linter and then pytest, and stops at the first that fails: about
{MINUTES} minutes on two cores. Less of it:

  npm test -- unit                            the checks, then one suite
  npm test -- -k sequencer                    the checks, then tests by name
  .venv/bin/pytest tests/unit/test_keys.py    one file, without the checks
  .venv/bin/pytest -h                         what else pytest takes

Suites: {", ".join(SUITES)}."""
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


def find_suites(arguments: list[str]) -> list[str]:
    """Return the arguments with a path for each suite's name. Raises ValueError for a wrong one."""
    found = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before in WITH_A_VALUE:
            found.append(argument)
        elif argument in SUITES:
            found.append(f"tests/{argument}")
        elif (
            argument.isidentifier() and not before.startswith("--") and not Path(argument).exists()
        ):
            expected = ", ".join(SUITES)
            raise ValueError(f'expected one of {expected} for a suite but received "{argument}"')
        else:
            found.append(argument)
    return found


def main(pytest_arguments: list[str]) -> int:
    """Return the exit code of the first check that fails, or 0."""
    if HELP & set(pytest_arguments):
        print(USAGE)
        return 0
    if not pytest_arguments:
        print(f"every check and every test: about {MINUTES} minutes on two cores", flush=True)
    try:
        pytest_arguments = find_suites(pytest_arguments)
    except ValueError as exc:
        print(f"npm test: {exc}", file=sys.stderr)
        return 2
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
