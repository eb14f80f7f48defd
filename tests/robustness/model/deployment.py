"""What the model believes of the template: read from serverless.yml and resources/, as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
PARAM = re.compile(r"\$\{param:(\w+)\}")

NO_LIMIT = 0
"""Dollars a day, without requests to the budget's table."""


class _Loader(yaml.SafeLoader):
    """Reads what CloudFormation writes with a tag as its operand: `!Ref X` as `X`."""


def _operand(loader: Any, _: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return str(loader.construct_scalar(node)).removesuffix(".Arn")
    return None


_Loader.add_multi_constructor("!", _operand)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: seconds, and where a message goes that was received more than `most` times."""

    visibility: float
    retention: float
    dead_letters: str | None = None
    most: int = 0


@dataclass(frozen=True, slots=True)
class QueueSource:
    """What has a function work through a queue."""

    queue: str
    concurrency: int


@dataclass(frozen=True, slots=True)
class StreamSource:
    """What has a function follow the catalog's stream."""

    batch: int
    attempts: int
    """Retries of a batch; -1: until its records are too old."""
    oldest: float
    """Seconds."""
    patterns: tuple[Mapping[str, Any], ...]
    failures: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function, by its name in serverless.yml."""

    name: str
    handler: str
    timeout: float
    environment: Mapping[str, str]
    retries: int = 2
    """Of an asynchronous invocation."""
    failures: str | None = None
    queues: tuple[QueueSource, ...] = ()
    stream: StreamSource | None = None
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An SNS subscription: values of each attribute that let a message through."""

    queue: str
    policy: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Template:
    """The pipeline as it is deployed."""

    params: Mapping[str, Any]
    functions: Mapping[str, Function]
    queues: Mapping[str, Queue]
    subscriptions: tuple[Subscription, ...]
    machine: Mapping[str, Any] = field(repr=False)
    """The definition of the state machine: `Resource` is a function's logical id."""


@cache
def load(dollars: int = NO_LIMIT) -> Template:
    """Return the template of a stage with a daily budget, and no other parameters of its own."""
    service = _read("serverless.yml", {})
    params = {**service["params"]["default"], "dailyDollars": dollars}
    service = _read("serverless.yml", params)
    resources = _resources(service, params)
    functions = {
        name: _function(name, each)
        for name, each in service["functions"].items()
        if isinstance(each, Mapping)  # else it is of an optional part, of which the model has none
    }
    queues = {
        name: _queue(each["Properties"])
        for name, each in resources.items()
        if each["Type"] == "AWS::SQS::Queue"
    }
    subscriptions = tuple(
        Subscription(
            each["Properties"]["Endpoint"],
            {name: tuple(of) for name, of in each["Properties"]["FilterPolicy"].items()},
        )
        for each in resources.values()
        if each["Type"] == "AWS::SNS::Subscription"
    )
    machine = resources["LongVideo"]["Properties"]["Definition"]
    return Template(params, functions, queues, subscriptions, machine)


def logical_id(function: str) -> str:
    """Return a function's id in the packaged template."""
    return f"{function[0].upper()}{function[1:]}LambdaFunction"


def _read(path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    text = (ROOT / path).read_text()

    def value(found: re.Match[str]) -> str:
        given = params.get(found[1], found[0])
        return str(given) if isinstance(given, str | int | float) else found[0]

    loaded: dict[str, Any] = yaml.load(PARAM.sub(value, text), _Loader)
    return loaded


def _resources(service: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return all resources of the template by their logical ids."""
    found: dict[str, Any] = {}
    for part in service["resources"]:
        if isinstance(part, str) and part.startswith("${file(") and ".yml)" in part:
            part = _read(part.split("(")[1].split(")")[0], params)
        if isinstance(part, Mapping):
            found |= part.get("Resources", {})
    return found


def _queue(properties: Mapping[str, Any]) -> Queue:
    redrive = properties.get("RedrivePolicy", {})
    return Queue(
        float(properties.get("VisibilityTimeout", 30)),
        float(properties.get("MessageRetentionPeriod", 345600)),
        redrive.get("deadLetterTargetArn"),
        int(redrive.get("maxReceiveCount", 0)),
    )


def _function(name: str, given: Mapping[str, Any]) -> Function:
    events = given.get("events", [])
    return Function(
        name,
        given["handler"],
        float(given.get("timeout", 30)),
        {key: str(value) for key, value in given.get("environment", {}).items()},
        int(given.get("maximumRetryAttempts", 2)),
        _target(given),
        tuple(
            QueueSource(each["sqs"]["arn"], int(each["sqs"].get("maximumConcurrency", 10)))
            for each in events
            if "sqs" in each
        ),
        next((_stream(each["stream"]) for each in events if "stream" in each), None),
        next(_schedules(events), None),
    )


def _schedules(events: list[Any]) -> Iterator[str]:
    for each in events:
        if "schedule" in each:
            yield str(each["schedule"])


def _target(given: Mapping[str, Any]) -> str | None:
    target = given.get("destinations", {}).get("onFailure")
    return target["arn"] if target else None


def _stream(given: Mapping[str, Any]) -> StreamSource:
    return StreamSource(
        int(given.get("batchSize", 100)),
        int(given.get("maximumRetryAttempts", -1)),
        float(given.get("maximumRecordAgeInSeconds", 24 * 60 * 60)),
        tuple(given.get("filterPatterns", ())),
        given["destinations"]["onFailure"]["arn"],
    )
