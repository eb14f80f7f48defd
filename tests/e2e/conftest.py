"""The service as `sls deploy --stage local` installs it, with IAM enforced."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lib.local.emulator import Emulator
from tests.e2e.deployed import Deployed


@pytest.fixture(scope="session")
def deployed(emulator: Emulator) -> Iterator[Deployed]:
    """Deploy once; each test uses keys of its own."""
    emulator.deploy("local")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - emulator.environment.keys():
            patch.delenv(name)  # the user's proxies and AWS settings
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        yield Deployed(emulator)
