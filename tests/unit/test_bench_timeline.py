"""When a benchmark says that a handler worked, and what it counts as outside of that."""

from __future__ import annotations

import json

import pytest

from tests.bench.timeline import Span, read_work, uncovered

WHOLE = Span(10.0, 20.0)


@pytest.mark.parametrize(
    ("parts", "seconds"),
    [
        ([], 10.0),
        ([Span(11.0, 13.0), Span(15.0, 16.0)], 7.0),
        ([Span(15.0, 16.0), Span(11.0, 13.0)], 7.0),
        ([Span(11.0, 15.0), Span(13.0, 16.0)], 5.0),
        ([Span(11.0, 19.0), Span(12.0, 13.0)], 2.0),
        ([Span(8.0, 12.0), Span(18.0, 25.0)], 6.0),
        ([Span(1.0, 2.0), Span(30.0, 31.0)], 10.0),
    ],
    ids=["none", "apart", "unordered", "overlapping", "nested", "beyond", "elsewhere"],
)
def test_outside_is_what_no_part_covers(parts, seconds):
    assert uncovered(WHOLE, parts) == pytest.approx(seconds)


def log(stream, message, timestamp=1_000_250):
    return {"logStreamName": stream, "timestamp": timestamp, "message": message}


def ended(asset_id):
    return json.dumps({"asset_id": asset_id, "timestamp": "1970-01-01 00:16:40,200+0000"})


REPORT = "REPORT RequestId: 1-2\tDuration: 150 ms\tBilled Duration: 150 ms\tMemory Size: 512 MB"


def test_work_starts_with_the_invocation_and_ends_with_the_line_that_names_the_asset():
    events = [
        log("one", "START RequestId: 1-2 Version: $LATEST"),
        log("two", ended("b")),
        log("one", ended("a")),
        log("one", '{"_aws": {}, "Uploads": [1.0]}'),
        log("one", REPORT),
        log("two", REPORT, timestamp=1_000_210),
    ]
    spans = {name: (span.start, span.end) for name, span in read_work(events).items()}
    assert spans == {
        "a": pytest.approx((1000.1, 1000.2)),
        "b": pytest.approx((1000.06, 1000.2)),
    }


def test_invocations_that_did_not_work_on_one_asset_are_left_out():
    events = [
        log("no report", ended("a")),
        log("no asset", REPORT),
        log("several", ended("b")),
        log("several", ended("c")),
        log("several", REPORT),
    ]
    assert read_work(events) == {}
