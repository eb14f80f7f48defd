"""Who calls, and which keys are theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_CLAIM = 255
"""Bytes in UTF-8. OpenID Connect lets `sub` have as many characters of ASCII."""

ESCAPE = "~"
"""Not `%`: whoever decodes a URL twice would find a slash then. It needs no encoding in one."""

_PLAIN = re.compile(rb"[A-Za-z0-9_-]")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: somebody to whom the keys below `tenant` belong, or, without one, all keys do."""

    tenant: str | None = None
    """One segment of a key, as `tenant_of` makes it."""

    @property
    def prefix(self) -> str:
        """Return what all keys of the caller start with: `<tenant>/`, or nothing."""
        return "" if self.tenant is None else f"{self.tenant}/"

    def owns(self, key: str) -> bool:
        """Tell whether the caller may touch a key: to upload, see, list, retry or delete it.

        A key is compared as it is stored. Whoever takes it from a URL decodes it once before.
        """
        return key.startswith(self.prefix) and key != self.prefix


def tenant_of(claim: object) -> str:
    """Return the segment of a key that stands for the value of a token's claim.

    API Gateway hands over a list as one text, `[a b]`, of which nobody can tell two lists apart.
    Another value never has the same segment: each byte of UTF-8 that is not a letter, digit, `_` or
    `-` of ASCII becomes `~` and two hex digits, so that nothing is left to normalise or decode.
    Raises ValueError for what is not text, is empty or is too long.
    """
    if not isinstance(claim, str) or not claim:
        raise ValueError(f"expected text in the claim but received {type(claim).__name__}")
    if claim.startswith("[") and claim.endswith("]"):
        raise ValueError("expected text in the claim but received a list")
    try:
        raw = claim.encode()
    except UnicodeEncodeError:
        raise ValueError("expected text in the claim but received half a character") from None
    if len(raw) > LONGEST_CLAIM:
        raise ValueError(f"expected at most {LONGEST_CLAIM} bytes in the claim, got {len(raw)}")
    return "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) else f"{ESCAPE}{byte:02X}" for byte in raw
    )


def claim_of(tenant: str) -> str:
    """Return the claim's value that a segment stands for: the inverse of `tenant_of`."""
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), tenant)
    return raw.encode("latin-1").decode()
