"""Executions of the state machine of long sources, by their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
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


def test_translates_throttling(executions: SfnExecutions, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution")

    monkeypatch.setattr(executions._client, "start_execution", throttled)
    with pytest.raises(TransientError) as raised:
        executions.start("a-b", "{}")
    assert raised.value.code is ErrorCode.THROTTLED
