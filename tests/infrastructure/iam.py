"""Decide a request by policies as IAM does, within one account: a Deny first, then any Allow.

What a policy may say and this does not know raises, so that nothing is overlooked in silence.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


class Decision(Enum):
    """What becomes of a request, and why."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True)
class Request:
    """Who wants to do what to which resource, and what AWS knows of the circumstances.

    `principal` is a service such as `s3.amazonaws.com`, or a role's ARN.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def decide(statements: Iterable[Mapping[str, Any]], request: Request) -> Decision:
    """Return what the statements of all policies that apply say together."""
    effects = {each["Effect"] for each in statements if _applies(each, request)}
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if "Allow" in effects else Decision.NOT_ALLOWED


def as_list(value: Any) -> list[Any]:
    """Return what may be one or several as a list."""
    return value if isinstance(value, list) else [value]


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    if unknown := statement.keys() - KNOWN:
        raise NotImplementedError(f"{', '.join(unknown)} in a statement")
    return (
        any(like(each, request.action, ignore_case=True) for each in as_list(statement["Action"]))
        # A trust policy has no resource: the role is.
        and any(like(each, request.resource) for each in as_list(statement.get("Resource", "*")))
        and _is_named(statement.get("Principal", "*"), request.principal)
        and all(
            _holds(operator, key, as_list(expected), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _is_named(named: Any, principal: str) -> bool:
    if isinstance(named, str):
        return named in ("*", principal)
    return any(each in ("*", principal) for group in named.values() for each in as_list(group))


def _holds(operator: str, key: str, expected: list[Any], context: Mapping[str, str]) -> bool:
    lowered = {name.lower(): value for name, value in context.items()}
    actual = lowered.get(key.lower())
    if operator == "Null":
        return any((actual is None) == (str(each).lower() == "true") for each in expected)
    base = operator.removesuffix("IfExists")
    compare = OPERATORS[base.replace("Not", "")]
    if actual is None:
        return operator.endswith("IfExists") or "Not" in base
    return any(compare(str(each), actual) for each in expected) != ("Not" in base)


def like(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Tell whether a value is what a pattern with `*` and `?` names."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


@cache
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = (
        {"*": ".*", "?": "."}.get(each, re.escape(each)) for each in re.split(r"([*?])", pattern)
    )
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _arn_like(pattern: str, value: str) -> bool:
    # Each of the six parts for itself: a `*` does not reach over a colon, but in the last.
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) and all(map(like, patterns, values))


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda expected, actual: expected.lower() == actual.lower(),
    "StringEquals": lambda expected, actual: expected == actual,
    "StringLike": like,
}
