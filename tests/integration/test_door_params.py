"""Params of the doors that can't be meant together are refused, with what to write instead."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOOK = """
const { findWrongDoor } = require(process.argv[1]);
const asked = JSON.parse(require('node:fs').readFileSync(0));
console.log(JSON.stringify(asked.map(([stage, params]) => findWrongDoor(params, stage))));
"""

DEFAULTS = {
    "api": False,
    "apiAuth": "iam",
    "jwtIssuer": "",
    "jwtAudience": [],
    "tenantClaim": "",
    "corsOrigins": [],
    "gallery": False,
    "webhookUrl": "",
    "webhookPrivate": False,
    "webhookDelays": "5,300",
    "webhookDeadline": 15,
    "webhookSeconds": 86400,
    "maxReceives": 400,
}
JWT = {"apiAuth": "jwt", "jwtIssuer": "https://id.example.com/", "jwtAudience": ["app"]}
PAGE = {"api": True, "gallery": True}

TAKEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("prod", {}),
    ("dev", {"api": "true"}),
    ("local", {"api": True, "apiAuth": "none", "gallery": True}),
    ("prod", {**JWT, "tenantClaim": "sub"}),
    ("prod", {**JWT, **PAGE, "jwtAudience": "app,site"}),
    ("local", {**JWT, "jwtIssuer": "http://127.0.0.1:8123"}),
    ("prod", {"corsOrigins": ["https://app.example.com", "http://localhost:3000"]}),
    ("prod", {"corsOrigins": "https://app.example.com, https://b.example.com:8443"}),
    ("prod", {"corsOrigins": ["https://xn--bcher-kva.example"]}),
    ("prod", {"gallery": "false", "api": "false"}),
    ("prod", {"webhookUrl": "https://app.example.com/hooks/media?token=1"}),
    ("prod", {"webhookUrl": "https://x.example/", "webhookDelays": "5,5,300"}),
    ("local", {"webhookUrl": "https://x.example/", "webhookDelays": "0,1", "webhookSeconds": "60"}),
    ("prod", {"webhookUrl": "http://10.0.0.7/hook", "webhookPrivate": "true"}),
)

REFUSED: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("dev", {"apiAuth": "IAM"}, "iam, jwt or none", "received IAM"),
    ("dev", {"apiAuth": ""}, "iam, jwt or none", "received "),
    ("dev", {"apiAuth": "none"}, "whoever finds the address", "apiAuth: iam"),
    ("local-2", {"apiAuth": "none"}, "fill your bucket", "apiAuth: jwt"),
    ("prod", {"apiAuth": "jwt", "jwtAudience": "app"}, "jwtIssuer", "received none"),
    ("prod", {**JWT, "jwtIssuer": "http://127.0.0.1:8123"}, "with https", "jwtIssuer: https://"),
    ("prod", {**JWT, "jwtIssuer": "id.example.com"}, "with https", "iss"),
    ("local", {**JWT, "jwtIssuer": "http://id.example.com"}, "with https", "keys"),
    ("prod", {**JWT, "jwtAudience": []}, "jwtAudience", "another app"),
    ("prod", {**JWT, "jwtAudience": " ,"}, "jwtAudience", "aud"),
    ("prod", {"tenantClaim": "sub"}, "apiAuth: jwt", "every caller would have every key"),
    ("local", {"apiAuth": "none", "tenantClaim": "sub"}, "apiAuth: jwt", "leave tenantClaim out"),
    ("prod", {"corsOrigins": "*"}, "in their name", "https://app.example.com"),
    ("local", {"corsOrigins": ["https://*.example.com"]}, "by their names", "received https://*."),
    ("prod", {"corsOrigins": ["https://a.example.com/"]}, "letter by letter", "https://a.example.com"),
    ("prod", {"corsOrigins": ["https://a.example.com/x"]}, "scheme://", "https://a.example.com"),
    ("prod", {"corsOrigins": ["https://A.example.com"]}, "scheme://", "Write https://a.example.com"),
    ("prod", {"corsOrigins": ["https://a.example.com:443"]}, "Write https://a.example.com", ""),
    ("prod", {"corsOrigins": ["https://bücher.example"]}, "https://xn--bcher-kva.example", ""),
    ("prod", {"corsOrigins": ["app.example.com"]}, "scheme://host", "received app.example.com"),
    ("prod", {"corsOrigins": ["localhost:3000"]}, "scheme://host", "Write https://app"),
    ("prod", {"corsOrigins": ["null"]}, "scheme://host", "received null"),
    ("prod", {**JWT, "gallery": True}, "api: true", "leave gallery out"),
    ("prod", PAGE, "expected jwt", "apiAuth: jwt"),
    ("dev", {"gallery": "true", "api": "true"}, "expected jwt", "no key of AWS"),
    ("prod", {"webhookUrl": "http://app.example.com/hook"}, "with https", "webhookPrivate: true"),
    ("prod", {"webhookUrl": "app.example.com"}, "with https", "received app.example.com"),
    ("prod", {"webhookUrl": "ftp://x/", "webhookPrivate": True}, "with http or https", "ftp"),
    ("local", {"webhookUrl": "127.0.0.1:3000/hook", "webhookPrivate": True}, "http or", "http://127"),
    ("local", {"webhookUrl": "http://127.0.0.1/", "webhookPrivate": False}, "with https", "true"),
    ("prod", {"webhookUrl": "https://me:secret@x.example"}, "no user and password", "signature"),
    (
        "prod",
        {"webhookUrl": "https://x.example/", "webhookDelays": "300,60"},
        "longer waits",
        "1437 times",
    ),
    ("prod", {"webhookUrl": "https://x.example/", "webhookDeadline": "21"}, "at most 20 s", "30"),
    ("prod", {"webhookUrl": "https://x.example/", "webhookSeconds": 1209600}, "604800 s", "SQS"),
    ("prod", {"webhookDelays": "soon"}, "seconds with commas", "received soon"),
    ("prod", {"webhookDelays": "5, 300"}, "seconds with commas", "received 5, 300"),
)  # fmt: skip


@pytest.fixture(scope="module")
def said() -> dict[str, str | None]:
    """Return what is said of each case, by what was asked; all in one process."""
    cases = [*TAKEN, *(each[:2] for each in REFUSED)]
    asked = [(stage, DEFAULTS | params) for stage, params in cases]
    done = subprocess.run(
        ["node", "-e", LOOK, ROOT / "layers" / "door_params.js"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(map(json.dumps, asked), json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("stage", "params"), TAKEN)
def test_doors_that_can_be_meant_are_taken(said, stage, params):
    assert said[json.dumps((stage, DEFAULTS | params))] is None


@pytest.mark.parametrize(("stage", "params", "reason", "instead"), REFUSED)
def test_doors_that_cannot_be_meant_are_refused_with_what_to_write(
    said, stage, params, reason, instead
):
    message = said[json.dumps((stage, DEFAULTS | params))]
    assert message is not None
    assert message.startswith("expected ")
    assert reason in message
    assert instead in message
