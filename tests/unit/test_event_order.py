"""Events whose sequencers cannot be compared: S3 is asked, and what changes meanwhile waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.application.event_order import write_in_order
from lib.domain.asset import Claim, ClaimState
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action, UploadEvent
from tests.support.fakes import MemorySources, received

UNORDERED = Claim(ClaimState.UNORDERED, stored_sequencer="0A")
CLAIMED = Claim(ClaimState.CLAIMED)


class Fence:
    """Gives its answers in their order, and keeps what each write was to go over."""

    def __init__(self, *answers: Claim) -> None:
        self.answers = list(answers)
        self.over: list[str | None] = []

    def write(self, over: str | None) -> Claim:
        self.over.append(over)
        return self.answers.pop(0)


@pytest.fixture
def sources() -> MemorySources:
    return MemorySources()


@pytest.fixture
def event(sources: MemorySources) -> UploadEvent:
    return received(sources.upload("a.jpg", b"content"))


def test_what_can_be_compared_asks_nobody(event: UploadEvent) -> None:
    fence = Fence(Claim(ClaimState.BUSY))
    assert write_in_order(fence.write, event, MemorySources()).state is ClaimState.BUSY
    assert fence.over == [None]


def test_the_newest_goes_over_what_it_could_not_be_compared_with(
    sources: MemorySources, event: UploadEvent
) -> None:
    fence = Fence(UNORDERED, CLAIMED)
    assert write_in_order(fence.write, event, sources) == CLAIMED
    assert fence.over == [None, "0A"]


def test_what_is_not_the_newest_is_stale(sources: MemorySources, event: UploadEvent) -> None:
    sources.upload("a.jpg", b"newer")
    fence = Fence(UNORDERED)
    assert write_in_order(fence.write, event, sources) == Claim(ClaimState.STALE)
    removal = replace(event, action=Action.REMOVED)
    assert write_in_order(Fence(UNORDERED).write, removal, sources) == Claim(ClaimState.STALE)
    sources.remove("a.jpg")
    assert write_in_order(Fence(UNORDERED).write, event, sources) == Claim(ClaimState.STALE)
    assert write_in_order(Fence(UNORDERED, CLAIMED).write, removal, sources) == CLAIMED


def test_what_changes_while_s3_is_asked_may_be_tried_again(
    sources: MemorySources, event: UploadEvent
) -> None:
    fence = Fence(UNORDERED, UNORDERED)
    with pytest.raises(TransientError) as raised:
        write_in_order(fence.write, event, sources)
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert raised.value.message == "the asset changed while S3 was asked for its version"
