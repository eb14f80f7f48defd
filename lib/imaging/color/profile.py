"""Decide whether a profile is followed: what describes other pixels, or is broken, is ignored.

The rules are those of browsers (Chromium's skcms), so that a rendition looks as its source does
there.
"""

from __future__ import annotations

import io
import struct

from PIL import ImageCms

HEAD_BYTES = 128
VERSION, CLASS, SPACE, CONNECTION, END = 8, 12, 16, 20, 24
"""Where the header has its fields (ICC.1:2022, 7.2)."""

TAGS, MOST_TAGS = 132, 100
"""Where the table of tags begins, and how many LittleCMS reads."""

NEWEST = 4
"""Major version; profiles of iccMAX mean other things by the same tags."""

CONNECTIONS = (b"XYZ ", b"Lab ")

GREY, RGB, CMYK, LAB = b"GRAY", b"RGB ", b"CMYK", b"Lab "
FOLLOWED = {GREY: (GREY, RGB), RGB: (RGB,), CMYK: (CMYK,), LAB: (LAB,)}
"""Model of pixels → of the profiles that are followed. Grey ones are RGB with equal channels; an
editor that turned a grey picture into a coloured one left its profile, which says nothing then."""

DISPLAY = b"mntr"
CONVERTED = (b"scnr", DISPLAY, b"prtr", b"spac")
"""Classes that LittleCMS converts from; browsers don't read the class, and take any. A printer's is
kept: as a display's, its black point is another."""

INTENTS = (ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Intent.PERCEPTUAL)


def read_code_points(profile: bytes) -> tuple[int, int] | None:
    """Return primaries and transfer (ITU-T H.273) that a profile has beside its curves, or None."""
    at = profile.find(b"cicp", TAGS, TAGS + 12 * MOST_TAGS)
    if at < 0 or (at - TAGS) % 12 or at + 8 > len(profile):
        return None
    (start,) = struct.unpack_from(">I", profile, at + 4)
    content = profile[start : start + 10]
    return (content[8], content[9]) if content[:4] == b"cicp" and len(content) == 10 else None


def model_of(mode: str) -> bytes:
    """Return the colour space of pixels by its name in a profile."""
    if mode in ("CMYK", "LAB"):
        return CMYK if mode == "CMYK" else LAB
    return GREY if mode[0] in "1LIF" else RGB


def open_profile(profile: bytes | None, mode: str) -> ImageCms.ImageCmsProfile | None:
    """Return a profile that is followed for pixels of a mode, None for none or any other."""
    if not profile or len(profile) < HEAD_BYTES:
        return None
    (size,) = struct.unpack_from(">I", profile)
    if (
        size > len(profile)
        or profile[VERSION] > NEWEST
        or profile[SPACE:CONNECTION] not in FOLLOWED[model_of(mode)]
        or profile[CONNECTION:END] not in CONNECTIONS
    ):
        return None
    if profile[CLASS:SPACE] not in CONVERTED:
        profile = profile[:CLASS] + DISPLAY + profile[SPACE:]
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        inwards = ImageCms.Direction.INPUT
        if any(opened.profile.is_intent_supported(each, inwards) for each in INTENTS):
            return opened
    except OSError:
        pass
    return None
