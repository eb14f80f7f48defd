"""A folder of real and of broken files, where it is at hand: what each ends as.

Each ends in renditions or in a true reason; the ends are a reviewed snapshot, `corpus.toml`. After
a change that is meant:

    python -m tests.conformance.test_corpus

Files of the same kinds that every clone can make are checked in test_corpus_made.py.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from lib.adapters.sandbox.sandbox import Sandbox
from lib.imaging.load import Picture, read_picture
from lib.imaging.port import Images
from lib.sniff import HEAD_BYTES, sniff
from tests.support.image_uploads import (
    PRESETS,
    assert_nothing_else_is_stored,
    describe,
    upload,
)

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SNAPSHOT = Path(__file__).with_name("corpus.toml")

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="needs ../shared/corpus; tests/media/corpus stands for it",
)
files = sorted(CORPUS.iterdir()) if CORPUS.is_dir() else [CORPUS]


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with closing(Sandbox()) as sandbox:
        yield sandbox


def read(path: Path) -> Picture:
    data = path.read_bytes()
    return read_picture(data, sniff(data[:HEAD_BYTES]).container, PRESETS.limits, widest=320)


@needs_corpus
@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_file_ends_as_reviewed(path: Path, images: Images):
    asset, stored = upload(path.name, path.read_bytes(), images)
    assert describe(asset) == tomllib.loads(SNAPSHOT.read_text("utf-8"))[path.name]
    assert_nothing_else_is_stored(asset, stored)


@needs_corpus
def test_the_snapshot_has_the_files_that_are_there():
    assert set(tomllib.loads(SNAPSHOT.read_text("utf-8"))) == {path.name for path in files}


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
    with closing(Sandbox()) as sandbox:
        ends = {
            each.name: describe(upload(each.name, each.read_bytes(), sandbox)[0]) for each in files
        }
    lines = [f"{quoted(name)} = {quoted(end)}\n" for name, end in ends.items()]
    SNAPSHOT.write_text("".join(lines), "utf-8")
