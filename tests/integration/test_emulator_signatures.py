"""Whom the emulator serves: who signs with what it has given out."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import REGION
from tests.support.signed import LIST_ROLES, Answer, ask, client, send, signed

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)


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
        signer(key, "s3", REGION).add_auth(request)
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
        SigV4QueryAuth(key, "iam", REGION, expires=seconds).add_auth(request)
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
    with lifecycle.running(folder=tmp_path) as other:
        assert other.state.access_key != running.state.access_key
        assert other.state.secret_key != running.state.secret_key
        assert len(other.state.secret_key) >= 40
