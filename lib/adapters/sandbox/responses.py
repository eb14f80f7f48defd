"""Read what a child responds as if an attacker had written it: types, ranges, names, lengths.

A child whose decoder was taken over can say anything. What it says is data, becomes one of our
values or an error, and decides neither names nor sizes of renditions: those are planned here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from lib.adapters.sandbox.protocol import Message
from lib.adapters.sandbox.untrusted import (
    Check,
    Head,
    InvalidResponseError,
    flag,
    integer,
    list_of,
    matching,
    number,
    optional,
    table,
    text,
)
from lib.domain.errors import ErrorCode, Failure, MediaError, error_of
from lib.domain.formats import OUTPUTS
from lib.domain.media import ImageProbe, MediaWarning, WarningCode
from lib.domain.renditions import Made, Placeholder
from lib.imaging.port import StillStatistics
from lib.imaging.variants import Size, Target, fallback_of, outcome_of
from lib.presets import ImagePreset
from lib.sniff import HEAD_BYTES, sniff

MOST_BYTES_PER_PIXEL, MOST_BYTES_BESIDE = 6, 64 * 1024
"""Of a rendition: more than any encoder makes of noise."""

LARGEST_TILE = 2000
"""px: of a picture on a sprite sheet."""

SLOWEST, FASTEST = 5.0, 1e-4
"""Seconds a megapixel that an encode is believed to take."""

OWN_CODES = frozenset(
    {
        ErrorCode.UNSUPPORTED_MEDIA,
        ErrorCode.CORRUPT_MEDIA,
        ErrorCode.LIMIT_EXCEEDED,
        ErrorCode.ENCODE_FAILED,
        ErrorCode.DEADLINE_NEAR,
    }
)
"""What a decoder or an encoder can know to be wrong."""

SIDE = integer(1, 2**31)
MOST_WARNINGS = 16


def _warnings(value: object) -> tuple[MediaWarning, ...]:
    if not isinstance(value, list) or len(value) > MOST_WARNINGS:
        raise InvalidResponseError("a list")
    warnings = tuple(
        MediaWarning(WarningCode(text(each.get("code"))), text(each.get("message")))
        for each in value
        if isinstance(each, dict)
    )
    if len(warnings) < len(value) or not all(each.code.known for each in warnings):
        raise InvalidResponseError("warnings")
    return warnings


PROBE: Mapping[str, Check] = {
    "width": SIDE,
    "height": SIDE,
    "duration_ms": integer(0),
    "frames": integer(1),
    "loops": integer(0),
    "orientation": integer(1, 8),
    "iso": integer(0),
    "has_alpha": flag,
    "color_space": text,
    "captured_at": text,
    "camera": text,
    "lens": text,
    "copyright": text,
    "exposure_s": number,
    "f_number": number,
    "focal_length_mm": number,
    "latitude": number,
    "longitude": number,
    "altitude_m": number,
    "phash": matching("[0-9a-f]{16}"),
    "hdr": matching("pq|hlg|gain-map"),
    "complete": flag,
    "warnings": _warnings,
}
"""What a probe of an image may have."""


def read_opened(head: Head, container: str) -> tuple[ImageProbe, Placeholder, Size]:
    """Return what is said of a decoded source. Raises InvalidResponseError."""
    read = table(head, "probe")
    if read.keys() - PROBE.keys() or not {"width", "height"} <= read.keys():
        raise InvalidResponseError("other fields than a probe's")
    probe = ImageProbe(
        format=container, **{name: PROBE[name](value) for name, value in read.items()}
    )
    width, height = list_of(head, "size", 2)
    shown = table(head, "placeholder")
    return (
        probe,
        Placeholder(
            matching("[A-Za-z0-9+/]{1,64}={0,2}")(shown.get("thumbhash")),
            matching("#[0-9a-f]{6}")(shown.get("color")),
        ),
        (SIDE(width), SIDE(height)),
    )


class PlannedRenditions:
    """What may come: each rendition of the plan once, and a fallback where one failed."""

    def __init__(self, targets: Iterable[Target], preset: ImagePreset) -> None:
        self.missing = {each.name: each for each in targets}
        self._planned = frozenset(self.missing)
        self._preset = preset
        self._instead: dict[str, tuple[Target, str]] = {}
        self._tried: set[str] = set()

    def read(self, head: Head, body: bytes) -> Made:
        """Return the rendition that a response is about. Raises InvalidResponseError."""
        name = text(head.get("name"))
        if name in self.missing:
            target, instead_of = self.missing.pop(name), None
        elif name in self._instead:
            target, instead_of = self._instead.pop(name)
        else:
            raise InvalidResponseError("a rendition that nobody asked for")
        if head.get("error") is not None:
            error = Failure.of(read_error(table(head, "error")))
            other = fallback_of(target, self._preset)
            if other and other.name not in self._planned | self._tried:
                self._instead[other.name] = (other, target.name)
                self._tried.add(other.name)
            return replace(outcome_of(target, error=error), instead_of=instead_of)
        frames = optional(head, "frames", integer(1, 100_000))
        if len(body) > _max_bytes(target, frames) or sniff(body[:HEAD_BYTES]).mime != target.mime:
            raise InvalidResponseError("other bytes than those of the format")
        return replace(
            outcome_of(target, body, optional(head, "quality", integer(0, 100))),
            frames=frames,
            duration_ms=optional(head, "duration_ms", integer(0)),
            instead_of=instead_of,
        )

    @property
    def max_bytes(self) -> int:
        """Return how long a body may be, in bytes."""
        waiting = [*self.missing.values(), *(target for target, _ in self._instead.values())]
        return max((_max_bytes(each, None) for each in waiting), default=0)


def _max_bytes(target: Target, frames: int | None) -> int:
    return max_bytes((target.width, target.height), frames or 1)


def read_error(head: Head) -> MediaError:
    """Return the error that a response tells of. Raises InvalidResponseError."""
    code = text(head.get("code"))
    if code not in OWN_CODES:
        raise InvalidResponseError("an unknown code")
    return error_of(ErrorCode(code), text(head.get("message")))


def read_looks(head: Head, count: int) -> list[StillStatistics]:
    """Return what so many pictures look like. Raises InvalidResponseError."""
    looks = list_of(head, "looks", count)
    if not all(
        isinstance(each, list) and len(each) == len(fields(StillStatistics)) for each in looks
    ):
        raise InvalidResponseError("a list")
    return [StillStatistics(*map(number, each)) for each in looks]


def read_size(head: Head) -> Size:
    """Return the size of a tile in px. Raises InvalidResponseError."""
    width, height = list_of(head, "size", 2)
    tile = integer(1, LARGEST_TILE)
    return tile(width), tile(height)


def read_jpeg(response: Message) -> bytes:
    """Return the JPEG that a response has. Raises InvalidResponseError."""
    if sniff(response.body[:HEAD_BYTES]).mime != "image/jpeg":
        raise InvalidResponseError("other bytes than those of the format")
    return response.body


def max_bytes(size: Size, frames: int = 1) -> int:
    """Return how many bytes a rendition of a size may have."""
    return MOST_BYTES_BESIDE + MOST_BYTES_PER_PIXEL * size[0] * size[1] * frames


def read_measured(head: Head) -> dict[str, float]:
    """Return the seconds a megapixel that encodes took, by format. Raises InvalidResponseError."""
    measured = {text(name): number(each) for name, each in table(head, "measured").items()}
    if measured.keys() - OUTPUTS.keys():
        raise InvalidResponseError("an unknown format")
    return {name: min(SLOWEST, max(FASTEST, each)) for name, each in measured.items()}
