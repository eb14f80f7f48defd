"""Route the requests of the HTTP API, and answer each in JSON: what went wrong as a problem."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayHttpResolver, Response

from lib.adapters.telemetry import Context, Event, Handler, Telemetry
from lib.application.doors.refusals import RefusalCode, Refused, invalid
from lib.domain.errors import MediaError, TransientError
from lib.entrypoints.http.callers import find_caller
from lib.entrypoints.http.fields import read_query
from lib.entrypoints.http.problems import answer_bug, answer_failure, answer_refusal
from lib.entrypoints.http.request import Answer, Request, Route

SHARED = {
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
    "X-Content-Type-Options": "nosniff",
}

FUNCTION_URL = "$default"
"""The route of a call by a function's own URL, whose path is as it was sent.

API Gateway has decoded it but for `%25`, and has cut it off at a `?` that was part of it.
"""


def make_handler(routes: Iterable[Route], tenant_claim: str, telemetry: Telemetry) -> Handler:
    """Return the Lambda handler that answers by these routes, the first that fits."""
    app = APIGatewayHttpResolver()

    def add(route: Route) -> None:
        def answer(**params: str) -> Response[str]:
            event = app.current_event.raw_event
            return _write(_answer(route, params, event, tenant_claim, telemetry))

        app.route(route.rule, method=route.method)(answer)

    for each in routes:
        add(each)

    @app.not_found
    def answer_not_found(_: Exception) -> Response[str]:
        nothing = Refused(RefusalCode.NOT_FOUND, "there is no such path, or not for this method")
        return _write(answer_refusal(nothing))

    @telemetry.instrument
    def handler(event: Event, context: Context) -> Any:
        sent = event["rawPath"]
        by_url = event.get("routeKey") == FUNCTION_URL
        path = unquote(sent) if by_url else sent.replace("%25", "%")
        return app.resolve(event | {"rawPath": path}, context)  # type: ignore[arg-type]

    return handler


def _answer(
    route: Route,
    params: Mapping[str, str],
    event: Mapping[str, Any],
    tenant_claim: str,
    telemetry: Telemetry,
) -> Answer:
    try:
        request = Request(
            find_caller(event, tenant_claim),
            event["rawPath"],
            params,
            read_query(event.get("rawQueryString") or ""),
            {name.lower(): value for name, value in (event.get("headers") or {}).items()},
            _read_body(event, route.body_limit),
        )
        return route.answer(request)
    except Refused as exc:
        return answer_refusal(exc)
    except MediaError as exc:
        if isinstance(exc, TransientError):
            telemetry.logger.warning("not answered", code=exc.code, reason=exc.message)
        return answer_failure(exc)
    except Exception:
        telemetry.logger.exception("a request failed")
        return answer_bug()


def _read_body(event: Mapping[str, Any], limit: int) -> str:
    body = event.get("body") or ""
    if len(body) > limit * 2:  # base64 is a third longer, and a character has up to four bytes
        raise _too_long(limit)
    try:
        raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > limit:
            raise _too_long(limit)
        return raw.decode()
    except (binascii.Error, UnicodeError) as exc:
        raise invalid("expected a body in UTF-8") from exc


def _too_long(limit: int) -> Refused:
    return Refused(
        RefusalCode.PAYLOAD_TOO_LARGE, f"expected at most {limit:,} bytes as the request's body"
    )


def _write(answer: Answer) -> Response[str]:
    headers = SHARED | dict(answer.headers)
    # In ASCII, as all JSON here: a key may hold half a character, which no encoding has.
    body = "" if answer.body is None else json.dumps(answer.body, separators=(",", ":"))
    return Response(answer.status, headers.pop("Content-Type"), body, headers)
