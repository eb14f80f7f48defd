"""Encode a moment of a long source, to see which rungs are worth their bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import video
from lib.errors import PermanentError
from lib.model import Probe
from lib.ports import Deadline
from lib.presets import Preset
from lib.video import worth
from lib.video.span import Input, Span


def find_worthless(
    source: Input,
    probe: Probe,
    plan: video.Plan,
    preset: Preset,
    at_s: float,
    folder: Path,
    ffmpeg: str,
    deadline: Deadline,
) -> set[str]:
    """Return the names of the rungs that are not worth their bytes, by a sample of one segment.

    All stay where the sample cannot be made.
    """
    span = Span(at_s, at_s + preset.video.segment_seconds)
    picture = replace(plan, sounds=(), texts=(), stills_s=(), tile_s=None)
    with TemporaryDirectory(dir=folder) as name:
        sample = Path(name)
        try:
            video.encode(
                source,
                probe,
                picture,
                preset.video,
                sample,
                span=span,
                ffmpeg=ffmpeg,
                deadline=deadline,
                on_progress=lambda _: None,
            )
        except PermanentError:
            return set()
        return worth.find_worthless(
            source,
            probe,
            picture,
            sample,
            preset.video.segment_seconds,
            span=span,
            ffmpeg=ffmpeg,
            deadline=deadline,
        )
