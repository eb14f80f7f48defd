"""What the steps of an execution tell each other: JSON files beside the renditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import work_key
from lib.domain.media import AudioTrack, Probe, SubtitleTrack
from lib.domain.ports import Storage
from lib.presets import Preset, Presets
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import Plan, plan_video, recipe_of
from lib.video.plan.span import Span

OPEN_END_S = 24 * 60 * 60
"""Longer than any source may be: a header may say less than is true."""

Found = TypeVar("Found")

JSON = "application/json"
PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class Part:
    """What one encoding function makes: a range of the picture, in s, or all of the sound.

    Without an end it is the last range, up to wherever the source really ends; without a start the
    sound, with what else runs along the whole source.
    """

    name: str
    start_s: float | None = None
    end_s: float | None = None

    @property
    def span(self) -> Span | None:
        """Return what is encoded of the picture; None for the sound."""
        if self.start_s is None:
            return None
        return Span(self.start_s, self.start_s + OPEN_END_S if self.end_s is None else self.end_s)

    @property
    def index(self) -> str:
        """Return the name of the file that is written when all of the part is stored."""
        return f"{self.name}.json"


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """What planVideo found and decided.

    `recipe` is the hash that all keys carry, `rungs` the names of the tracks that ranges store.
    """

    container: str
    probe: Probe
    preset: str
    recipe: str
    parts: tuple[Part, ...]
    rungs: tuple[str, ...]

    def plan(self, preset: Preset) -> Plan:
        """Return what is made in all."""
        return plan_video(self.probe, preset)


@dataclass(frozen=True, slots=True)
class PartIndex:
    """What is stored of one part. `inits`: SHA-256 of the init segment by track.

    `left_out` is what could not be made, by name; `cpu_ms` the time of all cores that it took. A
    range without tracks lies behind the end of a source that is cut short.
    """

    tracks: tuple[Track, ...]
    inits: Mapping[str, str]
    left_out: Mapping[str, Failure]
    cpu_ms: int


def key_of(event: UploadEvent, recipe: str, name: str) -> str:
    """Return the key of a work file."""
    return work_key(event.source, event.sequencer, recipe, name)


def choose_preset(event: UploadEvent, presets: Presets, probe: Probe) -> tuple[Preset, str]:
    """Return an upload's preset and its recipe. Raises PermanentError(UNKNOWN_PRESET)."""
    preset = presets.choose(event.source.key, event.preset)
    return preset, recipe_of(probe, preset)


def write_plan(event: UploadEvent, work: WorkPlan, storage: Storage) -> None:
    """Store what all other steps read."""
    storage.put(key_of(event, work.recipe, PLAN), _spell(asdict(work)), JSON)


def read_plan(event: UploadEvent, recipe: str, storage: Storage) -> WorkPlan:
    """Return what planVideo stored. Raises TransientError where it is gone."""
    return there(find_plan(event, recipe, storage), key_of(event, recipe, PLAN))


def find_plan(event: UploadEvent, recipe: str, storage: Storage) -> WorkPlan | None:
    """Return what planVideo stored, or None where it is gone."""
    content = storage.fetch(key_of(event, recipe, PLAN))
    if content is None:
        return None
    found = json.loads(content)
    return WorkPlan(
        found["container"],
        _probe(found["probe"]),
        found["preset"],
        found["recipe"],
        tuple(Part(**each) for each in found["parts"]),
        tuple(found["rungs"]),
    )


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
    event: UploadEvent, recipe: str, part: Part, index: PartIndex, storage: Storage
) -> None:
    """Store the index of a part: from then on it is done."""
    tracks = [asdict(each) | {"frame_rate": None} for each in index.tracks]
    spelt = {
        "tracks": tracks,
        "inits": index.inits,
        "left_out": {name: asdict(each) for name, each in index.left_out.items()},
        "cpu_ms": index.cpu_ms,
    }
    storage.put(key_of(event, recipe, part.index), _spell(spelt), JSON)


def read_index(event: UploadEvent, recipe: str, part: Part, storage: Storage) -> PartIndex:
    """Return the index of a part. Raises TransientError where it is not there."""
    key = key_of(event, recipe, part.index)
    index = json.loads(there(storage.fetch(key), key))
    return PartIndex(
        tuple(map(_track, index["tracks"])),
        index["inits"],
        {name: _failure(each) for name, each in index["left_out"].items()},
        index["cpu_ms"],
    )


def there(found: Found | None, key: str) -> Found:
    """Return what was found below a key. Raises TransientError where that is nothing."""
    if found is None:
        raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, f"expected {key} but it is not there")
    return found


def _spell(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _probe(plain: Mapping[str, Any]) -> Probe:
    known = {each.name: plain[each.name] for each in fields(Probe) if each.name in plain}
    return replace(
        Probe(**known),
        audio_tracks=tuple(AudioTrack(**each) for each in plain["audio_tracks"]),
        subtitles=tuple(SubtitleTrack(**each) for each in plain["subtitles"]),
    )


def _failure(plain: Mapping[str, Any]) -> Failure:
    return Failure(ErrorCode(plain["code"]), plain["message"], plain["permanent"])


def _track(plain: Mapping[str, Any]) -> Track:
    segments = tuple(Segment(**each) for each in plain["segments"])
    return Track(**{**plain, "segments": segments})
