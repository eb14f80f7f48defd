"""Say how a source is opened, and how much of it is read. Pure."""

from __future__ import annotations

from typing import Any

import ffmpeg

from lib.domain.media import AudioProbe, VideoProbe
from lib.video.encode.colors import read_colors
from lib.video.encode.even_out import takes_changes
from lib.video.plan.plan import Plan
from lib.video.plan.proportion import longest_s
from lib.video.plan.ranges import Span
from lib.video.probe.limits import MAX_SIDE
from lib.video.source import Input, input_url, is_remote, protocols

READ_TIMEOUT_US = 20_000_000
RECONNECT_SECONDS = 2
"""Longest pause before one more attempt: ffmpeg waits 0 and 1 s, then leaves it to the queue."""

GROWTH = 4
USUAL_PIXELS = 4096 * 2304
"""What frames may have beyond the described size, as a factor; and what they may have in any case,
since a recording of a call begins small."""

JOINED_JUMP_S = 1

THREADS = 4
"""Of the decoder, and of the filters: each holds frames, and those of 4K are large. Neither changes
what is written."""

INDEXED = frozenset({"mov", "matroska"})
"""Containers that say where keyframes are; in the others one may be as far away as SEARCH_S."""
SEARCH_S = 10.0
NEIGHBOUR_S = 0.5
"""What deinterlacing and leaving out frames look at before a span."""

UNKNOWN_TEXT = "s_text/webvtt"
"""What ffmpeg does not know. It is passed on as SubRip, which is as plain."""

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Those of ffmpeg's own leave out what lies beside the frames."""


def mend_options(source: Input) -> tuple[str, ...]:
    """Return how far time stamps of joined parts may jump before ffmpeg mends them.

    Of a short part the last packets come after the first ones of the next.
    """
    return ("-dts_delta_threshold", str(JOINED_JUMP_S)) if source.joined else ()


def open_source(source: Input, probe: AudioProbe, plan: Plan, span: Span | None) -> Any:
    """Describe the input: one demuxer, the locator's own protocols, frames of a bounded size.

    With the demuxer and the protocols fixed, a playlist that was uploaded as a video is not
    followed.
    """
    options: dict[str, Any] = {
        "f": source.container,
        "protocol_whitelist": ",".join(protocols(source.locator)),
        "max_pixels": _most_pixels(probe),
        "threads": THREADS,
    }
    if isinstance(probe, VideoProbe):
        options |= _picture_options(probe, source.container)
    for subtitle in plan.subtitles:
        if subtitle.track.codec == UNKNOWN_TEXT:
            options[f"c:s:{subtitle.index}"] = "subrip"
    if not span and (probe.duration_ms or source.size):
        options["t"] = f"{longest_s(source.size or 0, probe.duration_ms):.3f}"
    if span and span.start_s:
        run_up = max(span.context_s, _run_up(source, probe, plan))
        # Where ffmpeg starts to read; the graph cuts. A seek to the start is none: of an FLV, whose
        # first frame comes later, it would find the last keyframe that was seen.
        if span.start_s > run_up:
            options["noaccurate_seek"] = None
            options["ss"] = f"{span.start_s - run_up:.6f}"
    if source.start:
        options["skip_initial_bytes"] = source.start
    if is_remote(source.locator):
        options |= {
            "rw_timeout": READ_TIMEOUT_US,
            "reconnect": 1,
            "reconnect_on_network_error": 1,
            "reconnect_on_http_error": "429,5xx",
            "reconnect_delay_max": RECONNECT_SECONDS,
        }
    if "tls" in protocols(source.locator):
        options["tls_verify"] = 1
        if source.ca_file:
            options["ca_file"] = source.ca_file
    return ffmpeg.input(input_url(source.locator), **options)


def _picture_options(probe: VideoProbe, container: str) -> dict[str, Any]:
    """Return how frames are decoded: as they are stored, for the graph turns them by the probe."""
    options: dict[str, Any] = {"noautorotate": None}
    if takes_changes(probe):
        options["reinit_filter:v"] = 0
    if container == "mov":
        # Browsers show what a clean aperture would cut off; they cut as Matroska says.
        options["apply_cropping"] = "codec"
    if matrix := read_colors(probe).default_matrix:
        # Of the decoder, which replaces it by what it finds.
        options["colorspace:v"] = matrix
    if probe.has_alpha and probe.video_codec in ALPHA_DECODERS:
        options["c:v"] = ALPHA_DECODERS[probe.video_codec]
    return options


def _most_pixels(probe: AudioProbe) -> int:
    """Return the pixels above which a frame is not decoded: the header has said otherwise."""
    described = 0
    if isinstance(probe, VideoProbe):
        described = (probe.width or 0) * (probe.height or 0)
    return min(MAX_SIDE * MAX_SIDE, max(USUAL_PIXELS, GROWTH * described))


def _run_up(source: Input, probe: AudioProbe, plan: Plan) -> float:
    if source.container not in INDEXED:
        return SEARCH_S
    interlaced = isinstance(probe, VideoProbe) and probe.interlaced
    return NEIGHBOUR_S if interlaced or plan.frame_rate else 0.0
