"""What browsers may ask of the emulator: objects and forms of S3, by the bucket's own rules."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.support.signed import Answer, client, send

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

PAGE = "http://localhost:3000"
FOREIGN = "http://evil.test"
MEGABYTE = 1 << 20


@pytest.fixture
def bucket(running: Emulator, key: Any) -> str:
    """Return a bucket whose CORS names a page; all may do all to it and to what is `public/`."""
    s3 = client(running, "s3", key)
    name = "doors"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    own = f"http://localhost:{running.port}"
    rule = {
        "AllowedOrigins": [PAGE, own],
        "AllowedMethods": ["GET", "PUT", "POST"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
    }
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    s3.delete_public_access_block(Bucket=name)
    allowed = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/public/*"],
    }
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    s3.put_object(Bucket=name, Key="public/a b.txt", Body=b"shown", ContentType="text/html")
    s3.put_object(Bucket=name, Key="private.txt", Body=b"hidden")
    return name


def ask(
    running: Emulator, method: str, target: str, body: bytes | str = b"", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    sent = body.encode() if isinstance(body, str) else body
    return send(running, method, target, {"Host": f"127.0.0.1:{running.port}"} | named, sent)


def test_anonymous_callers_read_objects_that_the_policy_makes_public(running, bucket):
    target = f"/{bucket}/public/a%20b.txt"
    foreign = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "image"}
    assert ask(running, "GET", target).body == "shown"
    assert ask(running, "HEAD", target).status == 200
    assert ask(running, "GET", target, Range="bytes=1-2").body == "ho"
    assert ask(running, "GET", target, **foreign).body == "shown"
    assert ask(running, "GET", target, Origin=PAGE).headers["Access-Control-Allow-Origin"] == PAGE
    for refused in (
        ask(running, "GET", f"/{bucket}/private.txt"),
        ask(running, "GET", f"/{bucket}/public/../private.txt"),
        ask(running, "GET", f"/{bucket}/public%2f..%2fprivate.txt"),
        ask(running, "GET", f"/{bucket}"),
        ask(running, "GET", f"/{bucket}/"),
        ask(running, "GET", f"/{bucket}?list-type=2"),
        ask(running, "GET", f"{target}?acl"),
        ask(running, "GET", f"{target}?Action=ListRoles&Version=2010-05-08"),
        ask(running, "GET", f"{target}?response-content-type=text/html"),
        ask(running, "GET", target, X_Amz_Target="DynamoDB_20120810.ListTables"),
        ask(running, "GET", target, Authorization="Bearer any"),
        ask(running, "PUT", target, b"mine"),
        ask(running, "DELETE", target),
        ask(running, "GET", target, Origin=FOREIGN),
        ask(running, "GET", target, Origin="null"),
        ask(running, "GET", "/missing/key"),
    ):
        assert refused.status in (400, 403, 404)
        assert "shown" not in refused.body
        assert "hidden" not in refused.body
        assert not refused.opened_to_pages


def test_an_object_that_is_a_page_runs_no_script(running, bucket):
    answer = ask(running, "GET", f"/{bucket}/public/a%20b.txt")
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_preflights_are_answered_by_the_bucket(running, bucket):
    def preflight(origin: str, method: str, target: str = f"/{bucket}/new", **headers: str):
        return ask(
            running,
            "OPTIONS",
            target,
            Origin=origin,
            Access_Control_Request_Method=method,
            **headers,
        )

    for origin in (PAGE, f"http://localhost:{running.port}"):
        answer = preflight(origin, "PUT", Access_Control_Request_Headers="content-type")
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
    for refused in (
        preflight(PAGE, "DELETE"),
        preflight(f"http://127.0.0.1:{running.port}", "PUT"),
        preflight(FOREIGN, "PUT"),
        preflight("null", "PUT"),
        preflight("http://localhost:3001", "PUT"),
        preflight(PAGE, "PUT", "/missing/new"),
        preflight(PAGE, "PUT", "/"),
        preflight(PAGE, "POST", f"/{bucket}/x?Action=CreateRole"),
        preflight(PAGE, "PUT", f"/{bucket}/new", Host="evil.test"),
    ):
        assert refused.status in (400, 403)
        assert not refused.opened_to_pages


def test_a_page_uses_presigned_urls_and_sees_the_etag(running, key, bucket):
    s3 = client(running, "s3", key, signature_version="s3v4")
    name = {"Bucket": bucket, "Key": "é/part"}
    upload = s3.create_multipart_upload(**name)["UploadId"]
    part = name | {"UploadId": upload, "PartNumber": 1}
    url = urlsplit(s3.generate_presigned_url("upload_part", Params=part))
    target = f"{url.path}?{url.query}"
    put = ask(running, "PUT", target, b"x" * MEGABYTE, Origin=PAGE, Sec_Fetch_Site="cross-site")
    assert put.status == 200, put.body
    assert put.headers["Access-Control-Expose-Headers"] == "ETag"
    assert put.headers["Access-Control-Allow-Origin"] == PAGE
    parts = [{"PartNumber": 1, "ETag": put.headers["ETag"]}]
    s3.complete_multipart_upload(**name, UploadId=upload, MultipartUpload={"Parts": parts})
    url = urlsplit(s3.generate_presigned_url("get_object", Params=name))
    target = f"{url.path}?{url.query}"
    assert len(ask(running, "GET", target, Sec_Fetch_Site="cross-site").body) == MEGABYTE
    assert ask(running, "GET", target, Origin=FOREIGN).status == 403
    assert ask(running, "PUT", target, b"mine", Origin=PAGE).status == 403
    changed = ask(running, "GET", target.replace("Expires=", "Expires=1"), Origin=PAGE)
    assert changed.status == 403
    assert changed.headers["Access-Control-Allow-Origin"] == PAGE  # so that it reads why


def test_a_presigned_length_holds(running, key, bucket):
    s3 = client(running, "s3", key, signature_version="s3v4")
    name = {"Bucket": bucket, "Key": "sized", "ContentLength": 5}
    url = urlsplit(s3.generate_presigned_url("put_object", Params=name))
    assert "content-length" in url.query
    target = f"{url.path}?{url.query}"
    assert ask(running, "PUT", target, b"123456", Origin=PAGE).status == 403
    assert ask(running, "PUT", target, b"12345", Origin=PAGE).status == 200
