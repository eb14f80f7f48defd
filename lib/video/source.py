"""A source as it is opened: what it is, and how ffmpeg reaches it, by a path or an http(s) URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Source
from lib.domain.media import AudioProbe, Sniffed
from lib.domain.ports import Sources
from lib.presets import Limits
from lib.sniff import sniff_source
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import PARSERS, read_probe
from lib.video.probe.range_reader import RangeReader

UNINDEXED = frozenset({"mpegts", "mpeg", "ogg"})
"""Containers whose time stamps may jump, where parts were joined: nothing in them says how long all
of it lasts, and a reader of the first and the last ones is wrong."""

MS_PER_HOUR = 3_600_000

MARGIN_SECONDS = 60
"""A source's URL outlives the invocation by this, so that no encode ends with a refused read."""

_PROTOCOLS = {"http://": ("http", "tcp"), "https://": ("https", "tls", "tcp")}


@dataclass(frozen=True, slots=True)
class Input:
    """A source as ffmpeg opens it: a path or an http(s) URL, and the sniffed demuxer.

    `size` is what was received, in bytes; None where that bounds nothing; `start` the bytes before
    the content. `ca_file` holds the
    authorities that https trusts: ffmpeg's own OpenSSL looks where its builder kept them; Python
    knows where the system does.
    """

    locator: str
    container: str
    ca_file: str | None = field(default_factory=lambda: ssl.get_default_verify_paths().cafile)
    size: int | None = None
    start: int = 0
    joined: bool = False
    """Whether its time stamps step back, where parts were joined."""


class Content(Protocol):
    """What says which demuxer reads a source, and where its content begins, in bytes."""

    @property
    def container(self) -> str:
        """Return the demuxer's name."""
        ...

    @property
    def start(self) -> int:
        """Return how many bytes come before."""
        ...

    @property
    def joined(self) -> bool:
        """Tell whether its time stamps step back."""
        ...


def inspect(
    source: Source, limits: Limits, sources: Sources
) -> tuple[Sniffed, AudioProbe, RangeReader]:
    """Return what a source was sniffed to be, its probe, and what reads the rest of it.

    Raises PermanentError, LIMIT_EXCEEDED among them, before anything is decoded.
    """
    limits.refuse_source(source.size)
    read = partial(sources.read_range, source)
    sniffed = sniff_source(read)
    if sniffed.container not in PARSERS:
        raise PermanentError(ErrorCode.UNSUPPORTED_MEDIA, sniffed.reason or "not a video or sound")
    limits.refuse_format(sniffed.container)
    reader = RangeReader(read, source.size, skipped=sniffed.start)
    probe = doubt_duration(read_probe(reader, sniffed.container), sniffed.container, limits)
    check_limits(probe, limits)
    return sniffed, probe, reader


def doubt_duration(probe: AudioProbe, container: str, limits: Limits) -> AudioProbe:
    """Return a probe without a duration above the limits where time stamps may jump.

    How long it lasts has to be found out then.
    """
    hours = (probe.duration_ms or 0) / MS_PER_HOUR
    if container in UNINDEXED and hours > limits.video_hours:
        return replace(probe, duration_ms=None)
    return probe


def locate(source: Source, content: Content, sources: Sources, deadline: Deadline) -> Input:
    """Return a source as ffmpeg reads it for as long as the invocation may take."""
    locator = sources.locate(source, round(deadline()) + MARGIN_SECONDS)
    return Input(
        locator,
        content.container,
        size=source.size,
        start=content.start,
        joined=content.joined,
    )


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
