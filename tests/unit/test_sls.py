"""`npm run sls`: which AWS it talks to, or what it says where it has none."""

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
    monkeypatch.setattr(sls, "ROOT", tmp_path)
    (tmp_path / "sls").write_text(SLS)
    (tmp_path / "sls").chmod(0o755)
    monkeypatch.setattr(lifecycle, "SLS", tmp_path / "sls")


@pytest.fixture
def became(monkeypatch):
    """Collect what this process would have become."""
    calls = []

    def become(path, arguments, environment):
        calls.append((arguments[1:], environment))
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", become)
    return calls


@pytest.mark.parametrize("command", ["deploy", "logs", "invoke", "remove"])
def test_without_credentials_says_what_to_set(command, capsys):
    assert sls.main([command, "--stage", "dev"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "AWS_PROFILE" in said


@pytest.mark.parametrize("arguments", [["--help"], ["deploy", "-h"], ["--version"], []])
def test_help_needs_no_credentials(arguments, became):
    with pytest.raises(SystemExit):
        sls.main(arguments)
    assert became[0][0] == arguments


def test_with_credentials_it_is_sls_as_it_is(monkeypatch, became):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    with pytest.raises(SystemExit):
        sls.main(["package", "--stage", "dev"])
    environment = became[0][1]
    assert environment["AWS_ACCESS_KEY_ID"] == "mine"
    assert "AWS_ENDPOINT_URL" not in environment


def test_a_profile_that_is_not_there_is_for_sls_to_name(monkeypatch, became):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SystemExit):
        sls.main(["deploy", "--stage", "dev"])
    assert became


@pytest.mark.parametrize("name", [".env", ".env.qa"])
def test_a_profile_in_the_file_that_sls_reads_is_left_to_it(name, tmp_path, became):
    (tmp_path / name).write_text("MEDIA_TAGS=team=media\nAWS_PROFILE=media-dev\n")
    with pytest.raises(SystemExit):
        sls.main(["deploy", "--stage", "qa"])
    assert "AWS_PROFILE" not in became[0][1]


@pytest.mark.parametrize(
    "files",
    [
        {".env": "# AWS_PROFILE=media-dev\nMEDIA_TAGS=team=media\n"},
        {".env.prod": "AWS_PROFILE=media-prod\n"},
        {".env.qa": "AWS_REGION=eu-central-1\n", ".env": "AWS_PROFILE=media-dev\n"},
    ],
)
def test_a_file_without_one_or_that_sls_passes_over_does_not_count(files, tmp_path, capsys):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert sls.main(["deploy", "--stage", "qa"]) == 2
    assert "AWS_PROFILE" in capsys.readouterr().err
