"""Write a colour profile (ICC.1:2001-04, the version that everything reads)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from lib.imaging.color.matrices import columns, inverse, rgb_to_xyz, times

Curve = Callable[[float], float]
"""Signal (0–1) → light (0–1, what is above is cut)."""

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
"""Lam's cone responses, in which ICC.1 annex E adapts one white to another."""

SAMPLES = 1024


def write_profile(name: str, chromaticities: Sequence[float], curve: Curve) -> bytes | None:
    """Return a matrix profile for x and y of white, red, green and blue, and one curve for all.

    None where the numbers describe no colours.
    """
    try:
        to_xyz = rgb_to_xyz(chromaticities)
        cones, wanted = times(BRADFORD, times(to_xyz, (1, 1, 1))), times(BRADFORD, D50)
        back = inverse(BRADFORD)
        primaries = []
        for primary in columns(*to_xyz):
            response = times(BRADFORD, primary)
            adapted = (r * w / c for r, w, c in zip(response, wanted, cones, strict=True))
            primaries.append(_xyz(times(back, list(adapted))))
        light = (min(1.0, curve(sample / (SAMPLES - 1))) for sample in range(SAMPLES))
        table = b"curv" + struct.pack(
            f">4xI{SAMPLES}H", SAMPLES, *(round(65_535 * value) for value in light)
        )
    except (ArithmeticError, ValueError, struct.error):
        return None
    text = name.encode("ascii") + b"\0"
    described = b"desc" + struct.pack(">4xI", len(text)) + text + bytes(78)
    tags = [(b"desc", described), (b"cprt", b"text\0\0\0\0\0"), (b"wtpt", _xyz(D50))]
    tags += zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    tags += ((kind, table) for kind in (b"rTRC", b"gTRC", b"bTRC"))
    return _assemble(tags)


def _assemble(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    entries, contents = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for kind, content in tags:
        entries += kind + struct.pack(">II", start + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    head = struct.pack(">I4x", start + len(contents)) + b"\x02\x40\0\0mntrRGB XYZ " + bytes(12)
    head += b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + contents


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + struct.pack(">4x3i", *(round(value * 65_536) for value in values))
