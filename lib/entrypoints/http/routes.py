"""Which path is answered by what: docs/openapi.yaml says the same to callers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lib.application.doors.refusals import invalid
from lib.application.doors.uploads import Intake
from lib.entrypoints.http import companion
from lib.entrypoints.http.request import Answer, Request, Route
from lib.entrypoints.http.uploads import post_upload

MULTIPART = "/s3/multipart"
ONE = MULTIPART + "/<handle>"
LONG_LIST = 1024 * 1024
"""Bytes: 10,000 parts by name."""


def upload_routes(intake: Intake) -> tuple[Route, ...]:
    """Return how files come in: our own way, and the way that Uppy asks for."""

    def at_upload(answer: Callable[..., Any], *rest: Callable[[Request], Any]) -> Any:
        """Answer what is about one upload: its handle is in the path, its key in the query."""

        def answered(request: Request) -> Answer:
            handle, key = request.params["handle"], _query(request, "key")
            about = (
                (handle, key) if not rest else ((handle, key), *(each(request) for each in rest))
            )
            return Answer(answer(*about, request.caller, intake))

        return answered

    def from_body(answer: Callable[..., Any], request: Request) -> Answer:
        return Answer(answer(request.body, request.caller, intake), 201)

    return (
        Route("POST", "/uploads", partial(from_body, post_upload)),
        Route(
            "GET",
            "/s3/params",
            lambda each: Answer(companion.get_params(each.query, each.caller, intake)),
        ),
        Route("POST", MULTIPART, partial(from_body, companion.post_multipart)),
        Route(
            "GET",
            f"{ONE}/batch",
            at_upload(companion.get_batch, partial(_query, name="partNumbers")),
        ),
        Route(
            "POST",
            f"{ONE}/complete",
            at_upload(companion.post_complete, lambda each: each.body),
            LONG_LIST,
        ),
        Route(
            "GET",
            f"{ONE}/<number>",
            at_upload(companion.get_part, lambda each: each.params["number"]),
        ),
        Route("GET", ONE, at_upload(companion.get_parts)),
        Route("DELETE", ONE, at_upload(companion.delete_multipart)),
    )


def _query(request: Request, name: str) -> str:
    value = request.query.get(name)
    if not value:
        raise invalid(f"expected {name} in the query")
    return value
