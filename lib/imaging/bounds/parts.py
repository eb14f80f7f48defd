"""Count what a source is made of against the bytes that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.variants import Size

Part = TypeVar("Part")

FREE_PARTS = 10_000
"""Chunks, segments, strips or boxes that any source may have: a decoder is through with them in
some milliseconds. Of real files, a picture of 100 megapixels in tiles comes nearest."""

BYTES_A_PART = 64
"""What each further one has to bring along. Encoders write parts of 200 bytes and more."""


BLOCKS = 1.1
"""Coded pictures are whole blocks, so a little larger than what is shown."""


def most_parts(size: int) -> int:
    """Return how many parts a source of so many bytes may have."""
    return FREE_PARTS + size // BYTES_A_PART


def limit_parts(parts: Iterable[Part], size: int, what: str) -> Iterator[Part]:
    """Pass the parts of a source of `size` bytes on.

    Raises PermanentError(LIMIT_EXCEEDED) at the first that is too many.
    """
    most = most_parts(size)
    for number, part in enumerate(parts, 1):
        if number > most:
            refuse_more(most, what, size)
        yield part


def check_count(count: int, size: int, what: str) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more parts than `size` bytes may have."""
    if count > most_parts(size):
        refuse_more(most_parts(size), what, size)


def check_most(count: int, most: int, what: str) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more of something than the most there may be."""
    if count > most:
        raise PermanentError(ErrorCode.LIMIT_EXCEEDED, f"{count:,} {what}, the limit is {most:,}")


def larger(*sizes: Size) -> Size:
    """Return the size of the most pixels."""
    return max(sizes, key=lambda size: size[0] * size[1])


def refuse_more(most: int, what: str, size: int) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED): more of something than its bytes allow."""
    raise PermanentError(
        ErrorCode.LIMIT_EXCEEDED,
        f"more than {most:,} {what}, which is the limit for {size:,} bytes",
    )


def refuse_pixels(size: Size, limit: int, what: str) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for a coded width × height (px) above `limit` MP."""
    width, height = size
    if width * height > BLOCKS * limit * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{what} of {width} × {height} px is {width * height / 1e6:.1f} MP, "
            f"the limit is {limit} MP",
        )
