"""ICC profiles, made here, and the primaries of those that cameras and programs write."""

from __future__ import annotations

import struct

Triple = tuple[float, float, float]

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
GAMMA = 563 / 256  # 2.2 in the 8.8 fixed point of an ICC curve


def profile(primaries: tuple[Triple, Triple, Triple]) -> bytes:
    """Write a minimal matrix profile (ICC.1:2001-04, 6.1 and 6.3.1.2)."""

    def xyz(values: Triple) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(GAMMA * 256), 0)
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Test\0" + bytes(79)
    tags = {
        b"desc": name,
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
    }
    for channel, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([channel]) + b"XYZ"] = xyz(primary)
        tags[bytes([channel]) + b"TRC"] = curve
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, content in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = bytes(8) + b"\x02\x40\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">iii", 63190, 65536, 54061) + bytes(48)
    whole = head + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]
