"""Record why an execution failed, under the fence; try the upload again where that may help.

What such an execution has started may go on for as long as a step may take. So the upload is sent
to its queue once more, to arrive after that: where it is not to be tried again, the delivery finds
that, and clears what was stored since.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lib.application.context import Redelivery
from lib.application.fenced_job import Finished
from lib.application.long_video.long_job import Standing, find_asset, find_standing
from lib.application.outcomes import describe, exhausted, failed, killed, send_dead_letter
from lib.application.sweep import delete_unwanted
from lib.domain import messages
from lib.domain.asset import ClaimState, CommitState, History
from lib.domain.clock import Clock, to_iso
from lib.domain.errors import (
    ErrorCode,
    MediaError,
    PermanentError,
    TransientError,
    deserialize_error,
    is_counted,
)
from lib.domain.events import Source, UploadEvent
from lib.domain.ports import Catalog, Renditions

KILLED = frozenset(
    {"Lambda.Unknown", "Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Timedout"}
)
"""What a step's function that was killed is called, for its memory or its time: the state machine
has tried it MOST_KILLED times.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

BUSY = frozenset(
    {
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
    }
)
"""What a function is reported to be that could not be started.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
"""

RECORDED = "Recorded"
"""How the state machine calls its own end, after a failure that was recorded where it happened."""

LEASE_SECONDS = 60
"""Enough to write the outcome with."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An execution that cannot go on, and why; without an error where that is recorded already.

    `counted`: the upload may be the cause.
    """

    event: UploadEvent
    execution: str
    error: MediaError | None
    counted: bool = False

    @property
    def source(self) -> Source:
        """Return what the upload is of."""
        return self.event.source


@dataclass(frozen=True, slots=True)
class Failed:
    """What was recorded, if anything, and whether it is final."""

    permanent: bool
    finished: Finished


@dataclass(frozen=True, slots=True)
class Recovery:
    """Where the end of an execution is recorded, and where its upload goes.

    After `settle_seconds` nothing works any more that the execution has started.
    """

    catalog: Catalog
    renditions: Renditions
    redelivery: Redelivery
    settle_seconds: float
    clock: Clock = time.time


def read_ending(payload: Mapping[str, Any]) -> Ending:
    """Read the payload of a state of the machine, or EventBridge's event about a whole execution.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    if detail := payload.get("detail"):
        event, execution = messages.deserialize_event(detail["input"]), detail["name"]
        name, cause = str(detail.get("error") or detail["status"]), str(detail.get("cause") or "")
    else:
        event, execution = messages.event_from_values(payload["event"]), payload["execution"]
        name, cause = payload["failure"]["Error"], payload["failure"].get("Cause", "")
    if name == RECORDED:
        return Ending(event, execution, None)
    if name in KILLED:
        return Ending(event, execution, killed())
    counted = is_counted(ours) if (ours := find_error(cause)) else name not in BUSY
    return Ending(event, execution, parse_failure(name, cause), counted)


def fail(ending: Ending, recovery: Recovery) -> Failed:
    """Record how an upload goes on whose execution cannot.

    Where trying again may help, the upload is sent to its queue, and is free when it arrives. Where
    it is the cause of too many failed tries, it is a dead letter. Of several reasons the first is
    recorded. One that was superseded, or is finished, stays as it is. Raises TransientError: the
    whole call can be repeated.
    """
    event, execution, error = ending.event, ending.execution, ending.error
    catalog, renditions = recovery.catalog, recovery.renditions
    redelivery, settle_seconds = recovery.redelivery, recovery.settle_seconds
    taken = error and catalog.transfer_lease(event, execution, lease_seconds=LEASE_SECONDS)
    asset = find_asset(event, catalog)
    if error is None or not taken:
        if error:
            delete_unwanted(event, renditions, catalog)
            if find_standing(event, execution, asset) is Standing.UNWANTED:
                redelivery.queue.send(event, settle_seconds)
        final = asset is None or asset.error is None or asset.error.permanent
        return Failed(final, Finished(ClaimState.DONE))

    failure, known = describe(error), asset.history if asset else History()
    history = known.after(failure, to_iso(recovery.clock()), counted=ending.counted)
    outcome = None
    if isinstance(error, PermanentError):
        outcome = failed(error)
    elif ending.counted and history.failed >= redelivery.max_attempts:
        outcome = exhausted(history)
    if outcome and not error.permanent:
        send_dead_letter(event, outcome, redelivery.dead_letters)
    else:
        redelivery.queue.send(event, settle_seconds)
    state = (
        catalog.commit(event, execution, outcome)
        if outcome
        else catalog.release(event, execution, failure, history)
    )
    if state is CommitState.SUPERSEDED:
        delete_unwanted(event, renditions, catalog)
        return Failed(error.permanent, Finished(ClaimState.STALE))
    ended = ClaimState.CLAIMED if outcome else ClaimState.BUSY
    return Failed(error.permanent, Finished(ended, outcome, error))


def parse_failure(name: str, cause: str) -> MediaError:
    """Turn what Step Functions tells of a failure into one of our errors.

    Not every runtime tells the class of an exception, so that `name` decides nothing.
    """
    unexpected = f"unexpected {name or 'end'}"
    return find_error(cause) or TransientError(ErrorCode.SERVICE_UNAVAILABLE, unexpected)


def find_error(cause: str) -> MediaError | None:
    """Return the error of ours that a function raised, if it was one.

    `cause` is JSON where a function raised; its errorMessage is what the exception said.
    """
    raised: dict[str, Any] = {}
    with suppress(ValueError, TypeError):
        raised = dict(json.loads(cause))
    return deserialize_error(str(raised.get("errorMessage", "")))
