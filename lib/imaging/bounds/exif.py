"""Exif: how many values its directories have (CIPA DC-008)."""

from __future__ import annotations

import struct

from lib.imaging.bounds.directories import read_directory, read_first

PREFIX = b"Exif\0\0"
POINTERS = (0x8769, 0x8825)
"""To the directories of the photo's details and of its place."""


def check_exif(exif: bytes) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more values than so many bytes may have.

    What is damaged passes: nothing of it is worth the picture.
    """
    data = exif.removeprefix(PREFIX)
    try:
        first = read_first(data)
        for pointer in POINTERS:
            if at := first.number(pointer):
                read_directory(data, at)
    except (struct.error, ValueError, OverflowError):
        return
