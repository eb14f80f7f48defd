"""`media render`: the pipeline over folders, with decoders and encoders of its own."""

import json
from pathlib import Path

from lib.application import process_image
from lib.cli import __main__ as cli
from lib.cli import render as rendering
from tests.support.ffmpeg_binary import find_ffmpeg

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
