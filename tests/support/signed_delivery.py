"""What a back end sees of a stage with signed delivery, which needs a CDN: the API's answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREVIEW = "https://media.example.com/a1/v1/r1/preview-640.avif"
QUERY = "?Policy=p&Signature=s&Key-Pair-Id=k"


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer({"preview": PREVIEW})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        granted = self.path.endswith("/grant") and set(asked) <= {"seconds"}
        self._answer({"query": QUERY if granted else ""})

    def _answer(self, fields: Mapping[str, str]) -> None:
        body = json.dumps(fields).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    """Serve such an API; return its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def sign(secret: str, data: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return an event's body and headers, by https://www.standardwebhooks.com."""
    body = json.dumps({"type": data["type"], "data": data})
    at = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{data['id']}.{at}.{body}".encode(), hashlib.sha256).digest()
    return body.encode(), {
        "content-type": "application/json",
        "webhook-id": data["id"],
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
