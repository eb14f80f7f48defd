"""Draw how long an hour of video takes over the number of workers, by the bench's model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import presets
from tests.bench.clips import fetch
from tests.bench.long_model import EXCAMERA, mediaconvert
from tests.bench.report import Result
from tests.bench.video_ranges import run_ranges
from tests.bench.video_setup import Bench
from tests.support.ffmpeg_binary import find_ffmpeg

CLIP = "720p film"
POINT = re.compile(r"model: 1 h of 1080p, (\d+) ranges, (\d+) worker")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 400, 70, 40, 680, 330
MOST_WORKERS, LEAST_MINUTES, MOST_MINUTES = 1000, 0.5, 1000
PRICE = "model: a minute of 1080p costs"
LADDER = (240, 360, 480, 720, 1080)


def make() -> str:
    """Measure ranges as `npm run bench -- video` does, and draw what the model makes of them."""
    with TemporaryDirectory(prefix="video-") as name:
        bench = Bench(Path(name), find_ffmpeg(), presets.load(presets.PACKAGED))
        return draw(*read(run_ranges(bench, fetch(bench.folder)[CLIP])))


def read(results: Iterable[Result]) -> tuple[dict[int, float], float, int]:
    """Return the minutes by number of workers, the cents that a minute costs, and the ranges."""
    values = {each.name: each.value for each in results}
    points = [(match, value) for name, value in values.items() if (match := POINT.match(name))]
    [ranges] = {int(match[1]) for match, _ in points}
    return {int(match[2]): value for match, value in points}, values[PRICE], ranges


def draw(minutes: Mapping[int, float], cents: float, ranges: int) -> str:
    """Return an SVG: minutes for an hour of 1080p over workers, both on logarithmic axes."""
    points = " ".join(f"{_x(count):.1f},{_y(each):.1f}" for count, each in minutes.items())
    fastest = minutes[1] / EXCAMERA
    dots = "".join(
        f'<circle cx="{_x(count):.1f}" cy="{_y(each):.1f}" r="4" fill="#0a66c2"/>'
        f'<text x="{_x(count) + 8:.1f}" y="{_y(each) - 8:.1f}">{each:.1f} min</text>'
        for count, each in minutes.items()
    )
    across = "".join(
        f'<text x="{_x(each):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{each:,}</text>'
        for each in minutes
    )
    up = "".join(
        f'<path d="M{LEFT} {_y(each):.1f}H{RIGHT}" stroke="#8884"/>'
        f'<text x="{LEFT - 8}" y="{_y(each) + 4:.1f}" text-anchor="end">{each:g}</text>'
        for each in (1, 10, 100, 1000)
    )
    theirs = mediaconvert(LADDER) * 100
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">
<style>text {{ font: 13px sans-serif; fill: #333 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}</style>
<title>Minutes until an hour of 1080p is ready, over the number of workers</title>
<text x="{LEFT}" y="22">minutes until an hour of 1080p is ready ({ranges} ranges)</text>
{up}{across}
<text x="{RIGHT}" y="{BOTTOM + 40}" text-anchor="end">workers</text>
<path d="M{LEFT} {_y(fastest):.1f}H{RIGHT}" stroke="#c2410c" stroke-dasharray="5 4"/>
<text x="{LEFT}" y="{_y(fastest) - 6:.1f}">{EXCAMERA:g} × one worker: ExCamera, NSDI ’17</text>
<polyline points="{points}" fill="none" stroke="#0a66c2" stroke-width="2"/>{dots}
<text x="{LEFT}" y="{HEIGHT - 12}">a minute of video: {cents:.2f} ¢ here, {theirs:.2f} ¢ with \
MediaConvert (basic tier, five outputs)</text>
</svg>
"""


def _x(workers: float) -> float:
    return LEFT + 20 + (RIGHT - LEFT - 90) * log10(workers) / log10(MOST_WORKERS)


def _y(minutes: float) -> float:
    span = log10(MOST_MINUTES / LEAST_MINUTES)
    return BOTTOM - (BOTTOM - TOP) * log10(minutes / LEAST_MINUTES) / span
