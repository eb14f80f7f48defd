"""The scorecard: each promise about images as a row, right or wrong, with sharp beside it.

sharp's column is filled where it is installed (`npm ci` in `tests/bench/sharp`); it decides
nothing. A dash is a row for which it has no option, or another convention. The table in
`tests/conformance/scorecard/README.md` has the cases, too, with ffmpeg and Chromium.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lib import presets
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import MediaType
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.sniff import HEAD_BYTES, sniff
from tests.conformance.cases.case import read_cases
from tests.conformance.cases.judge_image import IMAGES
from tests.conformance.cases.take_video import VIDEOS
from tests.conformance.scorecard import FINE, MARK, Case, cases

ROOT = Path(__file__).parents[2]
PEER = ROOT / "tests" / "bench" / "sharp"
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = replace(
    PRESETS.named(None).image, widths=(640,), boxes=(), formats=("webp",), quality=FINE, fallback={}
)

REFUSED = "refused"
"""For a reason of sharp's: any counts."""

UNTRUE = "untrue"
"""What is told of the source."""

Rendered = bytes | str | None
"""A rendition, the code for which there is none, or that none was asked for."""


def render(case: Case) -> Rendered:
    """Make one rendition of a row's source, as dispatch and the image job would."""
    sniffed = sniff(case.source[:HEAD_BYTES])
    if sniffed.media_type is MediaType.UNSUPPORTED:
        return ErrorCode.UNSUPPORTED_MEDIA
    preset = replace(PRESET, **case.preset)  # type: ignore[arg-type]
    try:
        picture = read_picture(
            case.source,
            sniffed.container,
            PRESETS.limits,
            widest=max((*preset.widths, *(box.width for box in preset.boxes))),
            tallest=max((box.height for box in preset.boxes), default=0),
        )
    except PermanentError as error:
        return error.code
    if any(getattr(picture.probe, name) != value for name, value in case.facts.items()):
        return UNTRUE
    making = make_renditions(picture, Transform(preset, MARK), TimeBudget(lambda: 60.0))
    made = list(making)[-1] if case.last else next(making)
    assert not isinstance(made.content, Path)
    return made.error.code if made.error else made.content


def render_with_sharp(rows: list[Case], folder: Path) -> list[Rendered]:
    """Have sharp make the renditions that it has options for, all in one process."""
    node = shutil.which("node")
    if node is None or not (PEER / "node_modules" / "sharp").is_dir():
        return [None] * len(rows)
    (folder / "mark").write_bytes(MARK)
    for index, case in enumerate(rows):
        (folder / f"{index}.source").write_bytes(case.source)
    jobs = [
        None
        if case.peer is None
        else {"format": _format(case), "quality": FINE[_format(case)], **case.peer}
        for case in rows
    ]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    script = Path(__file__).with_name("scorecard.mjs")
    subprocess.run([node, script, folder, PEER], check=True, timeout=120)
    return [
        None
        if job is None
        else made.read_bytes()
        if (made := folder / f"{index}.made").exists()
        else REFUSED
        for index, job in enumerate(jobs)
    ]


def _format(case: Case) -> str:
    formats = case.preset.get("formats", PRESET.formats)
    assert isinstance(formats, tuple)
    return str(formats[0])


def verdict(case: Case, rendered: Rendered) -> str:
    """Judge what came out."""
    if rendered is None:
        return "–"
    if isinstance(case.wanted, ErrorCode):
        right = rendered in (case.wanted, REFUSED)
    else:
        right = isinstance(rendered, bytes) and case.wanted(rendered)
    return "right" if right else "wrong"


def test_every_row_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = list(cases())
    ours = [verdict(case, render(case)) for case in rows]
    peers = render_with_sharp(rows, tmp_path)
    theirs = [verdict(*pair) for pair in zip(rows, peers, strict=True)]
    width = max(len(case.name) for case in rows)
    lines = [f"{'case':{width}}  here   sharp"]
    lines += [
        f"{case.name:{width}}  {one}  {other}"
        for case, one, other in zip(rows, ours, theirs, strict=True)
    ]
    lines.append(
        f"{ours.count('right')} of {len(rows)} right; sharp: "
        f"{theirs.count('right')} right, {theirs.count('wrong')} wrong"
    )
    with capsys.disabled():
        print("", *lines, sep="\n")
    assert [case.name for case, one in zip(rows, ours, strict=True) if one != "right"] == []


def test_the_table_has_a_line_for_each_row() -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    named = [case.name for case in cases()]
    named += [f"(`{case.name}`)" for folder in (IMAGES, VIDEOS) for case in read_cases(folder)]
    assert [name for name in named if not any(name in line for line in lines)] == []
    rows = [line for line in lines if line.endswith(" |") and "**right of" not in line]
    assert len(rows) == len(named) + TITLES


TABLE = Path(__file__).parent / "scorecard" / "README.md"
TITLES = 3
