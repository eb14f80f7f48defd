"""An issuer of tokens (JSON Web Tokens, RS256) for tests, and where its key is to be had."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "media"


def encode(content: bytes) -> str:
    """Encode as a token does: Base64, safe in URLs, without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """Gives out tokens, and at `url` the key to verify them with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = rsa.generate_private_key(65537, 2048)

    def keys(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        n, e = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
        key = {"kty": "RSA", "kid": "1", "alg": "RS256", "n": encode(n), "e": encode(e)}
        return json.dumps({"keys": [key]}).encode()

    def give(self, header: Mapping[str, Any] = {}, key: Any = None, **claims: Any) -> str:
        """Return a token for a minute; `key` signs it in place of the issuer's own."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 60}
        parts = ({"alg": "RS256", "kid": "1"} | dict(header), said | claims)
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        sign = (key or self.key).sign
        return f"{signed}.{encode(sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Serve an issuer's key for the length of a `with` block."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/.well-known/jwks.json"
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write(made.keys())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        made = Issuer(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()
