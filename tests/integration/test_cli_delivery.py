"""The commands that know where a stage serves renditions, against a stage in memory."""

import base64
import json
import time

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lib.adapters.aws import clients
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.domain.clock import from_iso
from lib.domain.keys import asset_id
from lib.tools import stack
from tests.support import memory_stage
from tests.support.fakes import UPLOADS
from tests.support.memory_stage import TEMPLATE, deploy, finish, media, receive

URL = "https://media.example.com"
SERVED = {"DeliveryUrl": {"Value": URL}, "RenditionsUrl": {"Value": URL}}
SIGNED = {
    "DeliveryKeyPairId": {"Value": "K2JCJMDEHXQW5F"},
    "DeliveryPrivateKey": {"Value": "/media-pipeline-dev/delivery-private-key"},
}


@pytest.fixture(autouse=True)
def aws():
    with memory_stage.aws():
        yield


def deploy_with(outputs):
    """Deploy the stage `dev` with more outputs, and return its catalog."""
    deploy({**TEMPLATE, "Outputs": TEMPLATE["Outputs"] | outputs})
    found = stack.use_stage("dev")
    return DynamoCatalog(clients.client("dynamodb"), found.catalog)


def store_key():
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    name = SIGNED["DeliveryPrivateKey"]["Value"]
    boto3.client("ssm").put_parameter(Name=name, Value=pem, Type="SecureString")


def test_show_knows_where_the_stage_serves(capsys):
    finish(deploy_with(SERVED), "a.jpg")
    assert media("show", "a.jpg", "--stage", "dev", "--html") == 0
    assert f'src="{URL}/k/320.webp"' in capsys.readouterr().out
    assert media("show", "a.jpg", "--stage", "dev", "--html", "--base-url", "https://b") == 0
    assert 'src="https://b/k/320.webp"' in capsys.readouterr().out


def test_sign_prints_an_address_that_opens(capsys):
    finish(deploy_with(SERVED | SIGNED), "a.jpg")
    store_key()
    assert media("sign", "a.jpg", "--stage", "dev") == 0
    address = capsys.readouterr().out.strip()
    assert address.startswith(f"{URL}/k/320.webp?Policy=")
    assert address.endswith("&Key-Pair-Id=K2JCJMDEHXQW5F")


def test_sign_prints_the_grant_of_the_assets_whole_prefix(capsys):
    receive(deploy_with(SERVED | SIGNED), "a.jpg")
    store_key()
    before = time.time()
    assert media("sign", "a.jpg", "--stage", "dev", "--json", "--seconds", "600") == 0
    grant = json.loads(capsys.readouterr().out)
    assert grant["url"] == f"{URL}/{asset_id(UPLOADS, 'a.jpg')}/"
    assert 598 <= from_iso(grant["expires_at"]) - before <= 601
    policy = grant["cookies"]["CloudFront-Policy"].replace("-", "+").replace("_", "=")
    assert f'"{grant["url"]}*"'.encode() in base64.b64decode(policy.replace("~", "/"))


@pytest.mark.parametrize(
    ("outputs", "arguments", "word"),
    [
        (SERVED, ("a.jpg",), "deliveryAuth: signed"),
        (SERVED | SIGNED, ("b.jpg",), "b.jpg"),
        (SERVED | SIGNED, ("a.jpg",), "delivery-private-key"),
    ],
)
def test_what_can_not_be_signed_is_one_line(capsys, outputs, arguments, word):
    finish(deploy_with(outputs), "a.jpg")
    assert media("sign", *arguments, "--stage", "dev") == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert word in said.err
    assert not said.out


@pytest.mark.parametrize("seconds", ["0", "604801", "x"])
def test_a_time_that_is_none(capsys, seconds):
    deploy_with(SERVED | SIGNED)
    assert media("sign", "a.jpg", "--stage", "dev", "--seconds", seconds) == 2
