"""Draw the model of long sources.

`npm run bench -- video --json | python -m tests.bench.long_plot`

It reads the last line and writes docs/long-video.svg.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from math import log10

from lib.tools import ROOT
from tests.bench.long_model import EXCAMERA, mediaconvert

TARGET = ROOT / "docs" / "long-video.svg"
POINT = re.compile(r"model: 1 h of 1080p, (\d+) ranges, (\d+) worker")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 400, 70, 40, 680, 330
MOST_WORKERS, LEAST_MINUTES, MOST_MINUTES = 1000, 0.5, 1000
LADDER = (240, 360, 480, 720, 1080)


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


def main() -> None:
    """Read the bench's JSON, write the plot."""
    results = json.loads(sys.stdin.read().splitlines()[-1])["results"]
    found = [(POINT.match(each["name"]), each["value"]) for each in results]
    minutes = {int(match[2]): value for match, value in found if match}
    [ranges] = {int(match[1]) for match, _ in found if match}
    [cents] = [
        each["value"] for each in results if each["name"] == "model: a minute of 1080p costs"
    ]
    TARGET.write_text(draw(minutes, cents, ranges), encoding="utf-8")


if __name__ == "__main__":
    main()
