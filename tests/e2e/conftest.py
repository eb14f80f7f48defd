"""The service as `sls deploy --stage local` installs it, with IAM enforced."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lib.tools.emulator.lifecycle import Emulator
from tests.e2e.deployed import Deployed
from tests.e2e.webhooks import NOTHING, tell_webhook

FOLDER = Path(__file__).parent
LAST = FOLDER / "test_grants.py"
NEEDS_ALL = "needs_all_of_e2e"
DESELECTED = pytest.StashKey[bool]()
PARTIAL = pytest.StashKey[str]()
"""Why what needs all of this folder is not evaluated."""


@pytest.fixture(scope="session")
def stack(emulator: Emulator) -> Emulator:
    """Deploy once, with a webhook that hears of nothing yet: `test_webhook` has it to itself."""
    emulator.deploy("local", params={"webhookUrl": "http://127.0.0.1:9/"})
    tell_webhook(emulator.environment, NOTHING)
    return emulator


@pytest.fixture(scope="module")
def deployed(stack: Emulator) -> Iterator[Deployed]:
    """Return the deployed stack; each test uses keys of its own.

    The environment is the stack's until the module ends: other suites run in this process too.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - stack.environment.keys():
            patch.delenv(name)  # the user's proxies and AWS settings
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        yield Deployed(stack)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{NEEDS_ALL}: judges what all other tests here did")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.config.stash[DESELECTED] = True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the tests of grants last, and what judges all the others only if those all run."""
    ours = [item for item in items if FOLDER in item.path.parents]
    others = [item for item in items if FOLDER not in item.path.parents]
    items[:] = [*sorted(ours, key=lambda item: item.path == LAST), *others]
    named = any("::" in each and FOLDER.name in each for each in config.args)
    missing = set(FOLDER.glob("test_*.py")) - {item.path for item in items}
    if named or missing or config.stash.get(DESELECTED, False):
        config.stash[PARTIAL] = "only a part of tests/e2e runs"


@pytest.fixture(autouse=True)
def _only_after_all_others(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker(NEEDS_ALL) is None:
        return
    if request.session.testsfailed:
        request.config.stash[PARTIAL] = "a test failed before"
    if reason := request.config.stash.get(PARTIAL, ""):
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it aloud, whichever process of several skipped it."""
    for report in terminalreporter.stats.get("skipped", []):
        if LAST.name in report.nodeid:
            test = report.nodeid.rpartition("::")[2]
            terminalreporter.write_line(f"NOT EVALUATED: {test}: {report.longrepr[2]}", yellow=True)
