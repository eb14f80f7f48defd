"""Grants, as CloudFront would verify them."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lib.adapters.rsa import signer
from lib.application.doors.grant import LONGEST_SECONDS, Granter
from lib.application.doors.refusals import Refused
from lib.domain.errors import TransientError

KEY = rsa.generate_private_key(65537, 2048)
ASSET = "0123456789abcdef" * 2
NOW = 1_800_000_000.75
URL = "https://media.example.com"


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


GRANTER = Granter(URL, "K2JCJMDEHXQW5F", signer(lambda: pem(KEY)), lambda: NOW)
GRANT = GRANTER.grant(ASSET, 600)


def decoded(text):
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"))


def test_the_policy_is_of_one_assets_prefix_and_a_time():
    policy = decoded(GRANT.parameters["Policy"])
    assert json.loads(policy) == {
        "Statement": [
            {
                "Resource": f"{URL}/{ASSET}/*",
                "Condition": {"DateLessThan": {"AWS:EpochTime": 1_800_000_600}},
            }
        ]
    }
    assert b" " not in policy, "CloudFront verifies it without white space"
    assert GRANT.expires_at == "2027-01-15T08:10:00.000Z"
    assert GRANT.url == f"{URL}/{ASSET}/"


def test_the_signature_is_what_cloudfront_verifies():
    policy, signature = (decoded(GRANT.parameters[name]) for name in ("Policy", "Signature"))
    KEY.public_key().verify(signature, policy, PKCS1v15(), SHA1())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, policy + b" ", PKCS1v15(), SHA1())


def test_cookies_and_query_carry_the_same():
    assert set(GRANT.cookies) == {
        "CloudFront-Policy",
        "CloudFront-Signature",
        "CloudFront-Key-Pair-Id",
    }
    query = dict(each.split("=", 1) for each in GRANT.query.removeprefix("?").split("&"))
    assert query == GRANT.parameters
    assert {f"CloudFront-{name}": value for name, value in query.items()} == GRANT.cookies
    for value in query.values():
        assert not set(value) & set('+=/ ;,"'), "means something in a URL or a cookie"
    assert set(GRANT.to_values()) == {"expires_at", "url", "query", "cookies"}


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SECONDS + 1])
def test_a_time_that_is_too_short_or_too_long(seconds):
    with pytest.raises(Refused, match="seconds"):
        GRANTER.grant(ASSET, seconds)


@pytest.mark.parametrize("asset_id", ["", "*", f"{ASSET}*", "../config", ASSET.upper(), "é" * 32])
def test_a_grant_is_of_an_asset_and_nothing_wider(asset_id):
    with pytest.raises(Refused):
        GRANTER.grant(asset_id)


def test_the_key_is_read_once_and_not_before_it_is_needed():
    reads = []

    def read():
        reads.append(1)
        return pem(KEY)

    sign = signer(read)
    assert reads == []
    assert sign(b"a") != sign(b"b")
    assert len(reads) == 1


@pytest.mark.parametrize("key", ["", "no key", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_can_not_sign(key):
    with pytest.raises(TransientError, match="key") as caught:
        signer(lambda: key)(b"a")
    assert not key or key not in str(caught.value)
