"""Read what a source says of itself, by MediaInfo."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import IO, Any

from lib.errors import ErrorCode, PermanentError
from lib.model import Probe
from lib.video import matroska
from lib.video import parser as reader
from lib.video.describe import describe
from lib.video.parser import ANSWER, ASK

PARSERS = {
    "aac": "Adts",
    "aiff": "Riff",
    "asf": "Wm",
    "avi": "Riff",
    "flac": "Flac",
    "flv": "Flv",
    "matroska": "Mk",
    "mov": "Mpeg4",
    "mp3": "Mpega",
    "mpeg": "MpegPs",
    "mpegts": "MpegTs",
    "ogg": "Ogg",
    "wav": "Riff",
}
"""MediaInfo's name of the parser for each container. Left to choose, it would take a playlist for
one, whatever it is called, and fetch what the playlist names."""

PARSE_SPEED = 0.0
"""0–1. At pymediainfo's own 0.5 MediaInfo reads up to 9 times as much to find the same fields."""

PARSE_SPEEDS = {"mp3": 0.5}
"""Where the least is too little: of a file without an index it would count the first frames."""


OVERBURDENED = (signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV)
"""How MediaInfo's process ends when a source makes it use up its time, its memory, or itself."""


def read_probe(file: IO[bytes] | io.RawIOBase, sniffed_container: str) -> Probe:
    """Probe a seekable file, reading only the parts that describe it.

    `sniffed_container` names the demuxer that will read the source, one of PARSERS; no other is
    tried. Errors of `file` pass through.
    Raises PermanentError(CORRUPT_MEDIA) where there is neither a picture nor a sound track.
    """
    size = file.seek(0, io.SEEK_END)
    speed = PARSE_SPEEDS.get(sniffed_container, PARSE_SPEED)
    tracks = _parse(file, size, PARSERS[sniffed_container], speed)
    if sniffed_container != "matroska":
        return describe(tracks, sniffed_container)
    probe = describe(tracks, sniffed_container, turned=matroska.read_rotation(file))
    if probe.duration_ms is None:
        return replace(probe, duration_ms=matroska.read_duration_ms(file, size))
    return probe


def _parse(
    file: IO[bytes] | io.RawIOBase, size: int, parser: str, speed: float
) -> list[dict[str, Any]]:
    """Return MediaInfo's tracks, answering the reads of its process."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-S", reader.__file__, parser, str(speed), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdin
    assert child.stdout
    with child.stdin as answers, child.stdout as asked:
        try:
            while len(question := asked.read(ASK.size)) == ASK.size:
                start, length = ASK.unpack(question)
                if not length:
                    return list(json.loads(asked.read()))
                file.seek(start)
                part = file.read(length) or b""
                answers.write(ANSWER.pack(len(part)) + part)
                answers.flush()
            ended = child.wait()
        finally:
            child.kill()
            child.wait()
    if -ended in OVERBURDENED:
        reason = f"the file's description overburdens its reader ({signal.Signals(-ended).name})"
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, reason)
    raise RuntimeError(f"expected MediaInfo to end but its process left with {ended}")
