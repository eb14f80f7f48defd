"""Name what ffmpeg reads: a source, and the part of it that one encode covers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

SOUND_ALONE = "audio.m4a"
"""The file that a source without a picture becomes; it is not streamed."""

RUN_OVER_S = 0.5
"""How far past its end a span is encoded, and that thrown away: an encoder that sees nothing to
come spends too little on the last frames (their VMAF was 2.9 less than in one pass; now 1.2, as it
is with 1.2 s)."""


@dataclass(frozen=True, slots=True)
class Input:
    """A source as ffmpeg is told of it: a path or an http(s) URL, and the sniffed demuxer.

    `size` is what was received, in bytes; None where that bounds nothing. `ca_file` holds the
    authorities that https trusts: ffmpeg's own OpenSSL looks where its builder kept them; Python
    knows where the system does.
    """

    locator: str
    container: str
    ca_file: str | None = field(default_factory=lambda: ssl.get_default_verify_paths().cafile)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """The frames with `start_s` <= time < `end_s`, in s from the start of the source.

    Borders are times of frames, known to the microsecond.
    """

    start_s: float
    end_s: float
