"""Make of frames that are alike all that is wanted: each rung, tile and still is a tap. Pure.

There is one decode, and each rung is scaled down from the one above. `Any` is a stream of
ffmpeg-python.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from lib.domain.media import VideoProbe
from lib.video.encode.even_out import SCALING, Size, size_of, sizes_of, split
from lib.video.plan.plan import Plan
from lib.video.plan.ranges import ROUNDING_S, Span

TILE_SIDE = 160
"""px of a storyboard picture's longer side."""
STILL_SIDE = 1280
"""px that a poster candidate's longer side has at most, if a rung is as small."""

TILE_RATE = 25.0
"""Frames a second where the source does not say: of the last one before a span, which may be the
picture of the storyboard's cell in which the span begins."""


@dataclass(frozen=True, slots=True)
class Taps:
    """The ends of the graph: rungs by name; tiles and stills, None where none are wanted."""

    rungs: dict[str, Any]
    tiles: Any
    stills: Any


def build_graph(stream: Any, probe: VideoProbe, plan: Plan, span: Span | None) -> Taps:
    """Return the taps of what `even_out` gave.

    Frames keep their times: in ticks of `plan.timescale` for rungs, in ms for tiles and stills.
    """
    sizes = sizes_of(plan)
    stream = _hold(_start(stream, span), probe, plan, span)
    rungs, stills = {}, None
    still_size, wanted_stills = _still_size(sizes), _choose_stills(plan, span)
    for size in sizes:
        if size != sizes[0]:
            stream = stream.filter("scale", *size, flags=SCALING).filter("setsar", 1)
        taps = split(stream)
        for rung in plan.rungs:
            if size_of(rung) == size:
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
