"""Join what the ranges gave, make what goes around it, and commit: the end of an execution."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from lib.application.fenced_job import Finished
from lib.application.long_video.long_job import LongJob, Standing
from lib.application.long_video.stored_segments import StoredSegments
from lib.application.long_video.work_format import Part, PartIndex
from lib.application.long_video.work_store import preset_of, read_index, read_plan, require
from lib.application.store_work import store_work
from lib.application.sweep import delete_unwanted
from lib.domain.asset import ClaimState, CommitState
from lib.domain.clock import Clock, from_iso
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.renditions import Work
from lib.presets import Preset
from lib.video.encode.encoded import Encoded
from lib.video.package import cmaf
from lib.video.package.gaps import Change, Rewrite, close_gaps, rewrite_segment
from lib.video.package.streams import SEGMENT
from lib.video.package.track import Segment, Track


@dataclass(frozen=True, slots=True)
class Packaged:
    """How an execution ended, and how its estimate compares: `cpu_ms` took the encoders."""

    finished: Finished
    estimate_ms: int | None = None
    cpu_ms: int = 0


Make = Callable[[StoredSegments, Preset, Encoded], Work]
"""Makes all renditions of tracks whose segments are stored, and names what was left out: see
`assemble_stored`."""


def package(
    job: LongJob,
    started: str,
    make: Make,
    *,
    clock: Clock = time.time,
) -> Packaged:
    """Merge the indexes of all parts, make and store what is still missing, commit, tidy up.

    `started` is when the execution began, ISO UTC. Repeating it after a commit only tidies up.
    Raises PermanentError and TransientError.
    """
    asset = job.find_asset()
    standing = job.find_standing(asset)
    if standing is not Standing.OWNER:
        _clear(job)
        return Packaged(Finished(_CLAIM[standing]))
    plan = read_plan(job)
    preset = preset_of(job, plan)
    indexes = _with_tracks(plan.parts, [read_index(job, each) for each in plan.parts])
    encoded = reduce(Encoded.joined, (each.encoded for each in indexes))
    work = make(
        StoredSegments(job, plan, merge_tracks(indexes, partial(_rewrite, job))), preset, encoded
    )
    outcome = store_work(job.event, work, job.pipeline.renditions)
    spent_ms = round((clock() - from_iso(started)) * 1000)
    outcome = replace(outcome, processed_ms=spent_ms)
    committed = job.pipeline.catalog.commit(job.event, job.execution, outcome)
    _clear(job)
    finished = Finished(_CLAIM[_STANDING[committed]])
    if committed is CommitState.COMMITTED:
        finished = Finished(ClaimState.CLAIMED, outcome)
    return Packaged(
        finished,
        asset.estimate_ms if asset else None,
        sum(each.cpu_ms for each in indexes),
    )


_STANDING: Mapping[CommitState, Standing] = {
    CommitState.COMMITTED: Standing.FINISHED,
    CommitState.LEASE_LOST: Standing.FINISHED,
    CommitState.SUPERSEDED: Standing.UNWANTED,
}

_CLAIM: Mapping[Standing, ClaimState] = {
    Standing.FINISHED: ClaimState.DONE,
    Standing.UNWANTED: ClaimState.STALE,
}
"""How a job that found the same would have ended."""


def _with_tracks(parts: Sequence[Part], indexes: Sequence[PartIndex]) -> list[PartIndex]:
    """Leave out the ranges that hold nothing: behind the end of a source, or of damaged frames.

    Raises PermanentError(CORRUPT_MEDIA) where none holds anything.
    """
    kept = [
        index for part, index in zip(parts, indexes, strict=True) if index.tracks or not part.span
    ]
    ranges = [part for part in parts if part.span]
    if ranges and len(kept) == len(parts) - len(ranges):
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "the picture holds nothing")
    return kept


def merge_tracks(indexes: Sequence[PartIndex], rewrite: Rewrite) -> tuple[Track, ...]:
    """Join the tracks of all parts by their names; `rewrite` closes gaps of the picture.

    Raises TransientError where parts do not fit together, as parts of different releases may not.
    """
    by_name: dict[str, list[Track]] = {}
    inits: dict[str, set[str]] = {}
    for index in indexes:
        for track in index.tracks:
            by_name.setdefault(track.name, []).append(track)
            inits.setdefault(track.name, set()).add(index.inits[track.name])
    for name, different in inits.items():
        if len(different) > 1:
            raise _misfit(f"{name} has {len(different)} different init segments")
    try:
        return tuple(
            cmaf.join_ranges(close_gaps(parts, rewrite) if parts[0].width else parts)
            for parts in by_name.values()
        )
    except ValueError as exc:
        raise _misfit(str(exc)) from exc


def _rewrite(job: LongJob, change: Change) -> Segment:
    """Store a segment again, as it is to be; done twice, it becomes the same."""
    segment, folder = change.segment, change.track.name
    key = job.rendition_key(f"{folder}/{segment.name}")
    content = rewrite_segment(require(job.pipeline.renditions.fetch(key), key), change)
    made = replace(
        segment, start=change.start, duration=change.end - change.start, size=len(content)
    )
    job.pipeline.renditions.put(job.rendition_key(f"{folder}/{made.name}"), content, SEGMENT)
    return made


def _clear(job: LongJob) -> None:
    """Delete what was stored and is not live: the work files, rungs that were left out, or all."""
    delete_unwanted(job.event, job.pipeline.renditions, job.pipeline.catalog)


def _misfit(message: str) -> TransientError:
    return TransientError(ErrorCode.OUTDATED, f"expected ranges that fit together but {message}")
