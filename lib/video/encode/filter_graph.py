"""Say what happens to the frames: one decode, of which every rung, tile and still is a tap. Pure.

The order: deinterlace ▸ limit the frame rate ▸ cut to the span, and what it runs over ▸ convert to
SDR BT.709 in the size of the highest rung ▸ scale down from rung to rung. What changes in
mid-stream is alike from the conversion on. `Any` is a stream of ffmpeg-python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import ceil
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

TILE_SIDE = 160
"""px of a storyboard picture's longer side."""
STILL_SIDE = 1280
"""px that a poster candidate's longer side has at most, if a rung is as small."""

TILE_RATE = 25.0
"""Frames a second where the source does not say: of the last one before a span, which may be the
picture of the storyboard's cell in which the span begins."""

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


@dataclass(frozen=True, slots=True)
class Taps:
    """The ends of the graph: rungs by name; tiles and stills, None where none are wanted."""

    rungs: dict[str, Any]
    tiles: Any
    stills: Any


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
    return _convert(_turn(video, probe), probe, _sizes(task.plan)[0], folder / TABLE)


def takes_changes(probe: VideoProbe) -> bool:
    """Tell whether each filter up to the conversion takes frames of another size or format.

    Else the graph is built again where they change, and forgets what it was about.
    """
    return not (
        probe.interlaced or probe.rotation or probe.mirrored or probe.has_alpha or probe.transfer
    )


def build_graph(stream: Any, probe: VideoProbe, plan: Plan, span: Span | None) -> Taps:
    """Return the taps of what `even_out` gave.

    Frames keep their times: in ticks of `plan.timescale` for rungs, in ms for tiles and stills.
    """
    sizes = _sizes(plan)
    stream = _hold(_start(stream, span), probe, plan, span)
    rungs, stills = {}, None
    still_size, wanted_stills = _still_size(sizes), _choose_stills(plan, span)
    for size in sizes:
        if size != sizes[0]:
            stream = stream.filter("scale", *size, flags=SCALING).filter("setsar", 1)
        taps = _split(stream)
        for rung in plan.rungs:
            if _size(rung) == size:
                rungs[rung.name] = next(taps).filter("settb", f"1/{plan.timescale}")
        if size == still_size and wanted_stills:
            stills = _to_jpeg(next(taps).filter("select", wanted_stills), size)
        stream = next(taps)
    wanted_tiles = _choose_tiles(plan, span, probe.frame_rate or TILE_RATE)
    tiles = stream.filter("select", wanted_tiles) if wanted_tiles else None
    return Taps(rungs, tiles and _to_jpeg(tiles, inside(sizes[-1], TILE_SIDE)), stills)


def inside(size: Size, longest: int) -> Size:
    """Return a size scaled down until its longer side fits, in even px."""
    scale = min(1.0, longest / max(size))
    width, height = (max(2, round(side * scale / 2) * 2) for side in size)
    return width, height


def _sizes(plan: Plan) -> list[Size]:
    return sorted({_size(each) for each in plan.rungs}, reverse=True)


def _size(rung: Rung) -> Size:
    return rung.width, rung.height


def _split(stream: Any) -> Iterator[Any]:
    node = stream.split()
    return (node[number] for number in count())


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


def _start(video: Any, span: Span | None) -> Any:
    """Have the first frame last from 0, where the presentation starts."""
    if span and span.start_s:
        return video
    # A span may hold nothing but what it runs over.
    is_first = f"eq(N,0)*lt(T,{span.end_s - ROUNDING_S:.6f})" if span else "eq(N,0)"
    return video.filter("setpts", f"if({is_first},0,PTS)")


def _hold(video: Any, probe: VideoProbe, plan: Plan, span: Span | None) -> Any:
    """Show the last frame on, once a second, until the sound ends, too."""
    if not plan.hold_s or (span and span.end_s < plan.hold_s[1]):
        return video
    start, end = plan.hold_s
    last = end - 1.5 / (probe.frame_rate or TILE_RATE)
    shown = f"lt(t,{start - ROUNDING_S:.4f})+gte(t-prev_selected_t,1)+gte(t,{last:.4f})"
    held = video.filter("tpad", stop_mode="clone", stop_duration=f"{end - start:.3f}")
    return held.filter("select", f"{shown}+isnan(prev_selected_t)")


def _lay_on(video: Any, background: str) -> Any:
    """Lay frames on a colour (`#rrggbb`): what is transparent holds any colours."""
    red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
    # Left to itself, ffmpeg would convert before the colours are set right.
    taps = _split(video.filter("scale", flags=SCALING).filter("format", "gbrap"))
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


def _still_size(sizes: list[Size]) -> Size:
    return next((each for each in sizes if max(each) <= STILL_SIDE), sizes[-1])


def _choose_stills(plan: Plan, span: Span | None) -> str:
    """Return an expression that is true for the first frame from each wanted time on.

    The first frame of the source is one of them: whatever the duration says, one is there.
    """
    start, end = (span.start_s, span.end_s) if span else (0.0, float("inf"))
    times = [each for each in plan.stills_s if start <= each < end]
    chosen = [f"gte(t,{each})*not(gte(prev_selected_t,{each}))" for each in times]
    if plan.stills_s and not start:
        chosen.append("isnan(prev_selected_t)")
    return "+".join(chosen)


def _choose_tiles(plan: Plan, span: Span | None, frame_rate: float) -> str:
    """Return an expression that is true for the first frame of each cell of the storyboard's grid.

    A span leaves the cell in which it begins to the span before, if that has a frame of it.
    """
    if not plan.tile_s:
        return ""
    step = plan.tile_s
    last_before = span.start_s - 1 / frame_rate + ROUNDING_S if span and span.start_s else 0.0
    first = ceil(last_before / step) * step
    if span and first >= span.end_s:
        return ""
    entered = f"gt(floor(t/{step}),floor(prev_selected_t/{step}))"
    until = f"*lt(t,{span.end_s - ROUNDING_S})" if span else ""
    return f"gte(t,{first - ROUNDING_S}){until}*(isnan(prev_selected_t)+{entered})"


def _to_jpeg(stream: Any, size: Size) -> Any:
    """Return frames for JPEG, which is read as full-range BT.601; their times become ms."""
    colors = {"out_color_matrix": "bt601", "out_range": "full"}
    scaled = stream.filter("scale", *size, flags=SCALING, **colors)
    return scaled.filter("format", "yuvj444p").filter("settb", "1/1000")
