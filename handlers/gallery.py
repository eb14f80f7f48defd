"""A browser ▸ the gallery's page, and what it has to know of its stage. It has no rights at all."""

from typing import Any

from lib.entrypoints.http.web_page import PACKAGED as BUILT
from lib.entrypoints.http.web_page import WebPage
from lib.entrypoints.settings import GallerySettings, from_env
from lib.presets.loader import PACKAGED, load

settings = from_env(GallerySettings)
presets = sorted(load(PACKAGED).by_name)
page = WebPage(BUILT, {"auth": settings.api_auth, "presets": presets}, settings.content_origins)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer one request."""
    return page.answer(event)
