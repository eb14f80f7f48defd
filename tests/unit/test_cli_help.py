"""Every command helps, and shows how it is called."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from lib import presets
from lib.cli import __main__ as cli
from lib.cli import demo, webhook
from lib.cli.app import app
from lib.tools import checks
from lib.tools.emulator import lifecycle

COMMANDS = (
    "upload",
    "ls",
    "show",
    "rm",
    "render",
    "redrive",
    "reconcile",
    "sign",
    "check",
    "repair",
)


def test_these_are_all_commands():
    assert len(app.registered_commands) == len(COMMANDS)


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_helps_with_examples(capsys, command, option):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, option])
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    assert f"npm run -s media -- {command} " in said.split("Examples:")[1]
    # rich takes "[default: …]" in a help text for its own markup, and drops it
    assert ("without it" in said) == (command != "render")


OF_WEBHOOKS = ("secret", "rotate", "test", "replay")


def test_these_are_all_commands_of_a_webhook():
    assert [each.name for each in webhook.app.registered_commands] == [*OF_WEBHOOKS]


@pytest.mark.parametrize("command", OF_WEBHOOKS)
def test_a_command_of_a_webhook_helps_with_examples(capsys, command):
    with pytest.raises(SystemExit) as ended:
        cli.main(["webhook", command, "-h"])
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    assert f"npm run -s media -- webhook {command} " in said.split("Examples:")[1]


PRESET = re.compile(r" --preset ([a-z]\S*)")
GUIDE = Path(__file__).parents[2] / "docs" / "media.md"


def test_the_presets_of_examples_are_there():
    shown = [GUIDE.read_text("utf-8"), *(each.epilog or "" for each in app.registered_commands)]
    named = PRESET.findall("\n".join(shown))
    assert len(named) >= 4
    assert {*named} <= presets.load(presets.PACKAGED).by_name.keys()


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_demo_helps_with_examples(capsys, monkeypatch, option):
    monkeypatch.setattr("sys.argv", ["demo", option])
    with pytest.raises(SystemExit) as ended:
        demo.main()
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    assert "npm run demo -- --keep" in said.split("Examples:")[1]
    assert "without it the samples" in said


def test_a_read_only_folder_is_one_line_of_the_demo(capsys, monkeypatch):
    def start(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/project/.local/emulator")

    monkeypatch.setattr(lifecycle, "find", lambda: None)
    monkeypatch.setattr(lifecycle, "start", start)
    monkeypatch.setattr("sys.argv", ["demo"])
    assert demo.main() == 2
    said = capsys.readouterr().err
    assert said == "demo: [Errno 30] Read-only file system: '/project/.local/emulator'\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_checks_help_and_run_nothing(capsys, option):
    assert checks.main([option]) == 0
    said = capsys.readouterr().out
    assert f"about\n{checks.MINUTES} minutes" in said
    assert "──" not in said


def test_the_checks_say_first_how_long_they_take(capsys, monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", ())
    assert checks.main([]) == 0
    assert f"about {checks.MINUTES} minutes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (["unit"], ["tests/unit"]),
        (["e2e", "contract", "-x"], ["tests/e2e", "tests/contract", "-x"]),
        (["--lf", "unit"], ["--lf", "tests/unit"]),
        (["-k", "unit"], ["-k", "unit"]),
        (["-k", "sequencer", "unit"], ["-k", "sequencer", "tests/unit"]),
        (["--durations", "unknown"], ["--durations", "unknown"]),
        (["tests/unit/test_keys.py::test_any"], ["tests/unit/test_keys.py::test_any"]),
    ],
)
def test_a_suite_is_given_by_its_name(given, taken):
    assert checks.find_suites(given) == taken


def test_a_suite_that_there_is_not_is_one_line_with_those_that_there_are(capsys):
    assert checks.main(["unti"]) == 2
    said = capsys.readouterr()
    suites = "conformance, contract, e2e, infrastructure, integration, robustness, unit"
    assert said.err == f'npm test: expected one of {suites} for a suite but received "unti"\n'
    assert said.out == ""


def test_the_help_names_the_suites_whose_folders_there_are(capsys):
    checks.main(["--help"])
    said = capsys.readouterr().out
    for suite in checks.SUITES:
        assert (checks.TESTS / suite).is_dir()
        assert suite in said
