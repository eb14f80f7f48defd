"""Let one rendition fail without the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lib.domain.errors import Failure, PermanentError
from lib.domain.renditions import Made, RenditionKind


def attempt(
    name: str, kind: RenditionKind, mime: str, make: Callable[[], Iterable[Made]]
) -> Iterator[Made]:
    """Yield what is made, or a rendition that carries why it cannot be."""
    try:
        yield from make()
    except PermanentError as exc:
        yield Made(name, kind, mime, error=Failure.of(exc))
