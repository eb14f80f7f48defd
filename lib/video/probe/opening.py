"""Open the source of an upload: what it is, and where ffmpeg finds it."""

from __future__ import annotations

from functools import partial

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Source
from lib.domain.media import Probe
from lib.domain.ports import Sources
from lib.presets import Limits
from lib.sniff import HEAD_BYTES, sniff
from lib.video.plan.span import Input
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from lib.video.probe.range_reader import RangeReader

MARGIN_SECONDS = 60
"""A source's URL outlives the invocation by this, so that no encode ends with a refused read."""


def inspect(source: Source, limits: Limits, sources: Sources) -> tuple[str, Probe, RangeReader]:
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
