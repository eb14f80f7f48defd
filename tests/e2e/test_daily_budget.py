"""A day whose budget is used up: uploads wait in their queues, and nothing is lost."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from tests.e2e.deployed import wait_for

MEDIA = Path(__file__).parent.parent / "media"
UPLOADS = {"budget/photo.png": MEDIA / "rocket-alpha.png", "budget/voice.m4a": MEDIA / "voice.m4a"}
LOOKS = 6
"""More than a message is received before it is sent anew."""


class Sums:
    """The table that the days' sums are in."""

    def __init__(self, table):
        self.client, self.table = boto3.client("dynamodb"), table

    def days(self):
        now = datetime.now(UTC)  # and tomorrow, for a test that begins before midnight
        return [(now + timedelta(days=each)).date().isoformat() for each in (0, 1)]

    def total(self):
        items = self.client.scan(TableName=self.table)["Items"]
        return sum(float(each["dollars"]["N"]) for each in items if each["pk"]["S"][:2] == "20")

    def set(self, dollars):
        for day in self.days():
            item = {"pk": {"S": day}, "dollars": {"N": str(dollars)}}
            self.client.put_item(TableName=self.table, Item=item)


@pytest.fixture
def sums(deployed):
    return Sums(deployed.outputs["BudgetTable"])


@pytest.fixture
def impatient(deployed):
    """Let the processors look again every second or two, and start anew."""
    with ExitStack() as stack:
        for name in ("processImage", "processVideo"):
            # Half of its receives, and a message is sent anew.
            impatient = {"BUDGET_WAIT_SECONDS": "1", "MAX_RECEIVES": "6"}
            stack.enter_context(deployed.reconfigured(name, **impatient))
        yield


def test_what_is_done_is_charged(deployed, sums):
    before = sums.total()
    deployed.wait("budget/charged.png", deployed.upload("budget/charged.png", MEDIA / "cat.jp2"))
    assert wait_for(lambda: sums.total() - before, "the charge") < 0.01


def test_uploads_wait_for_the_budget_and_are_done_once_there_is_one(deployed, sums, impatient):
    before = sums.total()
    sums.set(1000)
    looks: dict[str, set[str]] = {key: set() for key in UPLOADS}
    try:
        versions = {key: deployed.upload(key, source) for key, source in UPLOADS.items()}

        def wait_in_vain():
            for key in UPLOADS:
                if (asset := deployed.asset(key)) and asset.error:
                    assert asset.status is AssetStatus.RECEIVED
                    assert asset.error.code is ErrorCode.BUDGET_SPENT
                    looks[key].add(asset.updated_at)
            return all(len(each) > LOOKS for each in looks.values())

        wait_for(wait_in_vain, f"both to look {LOOKS} times")
        assert not any(deployed.stored(key) for key in UPLOADS)
    finally:
        sums.set(before)
    for key, version in versions.items():
        asset = deployed.wait(key, version)
        assert (asset.status, asset.error, asset.attempts) == (AssetStatus.READY, None, 1)
    for letters in ("ImageDeadLetters", "VideoDeadLetters"):
        assert not deployed.messages(deployed.outputs[letters])
