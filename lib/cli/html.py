"""Write the element that shows an asset, with addresses below a base."""

from __future__ import annotations

from lib.application.doors import elements
from lib.application.doors.links import BaseLinks
from lib.cli.arguments import CommandError
from lib.domain.asset import Asset


def element(asset: Asset, base_url: str = "") -> str:
    """Return `<picture>`, `<video>` or `<audio>`; `base_url` is where the renditions are served.

    Raises CommandError where there is nothing to show.
    """
    written = elements.element(asset, BaseLinks(base_url))
    if written is None:
        raise CommandError(f"{asset.source.key} has no renditions that a page could show")
    return written
