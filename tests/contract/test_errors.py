"""What AWS and the network say, as the error tree understands it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from lib.adapters.aws.errors import error_code, translated
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Source

SOURCE = Source("uploads", "a.jpg", "v1", "etag", 1)
THROTTLING = (
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
"""What the services call it with status 400, beside S3's SlowDown."""


def said(code: str, status: int) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "…"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "1",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "Operation",
    )


@pytest.mark.parametrize(
    ("said_by_aws", "expected"),
    [
        *((said(code, 400), ErrorCode.THROTTLED) for code in THROTTLING),
        (said("SlowDown", 503), ErrorCode.THROTTLED),
        (said("Whatever", 429), ErrorCode.THROTTLED),
        (said("InternalError", 500), ErrorCode.SERVICE_UNAVAILABLE),
        (said("503", 503), ErrorCode.SERVICE_UNAVAILABLE),
        (said("RequestTimeout", 400), ErrorCode.SERVICE_UNAVAILABLE),
        (said("RequestTimeoutException", 400), ErrorCode.SERVICE_UNAVAILABLE),
        (ConnectTimeoutError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (ReadTimeoutError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (EndpointConnectionError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), ErrorCode.SERVICE_UNAVAILABLE),
        (ResponseStreamingError(error="reset"), ErrorCode.SERVICE_UNAVAILABLE),
        (NoCredentialsError(), ErrorCode.SERVICE_UNAVAILABLE),
        (ResponseParserError("no XML"), ErrorCode.SERVICE_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("source", [None, SOURCE])
def test_what_may_pass_is_transient(
    said_by_aws: Exception, expected: ErrorCode, source: Source | None
) -> None:
    with pytest.raises(TransientError) as raised, translated(source):
        raise said_by_aws
    assert raised.value.code is expected
    assert raised.value.message == str(said_by_aws)
    assert raised.value.__cause__ is said_by_aws


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "404", "NotFound"])
def test_a_missing_source_is_gone(code: str) -> None:
    with pytest.raises(PermanentError) as raised, translated(SOURCE):
        raise said(code, 404)
    assert raised.value.code is ErrorCode.SOURCE_GONE
    assert raised.value.message == "uploads/a.jpg, version v1, is gone"


def test_what_never_had_versions_is_gone_as_its_only_one() -> None:
    with pytest.raises(PermanentError) as raised, translated(replace(SOURCE, version_id="")):
        raise said("NoSuchKey", 404)
    assert raised.value.message == "uploads/a.jpg, version null, is gone"


@pytest.mark.parametrize(
    ("code", "status", "source"),
    [
        ("AccessDenied", 403, SOURCE),
        ("NoSuchBucket", 404, SOURCE),
        ("NoSuchKey", 404, None),
        ("ValidationException", 400, None),
        ("Whatever", 428, None),
        ("Whatever", 430, SOURCE),
        ("Whatever", 499, SOURCE),
    ],
)
def test_whatever_else_aws_refuses_may_be_mended_and_is_waited_for(
    code: str, status: int, source: Source | None
) -> None:
    with pytest.raises(TransientError) as raised, translated(source):
        raise said(code, status)
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert code in raised.value.message


@pytest.mark.parametrize("source", [None, SOURCE])
@pytest.mark.parametrize("code", ["NoSuchKey", "ConditionalCheckFailedException", "SlowDown"])
def test_what_a_caller_goes_on_with_stays_what_it_is(code: str, source: Source | None) -> None:
    with pytest.raises(ClientError) as raised, translated(source, answers={code}):
        raise said(code, 400)
    assert error_code(raised.value) == code
    with pytest.raises(TransientError), translated(source, answers={code}):
        raise said("AccessDenied", 403)


def test_an_error_that_says_nothing_is_waited_for_too() -> None:
    silent = ClientError({}, "Operation")
    assert error_code(silent) == ""
    with pytest.raises(TransientError), translated(SOURCE):
        raise silent


def test_what_is_no_error_of_aws_or_the_network_stays_a_bug() -> None:
    with pytest.raises(KeyError), translated(SOURCE):
        raise KeyError("Body")
