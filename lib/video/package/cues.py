"""Read subtitles from a file with one track of them, each event with its time in ms.

Such an event has a length, so that no text can pass for structure. Where ffmpeg passes text on as
it is, it may be in any encoding: ASS, SubRip and WebVTT come so, and timed text in an MP4; all else
is ASS that ffmpeg wrote.
RFC 9559, section 5.1.3.5; https://www.matroska.org/technical/subtitles.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lib.video.package import tx3g
from lib.video.package.ass import (
    Runs,
    TextStyle,
    read_runs,
    read_script,
    read_settings,
)
from lib.video.package.timed_text import read_srt, read_webvtt
from lib.video.probe.matroska import (
    BLOCK,
    BLOCK_GROUP,
    CLUSTER,
    SEGMENT,
    TIMESTAMP,
    TRACK,
    TRACKS,
    find_element,
    read_children,
    read_unsigned,
)

CODEC_ID, CODEC_PRIVATE, BLOCK_DURATION = 0x86, 0x63A2, 0x9B
BLOCK_ADDITIONS, BLOCK_MORE, BLOCK_ADDITIONAL = 0x75A1, 0xA6, 0xA5
BLOCK_HEADER = 4
EVENT_FIELDS = 8
"""Before the text of an ASS event: ReadOrder, Layer, Style, Name, three margins, Effect."""
STYLE = 2
WEBVTT_FIELDS = 2
"""Lines before the text of a cue of WebM: its identifier, its settings."""

ASS, WEBM_TEXT = ("S_TEXT/ASS", "S_TEXT/SSA", "S_ASS", "S_SSA"), "D_WEBVTT/"
WEBVTT_HEADER = "WEBVTT"

MARKS = (b"\xff\xfe", b"\xfe\xff")
FEW_ZEROS = 4
"""UTF-16 of Latin text has one zero in two bytes; other text ends with one at most."""


@dataclass(frozen=True, slots=True)
class Cue:
    """When a text is shown, in ms, and its runs, each with its look; line feeds end its lines.

    `settings`: where it stands, as settings of a WebVTT cue.
    """

    start_ms: int
    end_ms: int
    runs: Runs
    settings: str = ""


Read = Callable[[str, str], tuple[Runs, str]]
"""Reads an event, with what lies beside it: its runs and settings."""


def read_cues(content: bytes) -> Iterator[Cue]:
    """Yield the cues of a Matroska file with one track of subtitles, in the order of the file."""
    segment = find_element(content, SEGMENT)
    track = find_element(find_element(segment, TRACKS), TRACK)
    events = list(_read_events(segment))
    (header, *texts) = decode([find_element(track, CODEC_PRIVATE), *(each[2] for each in events)])
    read = _reader(find_element(track, CODEC_ID).decode("ascii", "replace"), header)
    for (start_ms, end_ms, _, beside), text in zip(events, texts, strict=True):
        runs, settings = read(text.rstrip("\0"), beside)
        if runs:
            yield Cue(start_ms, end_ms, runs, settings)


def read_timed_text(content: bytes) -> Iterator[Cue]:
    """Yield the cues of an MP4 with one track of timed text; none of what is no such file."""
    try:
        for start_ms, end_ms, sample in tx3g.read_samples(content):
            if runs := tx3g.read_text(sample):
                yield Cue(start_ms, end_ms, runs)
    except (ValueError, struct.error, KeyError):
        return


def decode(texts: Sequence[bytes]) -> list[str]:
    """Return texts of one track: UTF-16 where they look so, else UTF-8, else Windows-1252.

    An old file does not say in which encoding it is; one byte that is no UTF-8 decides for all.
    """
    if any(map(_is_utf_16, texts)):
        return [_decode_utf_16(each) if b"\0" in each else _decode(each) for each in texts]
    try:
        return [each.decode("utf-8-sig") for each in texts]
    except UnicodeDecodeError:
        return [each.decode("cp1252", "replace") for each in texts]


def _decode(text: bytes) -> str:
    return text.decode("utf-8-sig", "replace")


def _is_utf_16(text: bytes) -> bool:
    return text.startswith(MARKS) or text[:-1].count(0) * FEW_ZEROS > len(text)


def _decode_utf_16(text: bytes) -> str:
    if text.startswith(MARKS):
        return text.decode("utf-16", "replace")
    is_big = text[::2].count(0) > text[1::2].count(0)
    return text.decode("utf-16-be" if is_big else "utf-16-le", "replace")


def _read_events(segment: bytes) -> Iterator[tuple[int, int, bytes, str]]:
    """Yield start and end of each event in ms, its content, and what lies beside it."""
    for cluster in read_children(segment, CLUSTER):
        base_ms = read_unsigned(find_element(cluster, TIMESTAMP))
        for group in read_children(cluster, BLOCK_GROUP):
            block = find_element(group, BLOCK)
            start_ms = base_ms + int.from_bytes(block[1:3], signed=True)
            lasts_ms = read_unsigned(find_element(group, BLOCK_DURATION))
            more = find_element(find_element(group, BLOCK_ADDITIONS), BLOCK_MORE)
            beside = find_element(more, BLOCK_ADDITIONAL).decode("utf-8", "replace")
            yield start_ms, start_ms + lasts_ms, block[BLOCK_HEADER:], beside


def _reader(codec: str, header: str) -> Read:
    if codec.startswith(WEBM_TEXT):
        return _read_webm
    if codec.startswith(ASS):
        return _ass_reader(header)
    if header.startswith(WEBVTT_HEADER):  # beside each text lie its settings, then its identifier
        return lambda text, beside: read_webvtt(text, beside.partition("\n")[0])
    return lambda text, _: read_srt(text)


def _read_webm(text: str, _: str) -> tuple[Runs, str]:
    (_, settings, *lines) = [*text.split("\n", WEBVTT_FIELDS), "", ""][: WEBVTT_FIELDS + 1]
    return read_webvtt("".join(lines), settings)


def _ass_reader(header: str) -> Read:
    script = read_script(header)

    def read(text: str, _: str) -> tuple[Runs, str]:
        event = text.split(",", EVENT_FIELDS)
        if len(event) <= EVENT_FIELDS:
            return (), ""
        look = script.styles.get(event[STYLE].lstrip("*"), TextStyle())
        words = event[EVENT_FIELDS]
        return tuple(read_runs(words, look, script)), read_settings(words, look, script)

    return read
