"""Which path is answered by what: docs/openapi.yaml says the same to callers."""

from __future__ import annotations

from collections.abc import Callable

from lib.application.doors.uploads import Intake
from lib.entrypoints.http.companion import (
    abort_multipart,
    begin_multipart,
    complete_multipart,
    get_params,
    list_parts,
    sign_batch,
    sign_part,
)
from lib.entrypoints.http.request import SMALL_BODY, Answer, Request, Route
from lib.entrypoints.http.uploads import post_upload

LONG_LIST = 1024 * 1024
"""Bytes: 10,000 parts by name."""


def upload_routes(intake: Intake) -> tuple[Route, ...]:
    """Return how files come in: our own way, and the way that Uppy asks for."""

    def route(
        method: str,
        rule: str,
        answer: Callable[[Request, Intake], Answer],
        body_limit: int = SMALL_BODY,
    ) -> Route:
        return Route(method, rule, lambda request: answer(request, intake), body_limit)

    return (
        route("POST", "/uploads", post_upload),
        route("GET", "/s3/params", get_params),
        route("POST", "/s3/multipart", begin_multipart),
        route("GET", "/s3/multipart/<handle>", list_parts),
        route("DELETE", "/s3/multipart/<handle>", abort_multipart),
        route("POST", "/s3/multipart/<handle>/complete", complete_multipart, LONG_LIST),
        route("GET", "/s3/multipart/<handle>/batch", sign_batch),
        route("GET", "/s3/multipart/<handle>/<number>", sign_part),
    )
