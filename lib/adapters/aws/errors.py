"""Translate botocore's errors into ours, at the edge and nowhere else."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

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
GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


@contextmanager
def translated(source: Source | None = None, answers: Container[str] = ()) -> Iterator[None]:
    """Raise TransientError for all that fails; PermanentError(SOURCE_GONE) where a source is read.

    Whatever AWS or the network says, it is not the upload's fault: access that is denied or a limit
    of the account may be mended as an outage is, so that work waits for it. What a caller goes on
    with, such as a condition that failed, stays a ClientError: `answers` are the codes of those.
    """
    try:
        yield
    except ClientError as exc:
        if error_code(exc) in answers:
            raise
        raise _translate(exc, source) from exc
    except (BotoCoreError, ResponseParserError) as exc:
        raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, str(exc)) from exc


def error_code(exc: ClientError) -> str:
    """Return what AWS calls the error; for a HEAD, which has no body, the HTTP status."""
    return exc.response.get("Error", {}).get("Code", "")


def _translate(exc: ClientError, source: Source | None) -> MediaError:
    code = error_code(exc)
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLED or status == 429:
        return TransientError(ErrorCode.THROTTLED, str(exc))
    if source is not None and code in GONE:
        gone = f"{source.bucket}/{source.key}, version {source.version_id or 'null'}, is gone"
        return PermanentError(ErrorCode.SOURCE_GONE, gone)
    return TransientError(ErrorCode.SERVICE_UNAVAILABLE, str(exc))
