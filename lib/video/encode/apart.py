"""Make video, each audio and subtitle track by a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import VideoProbe
from lib.video.encode.job import Job
from lib.video.encode.loudness import Loudness
from lib.video.package.cmaf import holds_more_than_time
from lib.video.plan.plan import Plan, PlannedAudio

SAMPLES_OF_AAC = 1024
"""Of a packet, in each channel: ticks at the rate of the sound."""


def make_apart(
    job: Job, plan: Plan, levels: Mapping[str, Loudness], error: PermanentError | None = None
) -> dict[str, PermanentError]:
    """Make video, each audio and subtitle track by its own process: one may have failed all.

    `error` is how that ended. Returns what cannot be made, by name.
    """
    parts = list(_parts(plan))
    if len(parts) == 1 and error:
        return dict.fromkeys(parts[0][0], error)
    failed: dict[str, PermanentError] = {}
    for names, part in parts:
        try:
            job.run(part, levels)
            if repeating := find_repeating(job, part):
                again = tuple(replace(each, aligned=False) for each in repeating)
                job.run(replace(part, audio=again), levels)
        except PermanentError as problem:
            if problem.code is ErrorCode.LIMIT_EXCEEDED:
                raise
            failed |= dict.fromkeys(names, problem)
            if part.rungs:
                break
    return failed


def find_repeating(job: Job, plan: Plan) -> list[PlannedAudio]:
    """Return the sounds that begin anew where one of them changes its rate or its channels.

    All tracks share a graph, which is built again then. Without a graph for all of them ffmpeg 9
    hangs now and then.
    """
    if not isinstance(job.task.probe, VideoProbe):
        return []
    found = []
    for audio in plan.audio:
        path = job.folder / f"{audio.name}.mp4"
        if path.is_file():
            with path.open("rb") as file:
                found += [audio] if holds_more_than_time(file, SAMPLES_OF_AAC) else []
    return found


def _parts(plan: Plan) -> Iterator[tuple[list[str], Plan]]:
    """Yield what can be made alone: its names, and it. Video comes first."""
    if plan.rungs:
        yield [each.name for each in plan.rungs], replace(plan, audio=(), subtitles=())
    bare = replace(plan, rungs=())
    for audio in plan.audio:
        yield [audio.name], replace(bare, audio=(audio,), subtitles=())
    for subtitle in plan.subtitles:
        yield [subtitle.name], replace(bare, audio=(), subtitles=(subtitle,))
