"""Turn what a file signals about its colours without a profile into one, or into what HDR it is.

CICP code points (ITU-T H.273) in PNG, AVIF, HEIF and profiles; `gAMA` and `cHRM` in PNG (third
edition, 4.3: cICP comes before a profile, a profile before sRGB, and that before gAMA and cHRM).
"""

from __future__ import annotations

import math
from functools import partial

from PIL import Image

from lib.imaging.color.icc import Curve, write_profile
from lib.imaging.color.profile import GREY, RGB, model_of, read_code_points
from lib.imaging.color.tone_map import BT_709, BT_2020, D65, USUAL_PEAK_NITS, Hdr, decode_srgb

C = (0.310, 0.316)
PRIMARIES = {
    4: ("BT.470 M", (*C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)),
    5: ("BT.470 BG", (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06)),
    6: ("SMPTE 170M", (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    7: ("SMPTE 240M", (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    8: ("Film", (*C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049)),
    9: ("BT.2020", BT_2020),
    11: ("DCI-P3", (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    12: ("Display P3", (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    22: ("EBU 3213", (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)),
}
"""Code point → name, and x and y of white, red, green and blue; others are taken for sRGB's."""

SRGBS, SRGB = 1, 13
"""Code points of sRGB's primaries and curve."""

HDR = {16: "pq", 18: "hlg"}

FILE_GAMMA = 0.45455
NEAR = 0.01
"""How far a PNG's gamma and chromaticities may be from sRGB's and mean sRGB."""


def add_profile(image: Image.Image, container: str) -> None:
    """Give an opened source the profile that its signals mean, where they count.

    One that is HDR has `info["hdr"]` instead.
    """
    profile: bytes | None = image.info.get("icc_profile")
    signalled: tuple[int, int] | None = image.info.get("code_points")
    curves = CURVES
    if container == "png":
        curves = CURVES | VIDEO
        signalled = signalled if _is_known(signalled) else None
    if profile and not (signalled and container == "png"):
        signalled = read_code_points(profile)
        if not signalled or signalled[1] not in HDR:
            return
    if signalled:
        primaries, transfer = signalled
        space, chromaticities = PRIMARIES.get(primaries, ("BT.709", BT_709))
        profile = None
        if transfer in HDR and model_of(image.mode) in (GREY, RGB):
            peak = image.info.get("peak_nits") or USUAL_PEAK_NITS
            image.info["hdr"] = Hdr(HDR[transfer], chromaticities, peak, space)
        elif primaries in PRIMARIES or transfer in curves:
            name, curve = curves.get(transfer, ("", decode_srgb))
            profile = write_profile(f"{space} {name}".strip(), chromaticities, curve)
    elif container == "png" and "srgb" not in image.info:
        profile = _from_chunks(image.info.get("gamma"), image.info.get("chromaticity"))
    image.info["icc_profile"] = profile


def _is_known(signalled: tuple[int, int] | None) -> bool:
    """Tell whether both mean something: browsers ignore a PNG's code points else."""
    if not signalled:
        return False
    primaries, transfer = signalled
    has_primaries = primaries in PRIMARIES or primaries == SRGBS
    return has_primaries and (transfer in CURVES | VIDEO | HDR or transfer == SRGB)


def _from_chunks(gamma: float | None, chromaticities: tuple[float, ...] | None) -> bytes | None:
    """Return a profile for `gAMA`, the exponent that encoded, and `cHRM`, which has white first."""
    meant = (FILE_GAMMA, *BT_709)
    found = (gamma or meant[0], *(chromaticities or meant[1:]))
    if all(abs(a - b) < NEAR for a, b in zip(found, meant, strict=True)):
        return None
    curve = partial(_power, 1 / found[0]) if gamma else decode_srgb
    chunks = [name for name, value in (("gAMA", gamma), ("cHRM", chromaticities)) if value]
    return write_profile(f"PNG {' and '.join(chunks)}", found[1:], curve)


def _power(exponent: float, value: float) -> float:
    return math.pow(value, exponent)


def _smpte_240m(value: float) -> float:
    return value / 4 if value < 0.0913 else math.pow((value + 0.1115) / 1.1115, 1 / 0.45)


def _smpte_428(value: float) -> float:
    return 52.37 / 48 * math.pow(value, 2.6)


CURVES: dict[int, tuple[str, Curve]] = {
    4: ("gamma 2.2", partial(_power, 2.2)),
    5: ("gamma 2.8", partial(_power, 2.8)),
    7: ("SMPTE 240M", _smpte_240m),
    8: ("linear", partial(_power, 1.0)),
    17: ("SMPTE 428", _smpte_428),
}
"""Code point → name and what makes light of a signal; the others are near enough to sRGB's."""

VIDEO = dict.fromkeys((1, 6, 14, 15), ("gamma 2.4", partial(_power, 2.4)))
"""Of a PNG, which browsers show as television does (ITU-R BT.1886). In AVIF they are sRGB's there,
since encoders have always written them."""
