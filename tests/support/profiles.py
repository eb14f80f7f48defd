"""Colour profiles as scanners, cameras and presses embed them (ICC.1:2001-04 and ICC.1:2022)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import product

from tests.support.ciede2000 import D50
from tests.support.color_spaces import Matrix, to_xyz, xyz_to_lab

# Primaries as XYZ relative to D50 (columns):
# http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO = (
    (0.79767, 0.28804, 0.0),
    (0.13519, 0.71187, 0.0),
    (0.03135, 0.00009, 0.82521),
)
GAMMA = 563 / 256
"""2.2 in the 8.8 fixed point of a curve."""

VERSION_2, VERSION_4 = 0x02400000, 0x04400000
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of a parametric curve of type 3."""

PAPER = (0.90, 0.93, 0.70)
"""The white of the paper, as XYZ: yellowish, so that absolute colours would be too."""

BLACK_LIGHT = 0.02
"""What all inks together still reflect."""


def profile(primaries: Matrix) -> bytes:
    """Return a profile called Test, of the usual gamma."""
    return rgb_profile("Test", primaries, GAMMA)


def rgb_profile(name: str, primaries: Matrix, gamma: float) -> bytes:
    """Return a profile of version 2: primaries as XYZ under D50, and a power."""
    tags = {b"desc": _text_2(name), b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50)}
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes((letter,)) + b"XYZ"] = _xyz(primary)
        tags[bytes((letter,)) + b"TRC"] = _power(gamma)
    return _assemble(VERSION_2, b"mntrRGB XYZ ", tags)


def display_profile(name: str, primaries: Matrix) -> bytes:
    """Return a profile of version 4 as displays have it: sRGB's curve, given by its parameters."""
    tags = {b"desc": _text_4(name), b"cprt": _text_4("none"), b"wtpt": _xyz(D50)}
    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(_fixed(each) for each in SRGB_CURVE)
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes((letter,)) + b"XYZ"] = _xyz(primary)
        tags[bytes((letter,)) + b"TRC"] = curve
    return _assemble(VERSION_4, b"mntrRGB XYZ ", tags)


def grey_profile(name: str, gamma: float) -> bytes:
    """Return a profile of greys: a power."""
    tags = {b"desc": _text_2(name), b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50)}
    return _assemble(VERSION_2, b"mntrGRAYXYZ ", tags | {b"kTRC": _power(gamma)})


INKS: dict[tuple[int, ...], tuple[int, ...]] = {
    (0, 1, 1, 0): (200, 60, 40),
    (1, 0, 1, 0): (60, 150, 70),
    (1, 1, 0, 0): (50, 70, 170),
    (0, 0, 0, 0): (255, 255, 255),
    (1, 1, 1, 0): (128, 128, 128),
}
"""Solid inks, cyan, magenta, yellow and black, and what they look like; others are black."""


def ink_profile(name: str) -> bytes:
    """Return a press's profile in which INKS have their colours after what every reader owes them.

    That is: the colours of its relative colorimetric table (another one, for perceptual, has red
    and blue exchanged), on white paper (its own is yellowish), down to black (its own is grey).
    """
    solids = [INKS.get(inks, (0, 0, 0)) for inks in product((0, 1), repeat=4)]
    tags = {
        b"desc": _text_2(name),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(PAPER),
        b"A2B0": _table(4, 3, [_printed(color[::-1]) for color in solids]),
        b"A2B1": _table(4, 3, [_printed(color) for color in solids]),
        # What is dark takes all inks, what is light none.
        b"B2A0": _table(3, 4, [[0xFFFF * (not lab[0])] * 4 for lab in product((0, 1), repeat=3)]),
    }
    return _assemble(VERSION_2, b"prtrCMYKLab ", tags)


def _printed(color: Sequence[int]) -> list[int]:
    """Return the Lab of a colour between paper and this black, in 16 bits of version 2."""
    xyz = to_xyz(color)
    held = [
        BLACK_LIGHT * white + (1 - BLACK_LIGHT) * value
        for value, white in zip(xyz, D50, strict=True)
    ]
    lightness, a, b = xyz_to_lab(held)
    return [
        round(min(lightness * 652.8, 65_535)),
        round((a + 128) * 256),
        round((b + 128) * 256),
    ]


def _table(inputs: int, outputs: int, nodes: Sequence[Sequence[int]]) -> bytes:
    """Spell a lut16Type with two points along each input and straight curves (6.5.8)."""
    identity = b"".join(_fixed(n in (0, 4, 8)) for n in range(9))
    straight = struct.pack(">2H", 0, 0xFFFF)
    cells = b"".join(struct.pack(f">{outputs}H", *node) for node in nodes)
    return (
        b"mft2\0\0\0\0"
        + bytes((inputs, outputs, 2, 0))
        + identity
        + struct.pack(">2H", 2, 2)
        + straight * inputs
        + cells
        + straight * outputs
    )


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65_536))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _power(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _text_2(text: str) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + bytes(79)


def _text_4(text: str) -> bytes:
    wide = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(wide), 28) + wide


def _assemble(version: int, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    start, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, content in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">4xI", version) + kind + bytes(12) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    whole = head.ljust(128 - 4, b"\0") + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole) + 4) + whole
