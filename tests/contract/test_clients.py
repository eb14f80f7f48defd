"""The clients of AWS: one each, which give up in time for another try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lib.adapters.aws import clients
from lib.adapters.aws.clients import client, copying_client


@pytest.fixture(autouse=True)
def _new_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    clients._make.cache_clear()
    yield
    clients._make.cache_clear()


def test_a_client_gives_up_after_seconds_and_four_more_attempts() -> None:
    config: Any = client("sqs").meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


def test_s3_signs_urls_as_encrypted_objects_want_it() -> None:
    s3 = client("s3")
    config: Any = s3.meta.config
    assert config.signature_version == "s3v4"
    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in s3.generate_presigned_url(
        "get_object", Params={"Bucket": "uploads", "Key": "a.jpg"}
    )


@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-2", "us-east-1"])
def test_s3_signs_urls_for_the_host_of_the_buckets_region(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other host redirects, and a browser follows no redirect of a request of a page.

    us-east-1's own host is not the one without a region, and the gallery's page may use only that.
    """
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    host = f"https://uploads.s3.{region}.amazonaws.com/"
    s3 = client("s3")
    asked = {"Bucket": "uploads", "Key": "a.jpg"}
    assert s3.generate_presigned_url("get_object", Params=asked).startswith(host)
    assert s3.generate_presigned_post("uploads", "a.jpg")["url"] == host


def test_s3_signs_urls_by_path_where_the_endpoint_is_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    url = client("s3").generate_presigned_post("uploads", "a.jpg")["url"]
    assert url == "http://127.0.0.1:4566/uploads"


def test_a_service_has_one_client_a_process() -> None:
    assert client("sns") is client("sns")
    made = [client("dynamodb"), client("sns"), client("sqs"), client("stepfunctions")]
    names = [each.meta.service_model.service_name for each in made]
    assert names == ["dynamodb", "sns", "sqs", "stepfunctions"]


def test_a_copy_is_asked_for_once_and_waited_for() -> None:
    config: Any = copying_client().meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (2, 15)
    assert config.signature_version == "s3v4"
    assert copying_client() is copying_client()
