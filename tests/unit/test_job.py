"""How a job ends: one outcome per upload, whatever fails, and nothing left behind."""

import hashlib
import json
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application import fenced_job
from lib.application.outcomes import killed
from lib.domain.asset import AssetStatus, ClaimState
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.keys import version_prefix
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, Part, Placeholder, Rendition, RenditionKind, Work
from tests.support.catalog_cases import record
from tests.support.fakes import JPEG_HEAD
from tests.support.world import World

KEY = "a.jpg"
MADE = Made("320.webp", RenditionKind.IMAGE, "image/webp", b"small", 320, 200)
LARGE = Made("640.webp", RenditionKind.IMAGE, "image/webp", b"larger", 640, 400)
BROKEN = Made(
    "640.avif",
    RenditionKind.IMAGE,
    "image/avif",
    error=Failure(ErrorCode.ENCODE_FAILED, "too large for AVIF"),
)


def work_of(*made):
    return lambda _: Work(ImageProbe(width=640, height=400), iter(made), "default", "recipe")


class Working(World):
    def upload(self, content=JPEG_HEAD):
        return self.receive(KEY, content)

    def run(self, event, work):
        return fenced_job.run(event, work, self.pipeline, self.delivery())

    @property
    def asset(self):
        return self.find(KEY)


@pytest.fixture
def world():
    return Working()


def test_renditions_manifest_and_commit(world):
    event = world.upload()
    finished = world.run(event, work_of(MADE, LARGE))
    asset = world.asset
    assert finished.state is ClaimState.CLAIMED
    assert asset.status is AssetStatus.READY
    assert [each.name for each in asset.renditions] == ["320.webp", "640.webp"]
    prefix = f"{version_prefix(event.source, event.sequencer)}recipe/"
    assert set(world.renditions.objects) == {
        prefix + name for name in ("320.webp", "640.webp", "manifest.json")
    }
    manifest = json.loads(world.renditions.objects[asset.manifest_key])
    assert manifest["renditions"][0]["key"] == asset.renditions[0].key
    assert manifest["renditions"][0]["bytes"] == len(b"small")
    assert manifest["source"]["version_id"] == event.source.version_id
    assert asset.lease_token is None


def test_the_manifest_is_stored_after_every_rendition(world):
    order: list[str] = []
    kinds: list[str] = []
    put = world.renditions.put

    def keep(key, content, mime):
        kinds.append(mime)
        put(key, content, mime)

    world.renditions.on_put = order.append
    world.renditions.put = keep
    world.run(world.upload(), work_of(MADE, LARGE))
    assert order[-1].endswith("manifest.json")
    assert kinds == ["image/webp", "image/webp", "application/json"]
    assert len(order) == 3


def test_a_second_delivery_is_acknowledged_without_work(world):
    event = world.upload()
    world.run(event, work_of(MADE))
    before = world.asset
    assert world.run(event, pytest.fail).state is ClaimState.DONE
    assert world.asset == before


def test_a_repeat_after_a_crash_writes_the_same_keys_and_bytes(world):
    event = world.upload()
    world.catalog.claim(event, lease_seconds=30)
    world.clock.now += 60
    world.run(event, work_of(MADE))
    first = dict(world.renditions.objects)
    world.catalog = MemoryCatalog(world.clock)
    world.catalog.receive(event)
    world.run(event, work_of(MADE))
    assert world.renditions.objects == first


def test_one_failed_rendition_leaves_its_siblings(world):
    world.run(world.upload(), work_of(MADE, BROKEN))
    asset = world.asset
    assert asset.status is AssetStatus.PARTIAL
    assert asset.renditions[1].error.message == "too large for AVIF"
    assert asset.renditions[1].key is None


@pytest.mark.parametrize("made", [(BROKEN,), ()])
def test_no_rendition_at_all_is_a_failure(world, made):
    outcome = world.run(world.upload(), work_of(*made)).outcome
    assert world.asset.status is AssetStatus.FAILED
    assert world.asset.error.code is ErrorCode.ENCODE_FAILED
    assert outcome.probe == ImageProbe(width=640, height=400)
    assert [each.name for each in outcome.renditions] == [each.name for each in made]
    assert world.renditions.objects == {}


def test_a_permanent_error_is_recorded_and_acknowledged(world):
    def corrupt(_):
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cut off")

    world.run(world.upload(), corrupt)
    assert world.asset.status is AssetStatus.FAILED
    assert world.asset.error == Failure(ErrorCode.CORRUPT_MEDIA, "cut off")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TransientError(ErrorCode.THROTTLED, "slow down"), ErrorCode.THROTTLED),
        (ZeroDivisionError("a bug"), ErrorCode.SERVICE_UNAVAILABLE),
    ],
)
def test_a_transient_or_unknown_error_gives_the_lease_back_and_is_raised(world, error, code):
    def fail(_):
        raise error

    event = world.upload()
    with pytest.raises(type(error)):
        world.run(event, fail)
    assert (world.asset.status, world.asset.error.code) == (AssetStatus.RECEIVED, code)
    world.run(event, work_of(MADE))
    assert world.asset.status is AssetStatus.READY
    assert world.asset.attempts == 2


def test_what_killed_two_workers_is_refused_for_good_without_a_third(world):
    event = world.upload()
    for _ in range(2):
        world.catalog.claim(event, lease_seconds=30)
        world.clock.now += 31
    finished = world.run(event, pytest.fail)
    assert finished.state is ClaimState.CLAIMED
    assert (world.asset.status, world.asset.error.code) == ("REJECTED", "LIMIT_EXCEEDED")
    assert world.asset.error.permanent
    assert "2 workers were killed by it" in world.asset.error.message
    assert world.asset.abandoned == 2
    assert world.run(event, pytest.fail).state is ClaimState.DONE


def test_what_killed_one_worker_is_tried_again(world):
    event = world.upload()
    world.catalog.claim(event, lease_seconds=30)
    world.clock.now += 31
    world.run(event, work_of(MADE))
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 1)


def test_two_deaths_count_also_with_tries_between_that_came_back(world):
    def fail(_):
        raise TransientError(ErrorCode.THROTTLED, "slow down")

    event = world.upload()
    for _ in range(2):
        world.catalog.claim(event, lease_seconds=30)
        world.clock.now += 31
        if not world.asset.abandoned:
            with pytest.raises(TransientError):
                world.run(event, fail)
    world.run(event, pytest.fail)
    assert world.asset.error.code is ErrorCode.LIMIT_EXCEEDED


def test_a_newer_upload_starts_without_the_deaths_of_the_older(world):
    old = world.upload()
    for _ in range(2):
        world.catalog.claim(old, lease_seconds=30)
        world.clock.now += 31
    world.run(world.upload(b"newer"), work_of(MADE))
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 0)


def test_a_live_lease_is_retried_later(world):
    event = world.upload()
    world.catalog.claim(event, lease_seconds=30)
    with pytest.raises(TransientError) as caught:
        world.run(event, pytest.fail)
    assert caught.value.code is ErrorCode.LEASE_HELD
    assert caught.value.message == "another worker holds the asset"
    assert caught.value.retry_after == pytest.approx(30)


@pytest.mark.parametrize("ending", ["commits", "fails for good", "fails for now"])
def test_who_loses_to_a_newer_version_removes_what_it_wrote(world, ending):
    event = world.upload()

    def overtaken():
        yield MADE
        world.upload(b"newer")
        if ending == "fails for good":
            raise PermanentError(ErrorCode.CORRUPT_MEDIA, "")
        if ending == "fails for now":
            raise TransientError(ErrorCode.THROTTLED, "")

    finished = world.run(event, lambda _: replace(work_of()(0), made=overtaken()))
    assert finished.state is ClaimState.STALE
    assert world.renditions.objects == {}
    assert world.asset.status is AssetStatus.RECEIVED
    assert world.asset.source.version_id != event.source.version_id


class LostReply(MemoryCatalog):
    """Loses the reply of the first commit; botocore sends it again after what comes `meanwhile`."""

    def __init__(self, clock, meanwhile):
        super().__init__(clock)
        self.meanwhile = [meanwhile]

    def commit(self, event, lease_token, outcome):
        answer = super().commit(event, lease_token, outcome)
        if self.meanwhile:
            self.meanwhile.pop()()
            answer = super().commit(event, lease_token, outcome)
        return answer


@pytest.mark.parametrize("newer", ["waits", "is refused", "is broken"])
def test_what_is_live_stays_though_the_reply_of_its_commit_was_lost(world, newer):
    def meanwhile():
        upload = world.upload(b"newer")
        if newer == "is refused":
            refused = replace(upload, sequencer=f"{int(upload.sequencer, 16) + 1:016X}")
            record(world.catalog, refused, BROKEN.error)
        if newer == "is broken":
            world.run(upload, broken)

    def broken(_):
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cut off")

    world.catalog = LostReply(world.clock, meanwhile)
    event = world.upload()
    world.run(event, work_of(MADE, RUNG))
    assert world.asset.source != event.source
    assert world.asset.live_version_id == event.source.version_id
    listed = {each.key for each in world.asset.renditions}
    assert set(world.renditions.objects) >= {*listed, world.asset.manifest_key}
    assert len([key for key in world.renditions.objects if "h264-240" in key]) == 3


def test_what_is_live_stays_while_a_newer_version_is_worked_on_and_when_it_fails(world):
    event = world.upload()
    world.run(event, work_of(MADE))
    live = world.asset
    newer = world.upload(b"newer")
    assert world.asset.renditions == live.renditions

    def corrupt(_):
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cut off")

    world.run(newer, corrupt)
    assert world.asset.status is AssetStatus.FAILED
    assert world.asset.manifest_key == live.manifest_key
    assert set(world.renditions.objects) >= {each.key for each in live.renditions}


RUNG = Made(
    "h264-240/playlist.m3u8",
    RenditionKind.RUNG,
    "application/vnd.apple.mpegurl",
    b"#EXTM3U",
    codecs="avc1.64000d",
    bandwidth=400_000,
    parts=(Part("h264-240/init.mp4", "video/mp4", b"i"), Part("h264-240/0.m4s", "video/mp4", b"s")),
)


def test_the_parts_of_a_rendition_are_stored_before_it_and_not_listed(world):
    order: list[str] = []
    world.renditions.on_put = order.append
    world.run(world.upload(), work_of(RUNG))
    names = [key.split("/", 3)[3] for key in order]
    assert names == [
        "h264-240/init.mp4",
        "h264-240/0.m4s",
        "h264-240/playlist.m3u8",
        "manifest.json",
    ]
    (rung,) = world.asset.renditions
    assert (rung.codecs, rung.bandwidth, rung.bytes) == ("avc1.64000d", 400_000, 7)


def test_the_parts_go_too_where_a_newer_version_won(world):
    event = world.upload()

    def overtaken():
        yield RUNG
        world.upload(b"newer")

    world.run(event, lambda _: replace(work_of()(0), made=overtaken()))
    assert world.renditions.objects == {}


def test_what_passes_a_limit_is_rejected(world):
    def too_long(_):
        raise PermanentError(ErrorCode.LIMIT_EXCEEDED, "expected at most 2 hours")

    world.run(world.upload(), too_long)
    assert world.asset.status is AssetStatus.REJECTED
    assert world.asset.error.message == "expected at most 2 hours"


def test_progress_is_written_now_and_then_and_harms_nothing(world, monkeypatch):
    seconds = iter(range(0, 1000, 2))
    monkeypatch.setattr("lib.application.fenced_job.time.monotonic", lambda: next(seconds))
    seen: list[int] = []
    keep = world.catalog.progress

    def progress(event, lease_token, percent):
        seen.append(percent)
        keep(event, lease_token, percent)
        raise TransientError(ErrorCode.THROTTLED, "slow down")

    monkeypatch.setattr(world.catalog, "progress", progress)

    def encode(report):
        for part in (0.1, 0.2, 0.3, 0.4, 0.5, 2.0):
            report(part)
        return work_of(MADE)(report)

    world.run(world.upload(), encode)
    assert seen == [30, 100]
    assert world.asset.status is AssetStatus.READY


def test_the_lease_outlives_the_invocation(world):
    leases = []

    def look(report):
        leases.append(world.asset.lease_expires_at)
        return work_of(MADE)(report)

    world.run(world.upload(), look)
    assert leases == [to_iso(world.clock.now + 35)]


def test_what_is_not_recorded_is_not_worked_on(world):
    event = world.upload()
    world.catalog = MemoryCatalog(world.clock)
    assert world.run(event, pytest.fail).state is ClaimState.STALE
    assert world.asset is None


def test_the_time_of_the_work_is_recorded_in_ms(world, monkeypatch):
    seconds = chain([100.0, 101.0], repeat(107.25))
    monkeypatch.setattr("lib.application.fenced_job.time.monotonic", lambda: next(seconds))
    finished = world.run(world.upload(), lambda _: work_of(MADE)(None))
    assert (finished.outcome.processed_ms, world.asset.processed_ms) == (7250, 7250)


@pytest.mark.parametrize("in_a_file", [False, True])
def test_all_that_is_known_of_a_rendition_is_recorded(world, tmp_path, in_a_file):
    (tmp_path / "film.mp4").write_bytes(b"film")
    known: dict[str, Any] = {
        "name": "film.mp4",
        "kind": RenditionKind.RUNG,
        "mime": "video/mp4",
        "width": 640,
        "height": 360,
        "duration_ms": 2000,
        "frames": 48,
        "quality": 71,
        "instead_of": "best.mp4",
        "codecs": "avc1.64001f",
        "bandwidth": 128_000,
        "language": "de",
    }
    content = tmp_path / "film.mp4" if in_a_file else b"film"
    placeholder = Placeholder("3OcRJYB4d3h/iIeHeEh3eIhw+j2w", "#aabbcc")
    event = world.upload()
    work = replace(work_of(Made(**known, content=content))(None), placeholder=placeholder)
    world.run(event, lambda _: work)
    [stored] = world.asset.renditions
    assert stored == Rendition(
        **known,
        key=f"{version_prefix(event.source, event.sequencer)}recipe/film.mp4",
        bytes=4,
        sha256=hashlib.sha256(b"film").hexdigest(),
    )
    asset = world.asset
    assert (asset.placeholder, asset.probe) == (placeholder, work.probe)
    assert (asset.preset, asset.recipe) == ("default", "recipe")


def test_reasons_are_told_in_words(world):
    def fail(_):
        raise ZeroDivisionError("a secret of the source")

    world.max_attempts = 1
    world.run(world.upload(), fail)
    assert world.asset.error.message == (
        "gave up after the last try: SERVICE_UNAVAILABLE: unexpected ZeroDivisionError"
    )
    nothing = world.run(world.upload(b"other"), work_of())
    assert nothing.outcome.error == Failure(
        ErrorCode.ENCODE_FAILED, "the preset makes nothing of this source"
    )
    assert killed().message == (
        "expected a source that fits into a worker's memory and time "
        "but 2 workers were killed by it"
    )
