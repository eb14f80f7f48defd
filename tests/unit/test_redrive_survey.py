"""Which messages are found and chosen, and what the catalog says of them."""

import pytest

from lib.application.redrive.letters import FailureQueue, Verdict
from lib.domain.asset import AssetStatus, History, Outcome
from lib.domain.clock import from_iso
from lib.domain.errors import ErrorCode, Failure
from tests.support.failure_letters import (
    failed_batch,
    letter,
)
from tests.support.redrive_world import CORRUPT, EXHAUSTED, Deployed


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


def test_why_the_last_try_failed_chooses_too_while_it_matters(deployed):
    events = {key: deployed.receive(key) for key in ("waiting.jpg", "exhausted.jpg", "ready.jpg")}
    history = History()
    for code in (ErrorCode.DEADLINE_NEAR, ErrorCode.THROTTLED):
        history = history.after(Failure(code, "why"), "2026-01-01T00:00:00.000Z", counted=True)
    lease = deployed.catalog.claim(events["waiting.jpg"], lease_seconds=60).lease_token
    deployed.catalog.release(
        events["waiting.jpg"], lease, Failure(ErrorCode.THROTTLED, "why"), history
    )
    failed = Outcome(AssetStatus.FAILED, error=EXHAUSTED, history=history)
    deployed.end(events["exhausted.jpg"], failed)
    deployed.end(events["ready.jpg"], Outcome(AssetStatus.READY, history=history))
    for event in events.values():
        deployed.dead_letter(event)
    codes = {each.job.subjects[0].key: each.codes for each in deployed.survey()}
    assert codes == {
        "waiting.jpg": ("THROTTLED",),
        "exhausted.jpg": ("EXHAUSTED", "THROTTLED"),
        "ready.jpg": (),
    }
    found = deployed.survey(codes=frozenset([ErrorCode.THROTTLED]))
    assert keys(found) == ["waiting.jpg", "exhausted.jpg"]


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
