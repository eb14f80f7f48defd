"""Params of the CDN that can't be meant together are refused, with the reason."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
const { findWrongDoor } = require(process.argv[1]);
const asked = JSON.parse(require('node:fs').readFileSync(0));
console.log(JSON.stringify(asked.map((params) => findWrongDoor(params, params.stage))));
"""
ON = {
    "stage": "prod",
    "delivery": True,
    "domain": "",
    "certificateArn": "",
    "staleSeconds": 60,
    "deliveryAuth": "public",
    "deliveryPublicKey": "",
}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-abcd"


def public_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoded = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


KEYS = [public_key(rsa.generate_private_key(65537, 2048)) for _ in range(2)]
BARE = "".join(KEYS[0].splitlines()[1:-1])
TOO_LONG = public_key(rsa.generate_private_key(65537, 3072))
ELLIPTIC = public_key(ec.generate_private_key(ec.SECP256R1()))

TAKEN: list[dict[str, Any]] = [
    {},
    {"domain": "media.example.com", "certificateArn": CERTIFICATE},
    {"domain": "a.example", "certificateArn": CERTIFICATE.replace("aws:", "aws-us-gov:", 1)},
    {"deliveryAuth": "signed", "deliveryPublicKey": KEYS[0]},
    {"deliveryAuth": "signed", "deliveryPublicKey": BARE},
    {"deliveryAuth": "signed", "deliveryPublicKey": KEYS},
    {"staleSeconds": "1"},
    # Where there is no CDN, nothing of it is looked at.
    {"delivery": "false", "domain": "media.example.com"},
    {"stage": "local", "deliveryAuth": "signed"},
]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"domain": "media.example.com"}, "received only domain"),
    ({"certificateArn": CERTIFICATE}, "received only certificateArn"),
    (
        {"domain": "a.example", "certificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")},
        "in us-east-1",
    ),
    ({"domain": "a.example", "certificateArn": "mine"}, "received mine"),
    ({"staleSeconds": 0}, "1 or more for the param staleSeconds"),
    ({"deliveryAuth": "private"}, "public or signed"),
    ({"deliveryAuth": "signed"}, "expected the param deliveryPublicKey"),
    ({"deliveryAuth": "signed", "deliveryPublicKey": "none"}, "can't be read"),
    ({"deliveryAuth": "signed", "deliveryPublicKey": [KEYS[0], "none"]}, "can't be read"),
    ({"deliveryAuth": "signed", "deliveryPublicKey": TOO_LONG}, "received rsa 3072"),
    ({"deliveryAuth": "signed", "deliveryPublicKey": ELLIPTIC}, "received ec"),
    # By the doors' own rule: no cookies for pages of any origin.
    ({"deliveryAuth": "signed", "deliveryPublicKey": BARE, "corsOrigins": "*"}, "by their names"),
]


@cache
def answers() -> list[str | None]:
    asked = [ON | each for each in (*TAKEN, *(params for params, _ in REFUSED))]
    done = subprocess.run(
        ["node", "-e", LOOK, ROOT / "layers" / "door_params.js"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("index", range(len(TAKEN)))
def test_what_can_be_meant(index: int) -> None:
    assert answers()[index] is None


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_what_can_not_be_meant_is_refused_with_the_reason(index: int) -> None:
    assert REFUSED[index][1] in (answers()[len(TAKEN) + index] or "")
