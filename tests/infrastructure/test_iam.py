"""The evaluator of policies decides as IAM's documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.iam import Decision, Request, decide

ROLE = "arn:aws:iam::000000000000:role/resize"
OBJECT = "arn:aws:s3:::media-out/config/a/b.png"
PUT = Request(ROLE, "s3:PutObject", OBJECT, {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:topic"})


def allow(**changed: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:PutObject", "Resource": OBJECT, **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Action": ["s3:GetObject", "S3:putobject"]},
        {"Action": "s3:Put*"},
        {"Action": "*"},
        {"Resource": "*"},
        {"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::media-out/*"]},
        {"Resource": "arn:aws:s3:::media-out/config/a/?.png"},
        {"Principal": "*"},
        {"Principal": {"AWS": ["arn:aws:iam::1:role/x", ROLE]}},
        {"Condition": {"ArnLike": {"AWS:SOURCEARN": "arn:aws:sns:*:1:topic"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": ["x", "arn:aws:sns:eu-west-1:1:topic"]}}},
        {"Condition": {"StringNotEquals": {"aws:SourceArn": "x"}}},
        {"Condition": {"StringNotEquals": {"aws:Missing": "x"}}},
        {"Condition": {"BoolIfExists": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Null": {"lambda:SourceFunctionArn": "true"}}},
    ],
)
def test_what_a_statement_allows(changed: dict[str, Any]) -> None:
    assert decide([allow(**changed)], PUT) is Decision.ALLOWED


@pytest.mark.parametrize(
    "changed",
    [
        {"Action": "s3:PutObjectAcl"},
        {"Action": "s3:PutObjec"},
        {"Action": []},
        {"Resource": "arn:aws:s3:::media-out"},
        {"Resource": "arn:aws:s3:::media-ou?/config"},
        {"Resource": "arn.aws:s3:::media-out/*"},
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:topic"}}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:topic-2"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:topic"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Null": {"aws:SourceArn": "true"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "*:*:*:*:*:*"}, "Bool": {"aws:X": "true"}}},
    ],
)
def test_what_a_statement_does_not_allow(changed: dict[str, Any]) -> None:
    assert decide([allow(**changed)], PUT) is Decision.NOT_ALLOWED


def test_a_deny_wins_wherever_it_stands() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::media-out/config/*"}
    assert decide([deny, allow()], PUT) is Decision.DENIED
    assert decide([allow(), deny], PUT) is Decision.DENIED
    elsewhere = {**deny, "Resource": "arn:aws:s3:::media-out/work/*"}
    assert decide([allow(), elsewhere], PUT) is Decision.ALLOWED


@pytest.mark.parametrize(
    "changed",
    [
        {"NotAction": "s3:GetObject"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}},
    ],
)
def test_what_it_does_not_know_is_not_passed_over(changed: dict[str, Any]) -> None:
    with pytest.raises((NotImplementedError, KeyError)):
        decide([allow(**changed)], PUT)
