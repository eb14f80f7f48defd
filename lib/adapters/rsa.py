"""Sign as CloudFront verifies it. The library has a layer of its own: few functions sign."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lib.domain.errors import ErrorCode, TransientError


def signer(read_key: Callable[[], str]) -> Callable[[bytes], bytes]:
    """Return what signs by RSA, PKCS #1 v1.5, over SHA-1, with a private key in PEM.

    The key is read when the first is to be signed, and kept. Raises TransientError where it is not
    one: who deployed can mend it.
    """

    @cache
    def load() -> Any:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(read_key().encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise _unusable("it can't be read") from exc
        if not isinstance(key, RSAPrivateKey):
            raise _unusable("it is no RSA key")
        return key

    def sign(message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA1

        signature: bytes = load().sign(message, PKCS1v15(), SHA1())  # noqa: S303 - CloudFront's
        return signature

    return sign


def _unusable(reason: str) -> TransientError:
    return TransientError(ErrorCode.SERVICE_UNAVAILABLE, f"the key that signs: {reason}")
