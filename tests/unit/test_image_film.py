"""An animation that becomes an MP4 too: which function does it, and how it gets there."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from lib import presets
from lib.application.process_image import ImageTools, process_image
from lib.domain.asset import AssetStatus, ClaimState
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.renditions import Made, RenditionKind
from lib.imaging.in_process import InProcess
from tests.support.world import World

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "media"
FILM = (MEDIA / "zoom.gif").read_bytes()
LOGO = (MEDIA / "rocket-alpha.png").read_bytes()
SMALL = """
[small.image]
widths = [64]
boxes = {}
[film.image]
widths = [64]
boxes = {}
animated_mp4 = true
[marked.image]
widths = [64]
boxes = {}
animated_mp4 = true
[marked.image.watermark]
object = "config/logo.png"
position = "south-east"
opacity = 1.0
scale = 1.0
"""
PRESETS = presets.parse(presets.PACKAGED.read_text() + SMALL)


class Filming(World):
    """One upload, a worker without ffmpeg, and what it handed over."""

    def __init__(self, presets=PRESETS):
        super().__init__(presets=presets)
        self.handed, self.sizes, self.frames = [], [], []

    def upload(self, content=FILM, preset="film"):
        return self.receive("a.gif", content, preset=preset)

    def process(self, event, **more):
        tools = ImageTools(InProcess(), **more)
        return process_image(event, self.pipeline, self.delivery(60.0), tools)

    def without_ffmpeg(self, event, **more):
        return self.process(event, **{"requeue": self.handed.append, **more})

    def with_ffmpeg(self, event, error=None):
        return self.process(event, film=partial(self._film, error))

    def _film(self, error, size, frames, preset):
        self.sizes.append(size)
        self.frames = list(frames((32, 32)))
        name, mime = "animation.mp4", "video/mp4"
        content = None if error else b"a film"
        return Made(name, RenditionKind.VIDEO, mime, content, 32, 32, error=error)

    @property
    def asset(self):
        asset = self.find("a.gif")
        assert asset is not None
        return asset


@pytest.fixture
def world():
    return Filming()


def test_a_worker_without_ffmpeg_hands_the_upload_over_and_leaves_it_unclaimed(world):
    event = world.upload()
    finished = world.without_ffmpeg(event)
    assert (finished.state, finished.outcome) == (ClaimState.HANDED_OVER, None)
    assert world.handed == [event]
    assert world.renditions.objects == {}
    assert (world.asset.status, world.asset.attempts) == (AssetStatus.RECEIVED, 0)


def test_the_other_worker_makes_all_renditions_and_the_film(world):
    world.without_ffmpeg(world.upload())
    finished = world.with_ffmpeg(world.handed[0])
    assert finished.outcome.status is AssetStatus.READY
    assert [(each.name, each.kind) for each in world.asset.renditions] == [
        ("64.webp", RenditionKind.IMAGE),
        ("animation.mp4", RenditionKind.VIDEO),
    ]
    manifest = json.loads(world.renditions.objects[world.asset.manifest_key])
    schema = json.loads((ROOT / "docs/manifest.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(manifest)
    assert [each["mime"] for each in manifest["sources"]] == ["image/webp"]


def test_a_film_gets_every_frame_and_its_time(world):
    world.with_ffmpeg(world.upload())
    assert [shown for _, shown in world.frames] == [400, 80, 80, 80, 80, 1200]
    assert {len(pixels) for pixels, _ in world.frames} == {32 * 32 * 3}
    assert world.sizes == [(64, world.asset.renditions[0].height)]


@pytest.mark.parametrize(
    ("content", "preset", "filmed"),
    [(FILM, "film", True), (FILM, "small", False), (LOGO, "film", False)],
)
def test_only_an_animation_whose_preset_asks_becomes_a_film(world, content, preset, filmed):
    world.with_ffmpeg(world.upload(content, preset))
    assert world.asset.status is AssetStatus.READY
    made = [each.name for each in world.asset.renditions]
    assert ("animation.mp4" in made, bool(world.sizes)) == (filmed, filmed)
    assert world.asset.placeholder


def test_a_film_has_the_watermark(world):
    world.renditions.objects["config/logo.png"] = LOGO
    world.with_ffmpeg(world.upload())
    plain = world.frames
    world.with_ffmpeg(world.upload(preset="marked"))
    assert [time for _, time in world.frames] == [time for _, time in plain]
    assert all(one != other for (one, _), (other, _) in zip(world.frames, plain, strict=True))


def test_both_deliveries_twice_make_one_asset(world):
    event = world.upload()
    world.without_ffmpeg(event)
    world.without_ffmpeg(event)  # a crash after it was sent, before it was acknowledged
    assert world.handed == [event, event]
    world.with_ffmpeg(event)
    before = dict(world.renditions.objects), world.asset
    assert world.with_ffmpeg(event).state is ClaimState.DONE
    assert (world.renditions.objects, world.asset) == before


def test_a_handed_over_upload_that_was_replaced_meanwhile_is_stale(world):
    old = world.upload()
    world.upload()
    world.without_ffmpeg(old)
    assert world.with_ffmpeg(world.handed[0]).state is ClaimState.STALE
    assert world.renditions.objects == {}


@pytest.mark.parametrize(
    ("content", "preset"),
    [(FILM, "small"), (LOGO, "film"), (b"GIF89a broken", "film"), (FILM, "unknown")],
    ids=["not wanted", "no animation", "broken", "no preset"],
)
def test_what_needs_no_film_stays(world, content, preset):
    finished = world.without_ffmpeg(world.upload(content, preset))
    assert world.handed == []
    assert finished.outcome is not None


def test_without_a_place_to_go_there_is_no_film(world):
    assert world.process(world.upload()).outcome.status is AssetStatus.READY
    assert [each.name for each in world.asset.renditions] == ["64.webp"]


def test_a_failed_handover_is_retried(world):
    def refuse(event):
        raise TransientError(ErrorCode.THROTTLED, "the queue is busy")

    event = world.upload()
    with pytest.raises(TransientError, match="busy"):
        world.without_ffmpeg(event, requeue=refuse)
    assert (world.asset.status, world.asset.lease_token) == (AssetStatus.RECEIVED, None)
    assert world.asset.error.code is ErrorCode.THROTTLED
    world.with_ffmpeg(event)
    assert world.asset.status is AssetStatus.READY


def test_a_film_that_fails_leaves_the_images(world):
    reason = Failure.of(PermanentError(ErrorCode.ENCODE_FAILED, "no"))
    world.with_ffmpeg(world.upload(), reason)
    assert world.asset.status is AssetStatus.PARTIAL
    assert [each.error for each in world.asset.renditions] == [None, reason]


def test_the_recipe_names_what_the_film_is_made_by(world):
    recipes = set()
    for crf in (23, 30):
        film = PRESETS.named("film")
        changed = replace(film, video=replace(film.video, crf={"h264": crf}))
        made = Filming(presets=replace(PRESETS, by_name={"film": changed}))
        made.process(made.upload())
        recipes.add(made.asset.recipe)
    assert len(recipes) == 2
