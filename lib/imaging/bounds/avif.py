"""AVIF: what its primary item or its frames take (AV1 Image File Format 1.1)."""

from __future__ import annotations

from lib.imaging.bounds.boxes import only, read_top
from lib.imaging.bounds.items import Work
from lib.imaging.bounds.meta import read_meta
from lib.imaging.bounds.tracks import check_tracks
from lib.presets import Limits


def check(data: bytes, limits: Limits) -> None:
    """Refuse as for HEIC; and too many or too large frames of a sequence."""
    boxes = read_top(data)
    if meta := only(boxes, b"meta"):
        Work(data, read_meta(data, meta), limits).check()
    if movie := only(boxes, b"moov"):
        check_tracks(data, movie, limits)
