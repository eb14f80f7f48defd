"""What whole-service tests share: one emulator a session, and the packaged service."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from lib.local import emulator as local
from lib.local.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Return a running emulator of this session's own, on a free port."""
    with local.running(None, tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="session")
def package(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a stage to the folder that `sls package` wrote for it."""

    @cache
    def package_stage(stage: str) -> Path:
        folder = tmp_path_factory.mktemp(f"package-{stage}")
        done = subprocess.run(
            [local.SLS, "package", "--stage", stage, "--package", folder],
            cwd=local.ROOT,
            env=emulator.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return folder

    return package_stage
