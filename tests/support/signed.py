"""Requests to an emulator, as exactly as a test wants them: signed, or not quite."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from lib.tools.emulator.environment import REGION
from lib.tools.emulator.lifecycle import Emulator

LIST_ROLES = b"Action=ListRoles&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: str

    @property
    def opened_to_pages(self) -> list[str]:
        return [name for name in self.headers if name.lower().startswith("access-control")]


def root(running: Emulator) -> Credentials:
    """Return what an emulator takes for its root."""
    return Credentials(running.state.access_key, running.state.secret_key)


def client(running: Emulator, service: Any, key: Credentials, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        region_name=REGION,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
        aws_session_token=key.token,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def send(
    running: Emulator,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Answer:
    """Send exactly this: no header is added but the body's length."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    said = Answer(answer.status, answer.headers, answer.read().decode())
    connection.close()
    return said


def signed(key: Credentials, host: str, body: bytes = LIST_ROLES, **headers: str) -> dict[str, str]:
    """Return the headers of a request for all roles, signed for a host and with further headers."""
    asked = FORM | {"Host": host} | {name.replace("_", "-"): text for name, text in headers.items()}
    request = AWSRequest("POST", f"http://{host}/", data=body, headers=asked)
    SigV4Auth(key, "iam", REGION).add_auth(request)
    return dict(request.headers.items())


def ask(running: Emulator, key: Credentials, host: str = "", **headers: str) -> Answer:
    """Ask for all roles with a good signature."""
    host = host or f"127.0.0.1:{running.port}"
    return send(running, "POST", "/", signed(key, host, LIST_ROLES, **headers), LIST_ROLES)
