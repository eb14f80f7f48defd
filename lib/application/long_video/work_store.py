"""Store what one step of an execution needs of another: files beside the renditions."""

from __future__ import annotations

from typing import TypeVar

from lib.application.long_video.long_job import LongJob
from lib.application.long_video.work_format import (
    Part,
    PartIndex,
    WorkPlan,
    deserialize_index,
    deserialize_plan,
    serialize_index,
    serialize_plan,
)
from lib.domain.errors import ErrorCode, TransientError
from lib.presets import Preset
from lib.video.plan.plan import recipe_of

Found = TypeVar("Found")

JSON = "application/json"
PLAN = "plan.json"


def write_plan(job: LongJob, work: WorkPlan) -> None:
    """Store what all other steps read."""
    job.pipeline.renditions.put(job.work_key(PLAN), serialize_plan(work), JSON)


def read_plan(job: LongJob) -> WorkPlan:
    """Return what planVideo stored. Raises TransientError where it is gone."""
    return require(find_plan(job), job.work_key(PLAN))


def find_plan(job: LongJob) -> WorkPlan | None:
    """Return what planVideo stored, or None where it is gone."""
    content = job.pipeline.renditions.fetch(job.work_key(PLAN))
    return None if content is None else deserialize_plan(content)


def preset_of(job: LongJob, plan: WorkPlan) -> Preset:
    """Return the preset of a plan.

    Raises TransientError(OUTDATED) where presets.toml was changed since: parts would not fit.
    """
    preset = job.pipeline.presets.choose(job.event.source.key, job.event.preset)
    if recipe_of(plan.probe, preset) != plan.recipe:
        raise TransientError(
            ErrorCode.OUTDATED, "presets.toml was changed while the source was encoded"
        )
    return preset


def write_index(job: LongJob, part: Part, index: PartIndex) -> None:
    """Store the index of a part: from then on it is done."""
    job.pipeline.renditions.put(job.work_key(part.index), serialize_index(index), JSON)


def read_index(job: LongJob, part: Part) -> PartIndex:
    """Return the index of a part. Raises TransientError where it is not there."""
    key = job.work_key(part.index)
    return deserialize_index(require(job.pipeline.renditions.fetch(key), key))


def require(found: Found | None, key: str) -> Found:
    """Return what was found below a key. Raises TransientError(OUTDATED) where that is nothing."""
    if found is None:
        raise TransientError(ErrorCode.OUTDATED, f"expected {key} but it is not there")
    return found
