"""Plan a long source: take its lease, check its limits, cut it into ranges."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial

from lib.application.long_video.records import Part, WorkPlan, part_to_values
from lib.application.long_video.work_store import choose_preset, write_plan
from lib.application.pipeline import Pipeline
from lib.domain.events import UploadEvent
from lib.domain.prices import check_price, price_encode
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.keyframes import read_keyframes
from lib.video.plan.plan import plan_video
from lib.video.plan.proportion import check_proportion
from lib.video.plan.ranges import cut, nearest, range_seconds
from lib.video.source import inspect, locate

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
    sound: Part | None

    def serialize(self) -> dict[str, object]:
        """Return it as the state machine reads it: `distributed` where one execution is too few."""
        return {
            "superseded": False,
            "recipe": self.recipe,
            "ranges": [part_to_values(each) for each in self.ranges],
            "sound": self.sound is not None,
            "distributed": len(self.ranges) > MOST_INLINE,
        }


def make_plan(
    event: UploadEvent,
    execution: str,
    allowance: Allowance,
    pipeline: Pipeline,
    *,
    ffmpeg: Ffmpeg,
) -> Planned | None:
    """Take the lease of an upload and store the plan of its parts; None where it is superseded.

    Raises PermanentError, LIMIT_EXCEEDED among them, and TransientError.
    """
    source = event.source
    container, probe, reader = inspect(source, pipeline.presets.limits, pipeline.sources)
    preset, recipe = choose_preset(event, pipeline.presets, probe)
    plan = plan_video(probe, preset)
    cost_s = estimate(probe, plan, preset.video.speed)
    check_proportion(probe, cost_s, source.size)
    puts = count_segments(probe, plan, preset.video.segment_seconds)
    check_price(price_encode(cost_s, puts), allowance.dollars)
    if not pipeline.catalog.transfer_lease(
        event,
        execution,
        lease_seconds=allowance.lease_seconds,
        estimate_ms=round(cost_s * 1000),
    ):
        return None
    seconds = (probe.duration_ms or 0) / 1000
    length = range_seconds(
        seconds,
        cost_s,
        wanted_s=allowance.range_cost_s,
        segment_s=preset.video.segment_seconds,
        longest_s=LONGEST_RANGE_S,
    )
    keyframes = read_keyframes(io.BufferedReader(reader)) if container == "mov" else None
    if keyframes is not None:
        border = nearest(keyframes)
    else:
        # Imported here: ffmpeg-python costs 26 ms, which most sources can do without.
        from lib.video.encode.seek import find_keyframe

        readable = locate(source, container, pipeline.sources, ffmpeg.deadline)
        border = partial(find_keyframe, source=readable, probe=probe, ffmpeg=ffmpeg)
    spans = cut(seconds, length, border) if plan.rungs else ()
    ranges = tuple(
        Part(f"range-{number:04d}", start, end if number + 1 < len(spans) else None)
        for number, (start, end) in enumerate(spans)
    )
    sound = Part("sound") if plan.sounds or plan.texts else None
    parts = (*ranges, sound) if sound else ranges
    rungs = tuple(each.name for each in plan.rungs)
    work = WorkPlan(container, probe, preset.name, recipe, parts, rungs)
    write_plan(event, work, pipeline.renditions)
    return Planned(recipe, ranges, sound)
