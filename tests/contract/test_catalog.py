"""The fence, the same for every catalog: each branch of the timeline in `dynamodb_catalog`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_items import asset_from_item, read_changes
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import (
    Asset,
    AssetStatus,
    Attempt,
    Change,
    Claim,
    ClaimState,
    CommitState,
    History,
    Outcome,
)
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.leases import make_token, next_lease
from lib.domain.media import (
    AudioTrack,
    ImageProbe,
    MediaType,
    MediaWarning,
    Probe,
    SubtitleTrack,
    VideoProbe,
    WarningCode,
)
from lib.domain.ports import Catalog
from lib.domain.renditions import RenditionKind
from tests.support.catalog_cases import (
    LONGER,
    MADE,
    NEW,
    NEWER,
    NOT_MADE,
    OLD,
    PASSING,
    PERMANENT,
    READY,
    START,
    create_table,
    record,
    removal,
    upload,
)
from tests.support.fakes import ManualClock

FIRST = int(START) * 1000 + 1
"""The revision of an entry's first write."""


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "dynamodb"])
def catalog(request: pytest.FixtureRequest, clock: ManualClock) -> Catalog:
    if request.param == "memory":
        return MemoryCatalog(clock)
    client = request.getfixturevalue("dynamodb")
    return DynamoCatalog(client, create_table(client), clock)


HISTORY = History(2, (Attempt("2027-01-15T07:59:00.000Z", PASSING),))


def stored(catalog: Catalog) -> Asset:
    asset = catalog.get(asset_id("uploads", "a b.jpg"))
    assert asset is not None
    return asset


def take(catalog: Catalog, event: UploadEvent, lease_seconds: float = 60) -> str:
    entry = catalog.get(asset_id("uploads", "a b.jpg"))
    if entry is None or entry.sequencer != pad_sequencer(event.sequencer):
        assert record(catalog, event) is None
    claim = catalog.claim(event, lease_seconds=lease_seconds)
    assert claim.state is ClaimState.CLAIMED
    assert claim.lease_token
    return claim.lease_token


def finish(catalog: Catalog, event: UploadEvent, outcome: Outcome = READY) -> str:
    token = take(catalog, event)
    assert catalog.commit(event, token, outcome) is CommitState.COMMITTED
    return token


class TestReceive:
    def test_records_what_is_new(self, catalog: Catalog) -> None:
        event = upload(OLD)
        assert catalog.receive(event) is None
        assert stored(catalog) == Asset(
            asset_id("uploads", "a b.jpg"),
            event.source,
            pad_sequencer(OLD),
            AssetStatus.RECEIVED,
            created_at="2027-01-15T08:00:00.000Z",
            updated_at="2027-01-15T08:00:00.000Z",
            media_type=MediaType.IMAGE,
            mime="image/jpeg",
            sequencer_length=18,
            revision=FIRST,
        )

    def test_keeps_what_is_live_and_forgets_the_work(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        token = take(catalog, upload(OLD))
        catalog.release(upload(OLD), token, PASSING, HISTORY)
        finish(catalog, upload(OLD))
        live = stored(catalog)
        assert live.history == HISTORY
        clock.now += 1
        event = upload(LONGER, media_type=MediaType.VIDEO, mime="video/mp4")
        assert catalog.receive(event, after=live.sequencer) is None
        assert stored(catalog) == replace(
            live,
            source=event.source,
            sequencer=pad_sequencer(LONGER),
            sequencer_length=20,
            status=AssetStatus.RECEIVED,
            media_type=MediaType.VIDEO,
            mime="video/mp4",
            attempts=0,
            history=History(),
            processed_ms=None,
            updated_at="2027-01-15T08:00:01.000Z",
            revision=live.revision + 1,
        )
        assert stored(catalog).live_version_id == f"v-{OLD}"
        assert stored(catalog).renditions == (MADE,)

    def test_takes_the_lease_from_what_it_supersedes(self, catalog: Catalog) -> None:
        token = take(catalog, upload(OLD))
        record(catalog, upload(NEW))
        assert stored(catalog).lease_token is None
        assert catalog.commit(upload(OLD), token, READY) is CommitState.SUPERSEDED


WRITES = [upload(NEW), removal(NEW), PERMANENT]


def write(catalog: Catalog, what: UploadEvent | Failure, after: str | None) -> Asset | None:
    """Write a receipt, a tombstone or a rejection of NEW."""
    if isinstance(what, Failure):
        return catalog.reject(upload(NEW), what, after=after)
    how = catalog.remove if what.action is Action.REMOVED else catalog.receive
    return how(what, after=after)


@pytest.mark.parametrize("what", WRITES)
class TestCompareAndSet:
    def test_needs_that_there_is_nothing_where_nothing_was_seen(
        self, catalog: Catalog, what: UploadEvent | Failure
    ) -> None:
        finish(catalog, upload(NEWER))
        before = stored(catalog)
        assert write(catalog, what, None) == before
        assert stored(catalog) == before

    def test_needs_what_was_seen(self, catalog: Catalog, what: UploadEvent | Failure) -> None:
        finish(catalog, upload(LONGER))
        before = stored(catalog)
        for other in (OLD, NEW, NEWER):
            assert write(catalog, what, pad_sequencer(other)) == before
        assert stored(catalog) == before
        assert write(catalog, what, before.sequencer) is None
        assert stored(catalog).sequencer == pad_sequencer(NEW)

    def test_does_not_care_who_works_on_what_was_seen(
        self, catalog: Catalog, what: UploadEvent | Failure
    ) -> None:
        record(catalog, upload(OLD))
        seen = stored(catalog)
        finish(catalog, upload(OLD))
        assert write(catalog, what, seen.sequencer) is None
        assert stored(catalog).sequencer == pad_sequencer(NEW)

    def test_may_be_repeated(
        self, catalog: Catalog, clock: ManualClock, what: UploadEvent | Failure
    ) -> None:
        record(catalog, upload(OLD))
        seen = stored(catalog).sequencer
        write(catalog, what, seen)
        before = stored(catalog)
        clock.now += 1
        assert write(catalog, what, seen) is None
        assert write(catalog, what, None) is None
        assert stored(catalog) == before

    def test_writes_where_what_was_seen_is_gone(
        self, catalog: Catalog, what: UploadEvent | Failure
    ) -> None:
        assert write(catalog, what, pad_sequencer(OLD)) is None
        assert stored(catalog).sequencer == pad_sequencer(NEW)


@pytest.mark.parametrize(
    "other",
    [
        upload(NEW, source=Source("uploads", "a b.jpg", "another", "etag", 1234)),
        upload(NEW, source=Source("uploads", "a b.jpg", f"v-{NEW}", "other", 1234)),
        removal(NEW),
    ],
)
def test_another_recording_of_the_same_name_is_no_repeat(
    catalog: Catalog, other: UploadEvent
) -> None:
    record(catalog, upload(NEW))
    before = stored(catalog)
    assert write(catalog, other, None) == before
    assert stored(catalog) == before


def test_a_repeat_of_what_was_begun_since_says_so(catalog: Catalog) -> None:
    take(catalog, upload(NEW))
    assert catalog.receive(upload(NEW)) == stored(catalog)


class TestReject:
    def test_records_the_reason_and_keeps_what_is_live(self, catalog: Catalog) -> None:
        finish(catalog, upload(OLD))
        assert record(catalog, upload(NEW), PERMANENT) is None
        asset = stored(catalog)
        assert (asset.status, asset.error) == (AssetStatus.REJECTED, PERMANENT)
        assert (asset.live_version_id, asset.renditions) == (f"v-{OLD}", (MADE,))

    def test_is_final(self, catalog: Catalog) -> None:
        catalog.reject(upload(NEW), PERMANENT)
        assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.DONE
        assert catalog.claim(upload(OLD), lease_seconds=60).state is ClaimState.STALE
        assert stored(catalog).status is AssetStatus.REJECTED


class TestRemove:
    def test_leaves_a_tombstone_without_renditions(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        finish(catalog, upload(OLD))
        clock.now += 5
        event = removal(NEW)
        assert record(catalog, event) is None
        assert stored(catalog) == Asset(
            asset_id("uploads", "a b.jpg"),
            event.source,
            pad_sequencer(NEW),
            AssetStatus.DELETED,
            created_at="2027-01-15T08:00:00.000Z",
            updated_at="2027-01-15T08:00:05.000Z",
            media_type=MediaType.IMAGE,
            mime="image/jpeg",
            expires_at=int(START) + 5 + 30 * 24 * 60 * 60,
            sequencer_length=18,
            revision=FIRST + 3,
        )

    def test_stops_a_worker(self, catalog: Catalog) -> None:
        token = take(catalog, upload(OLD))
        record(catalog, removal(NEW))
        assert catalog.commit(upload(OLD), token, READY) is CommitState.SUPERSEDED
        assert catalog.release(upload(OLD), token, PASSING) is CommitState.SUPERSEDED
        assert catalog.claim(upload(OLD), lease_seconds=60).state is ClaimState.STALE
        assert stored(catalog).status is AssetStatus.DELETED

    def test_gives_way_to_an_upload(self, catalog: Catalog) -> None:
        catalog.remove(removal(OLD))
        finish(catalog, upload(NEW))
        assert stored(catalog).status is AssetStatus.READY
        assert stored(catalog).expires_at is None


class TestClaim:
    def test_takes_what_was_received(self, catalog: Catalog) -> None:
        catalog.receive(upload(NEW))
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        asset = stored(catalog)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 1, 0)
        assert (asset.status, asset.attempts) == (AssetStatus.PROCESSING, 1)
        assert claim.lease_token == asset.lease_token
        assert asset.lease_expires_at == "2027-01-15T08:01:00.000Z"

    def test_needs_that_the_upload_is_what_is_recorded(self, catalog: Catalog) -> None:
        assert catalog.claim(upload(NEW), lease_seconds=60) == Claim(ClaimState.STALE)
        assert catalog.get(asset_id("uploads", "a b.jpg")) is None
        take(catalog, upload(NEW))
        before = stored(catalog)
        for other in (OLD, NEWER, LONGER):
            assert catalog.claim(upload(other), lease_seconds=60) == Claim(ClaimState.STALE)
        assert stored(catalog) == before

    def test_takes_the_token_that_it_is_given(self, catalog: Catalog) -> None:
        catalog.receive(upload(NEW))
        assert catalog.claim(upload(NEW), lease_seconds=60, token="mine").lease_token == "mine"
        assert stored(catalog).lease_token == "mine"
        again = catalog.claim(upload(NEW), lease_seconds=60, token="another")
        assert again.state is ClaimState.BUSY

    def test_resumes_the_lease_that_could_not_be_given_back(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        left = take(catalog, upload(NEW))
        clock.now += 20
        lease = next_lease(left)
        token = make_token(lease)
        claim = catalog.claim(upload(NEW), lease_seconds=60, token=token, resumes=lease)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 0)
        assert claim.lease_token == token
        assert stored(catalog).lease_expires_at == "2027-01-15T08:01:20.000Z"
        killed = catalog.claim(upload(NEW), lease_seconds=60, resumes=lease)
        assert killed.state is ClaimState.BUSY
        following = next_lease(token)
        claim = catalog.claim(upload(NEW), lease_seconds=60, resumes=following)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 3, 0)

    def test_resumes_what_ran_out_without_counting_it(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        left = take(catalog, upload(NEW))
        clock.now += 60
        claim = catalog.claim(upload(NEW), lease_seconds=60, resumes=next_lease(left))
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 0)

    def test_resumes_no_other_lease(self, catalog: Catalog) -> None:
        take(catalog, upload(NEW))
        claim = catalog.claim(upload(NEW), lease_seconds=60, resumes=next_lease(make_token(None)))
        assert claim.state is ClaimState.BUSY

    def test_resumes_nothing_that_is_over(self, catalog: Catalog) -> None:
        token = finish(catalog, upload(NEW))
        claim = catalog.claim(upload(NEW), lease_seconds=60, resumes=next_lease(token))
        assert claim == Claim(ClaimState.DONE, attempts=1)

    def test_tells_of_the_tries_before(self, catalog: Catalog) -> None:
        catalog.release(upload(NEW), take(catalog, upload(NEW)), PASSING, HISTORY)
        assert catalog.claim(upload(NEW), lease_seconds=60).history == HISTORY

    def test_waits_for_a_live_lease(self, catalog: Catalog, clock: ManualClock) -> None:
        take(catalog, upload(NEW))
        clock.now += 20
        before = stored(catalog)
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.busy_for) == (ClaimState.BUSY, 40)
        assert stored(catalog) == before

    def test_takes_an_abandoned_lease(self, catalog: Catalog, clock: ManualClock) -> None:
        killed = take(catalog, upload(NEW))
        clock.now += 60
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 1)
        assert claim.lease_token != killed

    def test_counts_the_workers_that_were_killed(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        take(catalog, upload(NEW))
        for killed in (1, 2, 3):
            clock.now += 60
            assert catalog.claim(upload(NEW), lease_seconds=60).abandoned == killed
            assert stored(catalog).abandoned == killed

    def test_counts_over_tries_that_came_back(self, catalog: Catalog, clock: ManualClock) -> None:
        take(catalog, upload(NEW))
        clock.now += 60
        catalog.release(upload(NEW), take(catalog, upload(NEW)), PASSING)
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.attempts, claim.abandoned) == (3, 1)
        clock.now += 60
        assert catalog.claim(upload(NEW), lease_seconds=60).abandoned == 2

    def test_does_not_count_for_a_newer_upload(self, catalog: Catalog, clock: ManualClock) -> None:
        take(catalog, upload(OLD))
        clock.now += 60
        take(catalog, upload(OLD))
        clock.now += 60
        record(catalog, upload(NEW))
        assert catalog.claim(upload(NEW), lease_seconds=60).abandoned == 0
        assert stored(catalog).abandoned == 0

    @pytest.mark.parametrize(
        "outcome",
        [
            READY,
            replace(READY, status=AssetStatus.PARTIAL, renditions=(MADE, NOT_MADE)),
            Outcome(AssetStatus.FAILED, error=PERMANENT),
        ],
    )
    def test_leaves_what_is_finished(self, catalog: Catalog, outcome: Outcome) -> None:
        finish(catalog, upload(NEW), outcome)
        before = stored(catalog)
        assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.DONE
        assert stored(catalog) == before

    def test_tells_whoever_comes_how_often_it_was_tried(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        def claim() -> Claim:
            return catalog.claim(upload(NEW), lease_seconds=60)

        take(catalog, upload(NEW))
        assert claim() == Claim(ClaimState.BUSY, attempts=1, busy_for=60.0)
        clock.now += 60
        take(catalog, upload(NEW))
        assert claim() == Claim(ClaimState.BUSY, attempts=2, busy_for=60.0)
        assert catalog.transfer_lease(upload(NEW), "a-b", lease_seconds=60)
        assert claim() == Claim(ClaimState.HANDED_OVER, attempts=2)
        catalog.commit(upload(NEW), "a-b", READY)
        assert claim() == Claim(ClaimState.DONE, attempts=2)

    def test_leaves_a_tombstone_of_the_same_event(self, catalog: Catalog) -> None:
        catalog.remove(upload(NEW))
        assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.DONE

    def test_tries_again_what_failed_for_the_time_being(self, catalog: Catalog) -> None:
        finish(catalog, upload(NEW), Outcome(AssetStatus.FAILED, error=PASSING))
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 0)


class TestCommit:
    @pytest.mark.parametrize("status", [AssetStatus.READY, AssetStatus.PARTIAL])
    def test_replaces_what_is_live(self, catalog: Catalog, status: AssetStatus) -> None:
        finish(catalog, upload(OLD), replace(READY, manifest_key="old", renditions=(NOT_MADE,)))
        outcome = replace(READY, status=status, renditions=(MADE, NOT_MADE))
        finish(catalog, upload(NEW), outcome)
        asset = stored(catalog)
        assert asset == Asset(
            asset_id("uploads", "a b.jpg"),
            upload(NEW).source,
            pad_sequencer(NEW),
            status,
            asset.created_at,
            asset.updated_at,
            media_type=MediaType.IMAGE,
            mime="image/jpeg",
            preset=outcome.preset,
            recipe=outcome.recipe,
            probe=outcome.probe,
            placeholder=outcome.placeholder,
            renditions=outcome.renditions,
            manifest_key=outcome.manifest_key,
            live_version_id=f"v-{NEW}",
            attempts=1,
            processed_ms=120,
            sequencer_length=18,
            revision=FIRST + 5,
        )

    def test_forgets_what_the_new_version_does_not_have(self, catalog: Catalog) -> None:
        finish(catalog, upload(OLD))
        sound = replace(READY, probe=Probe(duration_ms=5000), placeholder=None)
        finish(catalog, upload(NEW), sound)
        assert stored(catalog).probe == Probe(duration_ms=5000)
        assert stored(catalog).placeholder is None

    def test_keeps_every_fact_as_it_is(self, catalog: Catalog) -> None:
        probe = ImageProbe(
            width=6000,
            height=4000,
            captured_at="2024-07-14T21:30:05-03:30",
            camera="Canon EOS R5",
            lens="RF 24-70mm",
            exposure_s=0.000125,
            f_number=8.0,
            iso=102_400,
            focal_length_mm=50.0,
            latitude=-33.8599333,
            longitude=-0.0000001,
            altitude_m=-2.0,
            copyright="© Zoë",
            loops=0,
            sha256="0" * 64,
            phash="0000000000000001",
            hdr="pq",
            complete=False,
            warnings=(MediaWarning(WarningCode.INCOMPLETE, "3 of 12 lines"),),
        )
        instead = replace(MADE, frames=12, quality=71, instead_of="w320.avif")
        finish(catalog, upload(NEW), replace(READY, probe=probe, renditions=(instead, NOT_MADE)))
        kept = stored(catalog)
        assert kept.probe == probe
        assert kept.renditions == (instead, NOT_MADE)
        for name in ("exposure_s", "f_number", "focal_length_mm", "latitude", "altitude_m"):
            assert type(getattr(kept.probe, name)) is float, name
        assert isinstance(kept.probe, ImageProbe)
        assert type(kept.probe.iso) is int

    def test_keeps_every_track(self, catalog: Catalog) -> None:
        probe = VideoProbe(
            duration_ms=60_000,
            interlaced=False,
            bit_depth=10,
            transfer="hlg",
            audio_tracks=(
                AudioTrack("aac", 2, 48_000, "pt-BR", "Comentário", default=True),
                AudioTrack(),
            ),
            subtitles=(
                SubtitleTrack("utf-8", is_text=True, language="fr", title="À l'écran"),
                SubtitleTrack("pgs", default=True, forced=True),
            ),
        )
        rung = replace(
            MADE,
            kind=RenditionKind.RUNG,
            codecs="avc1.64001f",
            bandwidth=3_500_000,
            language="pt-BR",
        )
        finish(catalog, upload(NEW), replace(READY, probe=probe, renditions=(rung,)))
        assert stored(catalog).probe == probe
        assert stored(catalog).renditions == (rung,)

    def test_leaves_what_is_live_when_failed(self, catalog: Catalog) -> None:
        finish(catalog, upload(OLD))
        live = stored(catalog)
        failed = Outcome(AssetStatus.FAILED, ImageProbe(width=1), error=PERMANENT, processed_ms=7)
        finish(catalog, upload(NEW), failed)
        assert stored(catalog) == replace(
            live,
            source=upload(NEW).source,
            sequencer=pad_sequencer(NEW),
            status=AssetStatus.FAILED,
            error=PERMANENT,
            processed_ms=7,
            revision=FIRST + 5,
        )

    def test_forgets_the_error_of_an_earlier_attempt(self, catalog: Catalog) -> None:
        catalog.release(upload(NEW), take(catalog, upload(NEW)), PASSING)
        finish(catalog, upload(NEW))
        assert stored(catalog).error is None

    def test_repeats_itself_after_a_lost_reply(self, catalog: Catalog) -> None:
        token = finish(catalog, upload(NEW))
        before = stored(catalog)
        assert catalog.commit(upload(NEW), token, READY) is CommitState.COMMITTED
        assert stored(catalog) == before

    @pytest.mark.parametrize("newer", [upload(NEW), removal(NEW)])
    def test_repeats_itself_though_a_newer_version_is_recorded(
        self, catalog: Catalog, newer: UploadEvent
    ) -> None:
        token = finish(catalog, upload(OLD))
        record(catalog, newer)
        before = stored(catalog)
        assert catalog.commit(upload(OLD), token, READY) is CommitState.COMMITTED
        assert stored(catalog) == before

    def test_holds_after_the_lease_ran_out_untaken(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        token = take(catalog, upload(NEW))
        clock.now += 3600
        assert catalog.commit(upload(NEW), token, READY) is CommitState.COMMITTED

    def test_is_lost_to_a_newer_version(self, catalog: Catalog) -> None:
        token = take(catalog, upload(OLD))
        finish(catalog, upload(NEW))
        before = stored(catalog)
        assert catalog.commit(upload(OLD), token, READY) is CommitState.SUPERSEDED
        assert stored(catalog) == before

    def test_writes_the_history_that_it_is_given_and_keeps_it_else(self, catalog: Catalog) -> None:
        catalog.release(upload(NEW), take(catalog, upload(NEW)), PASSING, HISTORY)
        exhausted = Outcome(AssetStatus.FAILED, error=PASSING)
        finish(catalog, upload(NEW), exhausted)
        assert stored(catalog).history == HISTORY
        more = replace(HISTORY, failed=0)
        finish(catalog, upload(NEW), replace(exhausted, history=more))
        assert stored(catalog).history == more

    def test_is_lost_to_another_worker(self, catalog: Catalog, clock: ManualClock) -> None:
        token = take(catalog, upload(NEW))
        clock.now += 61
        other = take(catalog, upload(NEW))
        before = stored(catalog)
        assert catalog.commit(upload(NEW), token, READY) is CommitState.LEASE_LOST
        assert stored(catalog) == before
        assert catalog.commit(upload(NEW), other, READY) is CommitState.COMMITTED
        assert catalog.commit(upload(NEW), token, READY) is CommitState.LEASE_LOST

    def test_needs_an_entry(self, catalog: Catalog) -> None:
        assert catalog.commit(upload(NEW), "token", READY) is CommitState.SUPERSEDED
        assert catalog.get(asset_id("uploads", "a b.jpg")) is None


class TestRelease:
    def test_makes_claimable_at_once(self, catalog: Catalog) -> None:
        token = take(catalog, upload(NEW))
        assert catalog.release(upload(NEW), token, PASSING) is CommitState.COMMITTED
        asset = stored(catalog)
        assert (asset.status, asset.error) == (AssetStatus.RECEIVED, PASSING)
        assert (asset.lease_token, asset.lease_expires_at) == (None, None)
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 0)

    def test_does_not_touch_another_workers_lease(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        token = take(catalog, upload(NEW))
        clock.now += 61
        take(catalog, upload(NEW))
        before = stored(catalog)
        assert catalog.release(upload(NEW), token, PASSING) is CommitState.LEASE_LOST
        assert stored(catalog) == before

    def test_does_not_undo_a_commit(self, catalog: Catalog) -> None:
        token = finish(catalog, upload(NEW))
        catalog.release(upload(NEW), token, PASSING)
        assert stored(catalog).status is AssetStatus.READY

    def test_needs_an_entry(self, catalog: Catalog) -> None:
        assert catalog.release(upload(NEW), "token", PASSING) is CommitState.SUPERSEDED


class TestHandOver:
    """A long source goes from the worker that claimed it to an execution."""

    def give(self, catalog: Catalog, execution: str, event: UploadEvent | None = None) -> bool:
        return catalog.transfer_lease(
            event or upload(NEW), execution, lease_seconds=3600, estimate_ms=90_000
        )

    def test_takes_the_lease_from_the_worker(self, catalog: Catalog) -> None:
        token = take(catalog, upload(NEW))
        assert self.give(catalog, "a-b")
        asset = stored(catalog)
        assert (asset.lease_token, asset.execution, asset.estimate_ms) == ("a-b", "a-b", 90_000)
        assert asset.lease_expires_at == "2027-01-15T09:00:00.000Z"
        assert catalog.commit(upload(NEW), token, READY) is CommitState.LEASE_LOST
        assert catalog.release(upload(NEW), token, PASSING) is CommitState.LEASE_LOST

    def test_takes_what_was_received_or_released(self, catalog: Catalog) -> None:
        catalog.receive(upload(NEW))
        assert self.give(catalog, "a-b")
        assert stored(catalog).status is AssetStatus.PROCESSING

    def test_may_be_repeated(self, catalog: Catalog, clock: ManualClock) -> None:
        take(catalog, upload(NEW))
        assert self.give(catalog, "a-b")
        clock.now += 60
        assert catalog.transfer_lease(upload(NEW), "a-b", lease_seconds=60)
        asset = stored(catalog)
        assert asset.lease_expires_at == "2027-01-15T08:02:00.000Z"
        assert asset.estimate_ms == 90_000

    def test_is_told_to_a_duplicate_until_the_lease_runs_out(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        take(catalog, upload(NEW))
        self.give(catalog, "a-b")
        before = stored(catalog)
        assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.HANDED_OVER
        assert stored(catalog) == before
        clock.now += 3600
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.abandoned) == (ClaimState.CLAIMED, 0)
        # The lease is a worker's again, which may be killed: its message is still needed.
        assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.BUSY

    def test_is_refused_to_what_is_finished(self, catalog: Catalog) -> None:
        finish(catalog, upload(NEW), Outcome(AssetStatus.FAILED, error=PASSING))
        before = stored(catalog)
        assert not self.give(catalog, "a-b")
        assert stored(catalog) == before

    @pytest.mark.parametrize("newer", [upload(NEWER), removal(NEWER)])
    def test_is_refused_to_what_is_superseded(self, catalog: Catalog, newer: UploadEvent) -> None:
        take(catalog, upload(NEW))
        self.give(catalog, "a-b")
        record(catalog, newer)
        before = stored(catalog)
        assert (before.lease_token, before.execution, before.estimate_ms) == (None, None, None)
        assert not self.give(catalog, "a-b")
        assert not self.give(catalog, "a-b-2", upload(OLD))
        assert stored(catalog) == before

    def test_needs_an_entry(self, catalog: Catalog) -> None:
        assert not self.give(catalog, "a-b")

    def test_goes_to_later_executions_only(self, catalog: Catalog) -> None:
        take(catalog, upload(NEW))
        for name in ("a-b", "a-b-2", "a-b-9", "a-b-10", "a-b-11"):
            assert self.give(catalog, name), name
        for name in ("a-b", "a-b-2", "a-b-9", "a-b-10"):
            assert not self.give(catalog, name), name
        assert stored(catalog).execution == "a-b-11"

    def test_cannot_be_undone_by_the_execution_that_was_given_up(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        take(catalog, upload(NEW))
        self.give(catalog, "a-b")
        clock.now += 3600
        token = take(catalog, upload(NEW))
        assert not self.give(catalog, "a-b")
        assert stored(catalog).lease_token == token
        assert self.give(catalog, "a-b-2")

    def test_ends_with_the_executions_commit(self, catalog: Catalog) -> None:
        take(catalog, upload(NEW))
        self.give(catalog, "a-b")
        assert catalog.commit(upload(NEW), "a-b", READY) is CommitState.COMMITTED
        asset = stored(catalog)
        assert (asset.status, asset.lease_token) == (AssetStatus.READY, None)
        assert (asset.execution, asset.estimate_ms) == ("a-b", 90_000)
        assert catalog.commit(upload(NEW), "a-b", READY) is CommitState.COMMITTED


class TestProgress:
    def test_goes_forward_until_the_outcome(self, catalog: Catalog, clock: ManualClock) -> None:
        token = take(catalog, upload(NEW))
        assert stored(catalog).progress is None
        for told, kept, written in ((0, 0, 1), (40, 40, 2), (40, 40, 2), (20, 40, 2), (70, 70, 5)):
            clock.now += 1
            assert catalog.progress(upload(NEW), token, told) is CommitState.COMMITTED
            assert stored(catalog).progress == kept
            assert stored(catalog).updated_at == f"2027-01-15T08:00:0{written}.000Z"
        catalog.commit(upload(NEW), token, READY)
        assert stored(catalog).progress is None

    def test_is_forgotten_with_the_lease(self, catalog: Catalog) -> None:
        token = take(catalog, upload(NEW))
        catalog.progress(upload(NEW), token, 40)
        catalog.release(upload(NEW), token, PASSING)
        assert stored(catalog).progress is None

    def test_needs_the_lease(self, catalog: Catalog, clock: ManualClock) -> None:
        token = take(catalog, upload(NEW))
        clock.now += 60
        take(catalog, upload(NEW))
        assert catalog.progress(upload(NEW), token, 40) is CommitState.LEASE_LOST
        record(catalog, upload(NEWER))
        assert catalog.progress(upload(NEW), token, 40) is CommitState.SUPERSEDED
        assert stored(catalog).progress is None


class TestReopen:
    @pytest.mark.parametrize(
        "outcome", [READY, Outcome(AssetStatus.FAILED, error=PERMANENT, history=History(3))]
    )
    def test_makes_what_is_finished_claimable_and_leaves_what_is_live(
        self, catalog: Catalog, clock: ManualClock, outcome: Outcome
    ) -> None:
        finish(catalog, upload(NEW), READY)
        assert catalog.reopen(stored(catalog))
        finish(catalog, upload(NEW), outcome)
        finished = stored(catalog)
        clock.now += 1
        assert catalog.reopen(finished)
        assert stored(catalog) == replace(
            finished,
            status=AssetStatus.RECEIVED,
            error=None,
            history=replace(finished.history, failed=0),
            updated_at="2027-01-15T08:00:01.000Z",
            revision=finished.revision + 1,
        )
        claim = catalog.claim(upload(NEW), lease_seconds=60)
        assert (claim.state, claim.attempts) == (ClaimState.CLAIMED, 3)

    def test_gives_back_what_killed_workers_took(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        catalog.receive(upload(NEW))
        take(catalog, upload(NEW))
        clock.now += 61
        token = take(catalog, upload(NEW))
        assert stored(catalog).abandoned == 1
        catalog.commit(upload(NEW), token, Outcome(AssetStatus.REJECTED, error=PERMANENT))
        assert catalog.reopen(stored(catalog))
        assert stored(catalog).abandoned == 0

    def test_notes_of_what_waits_when_it_was_published_again(
        self, catalog: Catalog, clock: ManualClock
    ) -> None:
        catalog.receive(upload(NEW))
        for _ in range(2):
            before = stored(catalog)
            clock.now += 1
            assert catalog.reopen(before)
            assert not catalog.reopen(before), "once each time"
            after = stored(catalog)
            assert after == replace(
                before, updated_at=after.updated_at, revision=before.revision + 1
            )
            assert after.updated_at > before.updated_at
            take(catalog, upload(NEW), lease_seconds=0)

    def test_refuses_what_is_not_as_it_was_seen(self, catalog: Catalog, clock: ManualClock) -> None:
        finish(catalog, upload(OLD))
        seen = stored(catalog)
        clock.now += 1
        assert catalog.reopen(seen)
        now = stored(catalog)
        assert not catalog.reopen(seen)
        assert not catalog.reopen(replace(now, sequencer=pad_sequencer(NEW)))
        assert not catalog.reopen(replace(now, status=AssetStatus.READY))
        assert stored(catalog) == now

    def test_needs_an_entry(self, catalog: Catalog) -> None:
        finish(catalog, upload(NEW))
        other = replace(stored(catalog), source=Source("uploads", "other", "v", "e", 1))
        assert not catalog.reopen(replace(other, asset_id=asset_id("uploads", "other")))


class TestByStatus:
    def test_orders_by_the_last_change(self, catalog: Catalog, clock: ManualClock) -> None:
        for key in ("b", "c", "a"):
            event = upload(NEW, source=Source("uploads", key, "v", "e", 1))
            catalog.receive(event)
            clock.now += 0.25
        catalog.reject(upload(NEW), PERMANENT)
        newest = [asset.source.key for asset in catalog.by_status(AssetStatus.RECEIVED)]
        oldest = catalog.by_status(AssetStatus.RECEIVED, newest_first=False)
        assert newest == ["a", "c", "b"]
        assert [asset.source.key for asset in oldest] == ["b", "c", "a"]
        assert list(catalog.by_status(AssetStatus.READY)) == []

    def test_goes_on_to_the_next_page(self, catalog: Catalog) -> None:
        long = replace(PERMANENT, message="x" * 300_000)
        for number in range(7):
            event = upload(NEW, source=Source("uploads", str(number), "v", "e", 1))
            catalog.reject(event, long)
        assert len(list(catalog.by_status(AssetStatus.REJECTED))) == 7


class TestDynamoItem:
    """What others read without this code: dashboards, the stream's filters, people."""

    def test_has_the_attributes_of_the_contract(self, dynamodb: Any, clock: ManualClock) -> None:
        table = create_table(dynamodb)
        finish(DynamoCatalog(dynamodb, table, clock), upload(NEW))
        (item,) = dynamodb.scan(TableName=table)["Items"]
        assert item["pk"] == {"S": asset_id("uploads", "a b.jpg")}
        assert item["status"] == {"S": "READY"}
        assert item["sequencer_length"] == {"N": "18"}
        assert {name: item[name] for name in ("width", "height", "size")} == {
            "width": {"N": "640"},
            "height": {"N": "480"},
            "size": {"N": "1234"},
        }
        assert item["probe"]["M"]["interlaced"] == {"BOOL": False}
        assert item["renditions"]["L"][0]["M"]["bytes"] == {"N": "9"}
        absent = {"duration_ms", "error", "lease_token", "lease_expires_at", "expires_at"}
        assert not absent & item.keys()

    def test_is_read_from_the_images_of_the_stream(self, dynamodb: Any, clock: ManualClock) -> None:
        table = create_table(dynamodb)
        catalog = DynamoCatalog(dynamodb, table, clock)
        catalog.receive(upload(OLD))
        (old,) = dynamodb.scan(TableName=table)["Items"]
        before = stored(catalog)
        finish(catalog, upload(OLD))
        (new,) = dynamodb.scan(TableName=table)["Items"]
        records = [
            {"dynamodb": {"NewImage": old}},
            {"dynamodb": {"OldImage": old, "NewImage": new}},
            {"dynamodb": {"OldImage": new}},
        ]
        assert read_changes({"Records": records}, lambda _: None) == [
            Change(None, before),
            Change(before, stored(catalog)),
            Change(stored(catalog), None),
        ]

    def test_keeps_floats_that_dynamodb_shortens(self, dynamodb: Any, clock: ManualClock) -> None:
        table = create_table(dynamodb)
        finish(DynamoCatalog(dynamodb, table, clock), upload(NEW))
        (item,) = dynamodb.scan(TableName=table)["Items"]
        # DynamoDB says 30 for 30.0, moto does not.
        item["probe"]["M"]["frame_rate"] = {"N": "30"}
        probe = asset_from_item(item).probe
        assert isinstance(probe, VideoProbe)
        assert (probe.frame_rate, type(probe.frame_rate)) == (30.0, float)
        assert (probe.width, type(probe.width)) == (640, int)

    def test_may_have_attributes_of_a_newer_release(
        self, dynamodb: Any, clock: ManualClock
    ) -> None:
        table = create_table(dynamodb)
        catalog = DynamoCatalog(dynamodb, table, clock)
        finish(catalog, upload(NEW))
        before = stored(catalog)
        dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": before.asset_id}},
            UpdateExpression="SET later = :x, probe.later = :x, renditions[0].later = :x",
            ExpressionAttributeValues={":x": {"S": "x"}},
        )
        assert stored(catalog) == before


class Repeating:
    """A client whose first reply to a write gets lost, so that the request is sent again."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def update_item(self, **arguments: Any) -> Any:
        self._client.update_item(**arguments)
        return self._client.update_item(**arguments)

    def get_item(self, **arguments: Any) -> Any:
        return self._client.get_item(**arguments)


def test_recognises_its_own_claim_and_commit_after_lost_replies(
    dynamodb: Any, clock: ManualClock
) -> None:
    table = create_table(dynamodb)
    DynamoCatalog(dynamodb, table, clock).receive(upload(NEW))
    client: Any = Repeating(dynamodb)
    catalog = DynamoCatalog(client, table, clock)
    claim = catalog.claim(upload(NEW), lease_seconds=60)
    assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 1, 0)
    assert claim.lease_token == stored(catalog).lease_token
    assert claim.lease_token is not None
    assert catalog.commit(upload(NEW), claim.lease_token, READY) is CommitState.COMMITTED


class Overtaken:
    """A client of a worker that another overtakes once its first request was refused."""

    def __init__(self, client: Any, overtake: Callable[[], object]) -> None:
        self._client = client
        self._overtake: Callable[[], object] | None = overtake

    def update_item(self, **arguments: Any) -> Any:
        try:
            return self._client.update_item(**arguments)
        except ClientError:
            if self._overtake:
                overtake, self._overtake = self._overtake, None
                overtake()
            raise


def test_a_lease_that_ran_out_is_taken_by_one_of_two(dynamodb: Any, clock: ManualClock) -> None:
    table = create_table(dynamodb)
    other = DynamoCatalog(dynamodb, table, clock)
    take(other, upload(NEW))
    clock.now += 60
    client: Any = Overtaken(dynamodb, lambda: take(other, upload(NEW)))
    claim = DynamoCatalog(client, table, clock).claim(upload(NEW), lease_seconds=60)
    assert (claim.state, claim.busy_for) == (ClaimState.BUSY, 60)
    assert (stored(other).attempts, stored(other).abandoned) == (2, 1)


def test_a_lease_that_ran_out_is_not_taken_of_a_newer_upload(
    dynamodb: Any, clock: ManualClock
) -> None:
    table = create_table(dynamodb)
    other = DynamoCatalog(dynamodb, table, clock)
    take(other, upload(NEW))
    clock.now += 60

    def overtake() -> None:
        take(other, upload(NEWER))
        clock.now += 60

    client: Any = Overtaken(dynamodb, overtake)
    claim = DynamoCatalog(client, table, clock).claim(upload(NEW), lease_seconds=60)
    assert claim.state is ClaimState.STALE
    assert stored(other).source == upload(NEWER).source


def test_what_is_superseded_meanwhile_is_not_claimed(dynamodb: Any, clock: ManualClock) -> None:
    table = create_table(dynamodb)
    other = DynamoCatalog(dynamodb, table, clock)
    take(other, upload(NEW))
    client: Any = Overtaken(dynamodb, lambda: record(other, upload(NEWER)))
    claim = DynamoCatalog(client, table, clock).claim(upload(NEW), lease_seconds=60)
    assert claim.state is ClaimState.BUSY  # as it was when it was looked at: it comes again
    assert stored(other).status is AssetStatus.RECEIVED


def test_a_recording_whose_reply_was_lost_knows_itself(dynamodb: Any, clock: ManualClock) -> None:
    client: Any = Repeating(dynamodb)
    catalog = DynamoCatalog(client, create_table(dynamodb), clock)
    assert catalog.receive(upload(OLD)) is None
    assert catalog.reject(upload(NEW), PERMANENT, after=pad_sequencer(OLD)) is None
    assert catalog.remove(removal(NEWER), after=pad_sequencer(NEW)) is None
    assert stored(catalog).status is AssetStatus.DELETED


def test_a_claim_whose_reply_was_lost_knows_of_the_deaths_before_it(
    dynamodb: Any, clock: ManualClock
) -> None:
    table = create_table(dynamodb)
    take(DynamoCatalog(dynamodb, table, clock), upload(NEW))
    clock.now += 60

    client: Any = Repeating(dynamodb)
    claim = DynamoCatalog(client, table, clock).claim(upload(NEW), lease_seconds=60)
    assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 2, 1)


def test_one_entry_is_read_as_it_was_written_last(
    dynamodb: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = DynamoCatalog(dynamodb, create_table(dynamodb), clock)
    get, asked = dynamodb.get_item, list[dict[str, Any]]()

    def ask(**arguments: Any) -> Any:
        asked.append(arguments)
        return get(**arguments)

    monkeypatch.setattr(dynamodb, "get_item", ask)
    assert catalog.get("0123") is None
    assert [each["ConsistentRead"] for each in asked] == [True]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", ErrorCode.THROTTLED),
        ("AccessDeniedException", ErrorCode.SERVICE_UNAVAILABLE),
    ],
)
def test_throttling_and_a_refusal_are_waited_for(
    dynamodb: Any, clock: ManualClock, code: str, expected: ErrorCode
) -> None:
    class Refusing:
        """A client, and its paginator, that are refused whatever they ask."""

        def refuse(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": code}}, "Operation")

        def pages(self, **_: Any) -> Any:
            yield from self.refuse()

        def get_paginator(self, _: str) -> Any:
            return SimpleNamespace(paginate=self.pages)

        get_item = update_item = refuse

    client: Any = Refusing()
    catalog = DynamoCatalog(client, "catalog", clock)
    for ask in (
        lambda: catalog.get("0123"),
        lambda: list(catalog.by_status(AssetStatus.READY)),
        lambda: catalog.receive(upload(NEW)),
    ):
        with pytest.raises(TransientError, match=code) as raised:
            ask()
        assert raised.value.code is expected


def test_gives_one_of_many_threads_the_lease() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for round_ in range(30):
            catalog = MemoryCatalog()
            event = upload(f"{round_:018X}")
            catalog.receive(event)
            barrier, answers = threading.Barrier(8), list[ClaimState]()

            def claim(
                catalog: MemoryCatalog = catalog,
                event: UploadEvent = event,
                barrier: threading.Barrier = barrier,
                answers: list[ClaimState] = answers,
            ) -> None:
                barrier.wait()
                answers.append(catalog.claim(event, lease_seconds=60).state)

            threads = [threading.Thread(target=claim) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(answers) == [ClaimState.BUSY] * 7 + [ClaimState.CLAIMED]
    finally:
        sys.setswitchinterval(interval)
