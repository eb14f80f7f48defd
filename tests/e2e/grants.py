"""What the deployed roles grant, what of it IAM was asked for, and why the rest may stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3

from lib.tools.emulator.lifecycle import Emulator
from tests.e2e.recorder import DECISIONS

STACK = "media-pipeline-local"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource pattern that a role allows; `role` is its logical id."""

    role: str
    sid: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role}: {self.sid}: {self.action} on {self.resource}"

    def covers(self, decision: Decision) -> bool:
        """Tell whether a decision needs this grant, or another like it."""
        return (
            decision.role == self.role
            and decision.action == self.action
            and _matches(self.resource, decision.resource)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What IAM was asked about a role, and what it answered."""

    role: str
    action: str
    resource: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a grant may stay unasked; `holds` looks whether the deployed stage has the reason."""

    why: str
    holds: Callable[[Grant], bool]


def read_decisions(emulator: Emulator) -> list[Decision]:
    """Return what the emulator noted so far; roles by the names that they have there."""
    noted = (emulator.folder / "emulator" / DECISIONS).read_text()
    return [Decision(*json.loads(line)) for line in noted.splitlines()]


class Stage:
    """The deployed stage, as IAM, Lambda and Step Functions describe it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._iam = boto3.client("iam")
        functions = boto3.client("lambda")
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
        listed = [
            each
            for page in pages.paginate(StackName=STACK)
            for each in page["StackResourceSummaries"]
        ]
        self.roles = {
            each["PhysicalResourceId"].rsplit("/", 1)[-1]: each["LogicalResourceId"]
            for each in listed
            if each["ResourceType"] == "AWS::IAM::Role"
        }
        self.sources = {
            (self._role_of(each["FunctionArn"], functions), each["EventSourceArn"])
            for each in functions.list_event_source_mappings()["EventSourceMappings"]
        }
        self.destinations = set(self._destinations(functions))
        self.machine = json.dumps(self._machine())

    def grants(self) -> list[Grant]:
        """Return every action and resource that the roles allow."""
        return [
            Grant(role, each.get("Sid", ""), action, resource)
            for name, role in self.roles.items()
            for each in self._statements(name)
            if each["Effect"] == "Allow"
            for action in _as_list(each["Action"])
            for resource in _as_list(each["Resource"])
        ]

    def policies(self, role: str) -> list[str]:
        """Return the documents of a role, by its logical id."""
        [name] = [name for name, logical in self.roles.items() if logical == role]
        documents = [self._document(name, each) for each in self._policy_names(name)]
        return [json.dumps(each) for each in documents]

    def decisions(self) -> list[Decision]:
        """Return what the emulator noted of the stage's roles so far."""
        return [
            replace(each, role=self.roles[each.role])
            for each in read_decisions(self._emulator)
            if each.role in self.roles
        ]

    def _statements(self, role_name: str) -> Iterator[dict[str, Any]]:
        for policy in self._policy_names(role_name):
            yield from _as_list(self._document(role_name, policy)["Statement"])

    def _policy_names(self, role_name: str) -> list[str]:
        return list(self._iam.list_role_policies(RoleName=role_name)["PolicyNames"])

    def _document(self, role_name: str, policy: str) -> Any:
        found = self._iam.get_role_policy(RoleName=role_name, PolicyName=policy)["PolicyDocument"]
        return json.loads(found) if isinstance(found, str) else found

    def _role_of(self, function: str, functions: Any) -> str:
        described = functions.get_function_configuration(FunctionName=function)
        return self.roles[described["Role"].rsplit("/", 1)[-1]]

    def _destinations(self, functions: Any) -> Iterator[tuple[str, str]]:
        """Yield (role, ARN) of where a function's failures go."""
        for each in functions.list_event_source_mappings()["EventSourceMappings"]:
            if on_failure := each.get("DestinationConfig", {}).get("OnFailure"):
                yield self._role_of(each["FunctionArn"], functions), on_failure["Destination"]
        for function in functions.list_functions()["Functions"]:
            name = function["FunctionName"]
            if not name.startswith(STACK):
                continue
            configs = functions.list_function_event_invoke_configs(FunctionName=name)
            for each in configs["FunctionEventInvokeConfigs"]:
                if on_failure := each.get("DestinationConfig", {}).get("OnFailure"):
                    yield self._role_of(name, functions), on_failure["Destination"]

    def _machine(self) -> Any:
        machines = boto3.client("stepfunctions")
        [found] = machines.list_state_machines()["stateMachines"]
        described = machines.describe_state_machine(stateMachineArn=found["stateMachineArn"])
        return json.loads(described["definition"])


def excuses(stage: Stage) -> list[Excuse]:
    """Return why grants may stay unasked, for a stage: what others than the functions' code do."""
    readers_of_versions = {"PlanVideoRole", "EncodeRangeRole", "PackageVideoRole"}
    return [
        Excuse(
            "Lambda writes a function's log itself, and the emulator doesn't ask about it",
            lambda grant: grant.action in ("logs:CreateLogStream", "logs:PutLogEvents"),
        ),
        Excuse(
            "the event source mapping takes from its queue, and the emulator doesn't ask about it",
            lambda grant: (
                grant.action
                in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
                and (grant.role, grant.resource) in stage.sources
            ),
        ),
        Excuse(
            "the event source mapping reads its stream, and the emulator doesn't ask about it",
            lambda grant: (
                grant.action.startswith("dynamodb:")
                and any(
                    role == grant.role and _matches(grant.resource, source)
                    for role, source in stage.sources
                )
            ),
        ),
        Excuse(
            "Lambda sends what failed to its destination, and the emulator doesn't ask about it",
            lambda grant: (
                grant.action == "sqs:SendMessage"
                and (grant.role, grant.resource) in stage.destinations
            ),
        ),
        Excuse(
            "Step Functions runs the steps, and the emulator doesn't ask about it",
            lambda grant: (
                (grant.role, grant.action) == ("LongVideoRole", "lambda:InvokeFunction")
                and grant.resource in stage.machine
            ),
        ),
        Excuse(
            "Step Functions distributes the ranges, and the emulator doesn't ask about it",
            lambda grant: (
                grant.role == "LongVideoRole"
                and grant.action.startswith("states:")
                and '"DISTRIBUTED"' in stage.machine
            ),
        ),
        Excuse(
            "a file is aborted only when S3 fails between its parts",
            lambda grant: (
                grant.action == "s3:AbortMultipartUpload"
                and grant.role in ("ProcessVideoRole", "EncodeRangeRole", "PackageVideoRole")
            ),
        ),
        Excuse(
            "each claim's execution has a new name, but where the entry was lost with its count",
            lambda grant: (
                (grant.role, grant.action) == ("ProcessVideoRole", "states:DescribeExecution")
            ),
        ),
        Excuse(
            "a copy of an upload keeps its tags, and the emulator doesn't ask about them",
            lambda grant: (
                grant.role == "ApiRole"
                and grant.action in ("s3:GetObjectVersionTagging", "s3:PutObjectTagging")
            ),
        ),
        Excuse(
            "an upload is deleted in the moment of its retry",
            lambda grant: (grant.role, grant.sid) == ("ApiRole", "SeeWhatIsMissing"),
        ),
        Excuse(
            "renditions are presigned where nobody serves them, and the emulator does",
            lambda grant: (grant.role, grant.sid) == ("ApiRole", "ShowRenditions"),
        ),
        Excuse(
            "a version is deleted for good while its execution works",
            lambda grant: (
                grant.sid == "TellMissingFromForbidden" and grant.role in readers_of_versions
            ),
        ),
    ]


def unused(grants: Iterable[Grant], decisions: Iterable[Decision]) -> list[Grant]:
    """Return the grants that no decision needed."""
    allowed = [each for each in decisions if each.allowed]
    return [each for each in grants if not any(map(each.covers, allowed))]


def _matches(pattern: str, name: str) -> bool:
    """Match as IAM does: `*` is anything, slashes too."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name, re.DOTALL) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
