"""PNG and APNG: chunks (third edition, section 5)."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.parts import bounded
from lib.presets import Limits

SIGNATURE_BYTES, AROUND_CHUNK = 8, 12
HEAD = struct.Struct(">I4s")

MOST_PROFILES = 8
"""There may be one. Each is inflated, to a megabyte at most."""


def check(data: bytes, _limits: Limits) -> None:
    """Refuse too many chunks, however little is in them."""
    check_chunks(data, SIGNATURE_BYTES)


def check_chunks(data: bytes, at: int) -> None:
    """Refuse too many chunks in a PNG whose first one begins at `at`."""
    kinds = Counter(bounded(_chunks(data, at), len(data), "chunks"))
    if kinds[b"iCCP"] > MOST_PROFILES:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{kinds[b'iCCP']} colour profiles, the limit is {MOST_PROFILES}",
        )


def _chunks(data: bytes, at: int) -> Iterator[bytes]:
    while at + HEAD.size <= len(data):
        length, kind = HEAD.unpack_from(data, at)
        yield kind
        if kind == b"IEND":
            return
        at += AROUND_CHUNK + length
