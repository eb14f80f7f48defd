"""Refuse a request to the emulator as AWS does, so that an SDK shows the message."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

XML_SERVICES = frozenset({"s3", "cloudformation", "iam", "sns", "sts"})
"""Which of the services in use answer in XML; the others answer in JSON."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served; `service` is the one that it was for, as far as is known."""

    code: str
    message: str
    service: str = ""


async def answer(send: Send, method: str, refusal: Refusal, shared: Mapping[str, str]) -> None:
    """Refuse as AWS does, so that an SDK shows the message; a page may read it by `shared` only."""
    if refusal.service in XML_SERVICES or not refusal.service:
        kind, content = "application/xml", _xml(refusal)
    else:
        kind = "application/x-amz-json-1.1"
        content = json.dumps({"__type": refusal.code, "message": refusal.message})
    body = b"" if method == "HEAD" else content.encode()
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "x-amzn-errortype": refusal.code,
        "x-content-type-options": "nosniff",
        **shared,
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 403, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _xml(refusal: Refusal) -> str:
    said = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    wrapped = f"<Error>{said}</Error>"
    return wrapped if refusal.service == "s3" else f"<ErrorResponse>{wrapped}</ErrorResponse>"
