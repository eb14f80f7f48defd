"""Find captions in encoded frames: ATSC A/53 part 4, 6.2.3, as the encoder passes them on.

They lie in the frames themselves: CEA-608 in four channels, `CC1` to `CC4`, and CEA-708 in
services, of which `SERVICE1` to `SERVICE6` are looked for: the others are numbered in a second
byte. The names are those of HLS (RFC 8216, section 4.3.4.1).
"""

from __future__ import annotations

from collections.abc import Iterator

USER_DATA = b"\xb5\x00\x31GA94\x03"
"""Country, provider, user identifier and type of captions: what a message (SEI) with them begins
with, in H.264 and in HEVC."""

MOST_PAIRS = 31
PAIR_BYTES = 3
VALID, KIND = 0x04, 0x03
FIELD_1, FIELD_2, PACKET_START = 0, 1, 3
"""Kinds of pairs: of the two fields of CEA-608; where a packet of CEA-708 begins."""

CONTROL, SECOND_CHANNEL = range(0x10, 0x20), 0x08
"""First bytes of a control code of CEA-608, without parity, and the bit of its channel."""

SERVICE_SHIFT, EXTENDED = 5, 7


def find_captions(content: bytes) -> tuple[str, ...]:
    """Return the channels and services that a segment has captions of, in order."""
    found: set[str] = set()
    at = content.find(USER_DATA)
    while at >= 0:
        start = at + len(USER_DATA)
        found.update(_read_pairs(_unescaped(content[start : start + 2 * MOST_PAIRS * PAIR_BYTES])))
        at = content.find(USER_DATA, start)
    return tuple(sorted(found, key=lambda name: (len(name), name)))


def _read_pairs(data: bytes) -> Iterator[str]:
    count = data[0] & 0x1F if data else 0
    for number in range(count):
        pair = data[2 + PAIR_BYTES * number : 2 + PAIR_BYTES * (number + 1)]
        if len(pair) < PAIR_BYTES or not pair[0] & VALID:
            continue
        kind, first, second = pair[0] & KIND, pair[1] & 0x7F, pair[2]
        if kind in (FIELD_1, FIELD_2) and first in CONTROL:
            yield f"CC{1 + 2 * kind + bool(first & SECOND_CHANNEL)}"
        # A header of the packet, then one of the service's block; 0 is filling.
        service = second >> SERVICE_SHIFT
        if kind == PACKET_START and 0 < service < EXTENDED:
            yield f"SERVICE{service}"


def _unescaped(data: bytes) -> bytes:
    """Take out what keeps a start code from appearing (H.264 and HEVC, 7.3.1.1)."""
    return data.replace(b"\0\0\3", b"\0\0")
