"""Steps of one execution by two releases: each reads what the other planned, said and stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lib.application.long_video.encode_range import encode_part
from lib.application.long_video.fail import read_ending
from lib.application.long_video.long_job import LongJob, Standing
from lib.application.long_video.package import package
from lib.application.long_video.work_format import (
    Part,
    PartIndex,
    WorkPlan,
    part_from_values,
    part_to_values,
)
from lib.application.long_video.work_store import read_index, write_index, write_plan
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.media import MediaType, VideoProbe
from lib.domain.messages import serialize_event
from lib.domain.renditions import Made, RenditionKind, Work
from lib.video.encode.encoded import Encoded
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import recipe_of
from tests.support.fakes import MemoryRenditions
from tests.support.world import World
from tests.unit.test_long_records import besides

EXECUTION, STARTED = "a-b", "2027-01-15T08:00:00.000Z"
PARTS = (Part("range-0000", 0.0, 4.0), Part("range-0001", 4.0))
FILM = VideoProbe(width=128, height=96, duration_ms=8000, frame_rate=12.0, frames=96)
TRACKS = tuple(
    Track("h264-96", "avc1.64000a", 12_288, (Segment(start, 49_152, 9, 48),), width=128, height=96)
    for start in (0, 49_152)
)
PICTURE = Made("1.webp", RenditionKind.IMAGE, "image/webp", b"small", 1, 1)
LEFT_OUT = {"sprites": Failure(ErrorCode.stored("TOO_DARK", True), "said by a later release")}


class Later(MemoryRenditions):
    """Renditions whose work files a later release wrote, which says more in each of them."""

    def put(self, key: str, content: bytes | Path, mime: str) -> None:
        super().put(key, content, mime)
        if key.endswith(("plan.json", *(each.index for each in PARTS))):
            values = json.loads(self.objects[key])
            names = {name: values[name] for name in ("inits", "left_out") if name in values}
            self.objects[key] = json.dumps(besides(values) | names).encode()


@dataclass
class LaterStep:
    """A long source whose execution was planned by a later release."""

    world: World
    payload: dict[str, Any]

    @property
    def job(self) -> LongJob:
        return LongJob.of(self.payload, self.world.pipeline)


@pytest.fixture
def step() -> LaterStep:
    world = World(renditions=Later())
    event = world.receive("film.mp4", b"content", MediaType.VIDEO)
    preset = world.presets.named(None)
    recipe = recipe_of(FILM, preset)
    world.catalog.transfer_lease(event, EXECUTION, lease_seconds=600)
    payload = {"event": json.loads(serialize_event(event)), "execution": EXECUTION}
    made = LaterStep(world, besides(payload | {"recipe": recipe, "started": STARTED}))
    write_plan(made.job, WorkPlan("mov", FILM, preset.name, recipe, PARTS, ("h264-96",)))
    return made


def encode(step: LaterStep, part: Part, folder: Path) -> Standing:
    """Encode nothing of a part, as the function does that the state machine calls with it."""
    seen: list[WorkPlan] = []

    def look(_: LongJob, work: WorkPlan, *__: object) -> Encoded:
        seen.append(work)
        return Encoded()

    ffmpeg: Any = type("Nothing", (), {"scratch": folder})
    carried = part_from_values(besides(part_to_values(part)))
    standing = encode_part(step.job, carried, ffmpeg, encode=look, clock=step.world.clock)
    assert [(each.probe, each.parts) for each in seen] == [(FILM, PARTS)]
    return standing


def make(*_: object) -> Work:
    made: Iterator[Made] = iter([PICTURE])
    return Work(FILM, made, "default", "recipe")


def test_a_part_is_encoded_that_a_later_release_planned(step: LaterStep, tmp_path: Path) -> None:
    assert encode(step, PARTS[0], tmp_path) is Standing.OWNER
    assert read_index(step.job, PARTS[0]).tracks == ()


def test_what_a_later_release_encoded_is_packaged(step: LaterStep) -> None:
    for part, track in zip(PARTS, TRACKS, strict=True):
        write_index(step.job, part, PartIndex((track,), {track.name: "aa"}, Encoded(LEFT_OUT), 7))
    seen: list[Any] = []

    def keep(*arguments: Any) -> Work:
        seen.append(arguments)
        return make()

    packaged = package(step.job, step.payload["started"], keep, clock=step.world.clock)
    [(stored, _, ended)] = seen
    assert [len(each.segments) for each in stored.tracks] == [2]
    assert ended.left_out == LEFT_OUT
    assert packaged.cpu_ms == 14
    asset = step.world.find("film.mp4")
    assert asset
    assert asset.status is AssetStatus.READY


@pytest.mark.parametrize("schema", [2, 3])
def test_a_step_of_a_source_that_only_a_later_release_can_read_waits(
    step: LaterStep, schema: int
) -> None:
    step.payload["event"]["schema"] = schema
    ended = {"event": step.payload["event"], "execution": EXECUTION, "failure": {"Error": "any"}}
    for read in (lambda: step.job, lambda: read_ending(ended)):
        with pytest.raises(TransientError, match=f"newer release: expected 1 .* {schema}$"):
            read()
