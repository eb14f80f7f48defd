"""An edge of the flow, and the two questions that decide whether it works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infrastructure.iam import Decision, Request, decide
from tests.infrastructure.stack import Stack

Statements = Iterable[Mapping[str, Any]]
STRANGER = "999999999999"


@dataclass(frozen=True, slots=True)
class Edge:
    """What `source` does to `target`, by logical ids; `fault` is empty where it works.

    `action` is the one that a role needs for it.
    """

    kind: str
    source: str
    target: str
    fault: str = ""
    action: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.source} → {self.target}: {self.fault or 'works'}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A service that acts for a resource of ours, `source`, on another one."""

    service: str
    action: str
    source: str
    target: str


def check_delivery(stack: Stack, kind: str, delivery: Delivery, policy: Statements) -> Edge:
    """Ask the target's policy: this source may, and a stranger's may not."""
    policy = list(policy)
    arn = stack.arn(delivery.source)
    ours = {
        "aws:SourceArn": arn,
        "aws:SourceAccount": stack.account,
        "aws:SecureTransport": "true",
    }
    # A bucket's ARN has no account: its name may be a stranger's tomorrow.
    name, calls, _ = arn.partition("/*")  # an API's ARN is of its calls
    theirs = [ours | {"aws:SourceArn": f"{name}-2{calls}"}]
    theirs += [ours | {"aws:SourceAccount": STRANGER}] if ":::" in arn else []

    def ask(context: Mapping[str, str]) -> Decision:
        target = stack.arn(delivery.target)
        return decide(policy, Request(delivery.service, delivery.action, target, context))

    fault = ""
    if (decision := ask(ours)) is not Decision.ALLOWED:
        fault = f"{delivery.action} by {delivery.service} for {arn} is {decision.value}"
    elif any(ask(context) is Decision.ALLOWED for context in theirs):
        fault = f"{delivery.action} by {delivery.service} is open to strangers"
    return Edge(kind, delivery.source, delivery.target, fault)
