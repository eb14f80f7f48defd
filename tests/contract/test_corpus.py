"""A folder of real and of broken images: each ends in renditions or in a true reason.

The outcomes are a reviewed snapshot, `corpus.toml`. After a change that is meant:

    python -m tests.contract.test_corpus
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from lib import imaging, presets
from lib.errors import PermanentError
from lib.model import MediaType
from lib.routing import HEAD_BYTES, sniff

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
SNAPSHOT = Path(__file__).with_name("corpus.toml")
PRESETS = presets.load(ROOT / "presets.toml")
# The sizes have tests of their own.
PRESET = replace(PRESETS.named(None).image, widths=(320,), boxes=())

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the folder ../shared/corpus")
files = sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []


def read(path: Path) -> imaging.Picture:
    data = path.read_bytes()
    return imaging.read(data, sniff(data[:HEAD_BYTES]).container, PRESETS.limits, widest=320)


def outcome(path: Path) -> str:
    """Describe in one line what becomes of a file."""
    sniffed = sniff(path.read_bytes()[:HEAD_BYTES])
    if sniffed.media_type is MediaType.UNSUPPORTED:
        return f"REJECTED {sniffed.reason}"
    try:
        picture = read(path)
    except PermanentError as error:
        return f"FAILED {error}"
    probe = picture.probe
    made = imaging.make(picture, imaging.plan(probe, PRESET), PRESET, lambda: 60.0)
    done = ["-" if each.error else each.name for each in made]
    facts = (
        f"{probe.width}x{probe.height} {probe.format} {picture.image.mode}",
        f"{probe.frames} frames" if probe.frames != 1 else "",
        f"{probe.duration_ms} ms, {probe.loops or 'endless'} plays" if picture.animation else "",
        f"orientation {probe.orientation}" if probe.orientation else "",
        f"from {probe.color_space}" if probe.color_space != "sRGB" else "",
        f"at {probe.captured_at}" if probe.captured_at else "",
        f"by {probe.camera}" if probe.camera else "",
    )
    return f"READY {' '.join(done)}: {', '.join(filter(None, facts))}"


@needs_corpus
@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_file_ends_as_reviewed(path: Path):
    assert outcome(path) == tomllib.loads(SNAPSHOT.read_text("utf-8"))[path.name]


@needs_corpus
@pytest.mark.parametrize("group", ["Landscape", "Portrait"])
def test_eight_orientations_of_one_photo_look_alike(group: str):
    thumbs = [
        read(CORPUS / f"{group}_{n}.jpg").image.resize((16, 16), Image.Resampling.BOX).tobytes()
        for n in range(2, 9)
    ]
    for other in thumbs[1:]:
        assert sum(abs(a - b) for a, b in zip(thumbs[0], other, strict=True)) / len(other) < 8


@needs_corpus
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # FOGRA39's full magenta and yellow is published as #e30613.
        ("fogra-0-100-100-0.tif", (227, 6, 19)),
        ("p3.png", (255, 0, 0)),
        ("prophoto.png", (117, 160, 210)),
    ],
)
def test_profiled_colors(name: str, wanted: tuple[int, int, int]):
    received = read(CORPUS / name).image.crop((0, 0, 1, 1)).tobytes()
    assert all(abs(a - b) <= 2 for a, b in zip(received, wanted, strict=True)), list(received)


if __name__ == "__main__":
    quoted = partial(json.dumps, ensure_ascii=False)
    lines = [f"{quoted(path.name)} = {quoted(outcome(path))}\n" for path in files]
    SNAPSHOT.write_text("".join(lines), "utf-8")
