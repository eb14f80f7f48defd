"""Join what the ranges gave, make what goes around it, and commit: the end of an execution."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from operator import attrgetter

from lib.application import fenced_job
from lib.application.long_video import ownership
from lib.application.long_video.assemble_stored import StoredSegments
from lib.application.long_video.records import Part, PartIndex
from lib.application.long_video.work_store import (
    find_plan,
    key_of,
    read_index,
    read_plan,
    same_recipe,
)
from lib.application.pipeline import Pipeline
from lib.application.superseded import clear
from lib.domain.asset import ClaimState, CommitState
from lib.domain.clock import Clock, from_iso
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key
from lib.domain.renditions import Work
from lib.presets import Preset
from lib.video.package import cmaf
from lib.video.package.streams import PLAYLIST
from lib.video.package.track import Track


@dataclass(frozen=True, slots=True)
class Packaged:
    """How an execution ended, and how its estimate compares: `cpu_ms` took the encoders."""

    finished: fenced_job.Finished
    estimate_ms: int | None = None
    cpu_ms: int = 0


Make = Callable[[StoredSegments, Preset, Mapping[str, Failure]], Work]
"""Makes all renditions of tracks whose segments are stored, and names those that were left out: see
`assemble_stored`."""


def package(
    event: UploadEvent,
    execution: str,
    recipe: str,
    started: str,
    make: Make,
    pipeline: Pipeline,
    *,
    clock: Clock = time.time,
) -> Packaged:
    """Merge the indexes of all parts, make and store what is still missing, commit, tidy up.

    `started` is when the execution began, ISO UTC. Repeating it after a commit only tidies up.
    Raises PermanentError and TransientError.
    """
    renditions, catalog = pipeline.renditions, pipeline.catalog
    asset = ownership.look_up(event, catalog)
    standing = ownership.standing(event, execution, asset)
    if standing is not ownership.Standing.OWNER:
        _tidy(event, recipe, standing, pipeline)
        return Packaged(fenced_job.Finished(_CLAIM[standing]))
    plan = read_plan(event, recipe, renditions)
    preset = same_recipe(event, pipeline.presets, plan)
    indexes = _held(
        plan.parts, [read_index(event, recipe, each, renditions) for each in plan.parts]
    )
    left_out = {name: each for index in indexes for name, each in index.left_out.items()}
    stored = StoredSegments(event, plan, merge(indexes), pipeline)
    work = make(stored, preset, left_out)
    outcome = fenced_job.finish(event, work, renditions, [])
    spent_ms = round((clock() - from_iso(started)) * 1000)
    outcome = replace(outcome, processed_ms=spent_ms)
    committed = catalog.commit(event, execution, outcome)
    standing = _STANDING[committed]
    _tidy(event, recipe, standing, pipeline)
    finished = fenced_job.Finished(_CLAIM[standing])
    if committed is CommitState.COMMITTED:
        finished = fenced_job.Finished(ClaimState.CLAIMED, outcome)
    return Packaged(
        finished,
        asset.estimate_ms if asset else None,
        sum(each.cpu_ms for each in indexes),
    )


_STANDING: Mapping[CommitState, ownership.Standing] = {
    CommitState.COMMITTED: ownership.Standing.FINISHED,
    CommitState.LEASE_LOST: ownership.Standing.FINISHED,
    CommitState.SUPERSEDED: ownership.Standing.UNWANTED,
}

_CLAIM: Mapping[ownership.Standing, ClaimState] = {
    ownership.Standing.FINISHED: ClaimState.DONE,
    ownership.Standing.UNWANTED: ClaimState.STALE,
}
"""How a job that found the same would have ended."""


def _held(parts: Sequence[Part], indexes: Sequence[PartIndex]) -> list[PartIndex]:
    """Leave out the ranges behind the end of a source that is cut short: they hold nothing.

    Raises PermanentError(CORRUPT_MEDIA) where there is nothing before another range, or at all.
    """
    ranges = [index for part, index in zip(parts, indexes, strict=True) if part.span]
    held = list(takewhile(attrgetter("tracks"), ranges))
    behind = ranges[len(held) :]
    if behind and (not held or any(each.tracks for each in behind)):
        gap = parts[len(held)]
        raise PermanentError(
            ErrorCode.CORRUPT_MEDIA, f"the picture holds nothing from {gap.start_s:.0f} s on"
        )
    sounds = [index for part, index in zip(parts, indexes, strict=True) if not part.span]
    return [*held, *sounds]


def merge(indexes: Sequence[PartIndex]) -> tuple[Track, ...]:
    """Join the tracks of all parts by their names.

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
        return tuple(cmaf.merge(parts) for parts in by_name.values())
    except ValueError as exc:
        raise _misfit(str(exc)) from exc


def _tidy(
    event: UploadEvent,
    recipe: str,
    standing: ownership.Standing,
    pipeline: Pipeline,
) -> None:
    """Delete what was stored and not committed, and all that is nobody's.

    What was committed stays while it is live, though a newer upload is known. The plan goes last,
    so that a repeat knows what there was.
    """
    renditions, catalog = pipeline.renditions, pipeline.catalog
    asset = ownership.look_up(event, catalog)
    if asset and asset.manifest_key == manifest_key(event.source, event.sequencer, recipe):
        committed = {each.key for each in asset.renditions}
        plan = find_plan(event, recipe, renditions)
        for rung in plan.rungs if plan else ():
            playlist = rendition_key(event.source, event.sequencer, recipe, f"{rung}/{PLAYLIST}")
            if playlist not in committed:
                renditions.delete_below(playlist.removesuffix(PLAYLIST))
        renditions.delete_below(key_of(event, recipe, ""))
    if standing is ownership.Standing.UNWANTED:
        clear(event, renditions, catalog)


def _misfit(message: str) -> TransientError:
    return TransientError(
        ErrorCode.SERVICE_UNAVAILABLE, f"expected ranges that fit together but {message}"
    )
