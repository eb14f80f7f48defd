"""A world with failure queues, for tests of what is sent again."""

from __future__ import annotations

from lib.application.redrive.letters import FailureQueue
from lib.application.redrive.outcome import Patience, follow
from lib.application.redrive.resend import Pace
from lib.application.redrive.run import Redriven, Stage, redrive, survey
from lib.application.redrive.selection import Wanted
from lib.domain import messages
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure, TransientError
from tests.support.failure_letters import (
    MemoryLetters,
    MemoryStream,
    letter,
)
from tests.support.world import World

EXHAUSTED = Failure(ErrorCode.EXHAUSTED, "gave up")
CORRUPT = Failure(ErrorCode.CORRUPT_MEDIA, "cut short")


class Deployed(World):
    """A world with failure queues; what is sent again is kept, and given to `work`."""

    def __post_init__(self):
        super().__post_init__()
        self.letters = {each: MemoryLetters(self.clock) for each in FailureQueue}
        self.stream = MemoryStream()
        self.sent = []
        self.work = lambda job: None
        self.refuses = False
        self.mended = []
        self.stage = Stage(self.letters, self.stream, self, self.catalog, self.mend)

    def send(self, job):
        if self.refuses:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "nothing is taken")
        self.sent.append(job)
        self.work(job)

    def mend(self, identity):
        if self.refuses:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the bucket can't be listed")
        self.mended.append(identity)

    def give_up(self, key, failure=EXHAUSTED):
        """Receive an upload and fail it, as a worker would; return its message."""
        event = self.receive(key)
        self.end(event, Outcome(AssetStatus.FAILED, error=failure))
        return event

    def end(self, event, outcome):
        self.clock.now += 1
        lease = self.catalog.claim(event, lease_seconds=60).lease_token
        assert lease
        self.catalog.commit(event, lease, outcome)

    def dead_letter(self, event, queue=FailureQueue.IMAGE, name=None):
        body = messages.serialize_event(event)
        name = name or event.source.key
        self.letters[queue].put(letter(body, name, sent_at=self.clock()))

    def survey(self, *queues, **wanted):
        return survey(self.stage, queues or tuple(FailureQueue), Wanted(**wanted))

    def redrive(self, found):
        redriven = Redriven()
        pace = Pace(1000, self.clock, lambda _: None)
        redrive(found, self.stage, pace, redriven, lambda: None)
        return redriven

    def follow(self, redriven, seconds=60.0):
        def sleep(seconds):
            self.clock.now += seconds

        counts: list[int] = []
        patience = Patience(seconds, self.clock, sleep)
        latest = follow(redriven.watched, self.catalog, patience, counts.append)
        return {redriven.watched[each].key: asset for each, asset in latest.items()}, counts
