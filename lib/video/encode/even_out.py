"""Make the frames of a source alike, whatever they were, for all that is made of them. Pure.

The order: deinterlace ▸ limit the frame rate ▸ cut to the span, and what it runs over ▸ convert to
SDR BT.709 in the size of the highest rung. What changes in mid-stream is alike from the conversion
on. `Any` is a stream of ffmpeg-python.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from lib.domain.media import VideoProbe
from lib.video.encode.colors import read_colors
from lib.video.encode.tone_table import TABLE
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, VideoTask
from lib.video.plan.ranges import ROUNDING_S, RUN_OVER_S, Span

SCALING = "lanczos+accurate_rnd+full_chroma_int+bitexact"
"""Each rung is scaled from the one above: after four steps as close to the source as bicubic from
the source itself (SSIM 0.9974 and 0.9972) for half of the time. The flags beside the filter make
every processor round alike; without full_chroma_int a change of the matrix loses two levels."""

ROUNDED_PX, ODD_ASPECT = 2, 0.01
"""How far a frame's shape may be from that of the rung which it fills: the px that even sides are
rounded by, and what pixel aspects are."""

TURNS: dict[int, tuple[tuple[str, dict[str, str]], ...]] = {
    0: (),
    90: (("transpose", {"dir": "clock"}),),
    180: (("hflip", {}), ("vflip", {})),
    270: (("transpose", {"dir": "cclock"}),),
}
"""Degrees → filters and their options."""

OF_HDR = (
    *("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "AMBIENT_VIEWING_ENVIRONMENT"),
    *("DYNAMIC_HDR_PLUS", "DYNAMIC_HDR_VIVID", "DOVI_RPU_BUFFER", "DOVI_METADATA"),
)
"""What frames say of themselves that is no longer true of what they were mapped to."""

FFMPEG_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}

Size = tuple[int, int]


def even_out(video: Any, task: VideoTask, folder: Path) -> Any:
    """Return the frames of a source, or of its span, alike whatever they were: see `_convert`.

    `video` are its decoded frames; at least one rung is planned. In `folder` is the table of an
    HDR source.
    """
    probe = task.video
    video = _cut(video, probe, task.plan, task.span)
    if forced := read_colors(probe).forced:
        video = video.filter("setparams", **forced)
    if probe.has_alpha:
        video = _lay_on(video, task.preset.image.background)
    return _convert(_turn(video, probe), probe, sizes_of(task.plan)[0], folder / TABLE)


def takes_changes(probe: VideoProbe) -> bool:
    """Tell whether each filter up to the conversion takes frames of another size or format.

    Else the graph is built again where they change, and forgets what it was about.
    """
    return not (
        probe.interlaced or probe.rotation or probe.mirrored or probe.has_alpha or probe.transfer
    )


def _cut(video: Any, probe: VideoProbe, plan: Plan, span: Span | None) -> Any:
    """Keep the frames of the span."""
    if probe.interlaced:
        video = video.filter("bwdif", mode="send_frame", deint="interlaced")
    if plan.frame_rate:
        # The grid starts at 0, so that all spans share it.
        video = video.filter("fps", plan.frame_rate)
    start, end = (span.start_s, span.end_s) if span else (0.0, None)
    borders = {"start": f"{start - ROUNDING_S:.6f}"}
    if end is not None:
        borders["end"] = f"{end + RUN_OVER_S:.6f}"
    return video.filter("trim", **borders)


def _lay_on(video: Any, background: str) -> Any:
    """Lay frames on a colour (`#rrggbb`): what is transparent holds any colours."""
    red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
    # Left to itself, ffmpeg would convert before the colours are set right.
    taps = split(video.filter("scale", flags=SCALING).filter("format", "gbrap"))
    under = next(taps).filter("format", "gbrp").filter("lutrgb", r=red, g=green, b=blue)
    return under.overlay(next(taps), format="gbrp")


def _without(video: Any, *kinds: str) -> Any:
    """Take from frames what they say of themselves, of these kinds."""
    for kind in kinds:
        video = video.filter("sidedata", mode="delete", type=kind)
    return video


def _turn(video: Any, probe: VideoProbe) -> Any:
    """Turn frames as they are shown: mirrored, then clockwise.

    What came with them and says so would turn what is made of them once more.
    """
    video = _without(video, "DISPLAYMATRIX")
    if probe.mirrored:
        video = video.filter("vflip")
    for name, options in TURNS[probe.rotation or 0]:
        video = video.filter(name, **options)
    return video


def _convert(video: Any, probe: VideoProbe, size: Size, table: Path) -> Any:
    """Fit into `size`: square pixels, 8 bits, 4:2:0, BT.709, and tagged as such."""
    width, height = fit_into(size)
    if probe.transfer in FFMPEG_TRANSFERS:
        transfer = FFMPEG_TRANSFERS[probe.transfer]
        video = _map_to_sdr(video, transfer, (width, height), table)
        video = _without(video, *OF_HDR)
    else:
        colors = {"out_color_matrix": "bt709", "out_range": "tv"}
        video = video.filter("scale", width, height, eval="frame", flags=SCALING, **colors)
    tags = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
    video = video.filter("setsar", 1).filter("format", "yuv420p").filter("setparams", **tags)
    return video.filter("pad", *size, "(ow-iw)/2", "(oh-ih)/2", eval="frame")


def fit_into(size: Size) -> tuple[str, str]:
    """Return expressions for the width and height of a frame that keeps its shape within `size`.

    A frame of that shape fills it: sides are even, so that it may be two px off. A recording may
    be turned, or its window resized, while it runs; then black is left beside the picture.
    """
    width, height = size
    shape = "iw/ih*if(sar,sar,1)"
    fills = f"lte(abs({shape}*{height}/{width}-1),{ROUNDED_PX / min(size) + ODD_ASPECT:.4f})"
    across, down = f"{height}*{shape}", f"{width}/({shape})"
    return (
        f"if({fills},{width},max(2,trunc(min({width},{across})/2+0.5)*2))",
        f"if({fills},{height},max(2,trunc(min({height},{down})/2+0.5)*2))",
    )


def _map_to_sdr(video: Any, transfer: str, size: tuple[str, str], table: Path) -> Any:
    """Map HDR to SDR by a table of signals, which is that of stills: see `imaging.color.tone_map`.

    It is scaled first: a frame of RGB has twelve bytes a pixel.
    """
    width, height = size
    return (
        # The container may be the only one to say so.
        video.filter(
            "setparams", colorspace="bt2020nc", color_primaries="bt2020", color_trc=transfer
        )
        .filter("zscale", w=width, h=height, filter="lanczos", m="gbr", r="full")
        .filter("format", "gbrpf32le")
        .filter("lut3d", str(table), interp="tetrahedral")
        .filter("zscale", m="bt709", r="tv", dither="ordered")
    )


def sizes_of(plan: Plan) -> list[Size]:
    """Return the sizes of all rungs, the largest first."""
    return sorted({size_of(each) for each in plan.rungs}, reverse=True)


def size_of(rung: Rung) -> Size:
    """Return the width and height of a rung in px."""
    return rung.width, rung.height


def split(stream: Any) -> Iterator[Any]:
    """Yield as many taps of a stream as are taken."""
    node = stream.split()
    return (node[number] for number in count())
