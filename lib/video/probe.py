"""Read what a source says of itself, by MediaInfo."""

from __future__ import annotations

import io
import re
from typing import IO, Any

from lib.errors import ErrorCode, PermanentError
from lib.model import Probe

SOUND_ONLY = frozenset({"aac", "aiff", "flac", "mp3", "wav"})
"""Containers without a moving picture: what looks like one is cover art."""

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

QUARTER_TURN = 90

PARSE_SPEED = 0.0
"""0–1. At pymediainfo's own 0.5 MediaInfo reads up to 9 times as much to find the same fields."""


def read_probe(file: IO[bytes] | io.RawIOBase, sniffed_container: str) -> Probe:
    """Probe a seekable file, reading only the parts that describe it.

    `sniffed_container` names the demuxer that will read the source, one of PARSERS; no other is
    tried. Errors of `file` pass through.
    Raises PermanentError(CORRUPT_MEDIA) where there is neither a picture nor a sound track.
    """
    # Imported here: it costs 40 ms and a library of 8 MB, which a cold start can do without.
    from pymediainfo import MediaInfo

    found = MediaInfo.parse(
        file,
        parse_speed=PARSE_SPEED,
        mediainfo_options={"File_ForceParser": PARSERS[sniffed_container]},
    )
    return describe([track.to_data() for track in found.tracks], sniffed_container)


def describe(tracks: list[dict[str, Any]], sniffed_container: str) -> Probe:
    """Turn MediaInfo's tracks (its field names in lower case) into a probe.

    Sizes are what a player shows: stretched by the pixel aspect, then turned.
    Raises PermanentError(CORRUPT_MEDIA).
    """
    general = _first(tracks, "General")
    sound = _first(tracks, "Audio")
    picture = {} if sniffed_container in SOUND_ONLY else _first(tracks, "Video")
    width, height = _whole(picture.get("width")), _whole(picture.get("height"))
    if not (width and height):
        picture = {}
    if not picture and not sound:
        raise PermanentError(
            ErrorCode.CORRUPT_MEDIA, "expected a picture or a sound track but found neither"
        )
    aspect = _number(picture.get("pixel_aspect_ratio")) or 1.0
    rotation = round(_number(picture.get("rotation")) or 0) % 360
    shown = (max(1, round(width * aspect)), height) if picture and width and height else None
    if shown and rotation % (2 * QUARTER_TURN) == QUARTER_TURN:
        shown = shown[::-1]
    return Probe(
        width=shown[0] if shown else None,
        height=shown[1] if shown else None,
        duration_ms=_duration_ms(general, picture, sound),
        frames=_whole(picture.get("frame_count")),
        format=_lower(general.get("format")),
        rotation=rotation if picture else None,
        frame_rate=_number(picture.get("frame_rate")),
        pixel_aspect=aspect if picture else None,
        video_codec=_lower(picture.get("format")),
        audio_codec=_lower(sound.get("format")),
        audio_channels=_whole(sound.get("channel_s")),
        sample_rate=_whole(sound.get("sampling_rate")),
        captured_at=_captured_at(general),
    )


def _first(tracks: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((track for track in tracks if track.get("track_type") == kind), {})


def _number(value: Any) -> float | None:
    try:
        # A track with several values says "6 / 2"; the first one is what is stored.
        return float(str(value).split("/")[0])
    except ValueError:
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _lower(value: Any) -> str | None:
    return str(value).lower() if value else None


def _duration_ms(*tracks: dict[str, Any]) -> int | None:
    known = (_whole(track.get("duration")) for track in tracks)
    return next((duration for duration in known if duration), None)


_MOMENT = re.compile(
    r"(?:UTC )?(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r" ?(?P<offset>UTC|Z|[+-]\d\d:?\d\d)?"
)


def _captured_at(general: dict[str, Any]) -> str | None:
    # What the camera wrote has the local offset; the container's own time is in UTC.
    for field in ("recorded_date", "encoded_date", "tagged_date"):
        moment = _MOMENT.fullmatch(str(general.get(field, "")))
        # Muxers without a clock write the epoch of Unix or of QuickTime.
        if moment and moment["day"] not in ("1970-01-01", "1904-01-01"):
            utc = moment["offset"] in ("UTC", "Z") or moment[0].startswith("UTC")
            offset = "+00:00" if utc else _colon(moment["offset"] or "")
            return f"{moment['day']}T{moment['time']}{offset}"
    return None


def _colon(offset: str) -> str:
    return f"{offset[:3]}:{offset[-2:]}" if offset else ""
