"""Tell what happened to one key, from all that was noted, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import boto3

from lib.domain.keys import asset_id
from tests.robustness.chaos.done import Done
from tests.robustness.chaos.faults import Fault
from tests.robustness.chaos.invocations import PREFIX, Invocation

LONGEST_LINE = 260
LINES = 60
GROUPS = f"/aws/lambda/{PREFIX}"
TOLD = ("message", "fence", "status", "error", "reason", "rejected", "exception_name")


def read_logs() -> list[tuple[float, str, str]]:
    """Return (seconds of the epoch, function, line) of all that the functions have logged."""
    logs = boto3.client("logs")
    found: list[tuple[float, str, str]] = []
    for group in logs.describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"]:
        name = group["logGroupName"]
        function = name.removeprefix(GROUPS)
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            events = page["events"]
            found += [(each["timestamp"] / 1000, function, each["message"]) for each in events]
    return found


def tell(
    key: str,
    bucket: str,
    done: Done,
    invocations: list[Invocation],
    faults: Sequence[Fault],
    logs: list[tuple[float, str, str]],
) -> list[str]:
    """Return the story of a key as lines, the newest LINES of them."""
    identity = asset_id(bucket, key)
    lines = [(at, f"user: {what}") for at, about, what in done.told if about == key]
    for each in invocations:
        if identity in each.assets:
            lines += _tell_invocation(each)
    for fault in faults:
        if identity in fault.call.text or key in fault.call.text:
            lines.append(
                (fault.at, f"call: {fault.call.service} {fault.call.operation}: {fault.what}")
            )
    lines += _tell_logs(identity, logs)
    ordered = [f"{_clock(at)} {what}"[:LONGEST_LINE] for at, what in sorted(lines)]
    return [f"asset {identity}", *ordered[-LINES:]]


def _tell_invocation(each: Invocation) -> Iterator[tuple[float, str]]:
    name = f"{each.function} {each.request[:8]}"
    receives = [
        record["attributes"]["ApproximateReceiveCount"]
        for record in each.event.get("Records", ())
        if "body" in record
    ]
    yield each.begin, f"{name} begins{f', receive {receives[0]}' if receives else ''}"
    for struck in each.struck:
        yield float(struck.rsplit(" ", 1)[1]), f"{name}: {struck.split(' at ')[0]}"
    if each.end:
        yield each.end, f"{name} ends{f': {each.error}' if each.failed else ''}"


def _tell_logs(identity: str, logs: list[tuple[float, str, str]]) -> Iterator[tuple[float, str]]:
    for at, function, line in logs:
        if identity not in line:
            continue
        try:
            said = json.loads(line)
        except ValueError:
            said = {"message": line}
        facts = {name: said[name] for name in TOLD if said.get(name) is not None}
        yield at, f"log of {function}: {json.dumps(facts, ensure_ascii=False)}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
