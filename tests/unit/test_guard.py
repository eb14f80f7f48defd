"""Who the emulator serves: processes of this machine that sign with what it has given out."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from lib.local import emulator, guard
from lib.local.emulator import Emulator

pytestmark = pytest.mark.skipif(
    not emulator.PYTHON.exists(), reason="node lib/local/run.mjs installs the emulator"
)

LIST_ROLES = b"Action=ListRoles&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: str

    @property
    def opened_to_pages(self) -> list[str]:
        return [name for name in self.headers if name.lower().startswith("access-control")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator.running(folder=tmp_path_factory.mktemp("guarded")) as started:
        yield started


@pytest.fixture
def key(running: Emulator) -> Credentials:
    return Credentials(running.state.access_key, running.state.secret_key)


def client(running: Emulator, service: Any, key: Credentials, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        region_name=emulator.REGION,
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
    SigV4Auth(key, "iam", emulator.REGION).add_auth(request)
    return dict(request.headers.items())


def ask(running: Emulator, key: Credentials, host: str = "", **headers: str) -> Answer:
    """Ask for all roles with a good signature."""
    host = host or f"127.0.0.1:{running.port}"
    return send(running, "POST", "/", signed(key, host, LIST_ROLES, **headers), LIST_ROLES)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_serves_who_names_this_machine_and_signs(running, key, host):
    answer = ask(running, key, f"{host}:{running.port}")
    assert answer.status == 200, answer.body
    assert "<Roles" in answer.body


@pytest.mark.parametrize(
    "host",
    [
        "evil.test:{port}",
        "127.0.0.1.evil.test:{port}",
        "bucket.localhost:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "127.0.0.1:{port},evil.test",
        "evil@127.0.0.1:{port}",
    ],
)
def test_refuses_another_host_whatever_the_signature(running, key, host):
    answer = ask(running, key, host.format(port=running.port))
    assert answer.status in (400, 403)
    assert "<Roles" not in answer.body
    assert not answer.opened_to_pages


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://localhost:3000", "http://127.0.0.1:{port}", ""]
)
def test_refuses_every_origin_whatever_the_signature(running, key, origin):
    answer = ask(running, key, Origin=origin.format(port=running.port))
    assert (answer.status, answer.opened_to_pages) == (403, [])
    assert "<Roles" not in answer.body


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("new", 403), ("none", 200), ("same-origin", 200)],
)
def test_refuses_what_a_page_of_another_site_asks_for(running, key, site, status):
    assert ask(running, key, Sec_Fetch_Site=site).status == status


def test_no_preflight_is_answered(running):
    headers = {
        "Host": f"127.0.0.1:{running.port}",
        "Origin": "http://evil.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for asked in (headers, {"Host": headers["Host"]}):
        for target in ("/", "/bucket/key", guard.HEALTH):
            answer = send(running, "OPTIONS", target, asked)
            assert (answer.status, answer.opened_to_pages) == (403, [])


def test_only_health_needs_no_signature(running):
    host = {"Host": f"127.0.0.1:{running.port}"}
    assert send(running, "GET", guard.HEALTH, host).status == 200
    assert send(running, "GET", guard.HEALTH, host | {"Origin": "http://evil.test"}).status == 403
    for method, target in (("POST", guard.HEALTH), ("GET", f"{guard.HEALTH}/"), ("GET", "/health")):
        assert send(running, method, target, host).status == 403


@pytest.mark.parametrize("target", ["reset", "config", "ready", "lambda-code/any", "%72eset"])
def test_the_administration_is_closed_to_everybody(running, key, target):
    host = f"127.0.0.1:{running.port}"
    answer = send(running, "POST", f"/_ministack/{target}", signed(key, host), LIST_ROLES)
    assert answer.status == 403
    assert "expected a request to AWS" in answer.body


def test_no_connection_is_upgraded():
    reached: list[str] = []
    sent: list[Any] = []

    async def served(scope, receive, send):
        reached.append(scope["type"])

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    async def verify(request, read):
        return None

    guarded = guard.guard(served, 4566, verify)
    for kind in ("lifespan", "websocket"):
        asyncio.run(guarded({"type": kind}, receive, send))
    assert reached == ["lifespan"]
    assert [each["type"] for each in sent] == ["websocket.close"]


@pytest.mark.parametrize("service", ["iam", "lambda", "s3", "sqs"])
@pytest.mark.parametrize("name", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE", "LOCAL0"])
def test_no_other_key_is_known_and_the_error_says_the_way_out(running, key, service, name):
    call = {"iam": "list_roles", "lambda": "list_functions", "s3": "list_buckets"}
    for secret in ("test", key.secret_key):
        with pytest.raises(ClientError) as refused:
            getattr(
                client(running, service, Credentials(name, secret)),
                call.get(service, "list_queues"),
            )()
        assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
        assert "npm run demo -- --keep" in str(refused.value)


def test_what_is_not_signed_or_not_so_is_refused(running, key):
    host = f"127.0.0.1:{running.port}"
    good = signed(key, host)
    credential = good["Authorization"]
    day = datetime.now(UTC).strftime("%Y%m%d")
    for change, code in (
        ({"Authorization": None}, "MissingAuthenticationToken"),
        ({"Authorization": ""}, "MissingAuthenticationToken"),
        ({"Authorization": "Bearer any"}, "IncompleteSignature"),
        ({"Authorization": f"AWS {key.access_key}:any"}, "IncompleteSignature"),
        ({"Authorization": credential.replace("AWS4-HMAC", "AWS4-ECDSA-P256")}, "Incomplete"),
        ({"Authorization": credential[:-1]}, "SignatureDoesNotMatch"),
        ({"Authorization": credential.replace("host;", "")}, "`host` to be signed"),
        ({"Authorization": credential.replace("/iam/", "/sts/")}, "SignatureDoesNotMatch"),
        ({"Authorization": credential.replace(f"/{day}/", "/20200101/")}, "DateMismatch"),
        ({"X-Amz-Date": "now"}, "IncompleteSignature"),
        ({"X-Amz-Date": f"{day}T000000Z" * 2}, "IncompleteSignature"),
        ({"X-Amz-Security-Token": "any"}, "InvalidClientTokenId"),
    ):
        headers = {name: text for name, text in (good | change).items() if text is not None}
        answer = send(running, "POST", "/", headers, LIST_ROLES)
        assert answer.status == 403, change
        assert code in answer.body
    changed = LIST_ROLES.replace(b"Roles", b"Users")
    assert "SignatureDoesNotMatch" in send(running, "POST", "/", good, changed).body
    assert "SignatureDoesNotMatch" in send(running, "POST", "/?a=b", good, LIST_ROLES).body
    assert "SignatureDoesNotMatch" in send(running, "PUT", "/", good, LIST_ROLES).body
    wrong = signed(Credentials(key.access_key, "wrong"), host)
    said = send(running, "POST", "/", wrong, LIST_ROLES).body
    assert "SignatureDoesNotMatch" in said
    assert "npm run demo -- --keep" in said


def test_a_signature_ages(running, key, monkeypatch):
    then = datetime.now(UTC) - timedelta(minutes=16)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: then)
    answer = ask(running, key)
    assert answer.status == 403
    assert "RequestTimeTooSkewed" in answer.body


def test_a_body_is_the_one_that_its_signature_is_for(running, key):
    host = f"127.0.0.1:{running.port}"
    client(running, "s3", key).create_bucket(Bucket="bodies")

    class Unsigned(S3SigV4Auth):
        def _should_sha256_sign_payload(self, request):
            return False

    def put(sent: bytes, signer: type[S3SigV4Auth] = S3SigV4Auth) -> Answer:
        request = AWSRequest("PUT", f"http://{host}/bodies/key", data=b"as signed")
        request.headers["Host"] = host
        signer(key, "s3", emulator.REGION).add_auth(request)
        return send(running, "PUT", "/bodies/key", dict(request.headers.items()), sent)

    assert put(b"as signed").status == 200
    tampered = put(b"tampered!")
    assert tampered.status == 403
    assert "XAmzContentSHA256Mismatch" in tampered.body
    assert put(b"said to be unsigned", Unsigned).status == 200


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(running, key, version, monkeypatch):
    name = {"Bucket": f"presigned-{version}", "Key": "été à la + plage/1.jpg"}
    client(running, "s3", key).create_bucket(Bucket=name["Bucket"])
    client(running, "s3", key).put_object(**name, Body=b"content")
    s3 = client(running, "s3", key, signature_version=version)

    def get(url: str) -> Answer:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}"
        return send(running, "GET", target, {"Host": parts.netloc})

    url = s3.generate_presigned_url("get_object", Params=name, ExpiresIn=600)
    assert get(url).body == "content"
    for change in (("1.jpg", "2.jpg"), ("Expires=", "Expires=1"), (key.access_key, "test")):
        assert url.replace(*change) != url
        assert get(url.replace(*change)).status == 403
    other = client(running, "s3", Credentials(key.access_key, "test"), signature_version=version)
    assert get(other.generate_presigned_url("get_object", Params=name)).status == 403
    assert (
        send(
            running,
            "GET",
            url.partition(str(running.port))[2],
            {
                "Host": f"127.0.0.1:{running.port}",
                "Sec-Fetch-Site": "cross-site",
            },
        ).status
        == 403
    )
    then = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: then)
    monkeypatch.setattr(time, "time", then.timestamp)
    expired = get(s3.generate_presigned_url("get_object", Params=name, ExpiresIn=600))
    assert expired.status == 403
    assert "expired" in expired.body


def test_a_presigned_query_is_good_for_its_seconds_at_every_service(running, key, monkeypatch):
    host = f"127.0.0.1:{running.port}"
    target = f"/?{LIST_ROLES.decode()}"

    def ask(shift: timedelta, seconds: int = 60, drop: str = "") -> Answer:
        then = datetime.now(UTC) + shift
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: then)
        request = AWSRequest("GET", f"http://{host}{target}", headers={"Host": host})
        SigV4QueryAuth(key, "iam", emulator.REGION, expires=seconds).add_auth(request)
        query = urlsplit(str(request.url)).query.replace(drop, "")
        return send(running, "GET", f"/?{query}", {"Host": host})

    assert "<Roles" in ask(timedelta(0)).body
    assert "<Roles" in ask(timedelta(seconds=-50)).body
    assert "Request has expired" in ask(timedelta(seconds=-70)).body
    assert "RequestTimeTooSkewed" in ask(timedelta(hours=1)).body
    assert "AuthorizationQueryParametersError" in ask(timedelta(0), 604_801).body
    assert "AuthorizationQueryParametersError" in ask(timedelta(0), 0).body
    assert "AuthorizationQueryParametersError" in ask(timedelta(0), 60, "&X-Amz-Expires=60").body


def test_a_function_has_its_roles_secret_which_no_name_tells(running, key, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as code:
        code.writestr("own.py", "import os\ndef handler(event, context): return dict(os.environ)\n")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    role = client(running, "iam", key).create_role(
        RoleName="own", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    functions = client(running, "lambda", key)
    made = functions.create_function(
        FunctionName="own",
        Runtime="python3.13",
        Role=role,
        Handler="own.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    seen = json.load(functions.invoke(FunctionName="own")["Payload"])
    own = Credentials(
        seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"], seen["AWS_SESSION_TOKEN"]
    )
    identity = client(running, "sts", own).get_caller_identity()
    assert ":assumed-role/own/" in identity["Arn"]
    assert key.secret_key not in seen.values()
    assert not {name for name in seen if name.lower() in ("http_proxy", "https_proxy")}
    digest = hashlib.sha256(f"{made['FunctionArn']}:{role}".encode()).hexdigest()
    for each in (
        Credentials(own.access_key, "wrong", own.token),
        Credentials(own.access_key, own.secret_key),
        Credentials(
            f"ASIA{digest[:16].upper()}",
            hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
            hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        ),
    ):
        with pytest.raises(ClientError):
            client(running, "sts", each).get_caller_identity()


def test_the_root_secret_is_in_no_file_that_others_read_nor_in_the_list_of_processes(running, key):
    assert (running.folder / "emulator.json").stat().st_mode & 0o777 == 0o600
    assert running.folder.stat().st_mode & 0o777 == 0o700
    holders = [
        path
        for path in running.folder.rglob("*")
        if path.is_file() and key.secret_key.encode() in path.read_bytes()
    ]
    assert [path.name for path in holders] == ["emulator.json"]
    if Path("/proc/self").exists():
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{running.pid}/{name}").read_bytes()
            assert key.secret_key.encode() not in content
    assert key.secret_key not in repr(running)


def test_credentials_are_new_at_each_start(running, tmp_path):
    with emulator.running(folder=tmp_path) as other:
        assert other.state.access_key != running.state.access_key
        assert other.state.secret_key != running.state.secret_key
        assert len(other.state.secret_key) >= 40


def test_an_origin_that_is_allowed_must_sign_too():
    """Pages of the local stage itself come later."""

    async def served(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def verify(request, read):
        signed = request.header("authorization") == "good"
        return None if signed else guard.Refusal("AccessDenied", "not signed")

    guarded = guard.guard(served, 4566, verify, {"http://localhost:3000"})

    def ask(**headers: str) -> int:
        sent: list[Any] = []

        async def receive():
            return {"type": "http.request"}

        async def send(message):
            sent.append(message)

        listed = {"host": "localhost:4566"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(name.encode(), text.encode()) for name, text in listed.items()],
        }
        asyncio.run(guarded(scope, receive, send))
        return int(sent[0]["status"])

    page = {"origin": "http://localhost:3000", "sec_fetch_site": "same-site"}
    assert ask(**page, authorization="good") == 200
    assert ask(**page) == 403
    assert ask(**page | {"origin": "http://localhost:3001"}, authorization="good") == 403
    assert ask(**page | {"host": "evil.test"}, authorization="good") == 403
