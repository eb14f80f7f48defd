"""A later release is deployed while uploads come, and this one again: nothing lost, nothing left.

Functions are replaced one after the other, as CloudFormation does, so that each release works with
what the other one sent and stored.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image

from lib.adapters.aws import clients
from lib.application.make_again import make_again
from lib.application.sweep import is_live
from lib.domain.asset import Asset, AssetStatus
from lib.entrypoints.bootstrap.reconcile import make_stores
from tests.e2e.deployed import FUNCTIONS, Deployed, wait_for
from tests.e2e.later_release import later

MEDIA = Path(__file__).parent.parent / "media"
FIRST = ("dispatch", "sweep", "notify")
"""These are replaced before the processors, and are the last to go back: then messages wait."""

PROCESSORS = ("processImage", "processVideo")

LETTERS = (
    *("ImageDeadLetters", "VideoDeadLetters", "SubscriptionDeadLetters"),
    *("DispatchFailures", "StreamFailures", "ExecutionFailures"),
)
"""Where what was given up lies."""


@dataclass
class Uploads:
    """What was uploaded: the newest version by key."""

    deployed: Deployed
    versions: dict[str, str] = field(default_factory=dict)
    number: Iterator[int] = field(default_factory=count)

    def send(self, key: str, content: bytes | Path | None = None) -> str:
        """Upload a picture that no other upload has, if nothing else; return the key.

        One after the other, so that it is known which release recorded it.
        """
        key = f"upgrade/{key}"
        body = picture(next(self.number)) if content is None else content
        version = self.versions[key] = self.deployed.upload(key, body)
        self.deployed.wait(key, version, *AssetStatus, AssetStatus("REFUSED"))
        return key

    def send_some(self, release: str) -> None:
        """Upload one of each kind, and a newer version of what every release is sent."""
        self.send(f"{release}.jpg")
        self.send("overwritten.jpg")
        self.send(f"{release}.m4a", MEDIA / "voice.m4a")
        self.send(f"{release}-words.jpg", b"just words")
        self.send(f"{release}-damaged.jpg", MEDIA / "truncated.jpg")

    def assets(self) -> Iterator[tuple[str, Asset | None]]:
        return ((key, self.deployed.asset(key)) for key in self.versions)

    def unfinished(self) -> list[str]:
        """Return the keys whose newest version has not come to an end."""
        return [
            key
            for key, asset in self.assets()
            if asset is None
            or asset.source.version_id != self.versions[key]
            or asset.status in ("RECEIVED", "PROCESSING")
        ]

    def wait(self, but: Iterable[str] = ()) -> None:
        """Wait until all but some have come to an end."""
        waiting = set(but)
        with suppress(AssertionError):
            wait_for(lambda: set(self.unfinished()) <= waiting, "the uploads to come to an end")
        unfinished = set(self.unfinished()) - waiting
        assert {key: asset for key, asset in self.assets() if key in unfinished} == {}

    def wrong(self) -> dict[str, set[str]]:
        """Return by key what is stored and not live, or live and not stored."""
        found = {}
        for key, asset in self.assets():
            stored = self.deployed.stored(key)
            assert asset
            listed = {each.key for each in asset.renditions if each.key} | {asset.manifest_key}
            missing = listed - {None} - stored
            orphans = {each for each in stored if not is_live(each, asset)}
            if missing or orphans:
                found[key] = {str(each) for each in missing | orphans}
        return found


def picture(number: int) -> bytes:
    """Return a small JPEG, another one for each number."""
    target = io.BytesIO()
    Image.new("RGB", (360, 240), (number * 7 % 256, 99, 200)).save(target, "JPEG")
    return target.getvalue()


@dataclass
class Releases:
    """Both releases' packages, by function."""

    deployed: Deployed
    now: dict[str, bytes]

    def __post_init__(self) -> None:
        self.later = later(self.now)

    def install(self, packages: dict[str, bytes], names: Iterable[str]) -> Iterator[str]:
        """Replace functions, one at a time; yield the name of each that was."""
        for name in names:
            self.deployed.functions.update_function_code(
                FunctionName=FUNCTIONS + name, ZipFile=packages[name]
            )
            yield name


@pytest.fixture
def releases(deployed: Deployed) -> Iterator[Releases]:
    """Return both releases; this one is installed again when the test is over."""
    both = Releases(deployed, deployed.packages())
    yield both
    list(both.install(both.now, both.now))


def waiting(deployed: Deployed, names: Iterable[str]) -> dict[str, int]:
    """Return how many messages each queue has, by its name in the template."""
    counted = {}
    for name in names:
        [url] = deployed.sqs.list_queues(QueueNamePrefix=FUNCTIONS + name)["QueueUrls"]
        found = deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
        counted[name] = sum(
            int(found[each])
            for each in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        )
    return counted


def item(deployed: Deployed, asset: Asset) -> dict[str, Any]:
    found = boto3.client("dynamodb").get_item(
        TableName=deployed.outputs["CatalogTable"], Key={"pk": {"S": asset.asset_id}}
    )
    return dict(found["Item"])


def test_a_release_is_deployed_and_taken_back_while_uploads_come(
    deployed: Deployed, releases: Releases
) -> None:
    letters, uploads = waiting(deployed, LETTERS), Uploads(deployed)
    processors = [name for name in releases.now if name not in FIRST]

    uploads.send_some("now")
    for name in releases.install(releases.later, (*FIRST, *processors)):
        uploads.send(f"while-{name}-is-upgraded.jpg")
    uploads.send_some("later")
    uploads.wait()
    check_later(deployed)
    assert uploads.wrong() == {}

    unread = [
        uploads.send(f"while-{name}-goes-back.jpg")
        for name in releases.install(releases.now, processors)
        if name in PROCESSORS
    ]
    list(releases.install(releases.now, FIRST))
    uploads.send_some("back")
    uploads.send("later-words.jpg")
    uploads.send("later.m4a", MEDIA / "voice.m4a")
    uploads.wait(but=unread)
    assert uploads.unfinished() == unread, "what only the later release can read waits for it"
    assert waiting(deployed, LETTERS) == letters
    assert uploads.wrong() == {}

    publish_again(deployed, unread[0])
    uploads.wait(but=unread[1:])
    list(releases.install(releases.later, releases.later))
    uploads.wait()
    list(releases.install(releases.now, releases.now))
    assert waiting(deployed, LETTERS) == letters
    wait_for(lambda: not uploads.wrong(), "exactly what is live to be stored")


def publish_again(deployed: Deployed, key: str) -> None:
    """Do what `media repair` does for an upload whose message nobody can read."""
    clients._make.cache_clear()
    outputs = deployed.outputs
    stores = make_stores(
        deployed.uploads, deployed.renditions, outputs["CatalogTable"], outputs["MediaTopic"]
    )
    clients._make.cache_clear()
    asset = deployed.asset(key)
    assert asset
    assert asset.status is AssetStatus.RECEIVED
    assert make_again(asset, stores)


def check_later(deployed: Deployed) -> None:
    """Hold that the later release does what this one does not know."""
    words, damaged, sound = (
        deployed.asset(f"upgrade/later{name}") for name in ("-words.jpg", "-damaged.jpg", ".m4a")
    )
    assert words
    assert damaged
    assert damaged.error
    assert sound
    assert (words.status, words.status.known) == ("REFUSED", False)
    assert (damaged.error.code, damaged.error.code.known) == ("DAMAGED_MEDIA", False)
    assert damaged.error.permanent
    assert "peaks" in {each.kind for each in sound.renditions}
    assert "alt_text" in item(deployed, sound)
    picture = deployed.asset("upgrade/later.jpg")
    assert picture
    assert "300.webp" in {each.name for each in picture.renditions}
