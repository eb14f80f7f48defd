"""Give samples of linear light the curve that eight bits need (ICC.1:2022).

Eight bits of linear light leave eight levels for the darkest fifth of what is seen. Deep sources of
such a profile, as Photoshop writes all of 32 bits, are therefore brought to eight by a square
root, and the square that undoes it takes the place of their profile's curves.
"""

from __future__ import annotations

import struct

from lib.imaging.color.profile import open_profile

TAGS_AT, ENTRY = 128, struct.Struct(">4sII")
MOST_TAGS = 100
CURVES = (b"rTRC", b"gTRC", b"bTRC", b"kTRC")
TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2")
"""What comes before curves, where it is there."""

SQUARE = b"curv" + struct.pack(">4xIH2x", 1, 2 << 8)
LINEAR_CURVES = (
    b"curv" + struct.pack(">4xI", 0),
    b"curv" + struct.pack(">4xIH", 1, 1 << 8),
    b"para" + struct.pack(">4xH2xI", 0, 1 << 16),
)


def with_square(profile: bytes | None, mode: str) -> bytes | None:
    """Return a profile of linear light with a square in place of its curves.

    None for any other, and for one that is not followed for pixels of this mode.
    """
    if not profile or not open_profile(profile, mode):
        return None
    changed = _with_square(profile)
    return changed if open_profile(changed, mode) else None


def _with_square(profile: bytes) -> bytes | None:
    count = int.from_bytes(profile[TAGS_AT : TAGS_AT + 4])
    end = TAGS_AT + 4 + count * ENTRY.size
    if count > MOST_TAGS or end > len(profile):
        return None
    changed = bytearray(profile) + bytes(-len(profile) % 4)
    has_curves = False
    for at in range(TAGS_AT + 4, end, ENTRY.size):
        name, start, _size = ENTRY.unpack_from(profile, at)
        if name in TABLES:
            return None
        if name in CURVES:
            if not profile[start : start + 16].startswith(LINEAR_CURVES):
                return None
            has_curves = True
            ENTRY.pack_into(changed, at, name, len(changed), len(SQUARE))
    if not has_curves:
        return None
    changed += SQUARE
    struct.pack_into(">I", changed, 0, len(changed))
    return bytes(changed)
