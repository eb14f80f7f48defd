"""How long a source lasts by its packets, and what it means where their list is not whole."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lib.domain.errors import ErrorCode, TransientError
from lib.domain.media import AudioTrack, VideoProbe
from lib.process_limits import Bounds
from lib.video.encode import scan_packets as scanning
from lib.video.encode.diagnosis import Run
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.encode.scan_packets import Scanned, read_ends, scan_packets
from lib.video.source import Input

URL = "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=S"
PROBE = VideoProbe(duration_ms=60_000, width=640, height=360, audio_tracks=(AudioTrack(),))
LINES = (
    "#tb 0: 1/90000\n"
    "#tb 1: 1/48000\n"
    "0,          0,       3600,     3600,     7196, 0x5ff07a3b\n"
    "1,          0,          0,     1024,      341, 0x8e7aa9b2\n"
    "1,      47000,      47000,     1000,      341, 0x8e7aa9b2\n"
    "0,      90000,      86400,     3600,     7196, 0x5ff07a3b\n"
)
WHOLE = Scanned(1.0, 1.0, jumps=False, joined=False)
GIVEN_UP = (
    "[https @ 0x1] [error] Stream ends prematurely at 4096, should be 90000",
    "[https @ 0x1] [warning] Will reconnect at 4096 in 0 second(s), error=Input/output error.",
    "[https @ 0x1] [warning] HTTP error 503 Service Unavailable",
)
BROKEN_OFF = (
    "[https @ 0x1] [error] Stream ends prematurely at 4096, should be 90000",
    "[in#0/mpegts @ 0x1] [error] Error during demuxing: Input/output error",
)
FULL = "[out#0/framecrc @ 0x1] [error] Error writing trailer: No space left on device"


def scan(
    monkeypatch: pytest.MonkeyPatch, folder: Path, ended: Run, written: str | None
) -> Scanned | None:
    listed = folder / "packets.txt"

    def run(*_: object, bounds: Bounds) -> Run:
        assert bounds.file_bytes
        if written is not None:
            listed.write_text(written)
        return ended

    monkeypatch.setattr(scanning, "run", run)
    try:
        return scan_packets(Input(URL, "mpegts"), PROBE, Ffmpeg("none", lambda: 60.0, folder))
    finally:
        assert not listed.exists()


def test_a_source_lasts_until_the_last_packet_of_all_tracks(monkeypatch, tmp_path):
    assert scan(monkeypatch, tmp_path, Run(0, ()), LINES) == WHOLE


@pytest.mark.parametrize("log", [BROKEN_OFF, GIVEN_UP])
def test_a_read_that_broke_off_is_not_the_end_of_a_source(monkeypatch, tmp_path, log):
    with pytest.raises(TransientError) as raised:
        scan(monkeypatch, tmp_path, Run(0, log), LINES)
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE


def test_a_scan_that_was_asked_to_end_is_tried_again(monkeypatch, tmp_path):
    with pytest.raises(TransientError):
        scan(monkeypatch, tmp_path, Run(-signal.SIGTERM, ()), LINES)


@pytest.mark.parametrize("log", [(), BROKEN_OFF[1:], GIVEN_UP[:-1]])
def test_what_a_source_itself_lacks_does_not_end_the_scan(monkeypatch, tmp_path, log):
    assert scan(monkeypatch, tmp_path, Run(0, log), LINES) == WHOLE


@pytest.mark.parametrize("cut", [1, 10, 21, 40])
@pytest.mark.parametrize(
    "ended", [Run(-signal.SIGXFSZ, ()), Run(228, (FULL,)), Run(0, (FULL,)), Run(69, ())]
)
def test_a_list_that_is_not_whole_says_nothing(monkeypatch, tmp_path, ended, cut):
    assert scan(monkeypatch, tmp_path, ended, LINES[:-cut]) is None


@pytest.mark.parametrize("written", [None, "", "#tb 0: 1/90000\n"])
def test_without_packets_nothing_is_known(monkeypatch, tmp_path, written):
    assert scan(monkeypatch, tmp_path, Run(0, ()), written) is None


@pytest.mark.parametrize("cut", range(1, 59))
def test_a_line_that_is_cut_off_counts_as_not_there(cut):
    assert read_ends(LINES[:-cut].splitlines(keepends=True)) == {0: 0.08, 1: 1.0}
