"""Templates with one thing missing or wrong: each is what AWS would refuse, and we have to see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.infrastructure.edges import edges
from tests.infrastructure.iam import as_list
from tests.infrastructure.stack import ARNS, NO_VALUE, Stack

STRANGE = "arn:aws:sns:us-east-1:999999999999:a-stranger"
Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed stack, what was done to it, and a name that a fault has to contain."""

    stack: Stack
    what: str
    named: str


def mutants(stack: Stack) -> Iterator[Mutant]:
    """Yield a stack without, or with a wrong, permission, statement, policy, or end of an edge."""
    for logical, resource in stack.resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] in ARNS:  # something else refers to it
            yield _without(stack, logical, named=logical)
        match resource["Type"]:
            case "AWS::Lambda::Permission":
                yield from _of_permission(stack, logical)
            case "AWS::SQS::QueuePolicy":
                yield from _of_queue_policy(stack, logical)
            case "AWS::IAM::Role":
                yield from _of_role(stack, logical, properties)
            case "AWS::S3::BucketPolicy":
                yield from _of_bucket_policy(stack, logical)
    yield from _without_an_action(stack)


def change(stack: Stack, what: str, named: str, how: Callable[[Resources], Any]) -> Mutant:
    """Return a mutant: a copy of the template that `how` has changed."""
    template = json.loads(json.dumps(stack.template))
    how(template["Resources"])
    return Mutant(replace(stack, template=template), what, named)


def _without(stack: Stack, logical: str, named: str) -> Mutant:
    return change(stack, f"without {logical}", named, lambda found: found.pop(logical))


def _of_permission(stack: Stack, logical: str) -> Iterator[Mutant]:
    function = stack.properties(logical)["FunctionName"]
    named = stack.logical(function)
    yield _without(stack, logical, named)
    wrong: dict[str, Any] = {
        "SourceArn": STRANGE,
        "Principal": "sns.amazonaws.com",
        "Action": "lambda:GetFunction",
        "FunctionName": "another-function",
    }
    if "SourceAccount" in stack.properties(logical):
        wrong["SourceAccount"] = "999999999999"
    for key, value in wrong.items():
        # What nobody has can only be named by itself.
        expected = value if key == "FunctionName" else named
        yield change(
            stack, f"{logical} with another {key}", expected, _update(logical, {key: value})
        )
    narrowing = "SourceAccount" if "SourceAccount" in wrong else "SourceArn"
    yield change(
        stack, f"{logical} without {narrowing}", named, _update(logical, {narrowing: NO_VALUE})
    )


def _update(logical: str, properties: dict[str, Any]) -> Callable[[Resources], None]:
    def apply(found: Resources) -> None:
        found[logical]["Properties"].update(properties)

    return apply


def _of_queue_policy(stack: Stack, logical: str) -> Iterator[Mutant]:
    properties = stack.properties(logical)
    [statement] = properties["PolicyDocument"]["Statement"]
    named = stack.logical(as_list(statement["Resource"])[0])

    def edit(key: str, value: Any) -> Callable[[Resources], Any]:
        def apply(found: Resources) -> None:
            [statement] = found[logical]["Properties"]["PolicyDocument"]["Statement"]
            statement.update({key: value})

        return apply

    yield _without(stack, logical, named)
    for key, value in {
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:ReceiveMessage",
        "Effect": "Deny",
        "Condition": {},
    }.items():
        yield change(stack, f"{logical} with another {key}", named, edit(key, value))
    condition = {"ArnEquals": {"aws:SourceArn": STRANGE}}
    yield change(stack, f"{logical} for another source", named, edit("Condition", condition))
    for index, arn in enumerate(as_list(statement["Resource"])):
        queue = stack.logical(arn)

        def drop(found: Resources, index: int = index) -> None:
            [statement] = found[logical]["Properties"]["PolicyDocument"]["Statement"]
            several = as_list(statement["Resource"])
            statement["Resource"] = several[:index] + several[index + 1 :]

        yield change(stack, f"{logical} without {queue}", queue, drop)


def _of_role(stack: Stack, role: str, properties: dict[str, Any]) -> Iterator[Mutant]:
    [policy] = properties["Policies"]
    for index, statement in enumerate(policy["PolicyDocument"]["Statement"]):
        if statement == NO_VALUE or statement["Effect"] != "Allow":
            continue
        label = f"{role} {statement.get('Sid', index)}"
        for what, replaced in {
            "missing": [],
            "elsewhere": [{**statement, "Resource": STRANGE}],
            "denied too": [statement, {**statement, "Effect": "Deny"}],
        }.items():
            yield change(stack, f"{label} {what}", role, _replace(role, index, replaced))

    def distrust(found: Resources) -> None:
        [trust] = found[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        trust["Principal"] = {"Service": "ec2.amazonaws.com"}

    yield change(stack, f"{role} trusts another service", role, distrust)


def _replace(role: str, index: int, statements: list[Any]) -> Callable[[Resources], None]:
    def apply(found: Resources) -> None:
        [policy] = found[role]["Properties"]["Policies"]
        policy["PolicyDocument"]["Statement"][index : index + 1] = statements

    return apply


def _of_bucket_policy(stack: Stack, logical: str) -> Iterator[Mutant]:
    bucket = next(
        name
        for name, _ in stack.of_type("AWS::S3::Bucket")
        if stack.physical(name) == stack.properties(logical)["Bucket"]
    )
    if bucket == "ServerlessDeploymentBucket":
        return

    def refuse_all(found: Resources) -> None:
        first, *_ = found[logical]["Properties"]["PolicyDocument"]["Statement"]
        first["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}

    yield change(stack, f"{logical} refuses TLS", bucket, refuse_all)
    for index, statement in enumerate(stack.properties(logical)["PolicyDocument"]["Statement"]):
        if index == 0:
            continue  # what refuses plain HTTP

        def drop(found: Resources, index: int = index) -> None:
            del found[logical]["Properties"]["PolicyDocument"]["Statement"][index]

        yield change(stack, f"{logical} without {statement['Sid']}", bucket, drop)


def _without_an_action(stack: Stack) -> Iterator[Mutant]:
    """Yield, for each edge that a role makes work, the stack whose role lacks that action."""
    needed = {(edge.source, edge.action) for edge in edges(stack) if edge.action}
    for source, action in sorted(needed):
        role = source.rpartition("(")[2].rstrip(")")

        def drop(found: Resources, role: str = role, action: str = action) -> None:
            [policy] = found[role]["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Effect") == "Allow":
                    kept = [each for each in as_list(statement["Action"]) if each != action]
                    statement["Action"] = kept

        yield change(stack, f"{role} without {action}", f"{role}) → ", drop)
