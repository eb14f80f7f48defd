"""The API's grants, wired as the function does it, with the key in moto's parameter store."""

from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lib.adapters.aws import clients
from lib.application.doors.assets import Library
from lib.domain.caller import Caller
from lib.entrypoints.bootstrap.api import make_grant_routes
from lib.entrypoints.http.request import Request
from lib.entrypoints.settings import ApiSettings
from tests.support import memory_stage
from tests.unit.test_signed_grants import OWN

NAME = "/media-pipeline-prod/delivery-private-key"


class Catalog:
    def get(self, asset_id):
        return OWN if asset_id == OWN.asset_id else None


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    with memory_stage.aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


def routes(**settings):
    nothing: Any = None
    catalog: Any = Catalog()
    library = Library("uploads", catalog, nothing, nothing, nothing, nothing, nothing)
    return make_grant_routes(ApiSettings(**settings), library)


def test_a_stage_that_serves_everybody_has_no_grants():
    assert routes(delivery_url="https://media.example.com") == ()


def test_a_grant_by_the_key_in_the_parameter_store():
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    clients.client("ssm").put_parameter(Name=NAME, Value=pem, Type="SecureString")
    assert boto3.client("ssm").describe_parameters()["Parameters"][0]["Type"] == "SecureString"
    [route] = routes(
        delivery_url="https://media.example.com",
        delivery_key_pair_id="K1",
        delivery_private_key=NAME,
    )
    granted = route.answer(Request(Caller(), params={"asset_id": OWN.asset_id})).body
    assert granted["url"] == f"https://media.example.com/{OWN.asset_id}/"
    assert granted["cookies"]["CloudFront-Key-Pair-Id"] == "K1"
    assert len(granted["cookies"]["CloudFront-Signature"]) == 344, "2,048 bits in base64"
