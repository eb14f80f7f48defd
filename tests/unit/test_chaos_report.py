"""The numbers of a run on the stage."""

import json
from typing import Any

import pytest

from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Source
from lib.domain.keys import asset_id
from tests.robustness.chaos.done import WARM_UP, Upload
from tests.robustness.chaos.invocations import Invocation
from tests.robustness.chaos.media import Medium
from tests.robustness.chaos.report import Report, measure
from tests.robustness.chaos.truth import Broken, Facts

NUMBERS = (
    *("seed", "uploads", "keys", "kills", "stops", "repeats", "poison"),
    *("calls", "killed", "seconds"),
)
COUNTED = ("statuses", "failed_calls", "deeds", "invocations", "stories")
EPOCH = "1970-01-01T00:00:{:06.3f}+00:00"


def entry(key, end, version="v1", status=AssetStatus.READY):
    return Asset(
        asset_id=asset_id("b", key),
        source=Source("b", key, version, "etag", 1),
        sequencer="1",
        status=status,
        created_at="",
        updated_at=EPOCH.format(end),
    )


def invocation(function, key, begin, end):
    each = Invocation("r", function, {}, begin, frozenset({asset_id("b", key)}), 1, begin)
    each.end = end
    return each


def facts(*assets):
    by_key = {each.source.key: each for each in assets}
    return Facts(dict.fromkeys(by_key, "v1"), by_key, {}, {}, ())


def put(key, at):
    return Upload(key, "v1", Medium.JPEG, at)


def test_uploads_are_measured_from_their_start_to_their_end():
    found = measure(
        facts(entry("a", 12.0), entry("b", 14.0), entry(f"{WARM_UP}c", 50.0)),
        [put(f"{WARM_UP}c", 1.0), put("a", 10.0), put("b", 10.0)],
        [invocation("dispatch", "a", 10.0, 10.5), invocation("processImage", "a", 11.0, 11.5)],
        "b",
    )
    assert (found.p50, found.p99) == (2.0, 2.0)  # of two, the first
    assert found.span == 2.0
    assert found.assets_per_second == pytest.approx(1.0)
    assert found.part == pytest.approx(1.0 / 6.0)
    assert found.against_ideal == pytest.approx((2 * 0.5 + 2 * 0.5) / 2 / 2.0)


def test_what_was_overwritten_or_has_not_ended_is_not_measured():
    others = facts(entry("a", 12.0, "v2"), entry("b", 12.0, status=AssetStatus.PROCESSING))
    assert measure(others, [put("a", 10.0), put("b", 10.0)], [], "b").span == 0.0


def report(**changes):
    values: dict[str, Any] = dict.fromkeys(NUMBERS, 1)
    values |= {name: {} for name in COUNTED}
    values |= {"moving": "", "broken": (), "speed": measure(facts(), [], [], "b")}
    return Report(**values | changes)


def test_a_run_is_well_only_where_nothing_is_broken_and_nothing_moves():
    assert report().ok
    assert not report(moving="1 in ImageQueue").ok
    broken = report(broken=(Broken("nothing is lost", "a.jpg", "no entry"),))
    assert not broken.ok
    assert "✗ nothing is lost: a.jpg" in broken.to_text()
    assert json.loads(broken.to_json())["broken"][0]["key"] == "a.jpg"
