"""Read what a source says of itself, by MediaInfo."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import IO, Any, TypeVar, cast

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.framing import PROTECTED_PACKET, STAMPED_PACKET, find_packets
from lib.domain.media import AudioProbe, MediaWarning, VideoProbe, WarningCode
from lib.process_limits import child_environment
from lib.video.probe import matroska, mp4_tracks
from lib.video.probe import mediainfo_worker as reader
from lib.video.probe.audio_headers import DURATIONS
from lib.video.probe.mediainfo_fields import read_number
from lib.video.probe.mediainfo_tracks import make_probe
from lib.video.probe.mediainfo_worker import ANSWER, ASK
from lib.video.probe.mp4_durations import Mended, find_unknown
from lib.video.probe.mp4_sample_bytes import bytes_of_samples
from lib.video.probe.track_facts import Facts

Found = TypeVar("Found")

PARSERS = {
    "aac": "Adts",
    "ac3": "Ac3",
    "aiff": "Riff",
    "amr": "Amr",
    "ape": "Ape",
    "asf": "Wm",
    "au": "Au",
    "avi": "Riff",
    "caf": "Caf",
    "dsf": "Dsf",
    "dts": "Dts",
    "eac3": "Ac3",
    "flac": "Flac",
    "flv": "Flv",
    "matroska": "Mk",
    "mov": "Mpeg4",
    "mp3": "Mpega",
    "mpc": "Mpc",
    "mpc8": "MpcSv8",
    "mpeg": "MpegPs",
    "mpegts": "MpegTs",
    "ogg": "Ogg",
    "tak": "Tak",
    "tta": "Tta",
    "w64": "Riff",
    "wav": "Riff",
    "wv": "Wvpk",
}
"""MediaInfo's name of the parser for each container. Left to choose, it would take a playlist for
one, whatever it is called, and fetch what the playlist names."""

PARSE_SPEED = 0.0
"""0–1. At pymediainfo's own 0.5 MediaInfo reads up to 9 times as much to find the same fields."""

PARSE_SPEEDS = {"mp3": 0.5}
"""Where the least is too little: of a file without an index it would count the first frames."""


TAIL_BYTES = 256 * 1024
"""Of a Matroska that says how long it lasts: one request, to see whether it agrees."""
ROUNDING_MS = 1000
"""By which a header and frames differ anyway."""

PACKET_BYTES = 4096
"""In which some transport packets lie."""

MOST_ASKED_BYTES = 1024**3
"""What MediaInfo may read of a source: its description is a few MB, and each of these a request."""


MOST_ANSWER_BYTES = 4 * 1024**2
"""Of its answer; a film with a hundred chapters and tracks gets a part of one."""


PACKET_PARSERS = {STAMPED_PACKET: "Bdav", PROTECTED_PACKET: "Tsp"}
"""Of transport streams, by the bytes from one packet to the next, where these are not the usual."""


def read_probe(
    file: IO[bytes] | io.RawIOBase,
    sniffed_container: str,
    passed_over: Mapping[str, str] | None = None,
) -> AudioProbe:
    """Probe a seekable file, reading only the parts that describe it.

    `sniffed_container` names the demuxer that will read the source, one of PARSERS; no other is
    tried. `passed_over` says which tracks can't be decoded, by ffmpeg's names, and why. Errors of
    `file` pass through.
    Raises PermanentError(CORRUPT_MEDIA) where there is neither a video nor an audio track, and
    PermanentError(LIMIT_EXCEEDED) where the samples add up to more than the file.
    """
    size = file.seek(0, io.SEEK_END)
    speed = PARSE_SPEEDS.get(sniffed_container, PARSE_SPEED)
    if sniffed_container == "mov" and (known := buffered(file, find_unknown)):
        file = Mended(file, known)
    tracks = _parse(file, size, _choose_parser(file, sniffed_container), speed)
    facts: Facts = {}
    if sniffed_container == "mov":
        if not any(map(_is_stream, tracks)):
            raise buffered(file, mp4_tracks.explain_silence)
        _check_samples(file, size, tracks)
        facts = buffered(file, mp4_tracks.read_facts)
    if sniffed_container == "matroska":
        facts = matroska.read_facts(file)
    probe = make_probe(tracks, sniffed_container, facts, passed_over)
    if sniffed_container in DURATIONS:
        read = DURATIONS[sniffed_container]
        found = buffered(file, lambda whole: read(whole, size))
        return replace(probe, duration_ms=found) if found else probe
    if sniffed_container == "matroska" and probe.duration_ms is None:
        return replace(probe, duration_ms=matroska.read_duration_ms(file, size))
    if sniffed_container == "matroska":
        last = matroska.read_duration_ms(file, size, TAIL_BYTES)
        first = matroska.read_start_ms(file)
        return _believe(probe, last - first) if last and first is not None else probe
    return probe


def _believe(probe: AudioProbe, found_ms: int) -> AudioProbe:
    """Return a probe of the duration that was found, where its header says much less."""
    if found_ms <= (probe.duration_ms or 0) + ROUNDING_MS:
        return probe
    told_s, found_s = (probe.duration_ms or 0) / 1000, found_ms / 1000
    said = f"its header says {told_s:.1f} s, its frames {found_s:.1f} s"
    warning = MediaWarning(WarningCode.DURATION_DIFFERS, said)
    probe = replace(probe, duration_ms=found_ms, warnings=(*probe.warnings, warning))
    # When the picture ends is not known then.
    return replace(probe, picture_ms=None) if isinstance(probe, VideoProbe) else probe


def _choose_parser(file: IO[bytes] | io.RawIOBase, container: str) -> str:
    usual = PARSERS[container]
    if container != "mpegts":
        return usual
    file.seek(0)
    return PACKET_PARSERS.get(find_packets(file.read(PACKET_BYTES) or b"") or 0, usual)


def _check_samples(file: IO[bytes] | io.RawIOBase, size: int, tracks: list[dict[str, Any]]) -> None:
    """Refuse samples that share their bytes; what an upload lacks that is cut short is no such."""
    described = sum(_bytes_shown(each) for each in tracks if _is_stream(each))
    if described <= size:
        return
    try:
        found = buffered(file, partial(bytes_of_samples, size=size))
    except (ValueError, IndexError, struct.error):
        found = int(described)
    if found > size:
        message = f"expected samples within the {size} bytes of the file but they have {found}"
        raise PermanentError(ErrorCode.LIMIT_EXCEEDED, message)


def buffered(file: IO[bytes] | io.RawIOBase, read: Callable[[IO[bytes]], Found]) -> Found:
    """Return what is read of a file that gives as many bytes at a time as are asked for."""
    whole = io.BufferedReader(cast(io.RawIOBase, file))
    try:
        return read(whole)
    finally:
        whole.detach()


def _bytes_shown(track: dict[str, Any]) -> float:
    """Return the bytes of a stream's samples, as many times as its edits show them."""
    stored = read_number(track.get("source_stream_size") or track.get("stream_size")) or 0.0
    lasts, source = (read_number(track.get(name)) for name in ("duration", "source_duration"))
    return stored * max(1.0, (lasts or 0.0) / source) if source else stored


def _is_stream(track: dict[str, Any]) -> bool:
    return track.get("track_type") in ("Video", "Audio", "Text")


def _parse(
    file: IO[bytes] | io.RawIOBase, size: int, parser: str, speed: float
) -> list[dict[str, Any]]:
    """Return MediaInfo's tracks, answering the reads of its process."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-S", reader.__file__, parser, str(speed), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment() | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdin
    assert child.stdout
    answer, asked_bytes = b"", 0
    # A pipe that breaks says that the process has ended; its code says how.
    with suppress(BrokenPipeError), child.stdin as answers, child.stdout as asked:
        try:
            while len(question := asked.read(ASK.size)) == ASK.size:
                start, length = ASK.unpack(question)
                asked_bytes += length
                if asked_bytes > MOST_ASKED_BYTES:
                    break
                if not length:
                    answer = asked.read(MOST_ANSWER_BYTES + 1)
                    break
                file.seek(start)
                part = file.read(length) or b""
                answers.write(ANSWER.pack(len(part)) + part)
                answers.flush()
            if max(len(answer) - MOST_ANSWER_BYTES, asked_bytes - MOST_ASKED_BYTES) <= 0:
                child.wait()
        finally:
            child.kill()
            child.wait()
    ended = child.returncode
    if ended == 0 and answer:
        return list(json.loads(answer))
    if asked_bytes:
        how = signal.Signals(-ended).name if ended < 0 else f"code {ended}"
        reason = f"the file's description overburdens its reader ({how})"
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, reason)
    raise RuntimeError(f"expected MediaInfo to start but its process left with {ended}")
