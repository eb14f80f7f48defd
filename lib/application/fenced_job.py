"""The fence around a job: claim, work, commit; and how the upload goes back where one fails.

A use case supplies the work; this module decides the asset's outcome, exactly once per upload.

Where AWS or the network is in the way, the lease is given back, and the message comes again,
however often. Where the upload may be the cause, that is counted, and ends it. A lease that could
not be given back goes with the message, so that the next delivery resumes it, and no worker counts
as killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from lib.application.context import Delivery, Pipeline, Redelivery
from lib.application.outcomes import (
    MOST_KILLED,
    describe,
    exhausted,
    failed,
    killed,
    send_dead_letter,
)
from lib.application.store_work import store_work
from lib.application.sweep import delete_unwanted
from lib.domain.asset import Claim, ClaimState, CommitState, History, Outcome
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode, PermanentError, TransientError, is_counted
from lib.domain.events import UploadEvent
from lib.domain.leases import make_token, next_lease
from lib.domain.ports import Catalog
from lib.domain.renditions import Work

LEASE_MARGIN_SECONDS = 5.0
"""Added to the time an invocation has left, so that a lease never ends before its worker does."""

PROGRESS_SECONDS = 5.0
"""Least time between two reports of progress: each is a write to the catalog."""

COMMIT_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between tries to commit: what took minutes to make is not thrown away for a moment."""

GIVE_BACK_SECONDS = 10.0
"""What is left of an invocation when it stops to try: enough to give the lease back."""

LAST_TRY_SECONDS = 5.0
"""What is left of an invocation when it stops to try that: enough to end by itself."""

RESUMED_AFTER_SECONDS = 30.0
"""When an upload is delivered again whose lease could not be given back."""

Report = Callable[[float], None]
"""Takes the part of the work that is done, 0 to 1."""


class HandedOver(Exception):  # noqa: N818 - nothing went wrong
    """Raised by work that an execution takes on, lease included: there is nothing to commit.

    `start` takes the number of the try, and returns the execution's name. It raises what work does.
    """

    def __init__(self, start: Callable[[int], str], lease_seconds: float) -> None:
        super().__init__()
        self.start = start
        self.lease_seconds = lease_seconds


@dataclass(frozen=True, slots=True)
class Finished:
    """How a job ended: what the fence said first, and what was committed, if anything.

    `error` is why it was given up; without an outcome, why it was sent again.
    """

    state: ClaimState
    outcome: Outcome | None = None
    error: Exception | None = None


def run(
    event: UploadEvent,
    work: Callable[[Report], Work],
    pipeline: Pipeline,
    delivery: Delivery,
) -> Finished:
    """Claim an upload, do the work, store the renditions, commit the outcome.

    Returns when the message can be acknowledged. Raises TransientError, or whatever the work did
    not foresee, when it must be delivered again.
    """
    started = time.monotonic()
    job = _Job(event, make_token(event.lease), pipeline, delivery)
    try:
        claim = job.claim()
    except TransientError as exc:
        if exc.code is ErrorCode.BUDGET_SPENT:  # nothing was claimed
            raise
        return job.give_back(exc, None)  # the claim may have gone through, and its reply be lost
    if claim.state is ClaimState.BUSY:
        raise TransientError(
            ErrorCode.LEASE_HELD, "another worker holds the asset", retry_after=claim.busy_for
        )
    if claim.lease_token is None:
        if claim.state is not ClaimState.HANDED_OVER:
            job.clear()
        return Finished(claim.state)
    try:
        outcome = job.make(work, claim)
    except PermanentError as exc:
        outcome = failed(exc)
    except Exception as exc:
        return job.fail(exc, claim)
    if outcome is None:
        return Finished(ClaimState.HANDED_OVER)
    spent_ms = round((time.monotonic() - started) * 1000)
    return job.commit(replace(outcome, processed_ms=spent_ms), claim)


@dataclass(frozen=True, slots=True)
class _Job:
    """A delivery of an upload, and the token of the lease that its worker takes.

    Where its message carries a lease, the token is a later one of the same message: `leases`.
    """

    event: UploadEvent
    token: str
    pipeline: Pipeline
    delivery: Delivery

    def claim(self) -> Claim:
        """Take the lease, or the one that an earlier delivery could not give back."""
        return self.pipeline.catalog.claim(
            self.event,
            lease_seconds=self.delivery.deadline() + LEASE_MARGIN_SECONDS,
            token=self.token,
            resumes=self.event.lease,
        )

    def make(self, work: Callable[[Report], Work], claim: Claim) -> Outcome | None:
        """Do the work; None where an execution does it. Raises what work raises."""
        if claim.abandoned >= MOST_KILLED:
            raise killed()
        catalog = self.pipeline.catalog
        report = _reporter(self.event, self.token, catalog)
        try:
            return store_work(self.event, work(report), self.pipeline.renditions)
        except HandedOver as taken:
            execution = taken.start(claim.attempts)
            # It takes the lease by itself when it begins. By then this one could have run out.
            with suppress(TransientError):
                catalog.transfer_lease(self.event, execution, lease_seconds=taken.lease_seconds)
            return None

    def commit(self, outcome: Outcome, claim: Claim, error: Exception | None = None) -> Finished:
        """Write the outcome, and clear what an earlier try has made and this one has not."""
        try:
            state = self._insist(outcome)
        except TransientError as exc:
            return self.give_back(exc, self._history(exc, claim))
        if state is CommitState.LEASE_LOST:
            raise TransientError(ErrorCode.LEASE_HELD, "another worker took the asset over")
        if state is CommitState.SUPERSEDED:
            self.clear()
            return Finished(ClaimState.STALE)
        if claim.attempts > 1:
            self.clear()
        return Finished(claim.state, outcome, error)

    def fail(self, error: Exception, claim: Claim) -> Finished:
        """Give the upload back after a failed try; or up, where it is the cause of too many."""
        history, redelivery = self._history(error, claim), self.delivery.redelivery
        if redelivery is None:
            return self.commit(exhausted(history), claim, error)
        if is_counted(error) and history.failed >= redelivery.max_attempts:
            outcome = exhausted(history)
            try:
                send_dead_letter(self.event, outcome, redelivery.dead_letters)
            except TransientError as away:
                error, history = away, self._history(away, claim)
            else:
                return self.commit(outcome, claim, error)
        return self.give_back(error, history)

    def give_back(self, error: Exception, history: History | None) -> Finished:
        """Give the lease back, and have the message delivered again: raise why.

        Where that can't be written, the upload is sent as a message that resumes the lease. Where
        neither can be done, it is tried again while there is time: who can tell nobody that the
        lease is free counts as killed.
        """
        for pause in (*COMMIT_PAUSES, None):
            state = self._release(error, history)
            if state is CommitState.SUPERSEDED:
                self.clear()
                return Finished(ClaimState.STALE)
            if state is not None or self.delivery.redelivery is None:
                break
            if self._send_again(self.delivery.redelivery):
                return Finished(ClaimState.BUSY, error=error)
            if pause is None or self.delivery.deadline() < pause + LAST_TRY_SECONDS:
                break
            time.sleep(pause)
        raise error

    def _release(self, error: Exception, history: History | None) -> CommitState | None:
        """Give the lease back; None where the catalog is away."""
        with suppress(TransientError):
            return self.pipeline.catalog.release(self.event, self.token, describe(error), history)
        return None

    def _send_again(self, redelivery: Redelivery) -> bool:
        """Send the upload as a message that resumes the lease; False where the queue is away."""
        with suppress(TransientError):
            resuming = replace(self.event, lease=next_lease(self.token))
            redelivery.queue.send(resuming, RESUMED_AFTER_SECONDS)
            return True
        return False

    def clear(self) -> None:
        """Delete what is not live of what was made: by this try, or one whose worker was killed."""
        delete_unwanted(self.event, self.pipeline.renditions, self.pipeline.catalog)

    def _insist(self, outcome: Outcome) -> CommitState:
        for pause in COMMIT_PAUSES:
            try:
                return self.pipeline.catalog.commit(self.event, self.token, outcome)
            except TransientError:
                if self.delivery.deadline() < pause + GIVE_BACK_SECONDS:
                    raise
            time.sleep(pause)
        return self.pipeline.catalog.commit(self.event, self.token, outcome)

    def _history(self, error: Exception, claim: Claim) -> History:
        moment = to_iso(self.delivery.clock())
        return claim.history.after(describe(error), moment, counted=is_counted(error))


def _reporter(event: UploadEvent, lease_token: str, catalog: Catalog) -> Report:
    """Write progress to the catalog, now and then; that it could not be written harms nobody."""
    reported = time.monotonic()

    def report(part: float) -> None:
        nonlocal reported
        if time.monotonic() - reported < PROGRESS_SECONDS:
            return
        reported = time.monotonic()
        with suppress(TransientError):
            catalog.progress(event, lease_token, round(min(1.0, part) * 100))

    return report
