"""The webhook's secrets in Systems Manager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lib.adapters.aws.webhook_secrets import KEPT_SECONDS, SsmSecrets
from lib.cli import __main__ as cli
from lib.cli import webhook
from lib.domain.errors import TransientError
from lib.tools.stack import Stack
from tests.support.fakes import ManualClock

NAME = "/media-pipeline/test/webhook-secret"


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm", region_name="eu-west-1")


def test_secrets_are_kept_encrypted_newest_first(ssm):
    secrets = SsmSecrets(ssm, NAME)
    assert secrets.find() == ()
    secrets.write(["whsec_new", "whsec_old"])
    assert secrets.find() == secrets.read() == ("whsec_new", "whsec_old")
    stored = ssm.get_parameter(Name=NAME)["Parameter"]
    assert stored["Type"] == "SecureString"
    assert stored["Value"] != "whsec_new whsec_old"


def test_a_stage_without_a_secret_says_what_makes_one(ssm):
    with pytest.raises(TransientError, match="media -- webhook secret"):
        SsmSecrets(ssm, NAME).read()


def test_a_rotation_is_noticed_within_a_minute(ssm):
    clock = ManualClock()
    secrets = SsmSecrets(ssm, NAME, clock)
    secrets.write(["whsec_old"])
    assert secrets.read() == ("whsec_old",)
    SsmSecrets(ssm, NAME).write(["whsec_new", "whsec_old"])
    clock.now += KEPT_SECONDS - 1
    assert secrets.read() == ("whsec_old",)
    clock.now += 1
    assert secrets.read() == ("whsec_new", "whsec_old")
    assert KEPT_SECONDS <= 60


class Refusing:
    """A client that is refused whatever it asks."""

    def get_parameter(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")

    put_parameter = get_parameter


def test_a_refusal_is_no_missing_secret():
    secrets = SsmSecrets(Refusing(), NAME)
    with pytest.raises(TransientError, match="AccessDenied"):
        secrets.find()
    with pytest.raises(TransientError, match="AccessDenied"):
        secrets.write(["whsec_x"])


@pytest.fixture
def media(ssm: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs `media webhook` on a stage that has one."""
    outputs = {"WebhookQueue": "url", "WebhookSecret": NAME, "WebhookFunction": "webhook"}
    stack = Stack("test", "uploads", "renditions", "catalog", outputs)
    monkeypatch.setattr(webhook, "use_stage", lambda *_: stack)
    monkeypatch.setattr(webhook, "client", lambda _: ssm)

    def run(*arguments: str) -> tuple[int, str, str]:
        code: Any = 0
        try:
            code = cli.main(["webhook", *arguments, "--stage", "test"])
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        return int(code), said.out.strip(), said.err.strip()

    return run


def test_a_secret_is_made_once_and_replaced_in_two_steps(media):
    code, old, _ = media("secret")
    assert (code, old[:6]) == (0, "whsec_")
    assert media("secret") == (0, old, "")
    _, new, then = media("rotate")
    assert then.endswith("npm run -s media -- webhook rotate --stage test --finish")
    assert media("secret") == (0, f"{new}\n{old}", "")
    code, _, why = media("rotate")
    assert (code, "--finish ends the older one first" in why) == (2, True)
    assert media("rotate", "--finish") == (0, "the newest secret alone signs now", "")
    assert media("secret") == (0, new, "")
    code, said, _ = media("rotate", "--finish")
    assert (code, "nothing to finish" in said) == (0, True)
    assert media("secret") == (0, new, "")


def test_a_rotation_without_a_secret_makes_the_first(media):
    assert "nothing to finish" in media("rotate", "--finish")[1]
    _, first, then = media("rotate")
    assert then == ""
    assert media("secret") == (0, first, "")


def test_a_test_without_a_secret_says_what_makes_one(media, monkeypatch):
    away = {"taken": False, "reply": "there is no secret yet", "seconds": 0.0}
    monkeypatch.setattr(webhook, "_invoke", lambda *_: away)
    code, said, why = media("test")
    assert (code, said) == (2, "")
    assert why.endswith("yet: npm run -s media -- webhook secret --stage test")
    media("secret")
    assert media("test")[0] == 1


def test_a_stage_without_a_webhook_says_how_to_have_one(media, monkeypatch):
    bare = Stack("test", "uploads", "renditions", "catalog")
    monkeypatch.setattr(webhook, "use_stage", lambda *_: bare)
    code, _, why = media("secret")
    assert code == 2
    assert "npm run sls -- deploy --stage test --param webhookUrl=https://" in why
