"""Plan a long source: take its lease, check its limits, cut it into ranges."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial

from lib.application.context import Pipeline
from lib.application.inspect_source import Inspected, inspect_source, pass_over, scan_source
from lib.application.long_video.long_job import LongJob, Standing
from lib.application.long_video.work_format import Part, WorkPlan, part_to_values
from lib.application.long_video.work_store import write_plan
from lib.application.sweep import delete_unwanted
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import UploadEvent
from lib.domain.media import VideoProbe
from lib.domain.prices import check_price
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.keyframes import read_keyframes
from lib.video.plan.plan import picture_stream, recipe_of
from lib.video.plan.ranges import cut, nearest, range_seconds
from lib.video.source import locate

MOST_INLINE = 40
"""Ranges that run at once in one execution; above, each gets an execution of its own."""

LONGEST_RANGE_S = 600
"""However cheap a source is said to be: one second of it may cost much more than the others."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an execution may take: its lease in s, vCPU seconds of a range, dollars in all."""

    lease_seconds: int
    range_cost_s: float
    dollars: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What the state machine goes on with."""

    recipe: str
    ranges: tuple[Part, ...]
    audio: Part | None

    def serialize(self) -> dict[str, object]:
        """Return it as the state machine reads it: `distributed` where one execution is too few."""
        return {
            "superseded": False,
            "recipe": self.recipe,
            "ranges": [part_to_values(each) for each in self.ranges],
            "sound": self.audio is not None,
            "distributed": len(self.ranges) > MOST_INLINE,
        }


def make_plan(
    event: UploadEvent,
    execution: str,
    allowance: Allowance,
    pipeline: Pipeline,
    ffmpeg: Ffmpeg,
) -> Planned | None:
    """Take the lease of an upload and store the plan of its parts; None where it is superseded.

    That is looked at again once the plan is stored: who removed the upload may have cleared before.
    Raises PermanentError, LIMIT_EXCEEDED among them, and TransientError.
    """
    source, found = event.source, inspect_source(event, pipeline)
    found = scan_source(found, event, pipeline, ffmpeg)
    check_price(found.dollars, allowance.dollars)
    if not pipeline.catalog.transfer_lease(
        event,
        execution,
        lease_seconds=allowance.lease_seconds,
        estimate_ms=round(found.cost_s * 1000),
    ):
        delete_unwanted(event, pipeline.renditions, pipeline.catalog)
        return None
    if isinstance(found.probe, VideoProbe):
        found = _without_broken_picture(event, found, pipeline, ffmpeg)
        check_price(found.dollars, allowance.dollars)
    container, probe, plan, preset = found.container, found.probe, found.plan, found.preset
    # Behind its last frame there is nothing to cut.
    ends_ms = probe.picture_ms if isinstance(probe, VideoProbe) else None
    seconds = (ends_ms or probe.duration_ms or 0) / 1000
    length = range_seconds(
        seconds,
        found.cost_s,
        wanted_s=allowance.range_cost_s,
        segment_s=preset.video.segment_seconds,
        longest_s=LONGEST_RANGE_S,
    )
    keyframes = None
    if container == "mov":
        keyframes = read_keyframes(io.BufferedReader(found.reader), picture_stream(probe))
    if found.jumps:
        # ffmpeg mends the time line only where it reads all of it.
        border = nearest(())
    elif keyframes is not None:
        border = nearest(keyframes)
    else:
        # Imported here: 20 ms, ffmpeg-python 11 of them, that most sources can do without.
        from lib.video.encode.find_keyframe import find_keyframe

        readable = locate(source, found, pipeline.sources, ffmpeg.deadline)
        border = partial(find_keyframe, source=readable, probe=probe, ffmpeg=ffmpeg)
    spans = cut(seconds, length, border) if plan.rungs else ()
    ranges = tuple(
        Part(f"range-{number:04d}", start, end if number + 1 < len(spans) else None)
        for number, (start, end) in enumerate(spans)
    )
    audio = Part("sound") if plan.audio or plan.subtitles else None
    parts = (*ranges, audio) if audio else ranges
    rungs = tuple(each.name for each in plan.rungs)
    recipe = recipe_of(probe, preset)
    work = WorkPlan(
        container, probe, preset.name, recipe, parts, rungs, found.start, found.jumps, found.joined
    )
    job = LongJob(event, execution, recipe, pipeline)
    write_plan(job, work)
    if job.find_standing(job.find_asset()) is not Standing.OWNER:
        delete_unwanted(event, pipeline.renditions, pipeline.catalog)
        return None
    return Planned(recipe, ranges, audio)


def _without_broken_picture(
    event: UploadEvent, found: Inspected, pipeline: Pipeline, ffmpeg: Ffmpeg
) -> Inspected:
    """Return what is made of a source whose picture may not be decoded at all.

    A short one is decoded, and then made of its sound alone; here all ranges would fail.
    """
    # Imported here: 20 ms, ffmpeg-python 11 of them, that sound alone can do without.
    from lib.video.encode.try_picture import find_obstacle

    readable = locate(event.source, found, pipeline.sources, ffmpeg.deadline)
    first: PermanentError | None = None
    while isinstance(found.probe, VideoProbe):
        problem = find_obstacle(readable, found.probe, ffmpeg)
        if not problem:
            break
        first = first or problem
        other = pass_over(found, problem, event, pipeline)
        if not other:
            code = ErrorCode.CORRUPT_MEDIA if first.code is ErrorCode.ENCODE_FAILED else first.code
            raise PermanentError(code, first.message) from first
        found = other
    return found
