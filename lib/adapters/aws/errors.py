"""Translate botocore's errors into ours, at the edge and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)

from lib.domain.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.domain.events import Source

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
INTERRUPTED = frozenset({"RequestTimeout", "RequestTimeoutException"})
GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


@contextmanager
def translated(source: Source | None = None) -> Iterator[None]:
    """Raise TransientError for what may pass; PermanentError(SOURCE_GONE) where a source is read.

    Access denied and all that is not known stays what it is: a bug or an outage.
    """
    try:
        yield
    except ClientError as exc:
        error = _translate(exc, source)
        if error is None:
            raise
        raise error from exc
    except (ConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError) as exc:
        raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, str(exc)) from exc


def error_code(exc: ClientError) -> str:
    """Return what AWS calls the error; for a HEAD, which has no body, the HTTP status."""
    return exc.response.get("Error", {}).get("Code", "")


def _translate(exc: ClientError, source: Source | None) -> MediaError | None:
    code = error_code(exc)
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLED or status == 429:
        return TransientError(ErrorCode.THROTTLED, str(exc))
    if code in INTERRUPTED or status >= 500:
        return TransientError(ErrorCode.SERVICE_UNAVAILABLE, str(exc))
    if source is not None and code in GONE:
        gone = f"{source.bucket}/{source.key}, version {source.version_id or 'null'}, is gone"
        return PermanentError(ErrorCode.SOURCE_GONE, gone)
    return None
