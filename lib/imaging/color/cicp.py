"""Turn what a file signals about its colours without a profile into one.

CICP code points (ITU-T H.273) in PNG, AVIF and HEIF; `gAMA` and `cHRM` in PNG (third edition,
4.3: cICP comes before a profile, a profile before sRGB, and that before gAMA and cHRM).
"""

from __future__ import annotations

import math
from functools import partial

from PIL import Image

from lib.imaging.color.icc import BT_709, Curve, write_profile

PRIMARIES = {
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046)),
    12: ("Display P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
}
"""Code point → name, x and y of red, green and blue; others are near enough to sRGB's."""

D65 = (0.3127, 0.3290)
FILE_GAMMA = 0.45455
NEAR = 0.01
"""How far a PNG's gamma and chromaticities may be from sRGB's and mean sRGB."""

HDR_WHITE = 203.0
"""Luminance of white paper in HDR, in cd/m² (ITU-R BT.2408): white in sRGB. Brighter is white."""

HLG_WHITE = 0.26496256
"""Light of the same paper: that of the signal 0.75."""


def add_profile(image: Image.Image, container: str) -> None:
    """Give an opened source the profile that its signals mean, where they count."""
    if container == "png":
        if cicp := image.info.get("cicp"):
            profile = _from_code_points(*cicp[:2])
        elif "icc_profile" in image.info or "srgb" in image.info:
            return
        else:
            profile = _from_chunks(image.info.get("gamma"), image.info.get("chromaticity"))
    elif container in ("avif", "heif") and not image.info.get("icc_profile"):
        if not image.info.get("code_points"):
            return
        profile = _from_code_points(*image.info["code_points"])
    else:
        return
    image.info["icc_profile"] = profile


def _from_code_points(primaries: int, transfer: int) -> bytes | None:
    if primaries not in PRIMARIES and transfer not in CURVES:
        return None
    space, chromaticities = PRIMARIES.get(primaries, ("BT.709", BT_709))
    curve_name, curve = CURVES.get(transfer, ("", _srgb))
    return write_profile(f"{space} {curve_name}".strip(), (*D65, *chromaticities), curve)


def _from_chunks(gamma: float | None, chromaticities: tuple[float, ...] | None) -> bytes | None:
    """Return a profile for `gAMA`, the exponent that encoded, and `cHRM`, which has white first."""
    meant = (FILE_GAMMA, *D65, *BT_709)
    found = (gamma or meant[0], *(chromaticities or meant[1:]))
    if all(abs(a - b) < NEAR for a, b in zip(found, meant, strict=True)):
        return None
    curve = partial(_power, 1 / found[0]) if gamma else _srgb
    chunks = [name for name, value in (("gAMA", gamma), ("cHRM", chromaticities)) if value]
    return write_profile(f"PNG {' and '.join(chunks)}", found[1:], curve)


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def _power(exponent: float, value: float) -> float:
    return math.pow(value, exponent)


def _pq(value: float) -> float:
    """SMPTE ST 2084."""
    root = math.pow(value, 32 / 2523)
    linear = max(0.0, root - 0.8359375) / (18.8515625 - 18.6875 * root)
    return 10_000 * math.pow(linear, 8192 / 1305) / HDR_WHITE


def _hlg(value: float) -> float:
    """ARIB STD-B67."""
    if value <= 0.5:
        return value * value / 3 / HLG_WHITE
    return (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12 / HLG_WHITE


CURVES: dict[int, tuple[str, Curve]] = {
    4: ("gamma 2.2", partial(_power, 2.2)),
    5: ("gamma 2.8", partial(_power, 2.8)),
    8: ("linear", partial(_power, 1.0)),
    16: ("PQ", _pq),
    18: ("HLG", _hlg),
}
"""Code point → name and what makes light of a signal; the others are near enough to sRGB's."""
