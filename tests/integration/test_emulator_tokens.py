"""JWT authorizers of the emulator's HTTP APIs: a token is verified, not believed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.support.apis import call, make_api, make_function
from tests.support.tokens import AUDIENCE, Issuer, encode, issuing

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


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
