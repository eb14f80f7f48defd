"""JWT authorizers of the emulator's HTTP APIs: a token is verified, not believed."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.support.apis import call, make_api, make_function

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

AUDIENCE = "media"


def encode(content: bytes) -> str:
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
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 60}
        parts = ({"alg": "RS256", "kid": "1"} | dict(header), said | claims)
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        sign = (key or self.key).sign
        return f"{signed}.{encode(sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
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


@pytest.fixture(scope="module")
def route(running: Emulator, issuer: Issuer) -> str:
    """Return the path of a route that wants a token."""
    auth = {"AuthorizationType": "JWT", "Issuer": issuer.url, "Audience": AUDIENCE}
    return make_api(running, make_function(running), {"GET /x": auth}) + "/x"


def test_a_good_token_says_who_asks(running, route, issuer):
    answer = call(running, "GET", route, {"Authorization": f"Bearer {issuer.give()}"})
    assert answer.status == 200, answer.body
    claims = json.loads(answer.body)["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["sub"] == "ada"


def test_no_other_token_is_taken(running, route, issuer):
    good = issuer.give()
    header, claims, signature = good.split(".")
    other = encode(json.dumps({"iss": issuer.url, "aud": AUDIENCE, "sub": "eve"}).encode())
    unsigned = encode(b'{"alg": "none", "kid": "1"}')
    for token in (
        "",
        "any",
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.",
        f"{unsigned}.{claims}.",
        f"{header}.{claims}.{encode(bytes(256))}",
        f"{header}.{claims}.{signature[:-8]}",
        issuer.give(key=rsa.generate_private_key(65537, 2048)),
        issuer.give({"alg": "HS256"}),
        issuer.give({"kid": "2"}),
        issuer.give(exp=int(time.time()) - 1),
        issuer.give(aud="other"),
        issuer.give(iss="http://evil.test"),
    ):
        refused = call(running, "GET", route, {"Authorization": f"Bearer {token}"})
        assert refused.status == 401, token
        assert "requestContext" not in refused.body
    assert call(running, "GET", route).status == 401
