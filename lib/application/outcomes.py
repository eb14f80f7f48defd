"""How an upload ends that could not be made: for good, or after as many tries as it may have."""

from __future__ import annotations

from dataclasses import replace

from lib.domain.asset import AssetStatus, History, Outcome
from lib.domain.errors import ErrorCode, Failure, MediaError, PermanentError
from lib.domain.events import UploadEvent
from lib.domain.ports import Uploads

MOST_KILLED = 2
"""Workers that an upload may kill: one may have died of something else, two did not."""

REFUSED = frozenset({ErrorCode.LIMIT_EXCEEDED})
"""What is wrong with an upload before any work: REJECTED, where other errors end as FAILED."""


def killed() -> PermanentError:
    """Return why an upload ends that killed MOST_KILLED workers: it takes more than they have."""
    return PermanentError(
        ErrorCode.LIMIT_EXCEEDED,
        "expected a source that fits into a worker's memory and time "
        f"but {MOST_KILLED} workers were killed by it",
    )


def failed(error: PermanentError) -> Outcome:
    """Return the outcome of an upload that no retry can help: FAILED, or REJECTED where refused."""
    status = AssetStatus.REJECTED if error.code in REFUSED else AssetStatus.FAILED
    return Outcome(status, error=Failure.of(error))


def exhausted(history: History) -> Outcome:
    """Return the outcome of an upload whose tries are used up; a redrive has as many again."""
    last = history.entries[-1].failure
    message = f"gave up after the last try: {last.code}: {last.message}"
    failure = Failure(ErrorCode.EXHAUSTED, message)
    return Outcome(AssetStatus.FAILED, error=failure, history=replace(history, failed=0))


def send_dead_letter(event: UploadEvent, outcome: Outcome, dead_letters: Uploads) -> None:
    """Put an upload that is given up where it waits to be looked at. Raises TransientError.

    Before the outcome is committed: what is shown as given up can be found.
    """
    reason = outcome.error.message if outcome.error else None
    dead_letters.send(replace(event, lease=None), reason=reason)


def describe(error: Exception) -> Failure:
    """Return why a try failed, without what an unexpected error says: it may quote the source."""
    if isinstance(error, MediaError):
        return Failure.of(error)
    return Failure(ErrorCode.SERVICE_UNAVAILABLE, f"unexpected {type(error).__name__}")
