"""Executions of the state machine of long sources, by their names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lib.adapters.aws.step_functions import SfnExecutions
from lib.domain.errors import ErrorCode, TransientError

DEFINITION = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9, "End": True}}}
ROLE = "arn:aws:iam::123456789012:role/states"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("stepfunctions", region_name="eu-west-1")


@pytest.fixture
def machine(client: Any) -> str:
    made = client.create_state_machine(name="long", definition=json.dumps(DEFINITION), roleArn=ROLE)
    arn: str = made["stateMachineArn"]
    return arn


@pytest.fixture
def executions(client: Any, machine: str) -> SfnExecutions:
    return SfnExecutions(client, machine)


def statuses(client: Any, machine: str) -> dict[str, str]:
    found = client.list_executions(stateMachineArn=machine)["executions"]
    return {each["name"]: each["status"] for each in found}


def test_starts_one_of_a_name(client: Any, machine: str, executions: SfnExecutions) -> None:
    assert executions.start("a-b", '{"key": "ü"}')
    assert executions.start("a-b", '{"key": "ü", "later": 1}')
    assert statuses(client, machine) == {"a-b": "RUNNING"}


def test_tells_that_one_has_ended(executions: SfnExecutions) -> None:
    executions.start("a-b", "{}")
    executions.stop("a-b", "superseded")
    assert not executions.start("a-b", "{}")
    assert executions.start("a-b-2", "{}")


def test_stops_what_runs_and_nothing_else(
    client: Any, machine: str, executions: SfnExecutions
) -> None:
    executions.start("a-b", "{}")
    executions.start("c-d", "{}")
    for name in ("a-b", "a-b", "never-was"):
        executions.stop(name, "superseded")
    assert statuses(client, machine) == {"a-b": "ABORTED", "c-d": "RUNNING"}


def test_gives_it_the_upload(client: Any, executions: SfnExecutions) -> None:
    executions.start("a-b", '{"key": "ü"}')
    found = client.describe_execution(executionArn=executions._arn("a-b"))
    assert found["input"] == '{"key": "ü"}'


def refusing(code: str) -> Callable[..., None]:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, "Operation")

    return refuse


def test_says_why_it_stops_one(executions: SfnExecutions, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(executions._client, "stop_execution", lambda **each: asked.append(each))
    executions.stop("a-b", "a newer upload is known")
    arn = executions._arn("a-b")
    assert arn.endswith(":execution:long:a-b")
    assert asked == [
        {"executionArn": arn, "error": "Superseded", "cause": "a newer upload is known"}
    ]


@pytest.mark.parametrize("operation", ["start_execution", "describe_execution", "stop_execution"])
def test_throttling_and_a_refusal_are_waited_for(
    executions: SfnExecutions, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def ask() -> None:
        if operation == "stop_execution":
            executions.stop("a-b", "superseded")
        else:
            executions.start("a-b", "{}")

    exists = refusing("ExecutionAlreadyExists")
    monkeypatch.setattr(executions._client, "start_execution", exists)
    monkeypatch.setattr(executions._client, operation, refusing("ThrottlingException"))
    with pytest.raises(TransientError) as raised:
        ask()
    assert raised.value.code is ErrorCode.THROTTLED
    monkeypatch.setattr(executions._client, operation, refusing("AccessDeniedException"))
    with pytest.raises(TransientError, match="AccessDenied") as raised:
        ask()
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "runs"),
    [("RUNNING", True), ("PENDING_REDRIVE", True), ("SUCCEEDED", False), ("TIMED_OUT", False)],
)
def test_finds_what_runs_under_its_name(
    executions: SfnExecutions, monkeypatch: pytest.MonkeyPatch, status: str, runs: bool
) -> None:
    def describe(**_: Any) -> dict[str, str]:
        return {"status": status}

    exists = refusing("ExecutionAlreadyExists")
    monkeypatch.setattr(executions._client, "start_execution", exists)
    monkeypatch.setattr(executions._client, "describe_execution", describe)
    assert executions.start("a-b", "{}") is runs


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "ValidationException"])
def test_where_there_is_nothing_to_stop_nothing_fails(
    executions: SfnExecutions, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asked: list[str] = []

    def stop(**_: Any) -> None:
        asked.append(code)
        refusing(code)()

    monkeypatch.setattr(executions._client, "stop_execution", stop)
    executions.stop("a-b", "superseded")
    assert asked == [code]
