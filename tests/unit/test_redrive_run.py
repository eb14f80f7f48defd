"""When what was sent for an asset has come to its end, and what is not followed."""

import pytest

from lib.application.redrive.letters import FailureQueue, Target
from lib.application.redrive.outcome import Watched
from lib.application.redrive.resend import Fate
from lib.application.redrive.run import Redriven
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.clock import from_iso
from lib.domain.keys import asset_id
from tests.support.failure_letters import (
    change_record,
    failed_batch,
    failed_call,
    letter,
)
from tests.support.fakes import JPEG_HEAD, UPLOADS
from tests.support.redrive_world import EXHAUSTED, Deployed


@pytest.fixture
def deployed():
    return Deployed()


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
        *[(FailureQueue.IMAGE, Fate.KEPT)] * 7,
        (FailureQueue.VIDEO, Fate.DISCARDED),
    ]
    assert len(deployed.letters[FailureQueue.IMAGE].visible) == 7


def lose(deployed):
    """Give up a batch whose change of an asset the stream has forgotten; return the asset's id."""
    told = failed_batch("sweep")["DDBStreamBatchInfo"]
    deployed.clock.now = from_iso(told["approximateArrivalOfFirstRecord"])
    deployed.receive("then.jpg")
    deployed.letters[FailureQueue.STREAM].put(letter(failed_batch("sweep")))
    return deployed.find("then.jpg").asset_id


def test_what_a_lost_change_was_about_is_mended_and_followed(deployed):
    changed = lose(deployed)
    redriven = deployed.redrive(deployed.survey())
    assert [each.fate for each in redriven.done] == [Fate.MENDED]
    assert (deployed.mended, deployed.sent) == ([changed], [])
    assert redriven.watched == {changed: Watched("then.jpg")}
    assert not deployed.letters[FailureQueue.STREAM].stored


def test_what_could_not_be_mended_stays(deployed):
    lose(deployed)
    deployed.refuses = True
    redriven = deployed.redrive(deployed.survey())
    assert [each.fate for each in redriven.done] == [Fate.KEPT]
    assert deployed.letters[FailureQueue.STREAM].visible


def test_two_messages_of_one_upload_are_one_thing_to_follow(deployed):
    event = deployed.give_up("a.jpg")
    deployed.dead_letter(event, name="one")
    deployed.dead_letter(event, name="two")
    before = deployed.find("a.jpg")
    deployed.work = lambda job: deployed.catalog.claim(event, lease_seconds=60)
    redriven = deployed.redrive(deployed.survey())
    assert redriven.watched == {asset_id(UPLOADS, "a.jpg"): Watched("a.jpg", before)}
