"""What AWS asks for the work, in dollars: us-east-1, arm64, 2026; other regions differ a little."""

from __future__ import annotations

from lib.domain.errors import ErrorCode, PermanentError

DOLLARS_PER_GB_SECOND = 0.0000133334
"""Lambda on arm64 (x86-64 is a quarter dearer): https://aws.amazon.com/lambda/pricing/."""

VCPU_MB = 1769
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

DOLLARS_PER_VCPU_SECOND = VCPU_MB / 1024 * DOLLARS_PER_GB_SECOND

DOLLARS_PER_PUT = 0.000005
"""S3 Standard: https://aws.amazon.com/s3/pricing/. Each segment of each track is one."""


def price_invocation(seconds: float, memory_mb: int, puts: int = 0) -> float:
    """Return what an invocation costs that ran for so long and stored so many objects."""
    return seconds * memory_mb / 1024 * DOLLARS_PER_GB_SECOND + puts * DOLLARS_PER_PUT


def price_encode(vcpu_seconds: float, puts: float) -> float:
    """Return what an encode costs that takes so long on one vCPU and stores so many objects."""
    return vcpu_seconds * DOLLARS_PER_VCPU_SECOND + puts * DOLLARS_PER_PUT


def check_price(price: float, dollars: float) -> None:
    """Pass, or raise PermanentError(LIMIT_EXCEEDED) where a source would cost more than allowed."""
    if price > dollars:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"expected a source that costs at most ${dollars:.2f} to encode "
            f"but this one is estimated at ${price:.2f}",
        )
