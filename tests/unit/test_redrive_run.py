"""Which messages are chosen, and when what was sent for an asset has come to its end."""

import pytest

from lib.application.redrive.letters import FailureQueue, Target, Verdict
from lib.application.redrive.outcome import Patience, Watched, follow
from lib.application.redrive.resend import Fate, Pace
from lib.application.redrive.run import Redriven, Stage, redrive, survey
from lib.application.redrive.selection import Wanted
from lib.domain import messages
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.clock import from_iso
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.keys import asset_id
from tests.support.failure_letters import (
    MemoryLetters,
    MemoryStream,
    change_record,
    failed_batch,
    failed_call,
    letter,
)
from tests.support.fakes import JPEG_HEAD, UPLOADS
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
        self.stage = Stage(self.letters, self.stream, self, self.catalog)

    def send(self, job):
        if self.refuses:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "nothing is taken")
        self.sent.append(job)
        self.work(job)

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
        redrive([each.job for each in found], self.stage, pace, redriven, lambda: None)
        return redriven

    def follow(self, redriven, seconds=60.0):
        def sleep(seconds):
            self.clock.now += seconds

        counts: list[int] = []
        patience = Patience(seconds, self.clock, sleep)
        latest = follow(redriven.watched, self.catalog, patience, counts.append)
        return {redriven.watched[each].key: asset for each, asset in latest.items()}, counts


@pytest.fixture
def deployed():
    return Deployed()


def keys(found):
    return [subject.key for each in found for subject in each.job.subjects]


def test_all_queues_are_surveyed_and_each_asset_is_looked_up(deployed):
    image = deployed.give_up("a.jpg")
    deployed.dead_letter(image)
    deployed.dead_letter(deployed.give_up("b.mp4", CORRUPT), FailureQueue.VIDEO)
    deployed.letters[FailureQueue.DISPATCH].put(letter("no JSON", "poison"))
    found = deployed.survey()
    assert keys(found) == ["a.jpg", "b.mp4"]
    assert [each.codes for each in found] == [("EXHAUSTED",), ("CORRUPT_MEDIA",), ()]
    assert [each.job.verdict for each in found] == [Verdict.SEND, Verdict.SEND, Verdict.POISON]
    assert [len(each.visible) for each in deployed.letters.values()] == [1, 1, 0, 1, 0, 0]


def test_a_survey_is_of_the_queues_that_are_named(deployed):
    deployed.dead_letter(deployed.give_up("a.jpg"))
    deployed.dead_letter(deployed.give_up("b.mp4"), FailureQueue.VIDEO)
    assert keys(deployed.survey(FailureQueue.VIDEO)) == ["b.mp4"]


def test_codes_and_times_choose_and_poison_has_no_code(deployed):
    deployed.dead_letter(deployed.give_up("old.jpg"))
    since = deployed.clock.now = deployed.clock() + 3600
    deployed.dead_letter(deployed.give_up("new.jpg"))
    deployed.dead_letter(deployed.give_up("corrupt.jpg", CORRUPT))
    deployed.dead_letter(deployed.receive("waiting.jpg"))
    deployed.letters[FailureQueue.IMAGE].put(letter("no JSON", "poison", deployed.clock()))
    assert keys(deployed.survey(codes=frozenset([ErrorCode.EXHAUSTED]))) == ["old.jpg", "new.jpg"]
    assert keys(deployed.survey(codes=frozenset([ErrorCode.CORRUPT_MEDIA]))) == ["corrupt.jpg"]
    assert keys(deployed.survey(since=since)) == ["new.jpg", "corrupt.jpg", "waiting.jpg"]
    both = deployed.survey(since=since, codes=frozenset([ErrorCode.EXHAUSTED]))
    assert keys(both) == ["new.jpg"]
    assert len(deployed.survey()) == 5


def test_a_forgotten_batch_names_what_changed_when_it_was_given_up(deployed):
    told = failed_batch("sweep")["DDBStreamBatchInfo"]
    deployed.clock.now = from_iso(told["approximateArrivalOfFirstRecord"])
    deployed.receive("then.jpg")
    deployed.clock.now += 3600
    deployed.receive("later.jpg")
    deployed.letters[FailureQueue.STREAM].put(letter(failed_batch("sweep")))
    (found,) = deployed.survey()
    assert found.job.verdict is Verdict.LOST
    assert [each.source.key for each in found.assets] == ["then.jpg"]


def test_an_exhausted_upload_is_followed_until_it_has_ended_again(deployed):
    event = deployed.give_up("a.jpg")
    deployed.dead_letter(event)
    redriven = deployed.redrive(deployed.survey())
    assert [each.fate for each in redriven.done] == [Fate.SENT]
    assert [each.target for each in deployed.sent] == [Target.IMAGE_QUEUE]
    # It is FAILED still, because no worker has taken it yet: that is not its end.
    latest, counts = deployed.follow(redriven)
    assert counts[-1] == 0
    assert latest["a.jpg"].status is AssetStatus.FAILED
    deployed.end(event, Outcome(AssetStatus.READY))
    latest, counts = deployed.follow(redriven)
    assert (latest["a.jpg"].status, counts) == (AssetStatus.READY, [1])


def test_an_upload_that_fails_again_has_ended(deployed):
    event = deployed.give_up("a.jpg")
    deployed.dead_letter(event)
    deployed.work = lambda job: deployed.end(event, Outcome(AssetStatus.FAILED, error=EXHAUSTED))
    redriven = deployed.redrive(deployed.survey())
    latest, counts = deployed.follow(redriven)
    assert counts == [1]
    (watched,) = redriven.watched.values()
    assert watched.ended(latest["a.jpg"])


@pytest.mark.parametrize("status", [AssetStatus.READY, AssetStatus.REJECTED])
def test_what_is_done_already_has_ended_at_once(deployed, status):
    event = deployed.receive("a.jpg")
    deployed.end(event, Outcome(status))
    deployed.dead_letter(event)
    latest, counts = deployed.follow(deployed.redrive(deployed.survey()))
    assert (latest["a.jpg"].status, counts) == (status, [1])


def test_a_superseded_message_waits_for_the_newer_upload_only(deployed):
    deployed.dead_letter(deployed.give_up("a.jpg"))
    newer = deployed.give_up("a.jpg")
    latest, counts = deployed.follow(deployed.redrive(deployed.survey()))
    assert (latest["a.jpg"].source.version_id, counts) == (newer.source.version_id, [1])


def test_a_message_of_an_unknown_asset_has_ended(deployed):
    redriven = Redriven(watched={"nobody": Watched("nobody.jpg")})
    latest, counts = deployed.follow(redriven)
    assert (latest, counts) == ({"nobody.jpg": None}, [1])


def test_the_wait_ends(deployed):
    event = deployed.receive("a.jpg")
    deployed.dead_letter(event)
    redriven = deployed.redrive(deployed.survey())
    began = deployed.clock()
    latest, _ = deployed.follow(redriven, seconds=7)
    assert latest["a.jpg"].status is AssetStatus.RECEIVED
    assert 7 <= deployed.clock() - began < 8
    _, counts = deployed.follow(redriven, seconds=0)
    assert counts == [0]  # it looks once


def test_dispatch_is_waited_for_and_its_uploads_are_followed(deployed):
    event = deployed.sources.upload("new.jpg", JPEG_HEAD)
    record = {
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": UPLOADS},
            "object": {
                "key": "new.jpg",
                "versionId": event.source.version_id,
                "eTag": event.source.etag,
                "size": event.source.size,
                "sequencer": event.sequencer,
            },
        },
    }
    body = failed_call({"Records": [record]})
    deployed.letters[FailureQueue.DISPATCH].put(letter(body))

    def work(job):
        deployed.dispatch(event)
        deployed.end(deployed.topic.published[-1], Outcome(AssetStatus.READY))

    deployed.work = work
    redriven = deployed.redrive(deployed.survey())
    latest, _ = deployed.follow(redriven)
    assert latest["new.jpg"].status is AssetStatus.READY


def test_changes_are_handed_over_and_nothing_more_is_waited_for(deployed):
    deployed.stream.records = [change_record("a.jpg", "000100")]
    deployed.letters[FailureQueue.STREAM].put(letter(failed_batch("notify")))
    redriven = deployed.redrive(deployed.survey())
    assert [each.target for each in deployed.sent] == [Target.NOTIFY]
    assert not redriven.watched
    assert not deployed.letters[FailureQueue.STREAM].stored


def test_what_could_not_be_sent_is_not_followed_and_the_next_queue_is_worked_on(deployed):
    for number in range(7):
        deployed.dead_letter(deployed.give_up(f"{number}.jpg"))
    poison = letter("no JSON", "poison")
    deployed.letters[FailureQueue.VIDEO].put(poison)
    deployed.refuses = True
    redriven = deployed.redrive(deployed.survey())
    assert not redriven.watched
    fates = [(each.job.queue, each.fate) for each in redriven.done]
    assert fates == [
        *[(FailureQueue.IMAGE, Fate.FAILED)] * 7,
        (FailureQueue.VIDEO, Fate.DISCARDED),
    ]
    assert len(deployed.letters[FailureQueue.IMAGE].visible) == 7


def test_two_messages_of_one_upload_are_one_thing_to_follow(deployed):
    event = deployed.give_up("a.jpg")
    deployed.dead_letter(event, name="one")
    deployed.dead_letter(event, name="two")
    before = deployed.find("a.jpg")
    deployed.work = lambda job: deployed.catalog.claim(event, lease_seconds=60)
    redriven = deployed.redrive(deployed.survey())
    assert redriven.watched == {asset_id(UPLOADS, "a.jpg"): Watched("a.jpg", before)}
