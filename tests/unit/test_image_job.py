"""An image's job: which preset, what is fetched for it and when, what is told of it."""

import hashlib
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from lib import presets
from lib.application.process_image import ImageTools, process_image
from lib.domain.asset import AssetStatus, ClaimState
from lib.domain.errors import ErrorCode
from lib.imaging.in_process import InProcess
from tests.support.world import World

ROOT = Path(__file__).parents[2]
PHOTO = (ROOT / "tests/media/portrait-gps.jpg").read_bytes()
LOGO = (ROOT / "tests/media/rocket-alpha.png").read_bytes()
TEXT = presets.PACKAGED.read_text()
SMALL = """
[small.image]
widths = [64]
formats = ["jpeg"]
fallback = {}
boxes = {}
[private.image]
widths = [64]
formats = ["jpeg"]
fallback = {}
boxes = {}
redact_gps = true
[marked.image]
widths = [64]
formats = ["jpeg"]
fallback = {}
boxes = {}
[marked.image.watermark]
object = "config/logo.png"
position = "south-east"
opacity = 0.6
scale = 0.2
"""
PRESETS = presets.parse(TEXT.replace("[rules]", '[rules]\n"small/*" = "small"\n') + SMALL)


class Working(World):
    def upload(self, key="a.jpg", preset=None, content=PHOTO):
        return self.receive(key, content, preset=preset)

    def process(self, event):
        tools = ImageTools(InProcess())
        finished = process_image(event, self.pipeline, self.delivery(60.0), tools)
        asset = self.find(event.source.key)
        assert asset is not None
        return finished, asset

    def run(self, *arguments, **more):
        return self.process(self.upload(*arguments, **more))[1]

    def manifest(self, asset):
        return json.loads(self.renditions.objects[asset.manifest_key])


@pytest.fixture
def world():
    return Working(presets=PRESETS)


def test_the_request_then_the_rule_then_the_default_decides(world):
    assert world.run("small/a.jpg").preset == "small"
    assert world.run("small/b.jpg", "private").preset == "private"
    assert world.run("b.jpg", "small").preset == "small"


def test_an_unknown_preset_fails_for_good_and_lists_the_known_ones(world):
    asset = world.run("a.jpg", "tiny")
    assert asset.status is AssetStatus.FAILED
    assert asset.error.code is ErrorCode.UNKNOWN_PRESET
    assert asset.error.permanent
    assert asset.error.message == (
        'expected one of default, marked, private, small for preset but received "tiny"'
    )
    assert world.renditions.objects == {}


def test_what_is_known_of_a_photo(world):
    asset = world.run("a.jpg", "small")
    assert asset.status is AssetStatus.READY
    assert asset.probe.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert len(asset.probe.phash) == 16
    assert (asset.probe.latitude, asset.probe.longitude) == (48.8584, 2.2945)
    told = world.manifest(asset)
    assert told["probe"]["latitude"] == 48.8584
    assert told["sources"][0]["srcset"] == "64.jpg 64w"
    schema = json.loads((ROOT / "docs/manifest.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(told)


def test_a_redacted_place_is_neither_in_the_catalog_nor_in_the_manifest(world):
    asset = world.run("a.jpg", "private")
    assert (asset.probe.latitude, asset.probe.longitude) == (None, None)
    assert asset.probe.camera == "Pocket Phone 7"
    for content in world.renditions.objects.values():
        assert b"48.8584" not in content
        assert b"latitude" not in content


def test_how_high_a_redacted_place_is_stays_untold_too(world):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (47.0, 3.0, 0.0), 3: "E", 4: (8.0, 19.0, 0.0), 5: b"\0", 6: 431.5}
    written = io.BytesIO()
    Image.new("RGB", (80, 60), "teal").save(written, "jpeg", exif=exif)
    told = world.run(content=written.getvalue(), preset="small").probe
    assert (told.latitude, told.longitude, told.altitude_m) == (47.05, 8.3166667, 431.5)
    redacted = world.run("b.jpg", content=written.getvalue(), preset="private").probe
    assert (redacted.latitude, redacted.longitude, redacted.altitude_m) == (None, None, None)
    assert (redacted.width, redacted.height) == (80, 60)


@pytest.mark.parametrize(
    ("size", "status"), [(2_000_000, AssetStatus.READY), (2_000_001, AssetStatus.REJECTED)]
)
def test_what_is_as_large_as_is_allowed_is_made(world, size, status):
    world.presets = replace(PRESETS, limits=replace(PRESETS.limits, image_megabytes=2))
    event = world.upload(preset="small")
    _, asset = world.process(replace(event, source=replace(event.source, size=size)))
    assert asset.status is status


def test_a_watermark_is_fetched_and_part_of_the_recipe(world):
    recipes = set()
    for logo in (LOGO, LOGO[:-1] + b"\0", LOGO):
        world.renditions.objects = {"config/logo.png": logo}
        asset = world.run("a.jpg", "marked")
        recipes.add(asset.recipe)
    assert asset.status is AssetStatus.READY
    assert len(recipes) == 2


def test_a_watermark_that_is_not_there_is_named(world):
    asset = world.run("a.jpg", "marked")
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.CONFIG_MISSING)
    assert "config/logo.png" in asset.error.message


def test_what_is_too_large_is_not_even_fetched(world, monkeypatch):
    monkeypatch.setattr(world.sources, "read", pytest.fail)
    event = world.upload()
    event = replace(event, source=replace(event.source, size=10**9))
    _, asset = world.process(event)
    assert asset.error.code is ErrorCode.LIMIT_EXCEEDED
    assert "1000.0 MB" in asset.error.message


def test_the_claim_does_not_wait_for_the_download_nor_the_download_for_the_claim(
    world, monkeypatch
):
    reading, claiming = threading.Event(), threading.Event()
    read, claim = world.sources.read, world.catalog.claim

    def read_when_claiming(source):
        reading.set()
        assert claiming.wait(20)
        return read(source)

    def claim_when_reading(*arguments, **more):
        claiming.set()
        assert reading.wait(20)
        assert world.renditions.objects == {}
        return claim(*arguments, **more)

    monkeypatch.setattr(world.sources, "read", read_when_claiming)
    monkeypatch.setattr(world.catalog, "claim", claim_when_reading)
    assert world.run("a.jpg", "small").status is AssetStatus.READY


def test_a_second_delivery_writes_nothing(world):
    event = world.upload("a.jpg", "small")
    world.process(event)
    world.renditions.objects.clear()
    finished, _ = world.process(event)
    assert finished.state is ClaimState.DONE
    assert world.renditions.objects == {}
