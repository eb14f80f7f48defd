"""Record why an execution failed, under the fence; keep the upload where trying again may help."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lib.application import fenced_job
from lib.application.long_video.long_job import Standing, find_asset, find_standing
from lib.application.sweep import delete_unwanted
from lib.domain import messages
from lib.domain.asset import AssetStatus, ClaimState, CommitState, Outcome
from lib.domain.errors import (
    ErrorCode,
    Failure,
    MediaError,
    PermanentError,
    TransientError,
    deserialize_error,
)
from lib.domain.events import UploadEvent
from lib.domain.ports import Catalog, Renditions

KILLED = frozenset(
    {"Lambda.Unknown", "Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Timedout"}
)
"""What a step's function that was killed is called, for its memory or its time: the state machine
has tried it MOST_KILLED times.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

LEASE_SECONDS = 60
"""Enough to write the outcome with."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An execution that cannot go on, and why."""

    event: UploadEvent
    execution: str
    error: MediaError


@dataclass(frozen=True, slots=True)
class Failed:
    """What was recorded, if anything, and whether it is final."""

    permanent: bool
    finished: fenced_job.Finished


def read_ending(payload: Mapping[str, Any]) -> Ending:
    """Read the payload of a state of the machine, or EventBridge's event about a whole execution.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    if detail := payload.get("detail"):
        error = str(detail.get("error") or detail["status"])
        reason = parse_failure(error, str(detail.get("cause") or ""))
        return Ending(messages.deserialize_event(detail["input"]), detail["name"], reason)
    failure = payload["failure"]
    name, cause = failure["Error"], failure.get("Cause", "")
    reason = fenced_job.killed() if name in KILLED else parse_failure(name, cause)
    return Ending(messages.event_from_values(payload["event"]), payload["execution"], reason)


def fail(
    ending: Ending,
    catalog: Catalog,
    renditions: Renditions,
    dead_letter: Callable[[UploadEvent], object],
) -> Failed:
    """Record the outcome of an upload whose execution cannot go on.

    An upload that failed for a reason that may pass is given to `dead_letter`, as if its message
    had been in that queue all the time. Of several reasons the first is recorded. One that was
    superseded, or is finished, stays as it is.
    """
    event, execution, error = ending.event, ending.execution, ending.error
    if not catalog.transfer_lease(event, execution, lease_seconds=LEASE_SECONDS):
        asset = find_asset(event, catalog)
        if find_standing(event, execution, asset) is Standing.UNWANTED:
            delete_unwanted(event, renditions, catalog)
        final = asset is None or asset.error is None or asset.error.permanent
        return Failed(final, fenced_job.Finished(ClaimState.DONE))
    if isinstance(error, PermanentError):
        outcome = fenced_job.failed(error)
    else:
        message = f"the execution gave up: {error.code}: {error.message}"
        failure = Failure(ErrorCode.EXHAUSTED, message)
        outcome = Outcome(AssetStatus.FAILED, error=failure)
        dead_letter(event)
    if catalog.commit(event, execution, outcome) is CommitState.SUPERSEDED:
        delete_unwanted(event, renditions, catalog)
        return Failed(error.permanent, fenced_job.Finished(ClaimState.STALE))
    return Failed(error.permanent, fenced_job.Finished(ClaimState.CLAIMED, outcome))


def parse_failure(error: str, cause: str) -> MediaError:
    """Turn what Step Functions tells of a failure into one of our errors.

    `cause` is JSON where a function raised; its errorMessage is what the exception said. Not every
    runtime tells the class of an exception, so that `error` decides nothing.
    """
    raised: dict[str, Any] = {}
    with suppress(ValueError, TypeError):
        raised = dict(json.loads(cause))
    ours = deserialize_error(str(raised.get("errorMessage", "")))
    return ours or TransientError(ErrorCode.SERVICE_UNAVAILABLE, f"unexpected {error or 'end'}")
