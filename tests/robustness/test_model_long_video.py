"""The definition in resources/state-machine.yml, as the model's Step Functions runs it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.domain.errors import PERMANENT_ERROR
from tests.robustness.model import deployment
from tests.robustness.model.aws.states import Reply
from tests.robustness.model.aws.step_functions import StepFunctions
from tests.support.manual_world import Functions, ManualWorld

EVENT = {"key": "film.mp4"}
PARTS = [{"name": "range-0"}, {"name": "range-1"}, {"name": "range-2"}]
PLAN = {"superseded": False, "recipe": "r", "ranges": PARTS, "sound": True, "distributed": False}
KILLED = ("Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory", "Lambda.Unknown")
PERMANENT = Reply(error=PERMANENT_ERROR, cause=json.dumps({"errorMessage": "CORRUPT_MEDIA: x"}))
PASSING = Reply(error="TransientError", cause=json.dumps({"errorMessage": "THROTTLED: x"}))
FOR_GOOD, FOR_NOW = Reply({"permanent": True}), Reply({"permanent": False})


class Film:
    """One execution of the real machine."""

    def __init__(self, **answers: list[Reply | None]) -> None:
        self.world = ManualWorld()
        self.functions = Functions(
            self.world, {"planVideo": [Reply(PLAN)], "failVideo": [FOR_NOW], **answers}
        )
        self.events: list[Any] = []
        machine = deployment.load().machine
        self.machine = StepFunctions(self.world, machine, self.functions.invoke, self.events.append)
        self.machine.start_execution(
            stateMachineArn=self.machine.arn, name="film-1", input=json.dumps(EVENT)
        )

    def end(self, seconds: float = float("inf")) -> str:
        self.world.run(seconds)
        return self.machine.executions["film-1"].status

    def calls(self, function: str) -> list[Any]:
        return self.functions.of(function)


@pytest.mark.parametrize("distributed", [False, True])
def test_a_film_is_planned_encoded_and_packaged(distributed: bool) -> None:
    film = Film(planVideo=[Reply({**PLAN, "distributed": distributed})])
    assert film.end() == "SUCCEEDED"
    assert film.calls("planVideo") == [{"event": EVENT, "execution": "film-1"}]
    asked = film.calls("encodeRange")
    assert [each["part"]["name"] for each in asked] == [*("range-0", "range-1", "range-2", "sound")]
    assert all(each["execution"] == "film-1" and each["recipe"] == "r" for each in asked)
    [package] = film.calls("packageVideo")
    assert package.items() >= {"event": EVENT, "execution": "film-1", "recipe": "r"}.items()
    assert film.calls("failVideo") == []


def test_a_silent_film_has_no_sound_to_encode() -> None:
    film = Film(planVideo=[Reply({**PLAN, "sound": False})])
    assert film.end() == "SUCCEEDED"
    assert len(film.calls("encodeRange")) == 3


def test_what_is_superseded_is_left_alone() -> None:
    film = Film(planVideo=[Reply({"superseded": True})])
    assert film.end() == "SUCCEEDED"
    assert [name for name, _ in film.functions.calls] == ["planVideo"]


@pytest.mark.parametrize("distributed", [False, True])
def test_a_permanent_error_in_a_range_is_recorded_at_once(distributed: bool) -> None:
    film = Film(
        planVideo=[Reply({**PLAN, "distributed": distributed})],
        encodeRange=[PERMANENT],
        failVideo=[FOR_GOOD],
    )
    film.end()
    assert len(film.calls("encodeRange")) <= 4  # each of those that run beside it, once
    assert film.calls("failVideo")[0]["failure"]["Error"] == PERMANENT_ERROR
    assert film.calls("packageVideo") == []
    for each in film.calls("failVideo"):
        assert {*each} >= {"event", "execution", "failure"}


def test_what_passes_is_tried_again_until_it_works() -> None:
    film = Film(encodeRange=[PASSING, PASSING, Reply({})], packageVideo=[PASSING, Reply({})])
    assert film.end() == "SUCCEEDED"
    assert len(film.calls("encodeRange")) == 4 + 2
    assert len(film.calls("packageVideo")) == 2


def test_what_does_not_pass_fails_the_execution() -> None:
    film = Film(packageVideo=[PASSING])
    assert film.end() == "FAILED"
    [detail] = (each["detail"] for each in film.events)
    assert (detail["status"], json.loads(detail["input"])) == ("FAILED", EVENT)
    assert film.calls("failVideo")[0]["failure"]["Cause"] == PASSING.cause


@pytest.mark.parametrize("name", KILLED)
def test_a_step_that_is_killed_is_tried_once_more(name: str) -> None:
    film = Film(planVideo=[Reply(error=name)])
    film.end()
    assert len(film.calls("planVideo")) == 2
    assert film.calls("failVideo")[0]["failure"]["Error"] == name


def test_a_step_that_never_answers_is_late() -> None:
    film = Film(planVideo=[None, Reply(PLAN)])
    assert film.end() == "SUCCEEDED"
    assert len(film.calls("planVideo")) == 2
    film.functions.replies[0](PERMANENT)
    assert film.calls("failVideo") == []


def test_a_film_that_is_stopped_starts_no_more_steps() -> None:
    film = Film(encodeRange=[None])
    film.end(seconds=30)
    film.machine.stop("film-1", "Superseded", "a newer upload")
    assert film.end() == "ABORTED"
    assert film.calls("packageVideo") == film.calls("failVideo") == []
    assert [each["detail"]["status"] for each in film.events] == ["ABORTED"]


def test_a_film_never_takes_longer_than_a_whole_execution_may() -> None:
    limit = deployment.load().machine["TimeoutSeconds"]
    film = Film(encodeRange=[PASSING])
    film.end(seconds=limit + 1)
    ended = film.machine.executions["film-1"]
    assert ended.status in ("TIMED_OUT", "FAILED")
    assert film.calls("packageVideo") == []
