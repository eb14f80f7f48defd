"""What whole-service tests share: one emulator a session, and the packaged service."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from xdist.scheduler import LoadScopeScheduling

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.e2e import recorder
from tests.support.packages import package_service

SHARED = ("tests/e2e/", "tests/infrastructure/", "tests/conformance/streams/")
"""Folders whose tests share something that takes long to make: a stack, packages, a browser."""

ALONE = ("tests/robustness/test_model_schedules.py",)
"""Files whose tests share nothing and take long: each test is dealt for itself."""

LONGEST_FIRST = ("conformance", "robustness", "integration", "contract", "unit")
"""The suites whose files share nothing, by what their longest files take."""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Return a running emulator of this session's own, on a free port."""
    folder = tmp_path_factory.mktemp("emulator")
    with lifecycle.running(None, folder, recorder.__file__) as running:
        yield running


@pytest.fixture(scope="session")
def package(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function from a stage, and options, to the folder that `sls package` wrote."""

    @cache
    def package_stage(stage: str, *options: str) -> Path:
        folder = tmp_path_factory.mktemp(f"package-{stage}")
        return package_service(emulator, stage, folder, *options)

    return package_stage


@pytest.fixture(scope="module")
def one_core() -> Iterator[None]:
    """Keep to one core: of threads that wait for each other, the next wakes sooner there."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(before)[worker % len(before)]})
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture(autouse=True)
def _pillows_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the next test Pillow's own limit back: opening a source sets another, process-wide."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


class BySharing(LoadScopeScheduling):  # type: ignore[misc]
    """Deals tests to processes by what they share: what is in `SHARED`, or their file.

    Not by `xdist_group`: its name is lost on the way with pytest 9.2 and xdist 3.8.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ALONE):
            return nodeid
        return _shared(nodeid) or nodeid.split("::")[0]


def _shared(nodeid: str) -> str | None:
    return next((folder for folder in SHARED if nodeid.startswith(folder)), None)


def _rank(nodeid: str) -> int:
    suite = nodeid.split("/")[1]
    if _shared(nodeid) or suite not in LONGEST_FIRST:
        return -1
    return LONGEST_FIRST.index(suite)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Return what deals the tests to the processes, where there are several."""
    return BySharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest groups first, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: _rank(item.nodeid))
