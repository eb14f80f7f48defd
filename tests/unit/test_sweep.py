"""What sweep deletes after each kind of change, and what it must leave alone."""

from dataclasses import replace

import pytest

from lib.application.sweep import sweep
from lib.domain.asset import Asset, AssetStatus, Change
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import Source
from lib.domain.keys import asset_id, manifest_key, version_prefix
from tests.support.fakes import UPLOADS, MemoryExecutions, MemoryRenditions


def asset(version, status, live=None, *, permanent=True):
    source = Source(UPLOADS, "a.jpg", f"v{version}", "etag", 1)
    code = ErrorCode.CORRUPT_MEDIA if permanent else ErrorCode.EXHAUSTED
    failed = Failure(code, "")
    return Asset(
        asset_id=asset_id(UPLOADS, "a.jpg"),
        source=source,
        sequencer=f"{version:016X}",
        status=status,
        created_at="",
        updated_at="",
        manifest_key=_manifest(live) if live else None,
        error=failed if status is AssetStatus.FAILED else None,
    )


def _manifest(version):
    source = Source(UPLOADS, "a.jpg", f"v{version}", "etag", 1)
    return manifest_key(source, f"{version:016X}", "recipe")


@pytest.fixture
def renditions():
    return MemoryRenditions({_manifest(version): b"" for version in (1, 2, 3)})


READY_1 = asset(1, AssetStatus.READY, live=1)


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (READY_1, asset(2, AssetStatus.RECEIVED, live=1), {1, 2, 3}),
        (READY_1, asset(2, AssetStatus.REJECTED, live=1), {1, 2, 3}),
        (asset(2, AssetStatus.PROCESSING, live=1), asset(2, AssetStatus.READY, live=2), {2, 3}),
        (asset(2, AssetStatus.PROCESSING, live=1), asset(2, AssetStatus.FAILED, live=1), {1, 3}),
        (
            asset(2, AssetStatus.PROCESSING, live=1),
            asset(2, AssetStatus.FAILED, live=1, permanent=False),
            {1, 2, 3},
        ),
        (
            asset(2, AssetStatus.FAILED, live=1, permanent=False),
            asset(3, AssetStatus.RECEIVED, live=1),
            {1, 3},
        ),
        (asset(2, AssetStatus.PROCESSING, live=1), asset(3, AssetStatus.RECEIVED, live=1), {1, 3}),
        (READY_1, asset(2, AssetStatus.DELETED), {2, 3}),
        (asset(2, AssetStatus.PROCESSING, live=1), asset(3, AssetStatus.DELETED), {3}),
        (READY_1, None, {1, 2, 3}),  # somebody deleted the entry
        (asset(2, AssetStatus.PROCESSING, live=1), None, {1, 2, 3}),
        (asset(2, AssetStatus.DELETED), None, {1, 2, 3}),
        (READY_1, replace(READY_1, attempts=2), {1, 2, 3}),
    ],
)
def test_a_change_drops_exactly_what_nothing_refers_to(renditions, old, new, left):
    sweep([Change(old, new)], renditions, MemoryExecutions())
    assert set(renditions.objects) == {_manifest(version) for version in left}


def test_it_counts_and_may_run_twice(renditions):
    change = Change(READY_1, asset(2, AssetStatus.DELETED))
    assert sweep([change, change], renditions, MemoryExecutions()) == 1
    assert sweep([change], renditions, MemoryExecutions()) == 0


LONG = replace(asset(2, AssetStatus.PROCESSING, live=1), execution="a-b", lease_token="a-b")


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        (LONG, asset(3, AssetStatus.RECEIVED, live=1), False),
        (LONG, asset(3, AssetStatus.DELETED), False),
        (LONG, None, True),
        (LONG, replace(LONG, progress=40), True),
        (LONG, replace(LONG, status=AssetStatus.READY, lease_token=None), True),
        # Its lease went back to a worker, whose own hand-over finds or replaces the execution.
        (replace(LONG, lease_token="worker"), asset(3, AssetStatus.RECEIVED), True),
        (None, LONG, True),
    ],
)
def test_the_execution_of_a_superseded_upload_is_stopped(renditions, old, new, runs):
    executions = MemoryExecutions({"a-b": True, "c-d": True})
    sweep([Change(old, new)], renditions, executions)
    assert executions.running == {"a-b": runs, "c-d": True}


def test_where_no_execution_worked_none_is_asked_for(renditions):
    class Unasked(MemoryExecutions):
        def stop(self, name, reason):
            pytest.fail(f"{name} was stopped")

    idle = asset(2, AssetStatus.RECEIVED, live=1)
    assert (idle.execution, idle.lease_token) == (None, None)
    assert sweep([Change(idle, asset(3, AssetStatus.RECEIVED))], renditions, Unasked()) == 2


def test_a_restored_version_lies_elsewhere_than_before():
    source = Source(UPLOADS, "a.jpg", "v1", "etag", 1)
    assert version_prefix(source, "0001") != version_prefix(source, "0003")
