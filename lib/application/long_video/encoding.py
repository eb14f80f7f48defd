"""Encode one part of a long source with one ffmpeg process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lib.application.long_video.records import Part, WorkPlan
from lib.domain.errors import PermanentError
from lib.domain.events import UploadEvent
from lib.domain.ports import Sources
from lib.presets import Preset
from lib.video.encode.encode import encode_video
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.plan import VideoTask
from lib.video.source import locate


def encode(
    event: UploadEvent,
    work: WorkPlan,
    preset: Preset,
    part: Part,
    folder: Path,
    *,
    sources: Sources,
    ffmpeg: Ffmpeg,
) -> Mapping[str, PermanentError]:
    """Fill a folder with what one part gives; return what was left out. Raises as its encoder."""
    plan = work.plan(preset)
    if part.span is None:
        plan = replace(plan, rungs=(), stills_s=(), tile_s=None)
    source = locate(event.source, work.container, sources, ffmpeg.deadline)
    task = VideoTask(source, work.probe, plan, preset, part.span)
    try:
        return encode_video(task, replace(ffmpeg, scratch=folder))
    except PermanentError as error:
        if part.span or not work.probe.video_codec:
            raise
        # A picture without its sound is worth more than nothing.
        names = [each.name for each in plan.sounds] + [each.name for each in plan.texts]
        return dict.fromkeys(names, error)
