"""Sign by the Standard Webhooks specification, with each secret that there is.

So one can be replaced by another while receivers still have the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from lib.domain.errors import ErrorCode, TransientError


@dataclass(frozen=True, slots=True)
class StandardSigner:
    """Signs with what `read` returns at that time."""

    read: Callable[[], Sequence[str]]

    def sign(self, identity: str, seconds: int, body: str) -> str:
        """Return the value of the header. Raises TransientError where a secret is none."""
        moment = datetime.fromtimestamp(seconds, UTC)
        try:
            return " ".join(Webhook(each).sign(identity, moment, body) for each in self.read())
        except (EmptyWebhookSecretError, ValueError) as exc:
            reason = f"the webhook's secret is none ({exc}): make another with `media webhook`"
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, reason) from exc
