"""Stand in front of the emulator: serve who runs on this machine and signs, and no web page.

A page in a browser can send requests to loopback, and by a name that it resolves to 127.0.0.1 even
read the answers. So a request must name this machine as its host, and come from no page; and like
on AWS it must be signed with a secret that the emulator has given out. Only the question whether it
is up needs no signature. Everything else that is not signed is refused, its own administration too.

Runs in the emulator's own environment, as an ASGI application around another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, MutableMapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from xml.sax.saxutils import escape

HEALTH = "/_ministack/health"
ADMINISTRATION = ("/_ministack/", "/_localstack/")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BY_HAND = frozenset({"none", "same-origin"})
"""What `Sec-Fetch-Site` is for an address that somebody typed."""

XML_SERVICES = frozenset({"s3", "cloudformation", "iam", "sns", "sts"})
"""Which of the services in use answer in XML; the others answer in JSON."""

SHOWN = 100
LOGGED = 1000
"""Refusals that the log tells of: a page that insists must not fill the disk."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served; `service` is the one that it was for, as far as is known."""

    code: str
    message: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body. Names of headers are in lower case, as ASGI has them."""

    method: str
    path: str
    raw_path: str
    query: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """Return a header's value, of several the values with a comma between; "" for none."""
        return ",".join(value for each, value in self.headers if each == name)


Verify = Callable[[Request, Callable[[], Awaitable[bytes]]], Awaitable[Refusal | None]]
"""Say why a request's caller is not known. It reads the body, if at all, once the key is known."""


def filter_requests(
    served: Application, port: int, verify: Verify, origins: Collection[str] = ()
) -> Application:
    """Return an application that serves what the filter lets pass.

    `origins` are those whose pages may send requests, `http://host:port`; they must sign too.
    """
    hosts = frozenset(f"{host}:{port}" for host in LOOPBACK)
    refused = count()

    async def filtered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await served(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = _read(scope)
        body = _Body(receive)
        refusal = refuse_page(request, hosts, origins)
        if refusal is None and not _asks_for_health(request):
            refusal = _refuse_administration(request) or await verify(request, body.read)
        if body.broken_off:
            return
        if refusal:
            if next(refused) < LOGGED:
                _log(request, refusal)
            await _answer(send, request, refusal)
        else:
            await served(scope, body.receive, send)

    return filtered


def refuse_page(
    request: Request, hosts: Collection[str], origins: Collection[str]
) -> Refusal | None:
    """Return why a request can come from a page, or None. No signature makes up for it."""
    host, origin = request.header("host"), request.header("origin")
    if host.lower() not in hosts:
        return Refusal("AccessDenied", f"expected Host to be this machine but received {host!r}")
    if origin in origins and origin:
        return None
    if any(name == "origin" for name, _ in request.headers):
        return Refusal("AccessDenied", f"expected no page to ask but received Origin {origin!r}")
    site = request.header("sec-fetch-site")
    if site and site not in BY_HAND:
        return Refusal(
            "AccessDenied", f"expected no page to ask but received Sec-Fetch-Site {site!r}"
        )
    return None


def _read(scope: Scope) -> Request:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope["method"],
        scope["path"],
        raw_path.decode("latin-1"),
        scope.get("query_string", b"").decode("utf-8", "replace"),
        tuple((name.decode("latin-1"), _text(value)) for name, value in scope["headers"]),
    )


def _text(value: bytes) -> str:
    """Decode a header as the emulator does."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _asks_for_health(request: Request) -> bool:
    return request.method == "GET" and request.path == HEALTH


def _refuse_administration(request: Request) -> Refusal | None:
    """Return why a path is closed that no AWS has: it could reset or reconfigure the emulator."""
    if not f"{request.path}/".startswith(ADMINISTRATION):
        return None
    return Refusal("AccessDenied", f"expected a request to AWS but received {request.path!r}")


class _Body:
    """A request's body, read once and handed on."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: bytes | None = None
        self.broken_off = False

    async def read(self) -> bytes:
        """Return the body, or what came of it before the caller went away."""
        parts, more = [], True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                self.broken_off = True
                break
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self._read = b"".join(parts)
        return self._read

    async def receive(self) -> MutableMapping[str, Any]:
        """Take the place of the server's own `receive`."""
        if self._read is None:
            return await self._receive()
        body, self._read = self._read, None
        return {"type": "http.request", "body": body, "more_body": False}


def _log(request: Request, refusal: Refusal) -> None:
    what = f"{request.method} {request.raw_path[:SHOWN]!r}: {refusal.code}: {refusal.message!r}"
    print(f"refused {what}", file=sys.stderr, flush=True)


async def _answer(send: Send, request: Request, refusal: Refusal) -> None:
    """Refuse as AWS does, so that an SDK shows the message; no page may read it."""
    if refusal.service in XML_SERVICES or not refusal.service:
        kind, content = "application/xml", _xml(refusal)
    else:
        kind = "application/x-amz-json-1.1"
        content = json.dumps({"__type": refusal.code, "message": refusal.message})
    body = b"" if request.method == "HEAD" else content.encode()
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "x-amzn-errortype": refusal.code,
        "x-content-type-options": "nosniff",
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 403, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _xml(refusal: Refusal) -> str:
    said = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    wrapped = f"<Error>{said}</Error>"
    return wrapped if refusal.service == "s3" else f"<ErrorResponse>{wrapped}</ErrorResponse>"
