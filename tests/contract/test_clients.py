"""The clients of AWS: one each, which give up in time for another try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lib.adapters.aws import clients
from lib.adapters.aws.clients import client


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


def test_a_service_has_one_client_a_process() -> None:
    assert client("sns") is client("sns")
    made = [client("dynamodb"), client("sns"), client("sqs"), client("stepfunctions")]
    names = [each.meta.service_model.service_name for each in made]
    assert names == ["dynamodb", "sns", "sqs", "stepfunctions"]
