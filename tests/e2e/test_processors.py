"""What processors meet seldom: other presets, events that can't be ordered, a newer upload."""

import io
import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from lib.errors import ErrorCode
from lib.keys import pad_sequencer, version_prefix
from lib.local.emulator import ROOT
from lib.model import AssetStatus, MediaType
from tests.e2e.deployed import event_of, sequencer_of, wait_for
from tests.e2e.grants import read_decisions

MEDIA = Path(__file__).parent.parent / "media"
ALPHA, VOICE, BUNNY = (
    MEDIA / name for name in ("rocket-alpha.png", "voice.m4a", "bunny-720p-5.1.mp4")
)
PROCESSORS = ("processImage", "processVideo")
LOGO = "config/logo.png"


def noise() -> bytes:
    """Return a photo that takes seconds to make renditions of."""
    file = io.BytesIO()
    Image.frombytes("RGB", (2400, 1600), os.urandom(2400 * 1600 * 3)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("name", "source"), [("still.png", ALPHA), ("sound.m4a", VOICE)])
def test_where_sequencers_cannot_tell_s3_is_asked_which_upload_is_current(deployed, name, source):
    key = f"processors/unordered-{name}"
    asset = deployed.wait(key, deployed.upload(key, source))
    later = event_of(asset, sequencer_of(asset) + "01")
    deployed.publish(later, asset.media_type)

    def look():
        found = deployed.asset(key)
        newest = found.sequencer == pad_sequencer(later.sequencer)
        return found if newest and found.status.terminal else None

    assert wait_for(look, "the later event to be worked on").status is AssetStatus.READY


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
def watermarked(deployed):
    """Deploy presets with a watermark, and with an MP4 of animations."""
    presets = (
        (ROOT / "presets.toml").read_text().replace("animated_mp4 = false", "animated_mp4 = true")
    )
    presets = re.sub(
        r"^# (\[default\.image\.watermark\]|(?:object|position|opacity|scale) = )",
        r"\1",
        presets,
        flags=re.MULTILINE,
    )
    assert "\n[default.image.watermark]\nobject" in presets
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
    plain = watermarked.asset("processors/unordered-still.png")
    assert {each.sha256 for each in still.renditions}.isdisjoint(
        {each.sha256 for each in plain.renditions}
    )
    key = "processors/marked.gif"
    animation = watermarked.wait(key, watermarked.upload(key, MEDIA / "zoom.gif"))
    assert animation.status is AssetStatus.READY
    assert "video/mp4" in {each.mime for each in animation.renditions}


@pytest.mark.parametrize("queue", [MediaType.IMAGE, MediaType.VIDEO])
def test_a_watermark_that_is_not_there_fails_at_the_first_try(watermarked, queue):
    key = f"processors/unmarked-{queue}.png"
    watermarked.s3.delete_object(Bucket=watermarked.renditions, Key=LOGO)
    asset = watermarked.wait(key, watermarked.upload(key, ALPHA))
    if queue is MediaType.VIDEO:  # as an animation that was handed over
        watermarked.publish(event_of(asset, sequencer_of(asset) + "01"), queue)
        asset = wait_for(
            lambda: (
                (found := watermarked.asset(key)).sequencer != asset.sequencer
                and found.status.terminal
                and found
            ),
            "the other processor to look",
        )
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.CONFIG_MISSING)
    assert asset.attempts == 1
