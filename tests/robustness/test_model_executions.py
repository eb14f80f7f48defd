"""Executions of the model's Step Functions: how they start, end, and say so."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.robustness.model.aws.states import Reply
from tests.robustness.model.aws.step_functions import KEPT_SECONDS
from tests.support.manual_world import AGAIN, BROKEN, TASK, Played


def test_a_failed_execution_says_so_to_the_bus() -> None:
    played = Played({"Type": "Fail", "Error": "Bad", "Cause": "it is"})
    assert played.run({"a": 1}) == ("Bad", "it is")
    [event] = played.events
    assert event["detail-type"] == "Step Functions Execution Status Change"
    detail = event["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("FAILED", "Bad", "it is")
    assert (detail["name"], json.loads(detail["input"])) == ("x", {"a": 1})


def test_a_whole_execution_runs_out_of_time_and_its_function_goes_on() -> None:
    played = Played(TASK)
    played.machine.definition = {**played.machine.definition, "TimeoutSeconds": 100}
    played.functions.answers = {"work": [None]}
    played.start({})
    played.world.run(99)
    assert played.status() == "RUNNING"
    played.world.run()
    assert played.status() == "TIMED_OUT"
    played.functions.replies[0](Reply("late"))
    assert [each["detail"]["status"] for each in played.events] == ["TIMED_OUT"]


def test_what_is_stopped_starts_nothing_more() -> None:
    played = Played({**TASK, "Retry": [AGAIN]})
    played.functions.answers = {"work": [BROKEN]}
    played.start({})
    played.world.run(1.5)
    played.machine.stop_execution(executionArn=played.arn, error="Superseded", cause="why")
    played.world.run()
    assert len(played.functions.calls) == 1
    detail = played.events[0]["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("ABORTED", "Superseded", "why")
    with pytest.raises(ClientError, match="ValidationException"):
        played.machine.stop_execution(executionArn=played.arn)
    played.machine.stop("x")
    assert len(played.events) == 1


def test_what_is_stopped_at_once_never_begins() -> None:
    played = Played(TASK)
    played.start({})
    played.machine.stop("x")
    played.world.run()
    assert played.functions.calls == []


def test_a_name_is_an_executions_own_for_ninety_days_after_its_end() -> None:
    played = Played(TASK)
    first = played.start({"a": 1})
    assert played.start({"a": 1}) == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        played.start({"a": 2})
    played.world.run()
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        played.start({"a": 1})
    played.world.now += KEPT_SECONDS + 1
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        played.machine.describe_execution(executionArn=first["executionArn"])
    played.start({"a": 2})
    with pytest.raises(ClientError, match="InvalidName"):
        played.start({}, "a name")


def test_an_execution_keeps_the_definition_that_it_started_with() -> None:
    played = Played(TASK)
    played.start({})
    played.machine.definition = {"StartAt": "Other", "States": {"Other": {"Type": "Succeed"}}}
    played.world.run()
    assert len(played.functions.calls) == 1
