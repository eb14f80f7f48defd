"""Removing uploads and having them ask for another preset, in S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws

from lib.adapters.aws.s3 import S3Sources
from lib.adapters.aws.s3_links import LINK_SECONDS, RENEWED, PresignedLinks
from lib.adapters.aws.s3_originals import S3Originals
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Source
from tests.support.fakes import ManualClock

BUCKET, KEY = "uploads", "a b/é%2F+.jpg"
KEPT = {
    "ContentType": "image/jpeg",
    "CacheControl": "no-cache",
    "ContentDisposition": 'attachment; filename="x"',
    "ContentLanguage": "de",
}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        signing = Config(signature_version="s3v4")
        client = boto3.client("s3", region_name="us-east-1", config=signing)
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


def offline() -> Any:
    """Return a client for a stub."""
    return boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def put(s3: Any, **more: Any) -> Source:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"content", **more)
    found = S3Sources(s3).current_version(BUCKET, KEY)
    assert found is not None
    return found


def test_another_preset_is_a_new_version_of_which_nothing_else_differs(s3: Any) -> None:
    source = put(s3, **KEPT, Metadata={"preset": "default", "from": "a page"}, Tagging="a=b")
    S3Originals(s3).ask_for_preset(source, "small")
    found = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert found["VersionId"] != source.version_id
    assert found["Body"].read() == b"content"
    assert found["Metadata"] == {"preset": "small", "from": "a page"}
    assert {name: found[name] for name in KEPT} == KEPT
    assert s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"] == [{"Key": "a", "Value": "b"}]
    current = S3Sources(s3).find_current(BUCKET, KEY, 1)
    assert current is not None
    assert current.preset == "small"


def test_a_copy_keeps_what_it_would_else_lose() -> None:
    """All that S3 replaces with the metadata; Stubber, for moto loses some of it itself."""
    kept: dict[str, Any] = KEPT | {
        "ContentEncoding": "identity",
        "Expires": datetime(2030, 1, 1, tzinfo=UTC),
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/elsewhere.jpg",
    }
    client = offline()
    named = {"Bucket": BUCKET, "Key": KEY}
    with Stubber(client) as stubbed:
        seen = {"ETag": '"e"', "VersionId": "v", "Metadata": {}, "ContentLength": 7, **kept}
        stubbed.add_response("head_object", seen, named)
        copied = (
            named
            | kept
            | {
                "CopySource": named | {"VersionId": "v"},
                "IfMatch": '"e"',
                "MetadataDirective": "REPLACE",
                "Metadata": {"preset": "small"},
            }
        )
        stubbed.add_response("copy_object", {}, copied)
        S3Originals(client).ask_for_preset(Source(BUCKET, KEY, "v", "e", 7), "small")
        stubbed.assert_no_pending_responses()


@pytest.mark.parametrize("newer", [b"newer", b"content"])
def test_what_was_seen_does_not_replace_a_newer_upload(s3: Any, newer: bytes) -> None:
    source = put(s3)
    there = s3.put_object(Bucket=BUCKET, Key=KEY, Body=newer)
    with pytest.raises(Refused) as raised:
        S3Originals(s3).ask_for_preset(source, "small")
    assert raised.value.code is RefusalCode.CONFLICT
    found = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert (found["VersionId"], found["Body"].read()) == (there["VersionId"], newer)


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_an_upload_that_comes_at_the_same_time_is_not_replaced_either(code: str) -> None:
    client = offline()
    with Stubber(client) as stubbed:
        seen = {"ETag": '"e"', "VersionId": "v", "Metadata": {}}
        stubbed.add_response("head_object", seen, {"Bucket": BUCKET, "Key": KEY})
        copied = {
            "Bucket": BUCKET,
            "Key": KEY,
            "CopySource": {"Bucket": BUCKET, "Key": KEY, "VersionId": "v"},
            "IfMatch": '"e"',
            "MetadataDirective": "REPLACE",
            "Metadata": {"preset": "small"},
        }
        stubbed.add_client_error("copy_object", code, "no", 412, expected_params=copied)
        with pytest.raises(Refused) as raised:
            S3Originals(client).ask_for_preset(Source(BUCKET, KEY, "v", "e", 7), "small")
    assert raised.value.code is RefusalCode.CONFLICT


def test_where_there_are_no_versions_a_preset_can_be_changed_too(s3: Any) -> None:
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key=KEY, Body=b"content")
    source = S3Sources(s3).current_version("plain", KEY)
    assert source is not None
    S3Originals(s3).ask_for_preset(source, "small")
    assert s3.head_object(Bucket="plain", Key=KEY)["Metadata"] == {"preset": "small"}


def test_an_upload_that_is_gone_is_gone(s3: Any) -> None:
    source = put(s3)
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(PermanentError) as raised:
        S3Originals(s3).ask_for_preset(source, "small")
    assert raised.value.code is ErrorCode.SOURCE_GONE


def test_what_is_removed_can_be_brought_back(s3: Any) -> None:
    source = put(s3)
    for _ in range(2):
        S3Originals(s3).remove(BUCKET, KEY)
    assert S3Sources(s3).current_version(BUCKET, KEY) is None
    assert S3Sources(s3).read(source) == b"content"


def test_an_address_reads_one_object_for_an_hour(s3: Any) -> None:
    clock = ManualClock()
    links = PresignedLinks(s3, BUCKET, clock)
    url = urlsplit(links.address("a/b/c/320.avif"))
    query = parse_qs(url.query)
    assert url.path.endswith("/a/b/c/320.avif")
    assert query["X-Amz-Expires"] == ["3600"]
    assert not links.folders


def test_an_answer_that_is_used_again_has_addresses_that_are_still_good() -> None:
    clock = ManualClock(RENEWED * 1000)
    client: Any = None
    links = PresignedLinks(client, BUCKET, clock)
    before = links.edition
    clock.now += RENEWED - 1
    assert links.edition == before
    clock.now += 1
    assert links.edition != before
    assert RENEWED < LINK_SECONDS
