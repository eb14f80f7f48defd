"""Write the scorecard's table, `README.md` here: `python -m tests.conformance.scorecard`.

Needs `npm ci` in tests/bench/sharp, and Chromium.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.adapters.sandbox.sandbox import Sandbox
from tests.conformance.cases.case import Case, read_cases
from tests.conformance.cases.judge_image import IMAGES, content_of, judge_image
from tests.conformance.cases.made_video import EARLY_S
from tests.conformance.cases.take_video import VIDEOS, find_source, judge_case, paths_of
from tests.conformance.scorecard import cases
from tests.conformance.scorecard.compared import (
    DASH,
    RIGHT,
    WRONG,
    Transcoded,
    judge_frames,
    judge_played,
    judge_transcoded,
)
from tests.conformance.scorecard.others import ffmpeg_shows, open_page, sharp_shows
from tests.conformance.test_scorecard import render, render_with_sharp, verdict
from tests.support.ffmpeg_binary import find_ffmpeg

TABLE = Path(__file__).with_name("README.md")
Row = tuple[str, str, str, str, str]
UNKNOWN_TO = {
    "sharp": (".psd", ".ico", ".bmp", ".jp2", ".tga"),
    "Chromium": (".psd", ".tif", ".jp2", ".tga"),
}
"""Formats that a reader does not know at all."""


def images(folder: Path) -> Iterator[Row]:
    """Judge images: the verdicts of all files of a kind are one row."""
    rows = read_cases(IMAGES)
    (folder / "sources").mkdir()
    paths = [folder / "sources" / case.name for case in rows]
    for case, path in zip(rows, paths, strict=True):
        path.write_bytes(content_of(case))
    by_sharp = sharp_shows(paths, folder)
    with closing(Sandbox()) as sandbox, open_page(paths, folder) as page:
        for case, path, shown in zip(rows, paths, by_sharp, strict=True):
            yield (
                f"{case.facts['kind']} (`{case.name}`)",
                WRONG if judge_image(case, sandbox) else RIGHT,
                _known("sharp", case) or judge_frames(case.facts, shown),
                judge_frames(case.facts, ffmpeg_shows(path)),
                _known("Chromium", case) or judge_frames(case.facts, page.show_image(case.name)),
            )


def _known(reader: str, case: Case) -> str | None:
    return DASH if case.path.suffix in UNKNOWN_TO[reader] else None


def videos(folder: Path) -> Iterator[Row]:
    """Judge videos: here on each path that they are for."""
    rows = read_cases(VIDEOS)
    paths = [find_source(case, folder) for case in rows]
    with open_page([path for path in paths if path.parent != folder], folder) as page:
        for case, path in zip(rows, paths, strict=True):
            yield (
                f"{case.facts['why']} (`{case.name}`)",
                RIGHT if not any(_judge(case, each) for each in paths_of(case)) else WRONG,
                DASH,
                judge_transcoded(case.facts, _transcode(path, folder)),
                judge_played(case.facts, page.show_video(case.name, EARLY_S)),
            )


def _judge(case: Case, path: str) -> list[str]:
    with TemporaryDirectory() as folder:
        return judge_case(case, path, Path(folder))


def _transcode(path: Path, folder: Path) -> Transcoded:
    """Make what ffmpeg makes when nothing is said but the codecs."""
    made = folder / f"{path.name}.transcoded.mp4"
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-y", "-i", f"file:{path}", *codecs]
    ended = subprocess.run([*command, made], capture_output=True, check=False, timeout=120)
    if ended.returncode:
        made.unlink(missing_ok=True)
    return Transcoded(path, made)


def promises(folder: Path) -> Iterator[Row]:
    """Judge the rows of what the presets offer: sharp has most of it."""
    rows = list(cases())
    for case, shown in zip(rows, render_with_sharp(rows, folder), strict=True):
        yield case.name, verdict(case, render(case)), verdict(case, shown), DASH, DASH


PARTS = (
    ("What presets offer", promises),
    ("Images with faults of the field's own", images),
    ("Videos and sounds with faults of the field's own", videos),
)


def main() -> None:
    """Write the table and its sums."""
    lines = [INTRODUCTION]
    for title, judge in PARTS:
        with TemporaryDirectory() as folder:
            rows = list(judge(Path(folder)))
        lines += [f"## {title}", "", "| what | here | sharp | ffmpeg | Chromium |"]
        lines += ["|---|---|---|---|---|"]
        lines += [f"| {' | '.join(_bold(each) for each in row)} |" for row in rows]
        sums = (_sum([row[column] for row in rows]) for column in range(1, 5))
        lines += [f"| **right of those judged** | {' | '.join(sums)} |", ""]
    TABLE.write_text("\n".join(lines), "utf-8")


def _bold(cell: str) -> str:
    return f"**{cell}**" if cell == WRONG else cell


def _sum(column: list[str]) -> str:
    judged = len(column) - column.count(DASH)
    return f"{column.count(RIGHT)} of {judged}" if judged else DASH


INTRODUCTION = """# Scorecard

Written by `python -m tests.conformance.scorecard`. What each case has to become, and how that is
known, is in `tests/conformance/cases/*/expected.toml`. "here" is the whole job, videos on each path
that they are for; sharp, ffmpeg (its command line, with nothing but codecs said) and Chromium are
judged by what can be seen: size, frames, colours, alpha, lengths. A dash is a row that a reader has
no option or decoder for.
"""

if __name__ == "__main__":
    main()
