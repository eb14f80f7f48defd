"""What whole-service tests share: one emulator a session, and the packaged service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from lib.local import emulator as local
from lib.local.emulator import Emulator
from tests.contract.packages import package_service

TESTS = Path(__file__).parent


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Return a running emulator of this session's own, on a free port."""
    with local.running(None, tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="session")
def package(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function from a stage, and options, to the folder that `sls package` wrote."""

    @cache
    def package_stage(stage: str, *options: str) -> Path:
        folder = tmp_path_factory.mktemp(f"package-{stage}")
        return package_service(emulator, stage, folder, *options)

    return package_stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal tests to processes by what they share: a stack, packages, a browser, or their file.

    The longest groups start first, so that no process is left with one of them at the end.
    """
    shared = ("e2e", "infrastructure", "proof")
    for item in items:
        suite = item.path.relative_to(TESTS).parts[0]
        name = suite if suite in shared else str(item.path)
        item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in shared)
