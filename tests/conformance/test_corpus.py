"""A folder of real and of broken files through the service's own steps, with fakes for AWS.

Each ends in renditions or in a true reason; the ends are a reviewed snapshot, `corpus.toml`. After
a change that is meant:

    python -m tests.conformance.test_corpus
"""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from lib import presets
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.adapters.sandbox.client import Sandbox
from lib.application import process_image
from lib.application.dispatch import dispatch
from lib.application.pipeline import Delivery, Pipeline
from lib.domain.asset import Asset
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType
from lib.domain.renditions import Rendition
from lib.imaging.images import Images
from lib.imaging.load import read_picture
from lib.imaging.picture import Picture
from lib.sniff import HEAD_BYTES, sniff
from tests.support.fakes import UPLOADS, MemoryRenditions, MemorySources

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
SNAPSHOT = Path(__file__).with_name("corpus.toml")
PACKAGED = presets.load(ROOT / "presets.toml")
# One width and the thumb: how sizes are planned has tests of its own.
DEFAULT = PACKAGED.named(None)
SMALL = replace(DEFAULT, image=replace(DEFAULT.image, widths=(320,)))
PRESETS = replace(PACKAGED, by_name={**PACKAGED.by_name, SMALL.name: SMALL})

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the folder ../shared/corpus")
files = sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with closing(Sandbox()) as sandbox:
        yield sandbox


@dataclass
class ImageTopic:
    """Hands images to their job at once, as the queue and the function would."""

    pipeline: Pipeline
    images: Images

    def publish(self, events: Iterable[UploadEvent]) -> None:
        for event in events:
            assert event.media_type is MediaType.IMAGE
            delivery = Delivery(lambda: 60.0)
            process_image.process(event, self.pipeline, delivery, images=self.images)


def upload(path: Path, images: Images) -> tuple[Asset, MemoryRenditions]:
    """Send one file all the way, and return what the catalog and the bucket have then."""
    sources, renditions, catalog = MemorySources(), MemoryRenditions(), MemoryCatalog()
    event = sources.upload(path.name, path.read_bytes())
    topic = ImageTopic(Pipeline(sources, renditions, catalog, PRESETS), images)
    dispatch([event], sources=sources, catalog=catalog, topic=topic, clock=time.time)
    asset = catalog.get(asset_id(UPLOADS, path.name))
    assert asset is not None
    return asset, renditions


def read(path: Path) -> Picture:
    data = path.read_bytes()
    return read_picture(data, sniff(data[:HEAD_BYTES]).container, PRESETS.limits, widest=320)


def describe(asset: Asset) -> str:
    """Tell in one line what became of a file."""
    if asset.error:
        return f"{asset.status} {asset.error.code}: {asset.error.message}"
    made = [_name(each) for each in asset.renditions if not each.error]
    return f"{asset.status} {' '.join(made)}: {', '.join(_facts(asset))}"


def _name(rendition: Rendition) -> str:
    instead = rendition.instead_of
    return f"{rendition.name} (for {instead})" if instead else rendition.name


def _facts(asset: Asset) -> Iterator[str]:
    probe = asset.probe
    yield f"{probe.width}x{probe.height} {probe.format}{' with alpha' if probe.has_alpha else ''}"
    if probe.frames != 1:
        yield f"{probe.frames} frames"
    if probe.loops is not None:
        yield f"{probe.duration_ms} ms, {probe.loops or 'endless'} plays"
    if probe.orientation:
        yield f"orientation {probe.orientation}"
    if probe.color_space != "sRGB":
        yield f"from {probe.color_space}"
    if probe.captured_at:
        yield f"at {probe.captured_at}"
    if probe.camera:
        yield f"by {probe.camera}"
    for each in asset.renditions:
        if each.error:
            yield f"{each.name} {each.error.code}: {each.error.message}"


@needs_corpus
@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_file_ends_as_reviewed(path: Path, images: Images):
    asset, renditions = upload(path, images)
    assert describe(asset) == tomllib.loads(SNAPSHOT.read_text("utf-8"))[path.name]
    made = {each.key for each in asset.renditions if each.key}
    manifest = {asset.manifest_key} if asset.manifest_key else set()
    assert set(renditions.objects) == made | manifest


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
        ends = {path.name: describe(upload(path, sandbox)[0]) for path in files}
    lines = [f"{quoted(name)} = {quoted(end)}\n" for name, end in ends.items()]
    SNAPSHOT.write_text("".join(lines), "utf-8")
