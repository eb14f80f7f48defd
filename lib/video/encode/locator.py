"""Tell how ffmpeg reaches a source: a path, or an http(s) URL."""

from __future__ import annotations

from pathlib import Path

_PROTOCOLS = {"http://": ("http", "tcp"), "https://": ("https", "tls", "tcp")}


def protocols(locator: str) -> tuple[str, ...]:
    """Return the only protocols that ffmpeg may use for this source."""
    for prefix, allowed in _PROTOCOLS.items():
        if locator.startswith(prefix):
            return allowed
    return ("file",)


def is_remote(locator: str) -> bool:
    """Tell whether reading the source can fail for reasons that are not the source's."""
    return protocols(locator) != ("file",)


def input_url(locator: str) -> str:
    """Return the locator so that ffmpeg takes a path literally, colons and dashes included."""
    return locator if is_remote(locator) else f"file:{Path(locator).absolute()}"
