"""A receiver verifies what is signed here, with the library that receivers have."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lib.adapters.webhook.secret import make_secret
from lib.adapters.webhook.signing import StandardSigner
from lib.domain.errors import ErrorCode, TransientError

BODY = '{"type":"asset.ready"}'


def signed(*secrets: str, body: str = BODY, identity: str = "evt_1") -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(now),
        "webhook-signature": StandardSigner(lambda: secrets).sign(identity, now, body),
    }


def test_a_secret_is_long_and_no_other_is_like_it():
    secrets = {make_secret() for _ in range(20)}
    assert len(secrets) == 20
    for each in secrets:
        assert each.startswith("whsec_")
        assert len(base64.b64decode(each[6:], validate=True)) == 32


def test_the_holder_of_either_secret_verifies():
    new, old = make_secret(), make_secret()
    headers = signed(new, old)
    for each in (new, old):
        assert Webhook(each).verify(BODY, headers) == {"type": "asset.ready"}
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret()).verify(BODY, headers)


def test_what_was_changed_on_the_way_does_not_verify():
    secret = make_secret()
    headers = signed(secret)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + " ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers | {"webhook-id": "evt_2"})


def test_what_the_specification_signs():
    """The example of the specification's libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = StandardSigner(lambda: [secret]).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["whsec_", "whsec_a", "é"])
def test_a_secret_that_is_none_waits_for_another(secret):
    with pytest.raises(TransientError) as raised:
        signed(secret)
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert secret not in str(raised.value).replace("webhook's secret", "")
