"""Uploads in parts: what S3 refuses, the emulator refuses, and nothing half-made is an object."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lib.tools.emulator import lifecycle
from tests.support.signed import client, send

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

BUCKET = "uploads"
KEY = "a/film.mp4"
LEAST = 5 * 1024 * 1024


class Upload:
    """An upload that is under way."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3
        created = s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)
        self.name = {"Bucket": BUCKET, "Key": KEY, "UploadId": created["UploadId"]}

    def put(self, number: int, body: bytes, **checks: str) -> dict[str, Any]:
        answer = self.s3.upload_part(**self.name, PartNumber=number, Body=body, **checks)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def complete(self, *parts: dict[str, Any]) -> Any:
        return self.s3.complete_multipart_upload(
            **self.name, MultipartUpload={"Parts": list(parts)}
        )


@pytest.fixture
def s3(running: Any, key: Any) -> Any:
    made = client(running, "s3", key)
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def upload(s3: Any) -> Iterator[Upload]:
    started = Upload(s3)
    yield started
    s3.delete_object(Bucket=BUCKET, Key=KEY)


def refuse(code: str, call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **named)
    assert refused.value.response["Error"]["Code"] == code


def test_parts_that_make_an_object(s3, upload):
    first, last = upload.put(1, b"a" * LEAST), upload.put(7, b"b")
    upload.complete(first, last)
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == LEAST + 1
    upload.complete(first, last)  # as an answer that was lost is asked for again
    refuse("NoSuchUpload", upload.put, 8, b"late")


def test_parts_that_make_none(s3, upload):
    first, small, last = upload.put(1, b"a" * LEAST), upload.put(2, b"b"), upload.put(3, b"c")
    for code, parts in (
        ("EntityTooSmall", (first, small, last)),
        ("InvalidPartOrder", (last, first)),
        ("InvalidPartOrder", (first, first)),
        ("InvalidPart", (first, {"PartNumber": 4, "ETag": last["ETag"]})),
        ("InvalidPart", (first, last | {"ETag": small["ETag"]})),
        ("MalformedXML", ()),
    ):
        refuse(code, upload.complete, *parts)
    listed = s3.list_parts(**upload.name)["Parts"]
    assert [each["PartNumber"] for each in listed] == [1, 2, 3]
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    upload.complete(first, last)


def test_a_list_of_parts_that_is_none(running, key, upload):
    s3 = client(running, "s3", key, signature_version="s3v4")
    url = s3.generate_presigned_url("complete_multipart_upload", Params=upload.name)
    upload.put(1, b"a")
    host = f"127.0.0.1:{running.port}"
    for body in (
        b"",
        b"<CompleteMultipartUpload/>",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part>"
        b"</CompleteMultipartUpload>",
        b"{}",
    ):
        answer = send(running, "POST", url.partition(host)[2], {"Host": host}, body)
        assert (answer.status, "MalformedXML" in answer.body) == (400, True), body


def test_a_part_is_what_its_checksums_say(upload):
    body = b"content"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    upload.put(1, body, ContentMD5=md5)
    upload.put(1, body, ChecksumSHA256=sha256)
    refuse("BadDigest", upload.put, 1, b"other", ContentMD5=md5)
    refuse("BadDigest", upload.put, 1, b"other", ChecksumSHA256=sha256)
    refuse("InvalidArgument", upload.put, 10_001, body)
    refuse("InvalidArgument", upload.put, 0, body)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_parts_take_no_memory(running, upload):
    def held() -> int:
        status = Path(f"/proc/{running.pid}/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) // 1024

    before, part = held(), b"x" * 3 * LEAST
    for number in range(1, 8):
        upload.put(number, part)
    assert held() - before < 3 * len(part) >> 20


def test_an_upload_that_is_given_up_leaves_nothing(s3, upload):
    part = upload.put(1, b"a")
    s3.abort_multipart_upload(**upload.name)
    refuse("NoSuchUpload", upload.complete, part)
    refuse("NoSuchUpload", s3.list_parts, **upload.name)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_an_upload_is_of_its_key_alone(s3, upload):
    part = upload.put(1, b"a")
    other = upload.name | {"Key": "b/film.mp4"}
    refuse("NoSuchUpload", s3.upload_part, **other, PartNumber=1, Body=b"a")
    refuse(
        "NoSuchUpload",
        s3.complete_multipart_upload,
        **other,
        MultipartUpload={"Parts": [part]},
    )
