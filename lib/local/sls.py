"""Run `sls`, with the running emulator in place of AWS where the stage is `local`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from lib.local import emulator


def main(arguments: list[str]) -> NoReturn:
    """Become `sls ARGUMENTS`, with this environment's Python first for `sls invoke local`."""
    environment = dict(os.environ)
    if _stage(arguments) == "local":
        running = emulator.find()
        if running is None:
            print("no emulator is running: npm run demo -- --keep starts one", file=sys.stderr)
            raise SystemExit(2)
        environment = running.environment
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
    os.execve(emulator.SLS, [str(emulator.SLS), *arguments], environment)  # noqa: S606


def _stage(arguments: list[str]) -> str | None:
    for name, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if name in ("--stage", "-s"):
            return value
        if name.startswith("--stage="):
            return name.partition("=")[2]
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
