"""What a page does to upload: call the API, send forms and parts. By HTTP alone, no SDK."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Answer:
    """An answer as it came; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return what it says."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return a problem's code. Fails for what is no problem as it should be."""
        problem = self.json
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["cache-control"] == "no-store"
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return str(problem["code"])


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Send a request, and return the answer, whatever it is."""
    request = urllib.request.Request(url, body, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return _read(answer.status, answer)
    except urllib.error.HTTPError as exc:
        with exc:
            return _read(exc.code, exc)


def _read(status: int, answer: Any) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(status, headers, answer.read())


def send_form(url: str, fields: Mapping[str, str], content: bytes) -> Answer:
    """Send a form as a browser does: its fields, then the file."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return send("POST", url, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


@dataclass(frozen=True)
class Api:
    """The API at an address, called with these headers."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, fields: object = None) -> Answer:
        """Send a request with a body of JSON, or none."""
        if fields is None:
            return send(method, self.url + path, headers=self.headers)
        kind = {"Content-Type": "application/json"}
        body = json.dumps(fields).encode()
        return send(method, self.url + path, body, {**self.headers, **kind})

    def offer(self, filename: str, size: int, **fields: Any) -> Any:
        """Ask how a file may be sent, which is granted."""
        answer = self.call("POST", "/uploads", {"filename": filename, "size": size} | fields)
        assert answer.status == 201, answer.body
        return answer.json

    def params(self, filename: str, **metadata: str) -> Answer:
        """Ask for a form as Uppy does."""
        query = {"filename": filename, "type": "application/octet-stream"}
        query |= {f"metadata[{name}]": value for name, value in metadata.items()}
        return self.call("GET", f"/s3/params?{urlencode(query)}")

    def begin(self, filename: str, mime: str = "video/mp4", **metadata: Any) -> Parts:
        """Begin an upload in parts as Uppy does."""
        asked = {"filename": filename, "type": mime, "metadata": metadata}
        answer = self.call("POST", "/s3/multipart", asked)
        assert answer.status in (200, 201), answer.body
        return Parts(self, answer.json["uploadId"], answer.json["key"])


@dataclass(frozen=True)
class Parts:
    """An upload in parts."""

    api: Api
    upload_id: str
    key: str

    def call(self, method: str, rest: str = "", fields: object = None, query: str = "") -> Answer:
        """Call one of its paths."""
        path = f"/s3/multipart/{quote(self.upload_id, safe='')}{rest}"
        return self.api.call(method, f"{path}?key={quote(self.key, safe='')}{query}", fields)

    def send(self, number: int, content: bytes) -> dict[str, Any]:
        """Send a part to its own URL; return how it is named when all are complete."""
        signed = self.call("GET", f"/{number}")
        assert signed.status == 200, signed.body
        sent = send("PUT", signed.json["url"], content)
        assert sent.status == 200, sent.body
        return {"PartNumber": number, "ETag": sent.headers["etag"].strip('"')}

    def complete(self, *parts: Mapping[str, Any]) -> Answer:
        """Make an object of parts."""
        return self.call("POST", "/complete", {"parts": list(parts)})
