"""Receive ▸ send ▸ delete: nothing is lost wherever it ends, and only what is chosen is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from lib.application.redrive import resend
from lib.application.redrive.letters import FailureQueue, Job, Target, Verdict
from lib.application.redrive.resend import Fate, Pace, carry_out, look
from lib.domain.errors import ErrorCode, TransientError
from tests.support.failure_letters import Interruption, MemoryLetters, letter
from tests.support.fakes import ManualClock

AWAY = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the queue is away")


def job(name, verdict=Verdict.SEND, target=Target.IMAGE_QUEUE):
    return Job(FailureQueue.IMAGE, letter("body", name), verdict, target)


@dataclass
class Receiver:
    """Where messages are sent: what it has acknowledged, unless it refuses."""

    acknowledged: list[str] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    step: Callable[[str], None] = lambda _: None

    def send(self, sent):
        self.step("before send")
        if sent.letter.id in self.refuses:
            raise TransientError(ErrorCode.THROTTLED, "slow down")
        self.acknowledged.append(sent.letter.id)
        self.step("after send")


class Redriving:
    """A queue, a receiver, and what was reported of a redrive from one to the other."""

    def __init__(self, *names):
        self.clock = ManualClock()
        self.letters = MemoryLetters(self.clock)
        self.letters.put(*(letter("body", each) for each in names))
        self.receiver = Receiver()
        self.done = []
        self.slept = []

    def interrupt(self, interruption):
        self.letters.step = self.receiver.step = interruption

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.now += seconds

    def run(self, *jobs, rate=1000.0):
        pace = Pace(rate, self.clock, self.sleep)
        carry_out(jobs, self.letters, self.receiver.send, pace, self.done.append)

    @property
    def fates(self):
        return {each.job.letter.id: each.fate for each in self.done}


def test_what_is_looked_at_is_visible_again_at_once():
    names = [f"m{number}" for number in range(25)]
    redriving = Redriving(*names)
    assert [each.id for each in look(redriving.letters)] == names
    assert redriving.letters.visible == names


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AWAY])
def test_what_is_looked_at_is_visible_again_where_that_is_interrupted(error):
    redriving = Redriving(*(f"m{number}" for number in range(25)))
    redriving.interrupt(Interruption(4, error))  # before the third receive
    with pytest.raises(type(error)):
        look(redriving.letters)
    assert len(redriving.letters.visible) == 25


def test_a_queue_that_shows_the_same_over_and_over_is_looked_at_in_bounded_time():
    class Endless(MemoryLetters):
        def receive(self, most, hold_seconds):
            return [letter("body", "same")]

    assert [each.id for each in look(Endless())] == ["same"]


def test_what_is_chosen_is_sent_then_deleted_and_all_others_stay():
    redriving = Redriving(*(f"m{number}" for number in range(30)))
    chosen = [f"m{number}" for number in (3, 17, 29)]
    redriving.run(*map(job, chosen))
    assert redriving.receiver.acknowledged == chosen
    assert sorted(redriving.letters.visible) == sorted(
        f"m{number}" for number in range(30) if f"m{number}" not in chosen
    )
    assert set(redriving.fates.values()) == {Fate.SENT}


def test_what_is_discarded_is_deleted_and_never_sent():
    redriving = Redriving("poison", "ours")
    redriving.run(job("poison", Verdict.POISON, None))
    assert redriving.receiver.acknowledged == []
    assert redriving.letters.visible == ["ours"]
    assert redriving.fates == {"poison": Fate.DISCARDED}


def test_what_could_not_be_sent_is_still_there_and_the_next_is_tried():
    redriving = Redriving("a", "b", "c")
    redriving.receiver.refuses = frozenset("b")
    redriving.run(job("a"), job("b"), job("c"))
    assert redriving.receiver.acknowledged == ["a", "c"]
    assert redriving.letters.visible == ["b"]
    assert redriving.fates == {"a": Fate.SENT, "b": Fate.KEPT, "c": Fate.SENT}
    assert [each.reason for each in redriving.done if each.reason] == ["THROTTLED: slow down"]


def test_where_nothing_can_be_sent_it_stops_and_all_are_still_there():
    names = [f"m{number}" for number in range(30)]
    redriving = Redriving(*names)
    redriving.receiver.refuses = frozenset(names)
    redriving.run(*map(job, names))
    assert sorted(redriving.letters.visible) == sorted(names)
    assert set(redriving.fates.values()) == {Fate.KEPT}
    tried = [each for each in redriving.done if "slow down" in each.reason]
    assert len(tried) == resend.SAME_FAILURE
    assert sum(each.receives for each in redriving.letters.stored.values()) == resend.AT_ONCE
    assert len(redriving.done) == len(names)


def test_what_is_gone_meanwhile_is_told():
    redriving = Redriving("a", "b")
    found = [job("a"), job("b"), job("c")]
    del redriving.letters.stored["b"]
    redriving.run(*found)
    assert redriving.fates == {"a": Fate.SENT, "b": Fate.MISSING, "c": Fate.MISSING}


def test_a_message_that_is_delivered_twice_is_sent_once():
    class Twice(MemoryLetters):
        def receive(self, most, hold_seconds):
            received = super().receive(most, hold_seconds)
            return received + [each for each in received if each.id == "a"]

    redriving = Redriving()
    redriving.letters = Twice(redriving.clock)
    redriving.letters.put(letter("body", "a"), letter("body", "b"))
    redriving.run(job("a"), job("b"))
    assert redriving.receiver.acknowledged == ["a", "b"]
    assert not redriving.letters.stored


def test_a_copy_that_outlives_its_deletion_is_deleted_too():
    class Stubborn(MemoryLetters):
        deleted = 0

        def delete(self, letter):
            self.deleted += 1
            if letter.id != "a" or self.deleted > 2:
                super().delete(letter)

        def receive(self, most, hold_seconds):
            received = super().receive(1, hold_seconds)
            if received and received[0].id == "b":
                self.stored["a"].visible_at = 0.0
            return received

    redriving = Redriving()
    redriving.letters = Stubborn(redriving.clock)
    redriving.letters.put(*(letter("body", each) for each in ("a", "b", "c")))
    redriving.run(job("a"), job("b"), job("c"))
    assert redriving.receiver.acknowledged == ["a", "b", "c"]
    assert not redriving.letters.stored


def test_a_deletion_that_fails_is_told_with_that_it_was_sent():
    redriving = Redriving("a")

    def step(name):
        if name == "before delete":
            raise AWAY

    redriving.letters.step = step
    redriving.run(job("a"))
    assert redriving.fates == {"a": Fate.KEPT}
    assert redriving.done[0].reason.startswith("sent, but not deleted: SERVICE_UNAVAILABLE")
    assert redriving.letters.visible == ["a"]


def test_messages_are_sent_at_the_rate():
    redriving = Redriving(*(f"m{number}" for number in range(5)))
    began = redriving.clock()
    redriving.run(*(job(f"m{number}") for number in range(5)), rate=2.0)
    assert redriving.clock() - began == pytest.approx(2.0)  # the first one at once
    assert all(each <= 0.5 for each in redriving.slept)


@pytest.mark.parametrize("rate", [10.0, 1.0, 0.02])
@pytest.mark.parametrize("target", [Target.IMAGE_QUEUE, Target.DISPATCH])
def test_what_is_received_stays_hidden_until_it_is_sent(rate, target):
    taken = []

    class Watched(MemoryLetters):
        def receive(self, most, hold_seconds):
            taken.append((most, hold_seconds))
            return super().receive(most, hold_seconds)

    redriving = Redriving()
    redriving.letters = Watched(redriving.clock)
    redriving.letters.put(*(letter("body", f"m{number}") for number in range(12)))
    redriving.run(*(job(f"m{number}", target=target) for number in range(12)), rate=rate)
    assert len(redriving.receiver.acknowledged) == 12
    slowest = 0 if target.is_queue else resend.SLOWEST_SECONDS
    for most, hold in taken:
        assert 1 <= most <= resend.AT_ONCE
        assert most * (1 / rate + slowest) <= hold <= 12 * 60 * 60


NAMES = [f"m{number}" for number in range(12)]
STEPS = 2 * (2 + 2 * len(NAMES))
"""Before and after: two receives, and for each message a sending and a deletion."""


@pytest.mark.parametrize("at", range(STEPS))
def test_nothing_is_lost_wherever_it_is_interrupted(at):
    redriving = Redriving(*NAMES)
    interruption = Interruption(at, KeyboardInterrupt())
    redriving.interrupt(interruption)
    with pytest.raises(KeyboardInterrupt):
        redriving.run(*map(job, NAMES))
    assert interruption.happened
    waiting, sent = set(redriving.letters.stored), set(redriving.receiver.acknowledged)
    assert waiting | sent == set(NAMES)
    assert len(waiting & sent) <= 1  # the one that was sent and not deleted yet
    # What was received just when it happened is not known to anybody: it returns by itself.
    if interruption.happened != "after receive":
        assert set(redriving.letters.visible) == waiting

    redriving.interrupt(lambda _: None)
    redriving.clock.now += 12 * 60 * 60
    redriving.run(*(job(each.id) for each in look(redriving.letters)))
    assert not redriving.letters.stored
    assert set(redriving.receiver.acknowledged) == set(NAMES)
    assert len(redriving.receiver.acknowledged) <= len(NAMES) + 1


def test_there_are_no_more_steps_to_interrupt_than_those():
    redriving = Redriving(*NAMES)
    interruption = Interruption(STEPS, KeyboardInterrupt())
    redriving.interrupt(interruption)
    redriving.run(*map(job, NAMES))
    assert not interruption.happened
    assert next(interruption.steps) == STEPS


@pytest.mark.parametrize("at", range(STEPS))
def test_nothing_is_lost_whichever_call_fails(at):
    redriving = Redriving(*NAMES)
    redriving.interrupt(Interruption(at, AWAY))
    try:
        redriving.run(*map(job, NAMES))
    except TransientError:
        pass
    else:
        assert set(redriving.fates) == set(NAMES)
    assert set(redriving.letters.stored) | set(redriving.receiver.acknowledged) == set(NAMES)
    failed = {name for name, fate in redriving.fates.items() if fate is Fate.KEPT}
    assert failed >= set(redriving.letters.stored) & set(redriving.fates)


def test_a_process_that_is_killed_has_deleted_only_what_it_sent():
    """No `finally` runs: what it held returns by itself, in a few minutes."""

    class Killed(MemoryLetters):
        def release(self, letters):
            pass

    redriving = Redriving()
    redriving.letters = Killed(redriving.clock)
    redriving.letters.put(*(letter("body", each) for each in NAMES))
    redriving.interrupt(Interruption(9, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        redriving.run(*map(job, NAMES))
    assert redriving.letters.hidden() > 0
    redriving.clock.now += resend.HOLD_SECONDS
    assert redriving.letters.hidden() == 0
    assert set(redriving.letters.stored) | set(redriving.receiver.acknowledged) == set(NAMES)
