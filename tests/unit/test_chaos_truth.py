"""What a run on the stage calls broken."""

from dataclasses import replace

import pytest

from lib.domain.asset import Asset, AssetStatus
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import Source
from lib.domain.renditions import Rendition, RenditionKind
from tests.robustness.chaos.invocations import Invocation
from tests.robustness.chaos.media import Medium
from tests.robustness.chaos.truth import count_kills, is_live, judge_entry, judge_letters

SOURCE = Source("uploads", "a.jpg", "v2", "etag", 10)
FOLDER = "id/tag/recipe/"
READY = Asset(
    asset_id="id",
    source=SOURCE,
    sequencer="1",
    status=AssetStatus.READY,
    created_at="",
    updated_at="",
    manifest_key=f"{FOLDER}manifest.json",
    renditions=(
        Rendition("320.jpg", RenditionKind.IMAGE, "image/jpeg", f"{FOLDER}320.jpg"),
        Rendition("h264-240/index.m3u8", RenditionKind.RUNG, "", f"{FOLDER}h264-240/index.m3u8"),
    ),
)


def ended(status, code=None):
    return replace(READY, status=status, error=Failure(code, "") if code else None)


def broken(asset, version, medium=Medium.JPEG, kills=0):
    found = judge_entry("a.jpg", asset, version, {medium}, kills)
    return [each.invariant for each in found]


@pytest.mark.parametrize(
    ("asset", "medium", "kills"),
    [
        (READY, Medium.JPEG, 0),
        (ended(AssetStatus.REJECTED, ErrorCode.UNSUPPORTED_MEDIA), Medium.TEXT, 0),
        (ended(AssetStatus.FAILED, ErrorCode.CORRUPT_MEDIA), Medium.CORRUPT, 0),
        (ended(AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED), Medium.JPEG, 2),
    ],
)
def test_what_is_true_is_not_broken(asset, medium, kills):
    assert broken(asset, "v2", medium, kills) == []


@pytest.mark.parametrize(
    ("asset", "invariant"),
    [
        (None, "nothing is lost"),
        (replace(READY, source=replace(SOURCE, version_id="v1")), "the newest version wins"),
        (ended(AssetStatus.DELETED), "each upload ends in its true state"),
        (ended(AssetStatus.PROCESSING), "each upload ends"),
        (ended(AssetStatus.FAILED, ErrorCode.EXHAUSTED), "each upload ends in its true state"),
        (
            ended(AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED),
            "each upload ends in its true state",
        ),
    ],
)
def test_what_is_not_true_is_broken(asset, invariant):
    assert broken(asset, "v2", kills=1) == [invariant]


def test_what_has_no_version_is_deleted():
    assert broken(READY, None) == ["what is gone is DELETED"]
    assert broken(ended(AssetStatus.DELETED), None) == []


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("manifest.json", True),
        ("320.jpg", True),
        ("h264-240/index.m3u8", True),
        ("h264-240/0.m4s", True),
        ("640.jpg", False),
        ("work/plan.json", False),
        ("h264-360/0.m4s", False),
    ],
)
def test_parts_of_what_is_listed_are_live_and_nothing_else(name, live):
    assert is_live(FOLDER + name, READY) is live
    assert not is_live(f"id/another/recipe/{name}", READY)


def test_a_worker_that_was_killed_timed_out_or_stood_still_counts():
    def invocation(error="", struck=()):
        each = Invocation("r", "processImage", {}, 0.0, frozenset({"id"}))
        each.error, each.struck = error, list(struck)
        return each

    assert not count_kills([invocation(), invocation("LEASE_HELD: busy")])
    harmed = [
        invocation("Worker process died"),
        invocation("Task timed out after 30.00 seconds"),
        invocation(struck=["freeze a worker at 1.0"]),
    ]
    assert count_kills(harmed) == {"id": 3}


def test_each_poison_is_a_dead_letter_and_nothing_else_is():
    def letters(*bodies):
        found = judge_letters({"ImageDeadLetters": list(bodies)}, ["poison"])
        return [each.invariant for each in found]

    assert letters("poison") == []
    assert letters() == ["poison ends in the dead letters"]
    assert letters("poison", "poison") == []
    assert letters("poison", '{"key": "a.jpg"}') == ["dead letters are poison alone"]
