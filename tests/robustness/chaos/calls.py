"""Read what the proxy hears: a request, which call of which service it is, and refusals of it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

LARGEST_HEAD = 64 * 1024
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
XML = frozenset({"s3", "sns"})
S3_READS = frozenset({"GET", "HEAD"})
NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response as it came: its head with the empty line, and its body."""

    head: bytes
    body: bytes

    @property
    def first(self) -> str:
        """Return the request line or the status line."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    def header(self, name: str) -> str:
        """Return a header's value, "" for none."""
        return _header(self.head, name)


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of one call to AWS; attempts of the same call have the same `id`."""

    service: str
    operation: str
    writes: bool
    id: str
    text: str
    """Where it goes and what it says, to find an asset in it."""

    @classmethod
    def of(cls, request: Message) -> Call:
        """Say what a signed request asks for."""
        method, target, *_ = request.first.split(" ")
        path, _, query = target.partition("?")
        signed = request.header("authorization") or f"Credential={_credential(query)}"
        scope = SCOPE.search(signed)
        service = scope[1] if scope else "s3"
        operation = _operation(service, method, query, request)
        return cls(
            service,
            operation,
            _writes(service, method, operation),
            request.header("amz-sdk-invocation-id"),
            f"{unquote(path)} {request.body[:4096].decode('latin-1')}",
        )


def _credential(query: str) -> str:
    return parse_qs(query).get("X-Amz-Credential", [""])[0]


def _operation(service: str, method: str, query: str, request: Message) -> str:
    if target := request.header("x-amz-target"):
        return target.rpartition(".")[2]
    if service == "s3":
        if method == "POST" and "delete" in query:
            return "DeleteObjects"
        return "ListObjects" if "list-type" in query else f"{method.capitalize()}Object"
    form = parse_qs(request.body[:4096].decode("latin-1"))
    return form.get("Action", ["?"])[0]


def _writes(service: str, method: str, operation: str) -> bool:
    if service == "s3":
        return method not in S3_READS
    return not operation.startswith(("Get", "Describe", "Query", "List", "BatchGet"))


def refuse(service: str, status: int, code: str) -> bytes:
    """Return a whole response by which a service refuses, as an SDK understands it."""
    said = "refused on purpose"
    if service in XML:
        error = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
        body = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        kind = "application/xml"
    else:
        body, kind = json.dumps({"__type": code, "message": said}), "application/x-amz-json-1.0"
    head = (
        f"HTTP/1.1 {status} Refused\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\nx-amzn-errortype: {code}\r\n\r\n"
    )
    return (head + body).encode()


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message:
    """Read one request. Raises IncompleteReadError where the caller has gone."""
    head = await reader.readuntil(b"\r\n\r\n")
    if _header(head, "expect"):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = re.sub(rb"(?i)\r\nexpect:[^\r]*", b"", head)
    return Message(head, await _read_body(reader, head, until_closed=False))


async def read_response(reader: asyncio.StreamReader, method: str) -> Message:
    """Read one response to a request of a method."""
    head = await reader.readuntil(b"\r\n\r\n")
    while (status := int(head.split(b" ", 2)[1])) < 200:
        head = await reader.readuntil(b"\r\n\r\n")
    if method == "HEAD" or status in NO_BODY:
        return Message(head, b"")
    return Message(head, await _read_body(reader, head, until_closed=True))


async def _read_body(reader: asyncio.StreamReader, head: bytes, until_closed: bool) -> bytes:
    if _header(head, "transfer-encoding").lower() == "chunked":
        return await _read_chunks(reader)
    length = _header(head, "content-length")
    if length:
        return await reader.readexactly(int(length))
    return await reader.read() if until_closed else b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a chunked body as it came, chunks' lengths and trailers included."""
    read = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        read += line
        size = int(line.split(b";")[0], 16)
        if size:
            read += await reader.readexactly(size + 2)
            continue
        while (trailer := await reader.readuntil(b"\r\n")) != b"\r\n":
            read += trailer
        return read + trailer


def _header(head: bytes, name: str) -> str:
    found = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*([^\r\n]*)", head)
    return found[1].decode("latin-1").strip() if found else ""
