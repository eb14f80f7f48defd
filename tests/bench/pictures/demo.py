"""Draw what `npm run demo` prints, as a terminal shows it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

from rich.console import Console
from rich.text import Text

from lib.tools import ROOT

COLUMNS = 108
"""Wide enough for the table: where nobody looks, it is not folded."""
PASSING = re.compile(r"uploaded .+ \(.+\)$| +[0-9.]+ s  [A-Z]+\b")
"""What the demo says of one file where its output is no terminal."""
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, \
Consolas, monospace }}
.{unique_id}-title {{ font: bold 18px sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own without its web fonts: a page of ours loads nothing from others."""


def make() -> str:
    """Run the demo with the samples and draw what it said.

    Raises CalledProcessError where it does not end well.
    """
    settings = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(COLUMNS)}
    done = subprocess.run(
        [sys.executable, "-m", "lib.cli.demo"],
        cwd=ROOT,
        env={**os.environ, **settings},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return draw(done.stdout)


def draw(output: str) -> str:
    """Return an SVG of a terminal's output, which may hold colours. The same text, the same bytes.

    Lines about one upload, which a terminal replaces by the next ones, are left out.
    """
    lines = [line for line in output.splitlines() if not PASSING.match(Text.from_ansi(line).plain)]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    console.print("$ npm run demo")
    console.print(Text("\n").join(Text.from_ansi(line) for line in lines))
    svg = console.export_svg(title="media-pipeline", code_format=FORMAT, unique_id="demo")
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"
