"""Make three muted seconds that a page may play while a pointer rests on the poster."""

from __future__ import annotations

from collections.abc import Sequence

from lib.domain.renditions import Made, RenditionKind
from lib.video.encode.ffmpeg import Ffmpeg, own_file, rework
from lib.video.plan.ladder import Rung, fit

PREVIEW_MS = 3000
SHORT_SIDE = 240
"""px: at twice the density still a card of a list."""

FRAME_RATE = "fps=12:eof_action=pass"
"""What moves is seen to move, for half the bytes of 24 frames a second. Of what lasts less than one
of them, one is passed on."""

WEBP = (
    *("-c:v", "libwebp_anim", "-quality", "50", "-compression_level", "4"),
    *("-loop", "0", "-f", "webp"),
)
MP4 = (
    *("-c:v", "libx264", "-profile:v", "high", "-preset", "medium", "-crf", "28"),
    *("-f", "mp4", "-movflags", "+faststart"),
)
"""Encoder arguments for the two."""

WEBP_COLORS = ":in_color_matrix=bt709:out_color_matrix=bt601:out_range=tv"
"""WebP has no other (RFC 6386, 9.2); ffmpeg would hand over the rung's BT.709 as it is."""


def choose_preview_rung(rungs: Sequence[Rung]) -> Rung:
    """Return the rung that is quickest to decode: the first of the smallest that are large enough.

    The largest where none is. Of at least one rung.
    """
    enough = [each for each in rungs if min(each.width, each.height) >= SHORT_SIDE]
    if enough:
        return min(enough, key=lambda each: min(each.width, each.height))
    return max(rungs, key=lambda each: min(each.width, each.height))


def start_ms(wanted_ms: int, duration_ms: int) -> int:
    """Return where to start so that the preview shows a moment and does not end early."""
    return max(0, min(wanted_ms, duration_ms - PREVIEW_MS))


def make_preview(
    rung: Rung, image_format: str, at_ms: int, duration_ms: int, ffmpeg: Ffmpeg
) -> Made:
    """Return `preview.webp` (which loops) or `preview.mp4`, from the rung's file in the scratch.

    `image_format` is `webp` or `mp4`; `at_ms` the moment to show, such as the poster's. A shorter
    video is shown whole. Raises what `rework` raises.
    """
    start = start_ms(at_ms, duration_ms)
    lasts_ms = min(PREVIEW_MS, duration_ms - start)
    width, height = fit(rung.width, rung.height, SHORT_SIDE)
    colors = WEBP_COLORS if image_format == "webp" else ""
    path = ffmpeg.scratch / f"preview.{image_format}"
    rework(
        own_file(ffmpeg.scratch / f"{rung.name}.mp4", start_s=start / 1000),
        (
            *("-map", "0:v:0", "-t", f"{PREVIEW_MS / 1000:g}"),
            *("-vf", f"{FRAME_RATE},scale={width}:{height}{colors},setsar=1,format=yuv420p"),
            *(WEBP if image_format == "webp" else MP4),
        ),
        path,
        ffmpeg,
    )
    mime = "image/webp" if image_format == "webp" else "video/mp4"
    return Made(path.name, RenditionKind.PREVIEW, mime, path, width, height, lasts_ms)
