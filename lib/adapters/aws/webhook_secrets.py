"""Keep the secrets of the webhook in one parameter of Systems Manager, a SecureString."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import translated
from lib.domain.errors import ErrorCode, TransientError

KEPT_SECONDS = 60.0
"""How long what was read is taken for what is there: a worker notices a rotation after that."""

MISSING = frozenset({"ParameterNotFound"})


class SsmSecrets:
    """The secrets of one parameter, separated by spaces."""

    def __init__(self, client: Any, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._known: tuple[float, tuple[str, ...]] | None = None

    def read(self) -> tuple[str, ...]:
        """Return the secrets. Raises TransientError, also where there is none yet."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= KEPT_SECONDS:
            found = self.find()
            if not found:
                make = "npm run -s media -- webhook secret"
                reason = f"there is no secret in {self._name} yet: `{make}` makes one"
                raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, reason)
            self._known = now, found
        return self._known[1]

    def find(self) -> tuple[str, ...]:
        """Return the secrets as they are now; none where there is no parameter."""
        with translated(answers=MISSING):
            try:
                found = self._client.get_parameter(Name=self._name, WithDecryption=True)
            except ClientError as exc:
                if exc.response["Error"]["Code"] in MISSING:
                    return ()
                raise
        return tuple(found["Parameter"]["Value"].split())

    def write(self, secrets: Sequence[str]) -> None:
        """Replace the secrets. Raises TransientError."""
        with translated():
            self._client.put_parameter(
                Name=self._name, Value=" ".join(secrets), Type="SecureString", Overwrite=True
            )
