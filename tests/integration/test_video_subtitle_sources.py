"""Subtitles of every container and encoding are read as they are meant, along both paths."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lib.application.process_video import process_video
from lib.domain.asset import AssetStatus
from tests.conformance.cases.made_video import show_cues
from tests.conformance.cases.take_video import recipes
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Process, Worker, take
from tests.support.range_jobs import process_in_ranges

TEXT = "Café – naïve"
SRT = "1\n00:00:00,200 --> 00:00:00,900\n{0}\n\n2\n00:00:01,000 --> 00:00:01,500\nsecond\n"


def mux(folder: Path, name: str, subtitles: bytes, *codec: str) -> Path:
    """Put subtitles beside a small film; they are not decoded."""
    texts, path = folder / "texts.srt", folder / name
    texts.write_bytes(subtitles)
    film = ["-f", "lavfi", "-i", "color=s=64x48:r=10:d=2"]
    given = ["-sub_charenc_mode", "do_nothing", "-i", str(texts)]
    written = ["-map", "0", "-map", "1", "-c:v", "libx264", "-c:s", *codec, str(path)]
    command: Sequence[str] = [find_ffmpeg(), "-v", "error", "-nostdin", *film, *given, *written]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize("process", [process_video, process_in_ranges])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_subrip_in_matroska_may_be_of_before_utf_8(tmp_path, process: Process, encoding: str):
    source = mux(tmp_path, "film.mkv", SRT.format(TEXT).encode(encoding), "copy")
    assert shown(source, process, tmp_path) == f"{TEXT}\nsecond"


@pytest.mark.parametrize("process", [process_video, process_in_ranges])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-be", "utf-16-le"])
def test_timed_text_may_be_utf_16(tmp_path, process: Process, encoding: str):
    written = TEXT.encode(encoding)
    if encoding != "utf-8":
        written = "\ufeff".encode(encoding) + written
    source = mux(tmp_path, "film.mp4", SRT.format("x" * len(written)).encode(), "mov_text")
    content = source.read_bytes()
    assert content.count(b"x" * len(written)) == 1
    source.write_bytes(content.replace(b"x" * len(written), written))
    assert shown(source, process, tmp_path) == f"{TEXT}\nsecond"


def shown(source: Path, process: Process, folder: Path) -> str:
    ended = take(source, Worker(recipes(), find_ffmpeg(), process), folder)
    assert ended.asset.status is AssetStatus.READY
    return show_cues(ended.path("subtitles-0.vtt").read_text("utf-8")).removesuffix(" / ")
