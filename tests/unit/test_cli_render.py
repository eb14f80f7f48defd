"""`media render`: the pipeline over folders."""

import json
from pathlib import Path

import pytest

from lib import presets
from lib.application import process_image
from lib.cli import __main__ as cli
from lib.cli import render as rendering
from tests.ffmpeg_binary import find_ffmpeg

SAMPLES = Path(__file__).parents[1] / "media"


def render(*arguments):
    """Run the command and return its exit code."""
    try:
        return cli.main(["render", *map(str, arguments)])
    except SystemExit as exc:
        return exc.code


def test_prints_one_line_a_file_with_status_error_and_manifest(tmp_path, capsys):
    names = ("rocket-alpha.png", "not-a-photo.jpg", "truncated.jpg", "empty.jpg")
    assert render(*(SAMPLES / name for name in names), "--out", tmp_path, "--json") == 0
    photo, text, truncated, empty = map(json.loads, capsys.readouterr().out.splitlines())
    assert photo["status"] == "READY"
    assert photo["error"] is None
    for made in photo["manifest"]["renditions"]:
        assert (Path(photo["folder"]) / made["name"]).stat().st_size == made["bytes"]
    assert (text["status"], text["error"]["code"]) == ("REJECTED", "UNSUPPORTED_MEDIA")
    assert (empty["status"], empty["error"]["code"]) == ("REJECTED", "UNSUPPORTED_MEDIA")
    assert (truncated["status"], truncated["error"]["code"]) == ("FAILED", "CORRUPT_MEDIA")
    assert truncated["manifest"] is None


def test_renders_sound(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(rendering, "FFMPEG", Path(find_ffmpeg()))
    assert render(SAMPLES / "voice.m4a", "--out", tmp_path, "--json") == 0
    sound = json.loads(capsys.readouterr().out)
    assert sound["status"] == "READY"
    kinds = [made["kind"] for made in sound["manifest"]["renditions"]]
    assert kinds == ["audio", "waveform", "waveform"]


def test_a_repeat_makes_the_same_files(tmp_path, capsys):
    made = []
    for _ in range(2):
        assert render(SAMPLES / "rocket-alpha.png", "--out", tmp_path) == 0
        made.append({path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()})
    assert made[0] == made[1]
    assert "READY" in capsys.readouterr().out


def test_a_bug_in_a_job_ends_in_a_terminal_state_too(tmp_path, capsys, monkeypatch, caplog):
    def break_down(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(process_image, "recipe_hash", break_down)
    assert render(SAMPLES / "rocket-alpha.png", "--out", tmp_path, "--json") == 0
    failed = json.loads(capsys.readouterr().out)
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "EXHAUSTED")
    assert "ZeroDivisionError" in caplog.text


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
