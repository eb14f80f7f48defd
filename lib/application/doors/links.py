"""Where a browser finds what was made: the port, and addresses below one base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from lib.domain.renditions import Rendition, RenditionKind

OF_SEVERAL = frozenset({RenditionKind.STREAM, RenditionKind.RUNG, RenditionKind.STORYBOARD})
"""What names files that lie beside it: whoever may read it alone can do nothing with it."""


class Links(Protocol):
    """Addresses of what lies in the renditions bucket."""

    @property
    def folders(self) -> bool:
        """Tell whether who has the address of one rendition can read those beside it."""
        ...

    @property
    def edition(self) -> str:
        """Return a text that is another one when addresses that were given are to be given anew."""
        ...

    def address(self, key: str) -> str:
        """Return the URL of one object."""
        ...


@dataclass(frozen=True, slots=True)
class BaseLinks:
    """Whoever serves the renditions serves all of them, below one URL; without one, keys do."""

    base_url: str = ""

    @property
    def folders(self) -> bool:
        """Tell whether a playlist's segments can be read: they can."""
        return True

    @property
    def edition(self) -> str:
        """Return what the addresses depend on."""
        return self.base_url

    def address(self, key: str) -> str:
        """Return the URL of one object."""
        path = quote(key)
        return f"{self.base_url.rstrip('/')}/{path}" if self.base_url else path


def url_of(rendition: Rendition, links: Links) -> str | None:
    """Return where a rendition is; None where it was not made, or its files can't be read."""
    if rendition.key is None or (rendition.kind in OF_SEVERAL and not links.folders):
        return None
    return links.address(rendition.key)
