"""Say what went wrong as `application/problem+json` (RFC 9457), with the code beside it."""

from __future__ import annotations

import math
from http import HTTPStatus

from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.errors import ErrorCode, MediaError, TransientError
from lib.entrypoints.http.request import Answer

PROBLEM = "application/problem+json"

STATUSES: dict[str, HTTPStatus] = {
    RefusalCode.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    RefusalCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RefusalCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalCode.CONFLICT: HTTPStatus.CONFLICT,
    RefusalCode.GONE: HTTPStatus.GONE,
    RefusalCode.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.LIMIT_EXCEEDED: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.UNKNOWN_PRESET: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNSUPPORTED_MEDIA: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.SOURCE_GONE: HTTPStatus.GONE,
}
RETRY_SECONDS = 1.0
"""After which to ask again, where nothing says when."""

BUG = "INTERNAL_ERROR"


def answer_refusal(refused: Refused) -> Answer:
    """Return the answer to a request that is refused."""
    return _problem(STATUSES[refused.code], refused.code, refused.detail)


def answer_failure(error: MediaError) -> Answer:
    """Return the answer where the pipeline's own rules, or AWS, are in the way.

    What AWS says names roles, tables and parameters: that is for the log.
    """
    if isinstance(error, TransientError):
        seconds = math.ceil(error.retry_after or RETRY_SECONDS)
        status, detail = HTTPStatus.SERVICE_UNAVAILABLE, f"try again in {seconds} s"
        return _problem(status, error.code, detail, {"Retry-After": str(seconds)})
    status = STATUSES.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _problem(status, error.code, error.message)


def answer_bug() -> Answer:
    """Return the answer where something failed that nobody foresaw; the log has it."""
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, BUG, "the request failed; the function's log says why"
    )


def _problem(
    status: HTTPStatus, code: str, detail: str, headers: dict[str, str] | None = None
) -> Answer:
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "code": str(code),
        "detail": detail,
    }
    return Answer(body, int(status), {"Content-Type": PROBLEM} | (headers or {}))
