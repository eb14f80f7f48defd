"""Read secrets from the parameter store."""

from __future__ import annotations

from typing import Any

from lib.adapters.aws.errors import translated


def read_secret(client: Any, name: str) -> str:
    """Return a SecureString, decrypted. Raises TransientError: who deployed can mend it."""
    with translated():
        found = client.get_parameter(Name=name, WithDecryption=True)
    return str(found["Parameter"]["Value"])
