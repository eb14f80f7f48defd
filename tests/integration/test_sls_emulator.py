"""`npm run sls` without credentials: it asks an emulator of its own."""

from __future__ import annotations

import os

import pytest

from lib.tools import sls
from lib.tools.emulator import lifecycle

SLS = """#!/bin/sh
echo "$AWS_ENDPOINT_URL $AWS_REGION $AWS_ACCESS_KEY_ID $*"
exit 3
"""


@pytest.fixture(autouse=True)
def _nobody(monkeypatch, tmp_path):
    """No credentials anywhere, and a stand-in for sls that says what it sees."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(sls, "FOLDER", tmp_path / "package")
    (tmp_path / "sls").write_text(SLS)
    (tmp_path / "sls").chmod(0o755)
    monkeypatch.setattr(lifecycle, "SLS", tmp_path / "sls")


@pytest.mark.skipif(not lifecycle.PYTHON.exists(), reason="npm test installs the emulator")
def test_package_without_credentials_asks_the_emulator(monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert sls.main(["package", "--stage", "dev"]) == 3
    said = capfd.readouterr()
    assert said.out.startswith("http://127.0.0.1:")
    assert " eu-west-1 " in said.out
    assert said.out.endswith(" package --stage dev\n")
    assert "not to deploy" in said.err
    assert lifecycle.find(tmp_path / "package") is None
