"""Requests for stable addresses, of a function URL or of the HTTP API, and the answers to them.

Both send payload format 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from lib.application.doors.deliver import Delivery, DeliveryState, Wanted
from lib.domain.errors import TransientError
from lib.entrypoints.http.accept import understood

PREFIX = "/m/"
FUNCTION_URL = "$default"
"""The route that a function URL names."""

WIDEST = 65_535
"""px: wider than any rendition. What is above is a mistake."""

REFUSALS = {
    DeliveryState.UNKNOWN: (HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    DeliveryState.MISSING: (HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    DeliveryState.PENDING: (HTTPStatus.NOT_FOUND, "NOT_READY"),
    DeliveryState.DELETED: (HTTPStatus.GONE, "GONE"),
}

_ESCAPED = re.compile("~([0-9a-f]{2})")

UNAVAILABLE_SECONDS = 5
"""After which to ask again where AWS could not be asked."""

Response = dict[str, Any]
Resolve = Callable[[str, Wanted], Delivery]


class UnreadableRequestError(ValueError):
    """A query that can't be meant; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the decoded path below `/m/`, and what of it is wanted."""

    path: str
    wanted: Wanted


def respond(event: Mapping[str, Any], resolve: Resolve, base: str, stale_seconds: int) -> Response:
    """Answer one request: with where the rendition lies, else with why not.

    `base` is what stands before the renditions' keys, on the host that was asked.
    An answer may be kept for `stale_seconds`.
    """
    try:
        asked = read_request(event)
        delivery = resolve(asked.path, asked.wanted)
    except UnreadableRequestError as exc:
        return problem(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", str(exc), stale_seconds)
    except TransientError as exc:
        refusal = problem(HTTPStatus.SERVICE_UNAVAILABLE, exc.code, "try again", 0)
        refusal["headers"]["Retry-After"] = str(UNAVAILABLE_SECONDS)
        return refusal
    return _redirect(delivery, base, stale_seconds)


def read_request(event: Mapping[str, Any]) -> Request:
    """Return what an invocation asks for. Raises UnreadableRequestError."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    query = event.get("queryStringParameters") or {}
    wanted = Wanted(
        width=_width(query.get("w")),
        box=query.get("box") or None,
        poster="poster" in query,
        understood=understood(headers.get("accept", "")),
    )
    return Request(_path(event), wanted)


def _redirect(delivery: Delivery, base: str, stale_seconds: int) -> Response:
    if delivery.state is not DeliveryState.FOUND:
        status, code = REFUSALS[delivery.state]
        seconds = min(delivery.retry_seconds or stale_seconds, stale_seconds)
        refusal = problem(status, code, delivery.detail, seconds)
        if delivery.retry_seconds is not None:
            refusal["headers"]["Retry-After"] = str(delivery.retry_seconds)
        return refusal
    headers = {"Location": f"{base}/{quote(delivery.key)}", **_caching(stale_seconds)}
    return {"statusCode": HTTPStatus.FOUND, "headers": headers, "body": ""}


def problem(status: HTTPStatus, code: str, detail: str, stale_seconds: int) -> Response:
    """Return an answer as RFC 9457 describes it."""
    told = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    headers = {"Content-Type": "application/problem+json", **_caching(stale_seconds)}
    return {"statusCode": status, "headers": headers, "body": json.dumps(told)}


def _caching(seconds: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={seconds}", "Vary": "Accept"}


def _path(event: Mapping[str, Any]) -> str:
    """Return the path below `/m/`, decoded once.

    A function URL sends it as the function at the edge has left it, with `~25` for `%`; API Gateway
    has decoded it, but for the escape of `%` itself.
    """
    path = str(event["rawPath"]).removeprefix(PREFIX)
    if event.get("routeKey") != FUNCTION_URL:
        return path.replace("%25", "%")
    return unquote(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), path))


def _width(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(WIDEST)) and int(text) > 0:
        return int(text)
    raise UnreadableRequestError(
        f"expected a whole number of pixels, from 1 to {WIDEST}, for w but received {text[:40]!r}"
    )
