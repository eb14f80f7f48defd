"""`media render`: the pipeline over folders."""

from pathlib import Path

import pytest

from lib import presets
from lib.cli import __main__ as cli

SAMPLES = Path(__file__).parents[1] / "media"


def render(*arguments):
    """Run the command and return its exit code."""
    try:
        return cli.main(["render", *map(str, arguments)])
    except SystemExit as exc:
        return exc.code


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["missing.jpg"], "missing.jpg is not there"),
        ([SAMPLES], "is a folder"),
        (
            [SAMPLES / "rocket-alpha.png", "--preset", "huge"],
            'expected one of default for preset but received "huge"',
        ),
    ],
)
def test_says_in_one_line_what_is_wrong_before_any_work(tmp_path, capsys, arguments, reason):
    out = tmp_path / "out"
    assert render(*arguments, "--out", out) == 2
    said = capsys.readouterr().err
    assert said.startswith("media: ")
    assert said.endswith(f"{reason}\n")
    assert said.count("\n") == 1
    assert not out.exists()


def test_names_every_problem_of_presets_toml(tmp_path, capsys, monkeypatch):
    wrong = tmp_path / "presets.toml"
    wrong.write_text("[limits]\nimage_megapixels = 0\n")
    monkeypatch.setattr(presets, "PACKAGED", wrong)
    assert render(SAMPLES / "rocket-alpha.png", "--out", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "image_megapixels: expected a whole number from 1" in said
    assert "expected a preset named default" in said


def test_a_folder_that_can_not_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert render(SAMPLES / "rocket-alpha.png", "--out", tmp_path / "file/out") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("media: ")
    assert said.err.count("\n") == 1
