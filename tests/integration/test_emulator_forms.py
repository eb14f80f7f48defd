"""Uploads by form: the policy decides, as S3 has it, and what it says is kept."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.credentials import Credentials

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator
from tests.support.signed import Answer, client, send

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

BUCKET = "forms"
PAGE = "http://localhost:3000"
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
KEY = "a/photo.jpg"
CONTENT = b"content\r\n--not the boundary\r\n"
CHECKSUM = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


@pytest.fixture
def s3(running: Emulator, key: Credentials) -> Iterator[Any]:
    made = client(running, "s3", key, signature_version="s3v4")
    made.create_bucket(Bucket=BUCKET)
    made.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": ["POST"], "ExposeHeaders": ["ETag"]}
    made.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    yield made
    for each in made.list_object_versions(Bucket=BUCKET).get("Versions", ()):
        made.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])


def presign(
    s3: Any, key: str = KEY, conditions: Sequence[Any] = (), **fields: str
) -> dict[str, str]:
    """Return the fields of a form for a key, with conditions and equal fields."""
    named = {
        name if name.startswith("success") else name.replace("_", "-"): text
        for name, text in fields.items()
    }
    equal = [{name: text} for name, text in named.items()]
    made = s3.generate_presigned_post(BUCKET, key, named, [*equal, *conditions], 600)
    return dict(made["fields"])


def encode(fields: Mapping[str, str], content: bytes = CONTENT, name: str = "é.jpg") -> bytes:
    """Return a body as a browser makes it: the fields, then the file."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'
        for field, text in fields.items()
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return "".join(parts).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(running: Emulator, body: bytes, origin: str = PAGE) -> Answer:
    headers = {
        "Host": f"127.0.0.1:{running.port}",
        "Origin": origin,
        "Sec-Fetch-Site": "cross-site",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    return send(running, "POST", f"/{BUCKET}", headers, body)


def code(answer: Answer) -> str:
    found = re.search(r"<Code>(\w+)</Code>", answer.body)
    return f"{answer.status} {found[1] if found else ''}"


def forged(fields: dict[str, str], key: Credentials, **policy: Any) -> dict[str, str]:
    """Return fields with another policy under the signature of the first."""
    read = json.loads(base64.b64decode(fields["policy"])) | policy
    return fields | {"policy": base64.b64encode(json.dumps(read).encode()).decode()}


def test_a_form_is_kept_as_it_says(running, s3):
    fields = presign(
        s3,
        conditions=[["content-length-range", 1, 100]],
        Content_Type="image/jpeg",
        x_amz_meta_preset="web",
        x_amz_checksum_sha256=CHECKSUM,
        success_action_status="201",
    )
    answer = post(running, encode(fields))
    assert answer.status == 201, answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert f"<Key>{KEY}</Key>" in answer.body
    location = urlsplit(answer.headers["Location"])
    assert location.netloc == f"127.0.0.1:{running.port}"
    assert location.path == f"/{BUCKET}/{KEY}"
    kept = s3.get_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert kept["Body"].read() == CONTENT
    assert kept["ContentType"] == "image/jpeg"
    assert kept["Metadata"] == {"preset": "web"}
    assert kept["ChecksumSHA256"] == CHECKSUM
    assert kept["VersionId"] == answer.headers["x-amz-version-id"]
    again = post(running, encode(fields))
    assert again.headers["x-amz-version-id"] != kept["VersionId"]


def test_a_name_of_the_file_stands_in_the_key(running, s3):
    fields = presign(s3, "in/${filename}")
    assert post(running, encode(fields, name="my photo.jpg")).status == 204
    assert s3.head_object(Bucket=BUCKET, Key="in/my photo.jpg")["ContentLength"] == len(CONTENT)


def test_what_follows_the_file_counts_for_nothing(running, s3):
    body = encode(presign(s3)).removesuffix(b"--\r\n")
    late = f'\r\nContent-Disposition: form-data; name="key"\r\n\r\nother\r\n--{BOUNDARY}--\r\n'
    assert post(running, body + late.encode()).status == 204
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == len(CONTENT)


REFUSED: dict[str, tuple[dict[str, str], bytes, str]] = {
    "another key": ({"key": "b/photo.jpg"}, CONTENT, "403 AccessDenied"),
    "another type": ({"Content-Type": "text/html"}, CONTENT, "403 AccessDenied"),
    "another preset": ({"x-amz-meta-preset": "huge"}, CONTENT, "403 AccessDenied"),
    "a field of its own": ({"x-amz-meta-more": "1"}, CONTENT, "403 AccessDenied"),
    "an acl": ({"acl": "public-read"}, CONTENT, "403 AccessDenied"),
    "another checksum": ({"x-amz-checksum-sha256": "A" * 44}, CONTENT, "403 AccessDenied"),
    "too short": ({}, b"", "400 EntityTooSmall"),
    "too long": ({}, b"x" * 101, "400 EntityTooLarge"),
    "other content": ({}, b"y" * len(CONTENT), "400 BadDigest"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_that_its_policy_does_not_cover_is_refused(running, s3, case):
    changes, content, expected = REFUSED[case]
    fields = presign(
        s3,
        conditions=[["content-length-range", 1, 100]],
        Content_Type="image/jpeg",
        x_amz_meta_preset="web",
        x_amz_checksum_sha256=CHECKSUM,
    )
    answer = post(running, encode(fields | changes, content))
    assert code(answer) == expected, answer.body
    if expected == "403 AccessDenied":
        assert "Invalid according to Policy" in answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("missing", ["policy", "x-amz-signature", "x-amz-credential", "key"])
def test_a_form_that_lacks_a_field_is_refused(running, s3, missing):
    fields = presign(s3)
    del fields[missing]
    assert post(running, encode(fields)).status in (400, 403)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_policy_is_signed_and_ages(running, s3, key):
    fields = presign(s3)
    for change in (
        {"x-amz-signature": fields["x-amz-signature"][:-4] + "beef"},
        {"x-amz-signature": "é" * 64},
        forged(fields, key, conditions=[]),
        forged(fields, key, expiration="2099-01-01T00:00:00Z"),
        {"x-amz-credential": fields["x-amz-credential"].replace(key.access_key, "test")},
        {"x-amz-credential": fields["x-amz-credential"].replace(key.access_key, "0" * 12)},
        {"x-amz-credential": "${filename}" + fields["x-amz-credential"]},
        {"x-amz-date": "20200101T000000Z"},
    ):
        answer = post(running, encode(fields | change, name=""))
        assert answer.status in (400, 403), change
    other = client(running, "s3", Credentials("test", "test"), signature_version="s3v4")
    assert code(post(running, encode(presign(other)))) == "403 InvalidAccessKeyId"
    old = s3.generate_presigned_post(BUCKET, KEY, ExpiresIn=-1)["fields"]
    expired = post(running, encode(old))
    assert "Policy expired" in expired.body
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_role_signs_with_its_token_and_may_what_its_policy_says(running, key, s3):
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam = client(running, "iam", key)
    arn = iam.create_role(
        RoleName="uploader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )["Role"]["Arn"]
    may = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/a/*",
    }
    iam.put_role_policy(
        RoleName="uploader",
        PolicyName="may",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
    )
    given = client(running, "sts", key).assume_role(RoleArn=arn, RoleSessionName="any")
    session = Credentials(
        given["Credentials"]["AccessKeyId"],
        given["Credentials"]["SecretAccessKey"],
        given["Credentials"]["SessionToken"],
    )
    uploader = client(running, "s3", session, signature_version="s3v4")
    fields = presign(uploader)
    assert fields["x-amz-security-token"] == session.token
    assert post(running, encode(fields)).status == 204
    assert code(post(running, encode(presign(uploader, "b/photo.jpg")))) == "403 AccessDenied"
    without = {name: text for name, text in fields.items() if name != "x-amz-security-token"}
    assert post(running, encode(without)).status == 403
    assert post(running, encode(fields | {"x-amz-security-token": "other"})).status == 403


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://localhost:3001"])
def test_no_other_page_sends_a_form(running, s3, origin):
    answer = post(running, encode(presign(s3)), origin)
    assert (answer.status, answer.opened_to_pages) == (403, [])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_form_is_for_a_bucket_alone(running, s3):
    headers = {
        "Host": f"127.0.0.1:{running.port}",
        "Origin": PAGE,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    body = encode(presign(s3))
    for target in (f"/{BUCKET}/{KEY}", f"/{BUCKET}?delete", f"/{BUCKET}?uploads", "/", "/missing"):
        assert send(running, "POST", target, headers, body).status == 403
