"""HEIC: what decoding the primary item takes, with all that it is made of (ISO/IEC 23008-12)."""

from __future__ import annotations

from lib.imaging.bounds.boxes import only, read_top
from lib.imaging.bounds.items import Work
from lib.imaging.bounds.meta import read_meta
from lib.presets import Limits


def check(data: bytes, limits: Limits) -> None:
    """Refuse too many pixels, coded or composed, too many properties, and items in circles."""
    if meta := only(read_top(data), b"meta"):
        Work(data, read_meta(data, meta), limits).check()
