"""Following uploads through the catalog, and the demo's verdict on them."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.cli import watch
from lib.cli.demo_results import failed_expectations, result_table
from lib.cli.tables import describe_bytes
from lib.cli.upload import Upload
from lib.cli.watch import Followed
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure
from lib.domain.keys import asset_id
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.catalog_cases import record
from tests.support.fakes import UPLOADS, MemorySources, received

KEY = "a [b].jpg"
MADE = Rendition("320.webp", RenditionKind.IMAGE, "image/webp", "k", 320, 200, bytes=1500)
MISSED = replace(MADE, key=None, bytes=None)


class Stage:
    """A catalog that moves on by one step each time it is read."""

    def __init__(self, *steps):
        self.catalog = MemoryCatalog()
        self.sources = MemorySources()
        self.event = received(self.sources.upload(KEY, b"before any step"))
        self.steps = list(steps)

    def get(self, asset_id):
        if self.steps:
            self.steps.pop(0)(self)
        return self.catalog.get(asset_id)


def upload_again(stage):
    stage.event = received(stage.sources.upload(KEY, b"content"))
    record(stage.catalog, stage.event)


def claim(stage):
    stage.lease = stage.catalog.claim(stage.event, lease_seconds=60).lease_token


def finish(stage):
    stage.catalog.commit(stage.event, stage.lease, Outcome(AssetStatus.READY, renditions=(MADE,)))


def fail(stage):
    failure = Failure(ErrorCode.CORRUPT_MEDIA, "[cut] short")
    stage.catalog.commit(stage.event, stage.lease, Outcome(AssetStatus.FAILED, error=failure))


def archive(stage):
    """Write what a later release may write."""
    entries = stage.catalog._entries
    [(key, entry)] = entries.items()
    status = AssetStatus("ARCHIVED")
    entries[key] = replace(entry, asset=replace(entry.asset, status=status, updated_at="later"))


def nothing(_):
    """Let a look pass in which nothing happens."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(watch, "POLL_SECONDS", 0)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100)


def follow(stage, console, version_before=None, patience=10.0):
    upload = Upload(Path(KEY), KEY, asset_id(UPLOADS, KEY), version_before, sent_at=0.0)
    (followed,) = watch.follow([upload], stage, console, patience)
    return followed


def test_prints_each_state_once(console):
    followed = follow(Stage(nothing, upload_again, nothing, claim, nothing, finish), console)
    assert followed.finished
    assert followed.asset.status is AssetStatus.READY
    states = [line.split()[2] for line in console.file.getvalue().splitlines()]
    assert states == ["RECEIVED", "PROCESSING", "READY"]
    assert KEY in console.file.getvalue()


def test_an_outcome_of_the_version_before_is_not_the_uploads(console):
    stage = Stage()
    for step in (upload_again, claim, finish):
        step(stage)
    before = stage.event.source.version_id
    stage.steps = [nothing, nothing, upload_again, claim, fail]
    followed = follow(stage, console, version_before=before)
    assert followed.asset.status is AssetStatus.FAILED
    assert followed.asset.source.version_id != before


def test_gives_up_where_nothing_changes(console):
    followed = follow(Stage(upload_again, claim), console, patience=0.05)
    assert not followed.finished
    assert failed_expectations([followed], {}) == [
        f"{KEY}: expected a terminal state but it is PROCESSING"
    ]
    never = follow(Stage(), console, patience=0.05)
    assert failed_expectations([never], {}) == [
        f"{KEY}: expected a terminal state but it is not received"
    ]


def test_any_terminal_state_will_do_where_nothing_is_expected(console):
    failed = follow(Stage(upload_again, claim, fail), console)
    assert failed_expectations([failed], {}) == []


def test_every_expectation_counts(console):
    failed = follow(Stage(upload_again, claim, fail), console)
    right = {"status": "FAILED", "media_type": "image", "renditions": 0, "error": "CORRUPT_MEDIA"}
    assert failed_expectations([failed], {KEY: right}) == []
    wrong = {"status": "READY", "media_type": "video", "renditions": 2, "error": "SOURCE_GONE"}
    assert len(failed_expectations([failed], {KEY: wrong})) == len(wrong)


def test_the_table_tells_what_was_made_and_why_not(console):
    ready = follow(Stage(upload_again, claim, finish), console)
    partial = Followed(ready.upload, replace(ready.asset, renditions=(MADE, MISSED)))
    failed = follow(Stage(upload_again, claim, fail), console)
    console.file.truncate(0)
    console.print(result_table([partial, failed]))
    rows = console.file.getvalue().splitlines()
    assert "7 B → 1.5 kB" in rows[1]
    assert rows[1].split("READY")[1].split()[0] == "1"
    assert rows[-1].endswith("CORRUPT_MEDIA: [cut] short")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (46_512, "46.5 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (4_560_000_000, "4.56 GB"),
    ],
)
def test_sizes_are_three_digits(number, text):
    assert describe_bytes(number) == text


def test_a_status_that_is_not_known_is_shown_and_waited_for(console):
    followed = follow(Stage(upload_again, archive), console, patience=0.05)
    assert not followed.finished
    assert "archived" in console.file.getvalue().lower()
