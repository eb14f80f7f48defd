"""A format that is turned off ends as REJECTED before any decoder meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest

from lib import presets
from lib.application.context import Delivery
from lib.application.long_video.plan import Allowance, make_plan
from lib.application.process_image import ImageTools, process_image
from lib.application.process_video import VideoTools, process_video
from lib.cli import render
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import MediaType
from lib.imaging.decode import DECODERS, Decoder
from lib.imaging.load import is_animation
from lib.presets.model import FORMATS_IN, IMAGES_IN, VIDEOS_IN
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.probe.mediainfo import PARSERS
from tests.support.images import photo, save
from tests.support.world import World

TEXT = presets.PACKAGED.read_text()
LOADED = presets.parse(TEXT)
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100)


def without(name: str) -> presets.Presets:
    """The packaged presets with one format fewer, as an operator writes them."""
    assert TEXT.count(f'"{name}",') >= 1
    start = TEXT.index("formats_in")
    return presets.parse(TEXT[:start] + TEXT[start:].replace(f'"{name}",', "", 1))


def test_the_names_are_those_of_what_is_decoded():
    assert set(IMAGES_IN) == set(DECODERS)
    assert set(VIDEOS_IN) == set(PARSERS)


def test_all_are_on_where_the_file_does_not_say():
    start, end = TEXT.index("formats_in"), TEXT.index("[rules]")
    assert presets.parse(TEXT[:start] + TEXT[end:]).limits.formats_in == FORMATS_IN
    assert set(LOADED.limits.formats_in) == set(FORMATS_IN)


@pytest.mark.parametrize("written", ['["heic"]', "[]", '"jpeg"', '["jpeg", "jpeg"]', "[1]"])
def test_a_wrong_list_is_refused_with_the_names_there_are(written: str):
    start, end = TEXT.index("formats_in"), TEXT.index("[rules]")
    with pytest.raises(presets.PresetsError) as caught:
        presets.parse(f"{TEXT[:start]}formats_in = {written}\n{TEXT[end:]}")
    (problem,) = caught.value.problems
    assert problem.startswith("presets.toml, [limits], formats_in: expected a list of formats")
    if "heic" in written:
        assert all(name in problem for name in FORMATS_IN)


class Untouched:
    """Images that nobody may decode."""

    def is_animation(self, *_: object) -> bool:
        raise AssertionError("a decoder was asked")

    open = is_animation


@pytest.mark.parametrize("container", ["heif", "gif", "jpeg"])
@pytest.mark.parametrize("animated_mp4", [False, True])
def test_an_image_is_rejected_at_the_first_try(container: str, animated_mp4: bool):
    recipes = without(container)
    default = recipes.named(None)
    wanted = replace(default, image=replace(default.image, animated_mp4=animated_mp4))
    world = World(presets=replace(recipes, by_name={"default": wanted}))
    event = world.receive("a", save(photo(), container))
    tools = ImageTools(
        Untouched(),  # type: ignore[arg-type]
        requeue=lambda _: pytest.fail("sent to another queue"),
    )
    process_image(event, world.pipeline, Delivery(lambda: 60.0), tools)
    asset = world.find("a")
    assert asset is not None
    assert asset.error is not None
    assert (asset.status, asset.error.code) == (AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED)
    assert asset.error.message == (
        f"{container} is turned off here: it is not among formats_in in presets.toml"
    )
    assert asset.error.permanent
    assert world.renditions.objects == {}


def untouched(*_: object) -> Never:
    raise AssertionError("a decoder was asked")


def test_the_decoders_themselves_refuse_it_too(monkeypatch):
    limits = without("png").limits
    monkeypatch.setitem(DECODERS, "png", Decoder(untouched, untouched))
    with pytest.raises(PermanentError, match="turned off"):
        is_animation(save(photo(), "png"), "png", limits)


def test_a_video_is_rejected_before_more_than_its_head_is_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("lib.video.source.read_probe", pytest.fail)
    world = World(presets=without("mov"))
    event = world.receive("a", MP4, MediaType.VIDEO)
    tools = VideoTools(
        Untouched(),  # type: ignore[arg-type]
        lambda deadline: Ffmpeg("none", deadline, tmp_path),
    )
    process_video(event, world.pipeline, Delivery(lambda: 60.0), tools)
    asset = world.find("a")
    assert asset is not None
    assert asset.error is not None
    assert (asset.status, asset.error.code) == (AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED)
    with pytest.raises(PermanentError, match="mov is turned off"):
        make_plan(
            event,
            "execution",
            Allowance(60, 60.0, 1.0),
            world.pipeline,
            Ffmpeg("none", lambda: 60.0, tmp_path),
        )


def test_media_render_says_so(tmp_path: Path, monkeypatch):
    recipes = tmp_path / "presets.toml"
    recipes.write_text(TEXT.replace('"png", ', "", 1))
    monkeypatch.setattr(presets, "PACKAGED", recipes)
    source = tmp_path / "a.png"
    source.write_bytes(save(photo(), "png"))
    (rendered,) = render.render_files([source], tmp_path / "out", None)
    assert rendered.status is AssetStatus.REJECTED
    assert rendered.error is not None
    assert "png is turned off" in json.dumps(rendered.error.message)
