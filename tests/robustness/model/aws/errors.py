"""What AWS answers where it refuses: botocore's errors."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


def refused(message: str) -> ClientError:
    """Return the error for a request that DynamoDB does not understand."""
    return failed("ValidationException", message)


def failed(code: str, message: str, **more: Any) -> ClientError:
    """Return botocore's error for a code of DynamoDB's."""
    response = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError({**response, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Operation")  # type: ignore[typeddict-item]
