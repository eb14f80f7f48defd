"""The shell commands of docs/operations.md: they parse, and what they name is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lib.cli import __main__ as cli

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
DEAD_LETTERS = PAGE.split("\n## Dead letters\n")[1].split("\n## ")[0]
MEDIA = re.compile(r"npm run -s media -- (\w+)(.*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the options that a command has, by its own help."""
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    return set(OPTION.findall(capsys.readouterr().out.split("Examples:")[0]))


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")


def test_every_block_parses():
    assert len(BLOCKS) > 10
    done = subprocess.run(["bash", "-n"], input="\n".join(BLOCKS), capture_output=True, text=True)
    assert done.stderr == ""


def test_every_media_command_has_the_options_that_it_is_given(capsys):
    found = MEDIA.findall("\n".join(BLOCKS))
    assert {"redrive", "show", "rm"} <= {command for command, _ in found}
    for command, arguments in found:
        assert set(OPTION.findall(arguments)) <= help_of(command, capsys)


def test_a_redrive_has_the_options_that_are_described_and_all_are(capsys):
    described = set(OPTION.findall(DEAD_LETTERS)) - {"--stage"}
    ours = help_of("redrive", capsys) - {"--stage", "--region", "--help"}
    assert described == ours


def test_every_failure_queue_of_the_template_is_described():
    resources = (Path(__file__).parents[2] / "resources/failures.yml").read_text()
    queues = set(re.findall(r"^  (\w+(?:DeadLetters|Failures)):", resources, re.MULTILINE))
    assert len(queues) >= 6
    assert {each for each in queues if f"`{each}`" not in DEAD_LETTERS} == set()
