"""Uploads that are let in: the same of S3 and of the tests' stand-in; what only S3 has after."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws

from lib.adapters.aws.s3_uploads import S3UploadDesk
from lib.application.doors.ports import FormTerms, Part, PartedUpload, UploadDesk
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.errors import ErrorCode, TransientError
from tests.support.upload_desk import LEAST_PART, MemoryUploadDesk

KEY = "mine/été 1+1/a&b.mp4"


@dataclass
class Place:
    """A desk, and how a browser sends a part to it; `size_of` is what lies there, in bytes."""

    desk: UploadDesk
    send: Callable[[PartedUpload, int, int], Part]
    size_of: Callable[[str], int | None]


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", config=Config(signature_version="s3v4")
        )
        client.create_bucket(Bucket="uploads")
        yield client


def in_s3(client: Any) -> Place:
    def send(upload: PartedUpload, number: int, size: int) -> Part:
        sent = client.upload_part(
            Bucket="uploads",
            Key=upload.key,
            UploadId=upload.upload_id,
            PartNumber=number,
            Body=bytes(size),
        )
        return Part(number, sent["ETag"].strip('"'), size)

    def size_of(key: str) -> int | None:
        found = client.list_objects_v2(Bucket="uploads", Prefix=key).get("Contents", [])
        return found[0]["Size"] if found else None

    return Place(S3UploadDesk(client, "uploads"), send, size_of)


def in_memory() -> Place:
    desk = MemoryUploadDesk()
    return Place(desk, desk.send, desk.objects.get)


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, s3: Any) -> Place:
    return in_s3(s3) if request.param == "s3" else in_memory()


def refused(call: Callable[[], object]) -> RefusalCode:
    with pytest.raises(Refused) as raised:
        call()
    return raised.value.code


def test_parts_become_an_object(place: Place) -> None:
    upload = place.desk.begin(KEY, "video/mp4", "default")
    assert place.desk.parts(upload) == []
    place.desk.require(upload)
    parts = [place.send(upload, 1, LEAST_PART), place.send(upload, 3, 7)]
    assert place.desk.parts(upload) == parts
    assert place.size_of(KEY) is None
    assert place.desk.complete(upload, parts)
    assert place.size_of(KEY) == LEAST_PART + 7


def test_an_aborted_upload_is_unknown(place: Place) -> None:
    upload = place.desk.begin(KEY, None, None)
    place.send(upload, 1, 7)
    place.desk.abort(upload)
    for call in (
        lambda: place.desk.parts(upload),
        lambda: place.desk.require(upload),
        lambda: place.desk.abort(upload),
    ):
        assert refused(call) is RefusalCode.NOT_FOUND
    assert place.size_of(KEY) is None


def test_a_part_that_was_sent_anew_is_a_conflict(place: Place) -> None:
    upload = place.desk.begin(KEY, None, None)
    first = place.send(upload, 1, 7)
    second = place.send(upload, 1, 8)
    assert refused(lambda: place.desk.complete(upload, [first])) is RefusalCode.CONFLICT
    assert place.desk.complete(upload, [second])
    assert place.size_of(KEY) == 8


def test_a_small_part_is_the_last(place: Place) -> None:
    upload = place.desk.begin(KEY, None, None)
    parts = [place.send(upload, 1, 7), place.send(upload, 2, 7)]
    assert refused(lambda: place.desk.complete(upload, parts)) is RefusalCode.INVALID_REQUEST


def test_what_is_declared_is_kept_with_the_object(s3: Any) -> None:
    place = in_s3(s3)
    upload = place.desk.begin(KEY, "video/mp4", "default")
    place.desk.complete(upload, [place.send(upload, 1, 7)])
    head = s3.head_object(Bucket="uploads", Key=KEY)
    assert (head["ContentType"], head["Metadata"]) == ("video/mp4", {"preset": "default"})


def policy_of(fields: Any) -> Any:
    return json.loads(base64.b64decode(fields["policy"]))


def test_a_policy_fixes_all_that_a_form_sends(s3: Any) -> None:
    terms = FormTerms(KEY, 5, 5, 900, "image/jpeg", "default", "ab" * 32)
    form = S3UploadDesk(s3, "uploads").sign_form(terms)
    conditions = policy_of(form.fields)["conditions"]
    assert {"key": KEY} in conditions
    assert {"bucket": "uploads"} in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert {"x-amz-meta-preset": "default"} in conditions
    assert {"x-amz-checksum-sha256": base64.b64encode(b"\xab" * 32).decode()} in conditions
    assert ["content-length-range", 5, 5] in conditions
    fixed = {
        name: value for each in conditions if isinstance(each, dict) for name, value in each.items()
    }
    unsigned = {"policy", "x-amz-signature"}
    assert {name: form.fields[name] for name in form.fields.keys() - unsigned} == {
        name: value for name, value in fixed.items() if name != "bucket"
    }


def test_a_policy_names_nothing_that_is_not_declared(s3: Any) -> None:
    form = S3UploadDesk(s3, "uploads").sign_form(FormTerms(KEY, 0, 9, 900))
    assert not [name for name in form.fields if "checksum" in name or "meta" in name]
    assert "Content-Type" not in form.fields
    assert not [each for each in policy_of(form.fields)["conditions"] if "starts-with" in each]


def test_a_form_ends_when_it_was_said(s3: Any) -> None:
    form = S3UploadDesk(s3, "uploads").sign_form(FormTerms(KEY, 0, 9, 900))
    ends = datetime.fromisoformat(policy_of(form.fields)["expiration"])
    assert 890 < (ends - datetime.now(UTC)).total_seconds() <= 900


def test_a_parts_url_is_signed_for_one_part_and_an_hour(s3: Any) -> None:
    url = urlsplit(S3UploadDesk(s3, "uploads").sign_part(PartedUpload(KEY, "an/id"), 7, 3600))
    query = {name: value for name, [value] in parse_qs(url.query).items()}
    assert unquote(url.path) == f"/{KEY}"
    assert (query["uploadId"], query["partNumber"], query["X-Amz-Expires"]) == (
        "an/id",
        "7",
        "3600",
    )
    # A browser sends no header that it was not told of: no checksum is signed.
    assert query["X-Amz-SignedHeaders"] == "host"


def test_parts_of_many_pages_are_listed() -> None:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    upload = PartedUpload(KEY, "id")
    named = {"Bucket": "uploads", "Key": KEY, "UploadId": "id"}
    pages = [range(1, 1001), range(1001, 1500)]
    with Stubber(client) as stubbed:
        for number, page in enumerate(pages):
            answer: Any = {
                "IsTruncated": number == 0,
                "NextPartNumberMarker": page[-1],
                "Parts": [{"PartNumber": each, "ETag": '"e"', "Size": 5} for each in page],
            }
            marker: Any = {"PartNumberMarker": 1000} if number else {}
            stubbed.add_response("list_parts", answer, named | marker)
        listed = S3UploadDesk(client, "uploads").parts(upload)
    assert [each.number for each in listed] == list(range(1, 1500))


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("NoSuchUpload", RefusalCode.NOT_FOUND),
        ("InvalidPart", RefusalCode.CONFLICT),
        ("InvalidPartOrder", RefusalCode.INVALID_REQUEST),
        ("EntityTooSmall", RefusalCode.INVALID_REQUEST),
    ],
)
def test_what_s3_says_of_parts_is_told(code: str, refusal: RefusalCode) -> None:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    desk = S3UploadDesk(client, "uploads")
    with Stubber(client) as stubbed:
        stubbed.add_client_error("complete_multipart_upload", code, http_status_code=400)
        assert refused(lambda: desk.complete(PartedUpload(KEY, "id"), [Part(1, "e")])) is refusal


def test_other_failures_of_s3_are_no_refusals() -> None:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubbed:
        stubbed.add_client_error("list_parts", "AccessDenied", http_status_code=403)
        with pytest.raises(TransientError) as raised:
            S3UploadDesk(client, "uploads").require(PartedUpload(KEY, "id"))
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
