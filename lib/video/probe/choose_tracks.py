"""Choose what of a source is shown and heard: one picture, and the sounds that go with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import MediaWarning, WarningCode
from lib.video.probe.mediainfo_fields import read_number, read_positive, read_title
from lib.video.probe.track_facts import Facts, TrackFacts

Fields = dict[str, Any]
"""Of a track, as MediaInfo names them, in lower case."""

BY_ID = frozenset({"mov", "mpegts"})
"""Containers whose tracks ffmpeg knows by the same ids as MediaInfo."""

NOT_DECODED = frozenset({"apac", "ac-4", "mpeg-h 3d audio", "iamf", "apple lossless spatial"})
"""What MediaInfo calls codecs that ffmpeg knows, and has no decoder of."""

STILLS = frozenset({"jpeg", "png", "gif", "bmp", "tiff", "webp", "jpeg 2000"})
"""MediaInfo's names of the codecs of images: one frame of them beside sound is a cover."""

SHORT = 0.5
"""Part of the longest picture below which another is no film, but a trailer or a thumbnail."""

MOST_LOOKED_AT = 256
"""Tracks of a kind. A source with as many is refused, or of several programs."""
MOST_WARNINGS = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tracks of a source that renditions are made of, and what to know of the others.

    `picture` is None where there is none to show. Each comes with what ffmpeg calls it: a stream
    specifier.
    """

    picture: tuple[str, Fields] | None
    sounds: tuple[tuple[str, Fields], ...]
    warnings: tuple[MediaWarning, ...]


def choose_tracks(
    pictures: Sequence[Fields],
    sounds: Sequence[Fields],
    container: str,
    facts: Facts,
    passed_over: Mapping[str, str],
) -> Chosen:
    """Choose among MediaInfo's tracks, each kind in the order in which ffmpeg counts it.

    `passed_over` says which can't be decoded, by ffmpeg's names, and why.
    Raises PermanentError: UNSUPPORTED_MEDIA where none of them can be decoded, CORRUPT_MEDIA where
    there is none.
    """
    named = _named(pictures[:MOST_LOOKED_AT], "V", container)
    seen = [(name, each) for name, each in named if _has_size(each) or each.get("encryption")]
    heard = list(_named(sounds[:MOST_LOOKED_AT], "a", container))
    obstacles = {
        name: why for name, each in [*seen, *heard] if (why := _obstacle(each, _of(each, facts)))
    } | dict(passed_over)
    shown = [each for each in seen if each[0] not in obstacles]
    audible = [each for each in heard if each[0] not in obstacles]
    picture = _choose_picture(shown, facts, beside_sound=bool(audible))
    in_program = [each for each in audible if _is_of_program(each, picture, audible)]
    if not picture and not in_program:
        raise _nothing(obstacles.values())
    warnings = [
        MediaWarning(WarningCode.TRACK_NOT_DECODED, f"{_what(each)}: {obstacles[name]}")
        for name, each in [*seen, *heard]
        if name in obstacles and not _of(each, facts).is_beside
    ][:MOST_WARNINGS]
    programs = {_programs(each) for _, each in [*shown, *audible]} - {frozenset[str]()}
    if len(programs) > 1 and len(in_program) < len(audible):
        message = f"of {len(programs)} programs the one with the chosen picture is read"
        warnings.append(MediaWarning(WarningCode.IGNORED, message))
    return Chosen(picture, tuple(in_program), tuple(warnings))


def track_id(track: Fields) -> int | None:
    """Return the id of a track in its container, None where it has none of its own."""
    found = re.fullmatch(r"\d{1,9}", str(track.get("track_id", "")))
    return int(found[0]) if found else None


def _named(tracks: Sequence[Fields], kind: str, container: str) -> Iterator[tuple[str, Fields]]:
    ids = [track_id(each) for each in tracks]
    for position, (each, number) in enumerate(zip(tracks, ids, strict=True)):
        has_id = container in BY_ID and number is not None and ids.count(number) == 1
        yield f"i:{number}" if has_id else f"{kind}:{position}", each


def _of(track: Fields, facts: Facts) -> TrackFacts:
    number = track_id(track)
    return facts.get(number, TrackFacts()) if number is not None else TrackFacts()


def _has_size(video: Fields) -> bool:
    # What has no format is only named: by the header of an FLV, say, that has no such stream.
    sides = (read_positive(video.get(side)) for side in ("width", "height"))
    return bool(video.get("format")) and all(sides)


def _obstacle(track: Fields, facts: TrackFacts) -> str | None:
    """Return why a track can't be decoded, None where nothing speaks against it."""
    if facts.encryption:
        return f"encrypted ({facts.encryption})"
    if track.get("encryption"):
        return "encrypted"
    if facts.is_empty:
        return "has no samples"
    codec = str(track.get("format", "")).lower()
    return "no decoder reads it" if codec in NOT_DECODED else None


def _choose_picture(
    pictures: Sequence[tuple[str, Fields]], facts: Facts, *, beside_sound: bool
) -> tuple[str, Fields] | None:
    """Return the picture track to show.

    It moves, is enabled, lasts as long as others, is the default, long, large: in this order.
    """
    films = [
        each
        for each in pictures
        if not _of(each[1], facts).is_beside and not (beside_sound and _is_cover(each[1]))
    ]
    longest = max((_lasts(each) for _, each in films), default=0.0)

    def rank(named: tuple[str, Fields]) -> tuple[Any, ...]:
        track = named[1]
        is_long = not longest or _lasts(track) >= SHORT * longest
        return (
            not _is_single(track),
            _of(track, facts).is_enabled,
            is_long,
            not _is_still(track),
            track.get("default") != "No",  # an MP4 says so of few
            _lasts(track),
            (read_positive(track.get("width")) or 0) * (read_positive(track.get("height")) or 0),
        )

    return max(films, key=rank, default=None)


def _lasts(track: Fields) -> float:
    return read_number(track.get("duration")) or 0.0


def _is_single(track: Fields) -> bool:
    return read_positive(track.get("frame_count")) == 1


def _is_still(track: Fields) -> bool:
    return str(track.get("format", "")).lower() in STILLS


def _is_cover(track: Fields) -> bool:
    return _is_single(track) and _is_still(track)


def _programs(track: Fields) -> frozenset[str]:
    """Return the programs of a broadcast that a track belongs to; none elsewhere."""
    return frozenset(re.findall(r"\d+", str(track.get("menu_id", ""))))


def _is_of_program(
    sound: tuple[str, Fields],
    picture: tuple[str, Fields] | None,
    sounds: Sequence[tuple[str, Fields]],
) -> bool:
    """Tell whether a sound belongs to the picture, or to the first sound where there is none."""
    own, wanted = _programs(sound[1]), _programs((picture or sounds[0])[1])
    return not own or not wanted or bool(own & wanted)


def _what(track: Fields) -> str:
    kind = "picture" if track.get("track_type") == "Video" else "sound"
    number, codec = track_id(track), read_title(track.get("format")) or "unknown"
    return f"{kind} track{f' {number}' if number is not None else ''} ({codec})"


def _nothing(obstacles: Iterable[str]) -> PermanentError:
    """Say why there is nothing to make renditions of."""
    reasons = sorted(set(obstacles))
    if not reasons:
        found = "expected a picture or a sound track but found neither"
        return PermanentError(ErrorCode.CORRUPT_MEDIA, found)
    if reasons == ["has no samples"]:
        return PermanentError(ErrorCode.CORRUPT_MEDIA, "its tracks have no samples")
    return PermanentError(
        ErrorCode.UNSUPPORTED_MEDIA, f"nothing of the source can be decoded: {', '.join(reasons)}"
    )
