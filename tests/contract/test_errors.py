"""What AWS and the network say, as the error tree understands it."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
)

from lib.adapters.aws.errors import translated
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Source

SOURCE = Source("uploads", "a.jpg", "v1", "etag", 1)


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
        (said("ThrottlingException", 400), ErrorCode.THROTTLED),
        (said("ProvisionedThroughputExceededException", 400), ErrorCode.THROTTLED),
        (said("SlowDown", 503), ErrorCode.THROTTLED),
        (said("Whatever", 429), ErrorCode.THROTTLED),
        (said("InternalError", 500), ErrorCode.SERVICE_UNAVAILABLE),
        (said("503", 503), ErrorCode.SERVICE_UNAVAILABLE),
        (said("RequestTimeout", 400), ErrorCode.SERVICE_UNAVAILABLE),
        (ConnectTimeoutError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (ReadTimeoutError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (EndpointConnectionError(endpoint_url="x"), ErrorCode.SERVICE_UNAVAILABLE),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), ErrorCode.SERVICE_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("source", [None, SOURCE])
def test_what_may_pass_is_transient(
    said_by_aws: Exception, expected: ErrorCode, source: Source | None
) -> None:
    with pytest.raises(TransientError) as raised, translated(source):
        raise said_by_aws
    assert raised.value.code is expected
    assert raised.value.__cause__ is said_by_aws


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "404"])
def test_a_missing_source_is_gone(code: str) -> None:
    with pytest.raises(PermanentError) as raised, translated(SOURCE):
        raise said(code, 404)
    assert raised.value.code is ErrorCode.SOURCE_GONE


@pytest.mark.parametrize(
    ("code", "status", "source"),
    [
        ("AccessDenied", 403, SOURCE),
        ("NoSuchBucket", 404, SOURCE),
        ("NoSuchKey", 404, None),
        ("ValidationException", 400, None),
    ],
)
def test_what_is_not_known_stays_unknown(code: str, status: int, source: Source | None) -> None:
    with pytest.raises(ClientError) as raised, translated(source):
        raise said(code, status)
    assert raised.value.response["Error"]["Code"] == code
