"""What processors meet seldom: other presets, events that can't be ordered, a newer upload."""

import io
import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from lib.domain.keys import version_prefix
from lib.tools import ROOT
from tests.e2e.deployed import wait_for
from tests.e2e.grants import read_decisions

MEDIA = Path(__file__).parent.parent / "media"
ALPHA, VOICE, BUNNY, ZOOM = (
    MEDIA / name for name in ("rocket-alpha.png", "voice.m4a", "bunny-720p-5.1.mp4", "zoom.gif")
)
PROCESSORS = ("processImage", "processVideo")
LOGO = "config/logo.png"


def noise() -> bytes:
    """Return a photo that takes seconds to make renditions of."""
    file = io.BytesIO()
    Image.frombytes("RGB", (2400, 1600), os.urandom(2400 * 1600 * 3)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("role", "source"), [("ProcessImageRole", noise), ("ProcessVideoRole", BUNNY.read_bytes)]
)
def test_who_is_overtaken_removes_what_it_made(deployed, role, source):
    key = f"processors/overtaken-{role}"
    old = deployed.wait(key, deployed.upload(key, source()), AssetStatus.PROCESSING)
    new = deployed.wait(key, deployed.upload(key, ALPHA))
    assert new.status is AssetStatus.READY
    assert new.sequencer > old.sequencer
    listed = {each.key for each in new.renditions} | {new.manifest_key}
    wait_for(lambda: deployed.stored(key) == listed, "what was overtaken to go")
    below = version_prefix(old.source, old.sequencer)
    wait_for(
        lambda: any(
            role in each.role and each.action == "s3:DeleteObject" and below in each.resource
            for each in read_decisions(deployed.emulator)
        ),
        "the worker itself to remove what it made",
    )


@pytest.fixture(scope="module")
def presets():
    """Return presets with a watermark, and with an MP4 of animations."""
    text = (ROOT / "presets.toml").read_text()
    text = text.replace("animated_mp4 = false", "animated_mp4 = true")
    commented = r"^# (\[default\.image\.watermark\]|(?:object|position|opacity|scale) = )"
    text = re.sub(commented, r"\1", text, flags=re.MULTILINE)
    assert "\n[default.image.watermark]\nobject" in text
    return text


@pytest.fixture(scope="module")
def watermarked(deployed, presets):
    """Deploy those presets."""
    with ExitStack() as stack:
        for name in PROCESSORS:
            stack.enter_context(deployed.recoded(name, {"presets.toml": presets}))
        deployed.s3.put_object(Bucket=deployed.renditions, Key=LOGO, Body=ALPHA.read_bytes())
        yield deployed
    deployed.s3.delete_object(Bucket=deployed.renditions, Key=LOGO)


def test_a_watermark_and_the_film_of_an_animation(watermarked):
    still = watermarked.wait(
        "processors/marked.png", watermarked.upload("processors/marked.png", ALPHA)
    )
    assert still.status is AssetStatus.READY
    plain = watermarked.asset("processors/overtaken-ProcessImageRole")
    assert {each.sha256 for each in still.renditions}.isdisjoint(
        {each.sha256 for each in plain.renditions}
    )
    key = "processors/marked.gif"
    animation = watermarked.wait(key, watermarked.upload(key, ZOOM))
    assert animation.status is AssetStatus.READY
    assert "video/mp4" in {each.mime for each in animation.renditions}


def test_a_watermark_that_is_not_there_fails_the_film_at_the_first_try(watermarked, presets):
    elsewhere = presets.replace(LOGO, "config/elsewhere.png")
    with watermarked.recoded("processVideo", {"presets.toml": elsewhere}):
        asset = watermarked.wait(
            "processors/unmarked.gif", watermarked.upload("processors/unmarked.gif", ZOOM)
        )
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.CONFIG_MISSING)
    assert "config/elsewhere.png" in asset.error.message
    assert asset.attempts == 1


def test_a_watermark_that_is_not_there_fails_an_image_at_the_first_try(watermarked):
    watermarked.s3.delete_object(Bucket=watermarked.renditions, Key=LOGO)
    key = "processors/unmarked.png"
    asset = watermarked.wait(key, watermarked.upload(key, ALPHA))
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.CONFIG_MISSING)
    assert asset.attempts == 1
