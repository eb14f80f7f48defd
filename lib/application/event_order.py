"""Order the events of one key by the fence, and by S3 where sequencers cannot be compared."""

from __future__ import annotations

from collections.abc import Callable

from lib.domain.asset import Claim, ClaimState
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action, UploadEvent
from lib.domain.ports import Sources

FenceWrite = Callable[[str | None], Claim]
"""One of the catalog's fenced writes, as a function of `over`."""


def write_in_order(write: FenceWrite, event: UploadEvent, sources: Sources) -> Claim:
    """Try a fenced write; where the fence answers UNORDERED, believe S3 about which is newest.

    Raises TransientError(SERVICE_UNAVAILABLE) when the entry changes again while S3 is asked.
    """
    claim = write(None)
    if claim.state is not ClaimState.UNORDERED:
        return claim
    if not _is_newest(event, sources):
        return Claim(ClaimState.STALE)
    claim = write(claim.stored_sequencer)
    if claim.state is ClaimState.UNORDERED:
        raise TransientError(
            ErrorCode.SERVICE_UNAVAILABLE, "the asset changed while S3 was asked for its version"
        )
    return claim


def _is_newest(event: UploadEvent, sources: Sources) -> bool:
    current = sources.current_version(event.source.bucket, event.source.key)
    if event.action is Action.REMOVED:
        return current is None
    return current is not None and current.version_id == event.source.version_id
