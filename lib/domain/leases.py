"""Tokens of leases: those of one message are numbered, so that a later one can tell the earlier.

A worker that cannot give its lease back sends its message again, with the number of the next one.
Who gets that takes over every earlier lease of the message, whether its claim went through or not.
What has the same number it leaves alone: that is of a delivery of this very message, whose worker
was killed.

    first delivery                      1f3a…
    sent again with 1f3a….000001        1f3a….000001.77bc…
    sent again with 1f3a….000002        1f3a….000002.e082…
"""

from __future__ import annotations

import uuid

DIGITS = 6
"""As a text, a number compares as it does as a number."""


def make_token(lease: str | None) -> str:
    """Return the token of a delivery's lease, by what its message carries."""
    name = uuid.uuid4().hex
    return name if lease is None else f"{lease}.{name}"


def next_lease(token: str) -> str:
    """Return what a message carries whose earlier delivery may hold a lease with this token."""
    first, _, rest = token.partition(".")
    number = int(rest.partition(".")[0]) if rest else 0
    return f"{first}.{number + 1:0{DIGITS}}"


def first_token(lease: str) -> str:
    """Return the token of the first delivery, which all others begin with."""
    return lease.partition(".")[0]


def is_resumed(token: str | None, lease: str | None) -> bool:
    """Tell whether a lease that somebody holds is an earlier one of the message."""
    if token is None or lease is None:
        return False
    return token.startswith(first_token(lease)) and token < lease
