"""Exif: how many values its directories have (CIPA DC-008)."""

from __future__ import annotations

import struct

from lib.imaging.bounds.directories import Directory, read_directory, read_first

PREFIX = b"Exif\0\0"
POINTERS = (0x8769, 0x8825)
"""To the directories of the photo's details and of its place."""


def check_exif(exif: bytes) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more values than so many bytes may have.

    What is damaged passes: nothing of it is worth the picture.
    """
    try:
        check_pointers(read_first(exif.removeprefix(PREFIX)))
    except (struct.error, ValueError, OverflowError):
        return


def check_pointers(first: Directory) -> None:
    """Check the directories that the first one of a TIFF or of Exif points to."""
    for pointer in POINTERS:
        for at in first.numbers(pointer)[:1]:
            try:
                read_directory(first.data, at, first.is_big)
            except (struct.error, OverflowError):
                continue
