"""What the tests of the emulator share: one that runs, and the credentials of its root."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.credentials import Credentials

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.support.signed import root


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with lifecycle.running(folder=tmp_path_factory.mktemp("emulator")) as started:
        yield started


@pytest.fixture
def key(running: Emulator) -> Credentials:
    return root(running)
