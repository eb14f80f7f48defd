"""What is found wrong with an asset: one test for each, and for what is not wrong."""

from dataclasses import replace

import pytest

from lib.application.reconcile.findings import (
    Kind,
    compare_folder,
    compare_upload,
    compare_waiting,
    live_sizes,
)
from lib.domain.asset import AssetStatus
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode, Failure
from lib.domain.keys import version_prefix
from lib.domain.listings import Folder, StoredObject
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.reconciled import AGES, DAY, HOUR, RECIPE, ReconciledWorld

PASSING = Failure(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")
PERMANENT = Failure(ErrorCode.CORRUPT_MEDIA, "broken")


@pytest.fixture
def world():
    world = ReconciledWorld()
    world.upload("a.jpg", b"\xff\xd8\xff" + b"a" * 20)
    return world


@pytest.fixture
def asset(world):
    return world.entry("a.jpg")


def wrong(finding):
    """Return what was found; something was."""
    assert finding is not None
    return finding


def kinds(findings):
    return [each.kind for each in findings]


class TestUploads:
    def test_that_are_recorded_are_right(self, asset):
        assert compare_upload(asset.source, asset) is None
        assert compare_upload(None, None) is None

    @pytest.mark.parametrize("version", ["", "null"])
    def test_without_versions_have_one_name_or_none(self, asset, version):
        known = replace(asset, source=replace(asset.source, version_id=""))
        assert compare_upload(replace(asset.source, version_id=version), known) is None

    def test_without_an_entry(self, asset):
        found = wrong(compare_upload(asset.source, None))
        assert (found.kind, found.asset_id) == (Kind.UNRECORDED, asset.asset_id)

    @pytest.mark.parametrize("changed", [{"version_id": "another"}, {"etag": "another"}])
    def test_of_another_version(self, asset, changed):
        found = wrong(compare_upload(replace(asset.source, **changed), asset))
        assert found.kind is Kind.OUTDATED

    def test_below_a_tombstone(self, asset):
        tombstone = replace(asset, status=AssetStatus.DELETED)
        assert wrong(compare_upload(asset.source, tombstone)).kind is Kind.BURIED
        assert compare_upload(None, tombstone) is None

    def test_that_are_gone(self, asset):
        found = wrong(compare_upload(None, asset))
        assert (found.kind, found.source) == (Kind.GONE, asset.source)


class TestWaiting:
    def test_uploads_are_stuck_after_the_receipts_age(self, world, asset):
        now = world.clock()
        for age, expected in ((12 * HOUR, True), (12 * HOUR - 1, False)):
            waits = replace(asset, status=AssetStatus.RECEIVED, updated_at=to_iso(now - age))
            assert bool(compare_waiting(waits, now, AGES)) is expected

    def test_work_is_stuck_after_its_leases_age(self, world, asset):
        now = world.clock()
        for age, expected in ((HOUR, True), (HOUR - 1, False), (-HOUR, False)):
            works = replace(
                asset, status=AssetStatus.PROCESSING, lease_expires_at=to_iso(now - age)
            )
            assert bool(compare_waiting(works, now, AGES)) is expected

    def test_work_that_was_looked_after_just_now_is_not(self, world, asset):
        now = world.clock()
        works = replace(
            asset,
            status=AssetStatus.PROCESSING,
            lease_expires_at=to_iso(now - DAY),
            updated_at=to_iso(now - 1),
        )
        assert compare_waiting(works, now, AGES) is None

    @pytest.mark.parametrize("status", [each for each in AssetStatus if each.terminal])
    def test_nothing_that_is_finished_is(self, world, asset, status):
        old = replace(asset, status=status, updated_at=to_iso(0))
        assert compare_waiting(old, world.clock(), AGES) is None


class TestFolders:
    def compare(self, world, asset, folder=None, ages=AGES):
        folder = folder or world.folders.folder(asset.asset_id)
        return compare_folder(folder, asset, world.clock(), ages)

    def test_with_what_is_live_are_right(self, world, asset):
        assert len(live_sizes(asset)) == 3
        assert self.compare(world, asset) == []

    def test_without_what_is_live(self, world, asset):
        for key in live_sizes(asset):
            before = dict(world.renditions.objects)
            del world.renditions.objects[key]
            [found] = self.compare(world, asset)
            assert (found.kind, found.keys) == (Kind.MISSING, (key,))
            world.renditions.objects = before

    def test_with_what_was_cut_short(self, world, asset):
        key = asset.renditions[0].key
        world.renditions.objects[key] = b"short"
        [found] = self.compare(world, asset)
        assert (found.kind, found.keys) == (Kind.MISSING, (key,))

    def test_without_what_is_live_of_an_older_version(self, world, asset):
        failed = replace(asset, status=AssetStatus.FAILED, sequencer="F" * 64, error=PERMANENT)
        assert self.compare(world, failed) == []
        world.renditions.objects.clear()
        assert kinds(self.compare(world, failed)) == [Kind.LOST]

    def test_without_what_is_live_but_with_what_was_between(self, world, asset):
        failed = replace(asset, status=AssetStatus.FAILED, sequencer="F" * 64, error=PERMANENT)
        between = f"{asset.asset_id}/between/{RECIPE}/x.webp"
        world.renditions.objects = {between: b"x"}
        lost, orphans = self.compare(world, failed)
        assert (lost.kind, orphans.kind, orphans.keys) == (Kind.LOST, Kind.ORPHANS, (between,))

    def test_with_what_nothing_refers_to(self, world, asset):
        more = [f"{asset.asset_id}/older/{RECIPE}/x.webp", asset.manifest_key + ".old"]
        for key in more:
            world.renditions.put(key, b"123", "image/webp")
        [found] = self.compare(world, asset)
        assert (found.kind, sorted(found.keys), found.size) == (Kind.ORPHANS, sorted(more), 6)

    def test_with_what_is_young_are_right(self, world, asset):
        key = f"{asset.asset_id}/newer/{RECIPE}/x.webp"
        world.renditions.put(key, b"123", "image/webp")
        world.folders.ages[key] = DAY - 1
        assert self.compare(world, asset) == []
        world.folders.ages[key] = DAY
        assert kinds(self.compare(world, asset)) == [Kind.ORPHANS]

    @pytest.mark.parametrize("status", [AssetStatus.RECEIVED, AssetStatus.PROCESSING])
    def test_of_what_is_not_finished_are_left_alone(self, world, asset, status):
        forgot = replace(asset, status=status, renditions=(), manifest_key=None)
        assert self.compare(world, forgot) == []

    def test_of_a_status_that_is_not_known_are_left_alone(self, world, asset):
        forgot = replace(asset, status=AssetStatus("SLEEPING"), renditions=(), manifest_key=None)
        assert self.compare(world, forgot) == []

    def test_of_an_upload_that_may_be_tried_again_keep_what_it_made(self, world, asset):
        failed = replace(
            asset, status=AssetStatus.FAILED, renditions=(), manifest_key=None, error=PASSING
        )
        older = f"{asset.asset_id}/older/{RECIPE}/x.webp"
        world.renditions.put(older, b"1", "image/webp")
        [found] = self.compare(world, failed)
        assert found.keys == (older,)
        [found] = self.compare(world, replace(failed, error=PERMANENT))
        assert len(found.keys) == 4

    def test_of_a_tombstone_are_orphans(self, world, asset):
        tombstone = replace(asset, status=AssetStatus.DELETED, renditions=(), manifest_key=None)
        [found] = self.compare(world, tombstone)
        assert (found.kind, len(found.keys)) == (Kind.ORPHANS, 3)

    def test_without_an_entry_are_orphans_when_all_of_them_is_old(self, world, asset):
        folder = world.folders.folder(asset.asset_id)
        [found] = compare_folder(folder, None, world.clock(), AGES)
        assert (found.kind, found.source, len(found.keys)) == (Kind.ORPHANS, None, 3)
        young = replace(folder.objects[0], modified=world.clock())
        newer = replace(folder, objects=(young, *folder.objects[1:]))
        assert compare_folder(newer, None, world.clock(), AGES) == []

    def test_that_are_empty_without_an_entry_are_nothing(self, world):
        assert compare_folder(Folder("a" * 32), None, world.clock(), AGES) == []

    def test_keep_the_segments_of_what_is_live(self, world, asset):
        below = version_prefix(asset.source, asset.sequencer) + RECIPE
        rung = Rendition(
            "h264-720/index.m3u8",
            RenditionKind.RUNG,
            "application/vnd.apple.mpegurl",
            f"{below}/h264-720/index.m3u8",
            bytes=1,
        )
        film = replace(asset, renditions=(*asset.renditions, rung))
        stored = (
            StoredObject(f"{below}/h264-720/{name}", 1, 0) for name in ("index.m3u8", "0.m4s")
        )
        folder = world.folders.folder(asset.asset_id)
        folder = replace(folder, objects=(*folder.objects, *stored))
        assert self.compare(world, film, folder) == []
        work = StoredObject(f"{below}/work/plan.json", 1, 0)
        folder = replace(folder, objects=(*folder.objects, work))
        [found] = self.compare(world, film, folder)
        assert found.keys == (work.key,)
