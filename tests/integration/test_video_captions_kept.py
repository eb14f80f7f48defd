"""Captions within the frames of a source are in what is made of it, and are declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.application.process_video import process_video
from tests.conformance.cases.take_video import recipes
from tests.media import captioned
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Process, Worker, take
from tests.support.range_jobs import process_in_ranges


@pytest.mark.parametrize("process", [process_video, process_in_ranges])
@pytest.mark.parametrize("suffix", [".ts", ".mp4"])
def test_captions_are_kept_and_declared(tmp_path: Path, process: Process, suffix: str) -> None:
    source = tmp_path / f"news{suffix}"
    captioned.make(source, find_ffmpeg())
    ended = take(source, Worker(recipes(), find_ffmpeg(), process), tmp_path)
    playlist = ended.path("hls.m3u8").read_text()
    assert 'INSTREAM-ID="CC1"' in playlist
    assert 'CLOSED-CAPTIONS="captions"' in playlist
    assert "CC1=und" in ended.path("dash.mpd").read_text()
