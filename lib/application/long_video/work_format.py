"""What one step of an execution needs of another, and how it is written: JSON by names that stay.

Executions that run while a release is deployed read what the one before wrote, and the other way
round: a field may be renamed, its name in JSON not. Names that are not known are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lib.domain.clock import DAY_SECONDS
from lib.domain.media import AudioProbe
from lib.domain.serialized import Record, failure_from_values, failure_to_values
from lib.domain.serialized_probe import audio_or_video_from_values, probe_to_values
from lib.presets import Preset
from lib.video.encode.encoded import Damage, Encoded
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import Plan, plan_video
from lib.video.plan.ranges import Span

OPEN_END_S = DAY_SECONDS
"""Longer than any source may be: a header may say less than is true."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one encoding function makes: a range of the video, in s, or all of the audio.

    Without an end it is the last range, up to wherever the source really ends; without a start the
    audio, with what else runs along the whole source.
    """

    name: str
    start_s: float | None = None
    end_s: float | None = None

    @property
    def span(self) -> Span | None:
        """Return what is encoded of the video; None for the audio."""
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

    `recipe` is the hash that all keys carry, `rungs` the names of the tracks that ranges store,
    `start` the bytes before the content of the source. Its time stamps may jump, or, where it was
    `joined`, step back.
    """

    container: str
    probe: AudioProbe
    preset: str
    recipe: str
    parts: tuple[Part, ...]
    rungs: tuple[str, ...]
    start: int = 0
    jumps: bool = False
    joined: bool = False

    def plan(self, preset: Preset) -> Plan:
        """Return what is made in all."""
        return plan_video(self.probe, preset)


@dataclass(frozen=True, slots=True)
class PartIndex:
    """What is stored of one part. `inits`: SHA-256 of the init segment by track.

    `encoded` is how that ended; `cpu_ms` the time of all cores that it took. A
    range without tracks lies behind the end of a source that is cut short, or is damaged as a
    whole.
    """

    tracks: tuple[Track, ...]
    inits: Mapping[str, str]
    encoded: Encoded
    cpu_ms: int


def part_to_values(part: Part) -> dict[str, Any]:
    """Return a part as the state machine carries it."""
    return {"name": part.name, "start_s": part.start_s, "end_s": part.end_s}


def part_from_values(values: Mapping[str, Any]) -> Part:
    """Return the part that the state machine carried. Raises TransientError without a name."""
    read = Record(values, "a part")
    return Part(read["name"], read.get("start_s"), read.get("end_s"))


def serialize_plan(work: WorkPlan) -> bytes:
    """Return the content of plan.json."""
    return _json(
        {
            "container": work.container,
            "probe": probe_to_values(work.probe),
            "preset": work.preset,
            "recipe": work.recipe,
            "parts": [part_to_values(each) for each in work.parts],
            "rungs": work.rungs,
            "start": work.start,
            "jumps": work.jumps,
            "joined": work.joined,
        }
    )


def deserialize_plan(content: bytes) -> WorkPlan:
    """Return what plan.json says. Raises TransientError where a field is missing."""
    read = Record(json.loads(content), "the plan")
    return WorkPlan(
        container=read["container"],
        probe=audio_or_video_from_values(read["probe"]),
        preset=read["preset"],
        recipe=read["recipe"],
        parts=tuple(map(part_from_values, read["parts"])),
        rungs=tuple(read["rungs"]),
        start=read.get("start", 0),
        jumps=read.get("jumps", False),
        joined=read.get("joined", False),
    )


def serialize_index(index: PartIndex) -> bytes:
    """Return the content of a part's index."""
    return _json(
        {
            "tracks": [_track_to_values(each) for each in index.tracks],
            "inits": index.inits,
            "left_out": {
                name: failure_to_values(each) for name, each in index.encoded.left_out.items()
            },
            "damage": asdict(index.encoded.damage),
            "cpu_ms": index.cpu_ms,
        }
    )


def deserialize_index(content: bytes) -> PartIndex:
    """Return what a part's index says. Raises TransientError where a field is missing."""
    read = Record(json.loads(content), "the index of a part")
    return PartIndex(
        tracks=tuple(map(_track_from_values, read["tracks"])),
        inits=read["inits"],
        encoded=Encoded(
            {name: failure_from_values(each) for name, each in read["left_out"].items()},
            _damage_from_values(read.get("damage", {})),
        ),
        cpu_ms=read["cpu_ms"],
    )


def _damage_from_values(values: Mapping[str, int]) -> Damage:
    return Damage(**{each.name: values.get(each.name, 0) for each in fields(Damage)})


def _track_to_values(track: Track) -> dict[str, Any]:
    """Return a track without its frame rates, which all segments together say (`cmaf`)."""
    return {
        "name": track.name,
        "codec": track.codec,
        "timescale": track.timescale,
        "segments": [
            {
                "start": each.start,
                "duration": each.duration,
                "size": each.size,
                "frames": each.frames,
                "captions": each.captions,
                "fastest": each.fastest,
            }
            for each in track.segments
        ],
        "width": track.width,
        "height": track.height,
        "frame_rate": None,
        "max_frame_rate": None,
        "channels": track.channels,
        "sample_rate": track.sample_rate,
        "language": track.language,
        "title": track.title,
        "default": track.default,
    }


def _track_from_values(values: Mapping[str, Any]) -> Track:
    read = Record(values, "a track")
    segments = (Record(each, "a segment") for each in read["segments"])
    return Track(
        name=read["name"],
        codec=read["codec"],
        timescale=read["timescale"],
        segments=tuple(
            Segment(
                each["start"],
                each["duration"],
                each["size"],
                each["frames"],
                tuple(each.get("captions", ())),
                tuple(each.get("fastest", (0, 0))),
            )
            for each in segments
        ),
        width=read.get("width"),
        height=read.get("height"),
        channels=read.get("channels"),
        sample_rate=read.get("sample_rate"),
        language=read.get("language"),
        title=read.get("title"),
        default=read.get("default", False),
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
