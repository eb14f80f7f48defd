"""Stand in front of the emulator: serve who runs on this machine and signs, and few web pages.

A page in a browser can send requests to loopback, and by a name that it resolves to 127.0.0.1 even
read the answers. So a request must name this machine as its host, and come from no page; and like
on AWS it must be signed with a secret that the emulator has given out. Only the question whether it
is up needs no signature. Everything else that is not signed is refused, its own administration too.
What is open to pages, or without a signature, is a `Door`: `doors.py` finds it.

Runs in the emulator's own environment, as an ASGI application around another.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from lib.tools.emulator.refusals import Refusal, Send, answer

HEALTH = "/_ministack/health"
ADMINISTRATION = ("/_ministack/", "/_localstack/")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BY_HAND = frozenset({"none", "same-origin"})
"""What `Sec-Fetch-Site` is for an address that somebody typed."""

READING = frozenset({"GET", "HEAD"})
"""Methods by which a browser may ask without the page's origin: for images, films and links."""

HARMLESS = (
    (b"content-security-policy", b"sandbox"),
    (b"x-content-type-options", b"nosniff"),
)
"""Goes with objects: one that is a page runs no script, which would have the emulator's origin."""

SHOWN = 100
LOGGED = 1000
"""Refusals that the log tells of: a page that insists must not fill the disk."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


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


@dataclass(frozen=True, slots=True)
class Door:
    """What browsers may ask the emulator for.

    Pages of its own origins may, and those of an origin that it `admits`. `embedded`: any page may
    show what it is, as an image or a film, but not read it. `verify` stands in for the signature.
    `shared` are the headers by which a page that is admitted may read why it is refused.
    """

    admits: Callable[[str], bool]
    embedded: bool = False
    verify: Verify | None = None
    shared: Mapping[str, str] = field(default_factory=dict)


FindDoor = Callable[[Request], Door | None]


def filter_requests(
    served: Application, port: int, verify: Verify, find_door: FindDoor = lambda _: None
) -> Application:
    """Return an application that serves what the filter lets pass."""
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
        door = find_door(request)
        refusal = refuse_page(request, hosts, door)
        shared = door.shared if door and refusal is None else {}
        if refusal is None and not _asks_for_health(request):
            verify_it = (door and door.verify) or verify
            refusal = _refuse_administration(request) or await verify_it(request, body.read)
        if body.broken_off:
            return
        if refusal:
            if next(refused) < LOGGED:
                _log(request, refusal)
            await answer(send, request.method, refusal, shared)
        else:
            shown = door is not None and door.embedded
            await served(scope, body.receive, _send_harmless(send) if shown else send)

    return filtered


def refuse_page(request: Request, hosts: Collection[str], door: Door | None) -> Refusal | None:
    """Return why a request can come from a page that may not send it, or None.

    No signature makes up for it. A browser names the page's origin for all but reading; for that
    the referrer, which no page can invent, tells it too.
    """
    host, origin = request.header("host"), request.header("origin")
    if host.lower() not in hosts:
        return Refusal("AccessDenied", f"expected Host to be this machine but received {host!r}")
    own = frozenset(f"http://{each}" for each in hosts)
    if any(name == "origin" for name, _ in request.headers):
        if door and _admits(door, own, origin):
            return None
        return Refusal("AccessDenied", f"expected no page to ask but received Origin {origin!r}")
    site = request.header("sec-fetch-site")
    if not site or site in BY_HAND:
        return None
    if door and request.method in READING and _may_read(door, own, request):
        return None
    return Refusal("AccessDenied", f"expected no page to ask but received Sec-Fetch-Site {site!r}")


def _may_read(door: Door, own: Collection[str], request: Request) -> bool:
    return door.embedded or _admits(door, own, _origin_of(request.header("referer")))


def _admits(door: Door, own: Collection[str], origin: str) -> bool:
    return origin in own or (bool(origin) and door.admits(origin))


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _send_harmless(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HARMLESS]}
        await send(message)

    return sending


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
