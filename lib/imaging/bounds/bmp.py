"""BMP: what is run-length encoded."""

from __future__ import annotations

import struct

from lib.errors import ErrorCode, PermanentError
from lib.presets import Limits

COMPRESSION, RUN_LENGTHS = 30, (1, 2)
"""Where a Windows 3 header says it, and how it says 8 or 4 bits a pixel."""

MOST_ENCODED_MEGABYTES = 16
"""Pillow decodes it in Python, run by run: 0.3 s of a processor for a megabyte."""


def check(data: bytes, _limits: Limits) -> None:
    """Refuse more run-length encoded bytes than can be decoded in time."""
    if len(data) < COMPRESSION + 4:
        return
    (compression,) = struct.unpack_from("<I", data, COMPRESSION)
    if compression in RUN_LENGTHS and len(data) > MOST_ENCODED_MEGABYTES * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{len(data) / 1e6:.1f} MB of run lengths, the limit is {MOST_ENCODED_MEGABYTES} MB",
        )
