"""Make the picture of a span: all that a source holds of it, however little that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lib.domain.errors import ErrorCode, PermanentError
from lib.video.encode.open_source import SEARCH_S
from lib.video.package.cmaf import cut_off, first_shown_tick
from lib.video.plan.plan import Plan, VideoTask
from lib.video.plan.ranges import Span

MISSED_S = 0.1
"""What a span may start late, in s, before it is decoded again with what comes before it. Indexes
and decoders differ by less."""

Run = Callable[[VideoTask], None]


def encode_span(task: VideoTask, span: Span, folder: Path, run: Run) -> None:
    """Write the rungs of a span, and its pictures, into a folder; a rung may hold nothing.

    Where its first frames are not there, it is decoded again from some seconds before: a damaged
    keyframe takes the frames after it along unless others are known by then.
    Raises what `run` raises.
    """
    plan = task.plan
    _run(task, run)
    if span.start_s and _lacks_start(folder, span, plan):
        _run(replace(task, span=replace(span, context_s=SEARCH_S)), run)
    for rung in plan.rungs:
        with (folder / f"{rung.name}.mp4").open("r+b") as file:
            cut_off(file, round(span.end_s * plan.timescale))


def _run(task: VideoTask, run: Run) -> None:
    """Run ffmpeg; without pictures where that fails: of none, none can be chosen."""
    try:
        run(task)
    except PermanentError as error:
        if error.code is ErrorCode.LIMIT_EXCEEDED:
            raise
        run(replace(task, plan=replace(task.plan, stills_s=(), tile_s=None)))


def _lacks_start(folder: Path, span: Span, plan: Plan) -> bool:
    with (folder / f"{plan.rungs[0].name}.mp4").open("rb") as file:
        first = first_shown_tick(file)
    return first is None or first / plan.timescale > span.start_s + MISSED_S
