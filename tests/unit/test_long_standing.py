"""How an execution stands to its upload, what it works on, and how its end is recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.application.fenced_job import Finished
from lib.application.long_video.fail import Ending, Failed, Recovery, fail, read_ending
from lib.application.long_video.long_job import LongJob, Standing, find_standing
from lib.application.long_video.work_format import Part, WorkPlan
from lib.application.long_video.work_store import (
    find_plan,
    preset_of,
    read_index,
    read_plan,
    write_plan,
)
from lib.domain.asset import Asset, AssetStatus, ClaimState, Outcome
from lib.domain.errors import ErrorCode, Failure, MediaError, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key, work_key
from lib.domain.media import VideoProbe
from lib.domain.messages import serialize_event
from lib.video.plan.plan import recipe_of
from tests.support.fakes import received
from tests.support.world import World

CORRUPT = PermanentError(ErrorCode.CORRUPT_MEDIA, "the index is broken")
AWAY = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")
RECIPE = "0123456789ab"
PART = Part("sound")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def event(world: World) -> UploadEvent:
    return world.receive("film.mp4", b"content")


def entry(world: World) -> Asset:
    asset = world.find("film.mp4")
    assert asset is not None
    return asset


@pytest.mark.parametrize(
    ("status", "lease", "error", "expected"),
    [
        (AssetStatus.PROCESSING, "a-b", None, Standing.OWNER),
        (AssetStatus.PROCESSING, "other", None, Standing.FINISHED),
        (AssetStatus.RECEIVED, None, Failure.of(AWAY), Standing.FINISHED),
        (AssetStatus.RECEIVED, None, Failure.of(CORRUPT), Standing.FINISHED),
        (AssetStatus.READY, None, None, Standing.FINISHED),
        (AssetStatus.PARTIAL, None, None, Standing.FINISHED),
        (AssetStatus.FAILED, None, Failure.of(AWAY), Standing.FINISHED),
        (AssetStatus.FAILED, None, None, Standing.FINISHED),
        (AssetStatus.FAILED, None, Failure.of(CORRUPT), Standing.UNWANTED),
        (AssetStatus.REJECTED, None, Failure.of(CORRUPT), Standing.UNWANTED),
    ],
)
def test_it_owns_what_it_has_the_lease_of_and_leaves_alone_what_is_finished(
    world: World,
    event: UploadEvent,
    status: AssetStatus,
    lease: str | None,
    error: Failure | None,
    expected: Standing,
) -> None:
    asset = replace(entry(world), status=status, lease_token=lease, error=error)
    assert find_standing(event, "a-b", asset) is expected
    newer = replace(asset, sequencer="F" * 64)
    assert find_standing(event, "a-b", newer) is Standing.UNWANTED
    assert find_standing(event, "a-b", None) is Standing.FINISHED


def test_each_step_is_given_the_upload_the_execution_and_the_recipe(
    world: World, event: UploadEvent
) -> None:
    message = json.loads(serialize_event(event))
    payload = {"event": message, "execution": "a-b", "recipe": RECIPE, "range": {}}
    job = LongJob.of(payload, world.pipeline)
    assert job == LongJob(event, "a-b", RECIPE, world.pipeline)
    place = (event.source, event.sequencer, RECIPE)
    assert job.manifest_key == manifest_key(*place)
    assert job.rendition_key("a.mp4") == rendition_key(*place, "a.mp4")
    assert job.work_key("plan.json") == work_key(*place, "plan.json")
    assert job.find_asset() == entry(world)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"status": "TIMED_OUT"}, TransientError(AWAY.code, "unexpected TIMED_OUT")),
        (
            {"status": "FAILED", "error": "States.Runtime", "cause": "no such path"},
            TransientError(AWAY.code, "unexpected States.Runtime"),
        ),
        (
            {"status": "ABORTED", "error": None, "cause": None},
            TransientError(AWAY.code, "unexpected ABORTED"),
        ),
        (
            {
                "status": "FAILED",
                "error": "PermanentError",
                "cause": json.dumps({"errorMessage": str(CORRUPT)}),
            },
            CORRUPT,
        ),
    ],
)
def test_the_end_of_a_whole_execution_is_read_from_its_event(
    event: UploadEvent, said: dict[str, Any], expected: MediaError
) -> None:
    detail = {"name": "a-b", "input": serialize_event(event), **said}
    ending = read_ending({"source": "aws.states", "detail": detail})
    assert (ending.event, ending.execution) == (event, "a-b")
    assert (type(ending.error), str(ending.error)) == (type(expected), str(expected))


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ({"Error": "PermanentError", "Cause": json.dumps({"errorMessage": str(CORRUPT)})}, CORRUPT),
        ({"Error": "States.Timeout"}, TransientError(AWAY.code, "unexpected States.Timeout")),
        ({"Error": "", "Cause": "[1, 2]"}, TransientError(AWAY.code, "unexpected end")),
        ({"Error": "X", "Cause": "{}"}, TransientError(AWAY.code, "unexpected X")),
    ],
)
def test_the_failure_of_a_state_is_read_from_its_payload(
    event: UploadEvent, failure: dict[str, str], expected: MediaError
) -> None:
    message = json.loads(serialize_event(event))
    ending = read_ending({"event": message, "execution": "a-b", "failure": failure})
    assert (ending.event, ending.execution) == (event, "a-b")
    assert (type(ending.error), str(ending.error)) == (type(expected), str(expected))


def end(world: World, event: UploadEvent, error: MediaError, counted: bool = False) -> Failed:
    recovery = Recovery(world.catalog, world.renditions, world.redelivery, 900, world.clock)
    return fail(Ending(event, "a-b", error, counted), recovery)


def test_what_fails_for_good_is_recorded_and_no_letter_is_sent(
    world: World, event: UploadEvent
) -> None:
    outcome = Outcome(AssetStatus.FAILED, error=Failure.of(CORRUPT))
    assert end(world, event, CORRUPT) == Failed(
        True, Finished(ClaimState.CLAIMED, outcome, CORRUPT)
    )
    assert (entry(world).status, entry(world).error) == (AssetStatus.FAILED, outcome.error)
    assert end(world, event, AWAY) == Failed(True, Finished(ClaimState.DONE))
    assert world.dead_letters.sent == []


def test_what_may_pass_is_recorded_with_its_reason_and_tried_again(
    world: World, event: UploadEvent
) -> None:
    world.max_attempts = 0  # lowered since
    assert end(world, event, AWAY) == Failed(False, Finished(ClaimState.BUSY, error=AWAY))
    [tried] = entry(world).history.entries
    assert (tried.failure, entry(world).error) == (Failure.of(AWAY), Failure.of(AWAY))
    assert end(world, event, CORRUPT) == Failed(False, Finished(ClaimState.DONE))
    assert (world.queue.sent, world.dead_letters.sent) == ([event], [])


def test_what_the_upload_may_cause_is_a_dead_letter_after_its_last_try(
    world: World, event: UploadEvent
) -> None:
    world.max_attempts = 1
    failed = end(world, event, AWAY, counted=True)
    failure = Failure(ErrorCode.EXHAUSTED, f"gave up after the last try: {AWAY}")
    assert failed.finished.outcome is not None
    assert (failed.permanent, failed.finished.outcome.error) == (False, failure)
    assert (entry(world).error, world.dead_letters.sent) == (failure, [event])
    assert (world.queue.sent, world.dead_letters.reasons) == ([], [failure.message])


def test_what_nobody_knows_or_wants_any_more_is_final(world: World, event: UploadEvent) -> None:
    unknown = received(world.sources.upload("never-seen.mp4", b"content"))
    assert end(world, unknown, AWAY) == Failed(True, Finished(ClaimState.DONE))
    left = work_key(event.source, event.sequencer, RECIPE, "plan.json")
    world.renditions.put(left, b"{}", "application/json")
    world.receive("film.mp4", b"newer")
    assert end(world, event, AWAY) == Failed(True, Finished(ClaimState.DONE))
    assert world.renditions.objects == {}


def test_a_step_that_finds_no_plan_or_no_index_may_be_tried_again(
    world: World, event: UploadEvent
) -> None:
    job = LongJob(event, "a-b", RECIPE, world.pipeline)
    assert find_plan(job) is None
    for look, name in ((lambda: read_plan(job), "plan"), (lambda: read_index(job, PART), "sound")):
        with pytest.raises(TransientError) as raised:
            look()
        key = job.work_key(f"{name}.json")
        assert raised.value.code is ErrorCode.OUTDATED
        assert raised.value.message == f"expected {key} but it is not there"


def test_a_step_goes_on_with_the_presets_of_the_plan_alone(
    world: World, event: UploadEvent
) -> None:
    probe = VideoProbe(width=1280, height=720, duration_ms=60_000, frame_rate=30.0, frames=1800)
    preset = world.presets.named(None)
    work = WorkPlan("mov", probe, preset.name, recipe_of(probe, preset), (PART,), ())
    job = LongJob(event, "a-b", work.recipe, world.pipeline)
    write_plan(job, work)
    assert read_plan(job) == work
    assert preset_of(job, work) == preset
    with pytest.raises(TransientError) as raised:
        preset_of(job, replace(work, recipe=RECIPE))
    assert raised.value.code is ErrorCode.OUTDATED
    assert raised.value.message == "presets.toml was changed while the source was encoded"
