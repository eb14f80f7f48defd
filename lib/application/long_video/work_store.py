"""Store what the steps of an execution tell each other: files beside the renditions."""

from __future__ import annotations

from typing import TypeVar

from lib.application.long_video.records import (
    Part,
    PartIndex,
    WorkPlan,
    deserialize_index,
    deserialize_plan,
    serialize_index,
    serialize_plan,
)
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import work_key
from lib.domain.media import Probe
from lib.domain.ports import Renditions
from lib.presets import Preset, Presets
from lib.video.plan.plan import recipe_of

Found = TypeVar("Found")

JSON = "application/json"
PLAN = "plan.json"


def key_of(event: UploadEvent, recipe: str, name: str) -> str:
    """Return the key of a work file."""
    return work_key(event.source, event.sequencer, recipe, name)


def choose_preset(event: UploadEvent, presets: Presets, probe: Probe) -> tuple[Preset, str]:
    """Return an upload's preset and its recipe. Raises PermanentError(UNKNOWN_PRESET)."""
    preset = presets.choose(event.source.key, event.preset)
    return preset, recipe_of(probe, preset)


def write_plan(event: UploadEvent, work: WorkPlan, renditions: Renditions) -> None:
    """Store what all other steps read."""
    renditions.put(key_of(event, work.recipe, PLAN), serialize_plan(work), JSON)


def read_plan(event: UploadEvent, recipe: str, renditions: Renditions) -> WorkPlan:
    """Return what planVideo stored. Raises TransientError where it is gone."""
    return there(find_plan(event, recipe, renditions), key_of(event, recipe, PLAN))


def find_plan(event: UploadEvent, recipe: str, renditions: Renditions) -> WorkPlan | None:
    """Return what planVideo stored, or None where it is gone."""
    content = renditions.fetch(key_of(event, recipe, PLAN))
    return None if content is None else deserialize_plan(content)


def same_recipe(event: UploadEvent, presets: Presets, plan: WorkPlan) -> Preset:
    """Return the preset of a plan.

    Raises TransientError where presets.toml was changed since: parts would not fit together.
    """
    preset, recipe = choose_preset(event, presets, plan.probe)
    if recipe != plan.recipe:
        raise TransientError(
            ErrorCode.SERVICE_UNAVAILABLE, "presets.toml was changed while the source was encoded"
        )
    return preset


def write_index(
    event: UploadEvent, recipe: str, part: Part, index: PartIndex, renditions: Renditions
) -> None:
    """Store the index of a part: from then on it is done."""
    renditions.put(key_of(event, recipe, part.index), serialize_index(index), JSON)


def read_index(event: UploadEvent, recipe: str, part: Part, renditions: Renditions) -> PartIndex:
    """Return the index of a part. Raises TransientError where it is not there."""
    key = key_of(event, recipe, part.index)
    return deserialize_index(there(renditions.fetch(key), key))


def there(found: Found | None, key: str) -> Found:
    """Return what was found below a key. Raises TransientError where that is nothing."""
    if found is None:
        raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, f"expected {key} but it is not there")
    return found
