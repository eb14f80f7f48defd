"""Serve a built page: files by their names, and one of settings.

Answers are those of Lambda for an HTTP API, payload format 2.0.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGED = Path(__file__).parents[3] / ".build/web"
"""Where the built page lies in the repository and in a function's package alike."""

INDEX, SETTINGS, LICENCES = "index.html", "settings.json", "licences.txt"
ZIPPED = ".gz"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
MIMES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}

Answer = dict[str, Any]


class WebPage:
    """A page's files by their names. All are read at once; there are few, and they are zipped."""

    def __init__(self, folder: Path, settings: Mapping[str, object], origins: str) -> None:
        """Take the files of a folder, and what the page may load from elsewhere: origins."""
        self._zipped = {
            path.name.removesuffix(ZIPPED): path.read_bytes() for path in folder.glob(f"*{ZIPPED}")
        }
        self._zipped[SETTINGS] = gzip.compress(json.dumps(settings).encode(), mtime=0)
        self._shared = {
            "content-security-policy": content_security_policy(origins),
            "cross-origin-opener-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }

    def answer(self, event: Mapping[str, Any]) -> Answer:
        """Return a file: that of the path's `file`, or the page itself where there is none."""
        headers = event.get("headers") or {}
        name = (event.get("pathParameters") or {}).get("file") or INDEX
        zipped = self._zipped.get(name)
        if zipped is None:
            return self._say(404, {"cache-control": "no-store", "content-type": "text/plain"})
        etag = f'"{hashlib.sha256(zipped).hexdigest()[:16]}"'
        told = {
            "cache-control": ASK_FIRST if name in (INDEX, SETTINGS, LICENCES) else FOR_EVER,
            "etag": etag,
            "vary": "accept-encoding",
        }
        if etag in headers.get("if-none-match", ""):
            return self._say(304, told)
        told["content-type"] = MIMES[name.rpartition(".")[2]]
        if "gzip" in headers.get("accept-encoding", ""):
            return self._say(200, told | {"content-encoding": "gzip"}, zipped)
        return self._say(200, told, gzip.decompress(zipped))

    def _say(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        return {
            "statusCode": status,
            "headers": {**self._shared, **headers},
            "body": b64encode(body).decode(),
            "isBase64Encoded": True,
        }


def content_security_policy(origins: str) -> str:
    """Return what a page may do: run and style itself by its own files alone.

    It loads media from the origins too, and sends uploads there. Streams are played from memory
    (`blob:`), and placeholders are data.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob: {origins}",
            f"media-src blob: {origins}",
            f"connect-src 'self' {origins}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
