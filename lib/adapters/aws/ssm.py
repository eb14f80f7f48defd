"""Read secrets from the parameter store."""

from __future__ import annotations

from typing import Any

from lib.adapters.aws.errors import translated
from lib.domain.errors import TransientError


def read_secret(client: Any, name: str) -> str:
    """Return a SecureString, decrypted. Raises TransientError: who deployed can mend it."""
    try:
        with translated():
            found = client.get_parameter(Name=name, WithDecryption=True)
    except TransientError as exc:
        raise TransientError(exc.code, f"{name}: {exc.message}") from exc
    return str(found["Parameter"]["Value"])
