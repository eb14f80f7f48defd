"""A source as it is opened: what it is, and how ffmpeg reaches it, by a path or an http(s) URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Source
from lib.domain.media import AudioProbe
from lib.domain.ports import Sources
from lib.presets import Limits
from lib.sniff import HEAD_BYTES, sniff
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from lib.video.probe.range_reader import RangeReader

MARGIN_SECONDS = 60
"""A source's URL outlives the invocation by this, so that no encode ends with a refused read."""

_PROTOCOLS = {"http://": ("http", "tcp"), "https://": ("https", "tls", "tcp")}


@dataclass(frozen=True, slots=True)
class Input:
    """A source as ffmpeg opens it: a path or an http(s) URL, and the sniffed demuxer.

    `size` is what was received, in bytes; None where that bounds nothing. `ca_file` holds the
    authorities that https trusts: ffmpeg's own OpenSSL looks where its builder kept them; Python
    knows where the system does.
    """

    locator: str
    container: str
    ca_file: str | None = field(default_factory=lambda: ssl.get_default_verify_paths().cafile)
    size: int | None = None


def inspect(
    source: Source, limits: Limits, sources: Sources
) -> tuple[str, AudioProbe, RangeReader]:
    """Return the sniffed demuxer of a source, its probe, and what reads the rest of it.

    Raises PermanentError, LIMIT_EXCEEDED among them, before anything is decoded.
    """
    if source.size > limits.source_gigabytes * 1e9:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"expected at most {limits.source_gigabytes:g} GB "
            f"but received {source.size / 1e9:.2f} GB",
        )
    container = sniff(sources.read_range(source, 0, HEAD_BYTES)).container
    limits.refuse_format(container)
    reader = RangeReader(partial(sources.read_range, source), source.size)
    probe = read_probe(reader, container)
    check_limits(probe, limits)
    return container, probe, reader


def locate(source: Source, container: str, sources: Sources, deadline: Deadline) -> Input:
    """Return a source as ffmpeg reads it for as long as the invocation may take."""
    locator = sources.locate(source, round(deadline()) + MARGIN_SECONDS)
    return Input(locator, container, size=source.size)


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
