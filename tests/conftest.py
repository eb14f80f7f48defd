"""What whole-service tests share: one emulator a session, and the packaged service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from lib.local import emulator as local
from lib.local.emulator import Emulator
from tests.contract.packages import package_service


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
        return package_service(emulator, stage, tmp_path_factory.mktemp(f"package-{stage}"))

    return package_stage
