"""The fence around a job: claim, work, manifest, commit; and what happens when one of them fails.

A use case supplies the work; this module decides the asset's outcome, exactly once per upload.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lib.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.keys import manifest_key, rendition_key
from lib.manifest import manifest
from lib.model import (
    AssetStatus,
    Claim,
    ClaimState,
    CommitState,
    Failure,
    Made,
    Outcome,
    Placeholder,
    Probe,
    Rendition,
    UploadEvent,
)
from lib.ordering import write_in_order
from lib.ports import Catalog, Deadline, Storage

LEASE_MARGIN_SECONDS = 5.0
"""Added to the time an invocation has left, so that a lease never ends before its worker does."""

PUT_THREADS = 4
"""Renditions are stored while the next ones are encoded."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a use case makes of a source: what was read, and the encodes, made one by one."""

    probe: Probe
    made: Iterable[Made]
    preset: str
    recipe: str
    placeholder: Placeholder | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """How a job ended: what the fence said first, and what was committed, if anything."""

    state: ClaimState
    outcome: Outcome | None = None


def run(
    event: UploadEvent,
    work: Callable[[], Work],
    *,
    storage: Storage,
    catalog: Catalog,
    deadline: Deadline,
    last_receive: bool = False,
) -> Finished:
    """Claim an upload, do the work, store the renditions, commit the outcome.

    Returns when the message can be acknowledged. Raises TransientError, or whatever the work did
    not foresee, when it must be delivered again; on the `last_receive` that is recorded as
    FAILED/EXHAUSTED first, because the message goes to the dead-letter queue.
    """
    started = time.monotonic()

    def claim_it(over: str | None) -> Claim:
        lease_seconds = deadline() + LEASE_MARGIN_SECONDS
        return catalog.claim(event, lease_seconds=lease_seconds, over=over)

    claim = write_in_order(claim_it, event, storage)
    if claim.state is ClaimState.BUSY:
        raise TransientError(
            ErrorCode.LEASE_HELD, "another worker holds the asset", retry_after=claim.busy_for
        )
    if claim.lease_token is None:
        return Finished(claim.state)

    written: list[str] = []
    try:
        if last_receive:
            _refuse_abandoned(claim)
        outcome = _finish(event, work(), storage, written)
    except PermanentError as exc:
        outcome = Outcome(AssetStatus.FAILED, error=Failure.of(exc))
    except Exception as exc:
        if last_receive:
            failed = Outcome(AssetStatus.FAILED, error=_exhausted(exc))
            state = catalog.commit(event, claim.lease_token, failed)
        else:
            state = catalog.release(event, claim.lease_token, _failure(exc))
        if state is CommitState.SUPERSEDED:
            storage.delete(written)
            return Finished(ClaimState.STALE)
        raise

    outcome = replace(outcome, processed_ms=round((time.monotonic() - started) * 1000))
    if catalog.commit(event, claim.lease_token, outcome) is CommitState.SUPERSEDED:
        storage.delete(written)
        return Finished(ClaimState.STALE)
    return Finished(claim.state, outcome)


def _refuse_abandoned(claim: Claim) -> None:
    """Refuse to try what killed an earlier worker, when there is no delivery after this one.

    Being killed once more would leave the asset in PROCESSING for ever.
    """
    if claim.abandoned:
        raise TransientError(ErrorCode.EXHAUSTED, "the worker that tried last was killed")


def _finish(event: UploadEvent, work: Work, storage: Storage, written: list[str]) -> Outcome:
    """Store what is made as it is made, then the manifest; `written` gets every key first."""

    def store(made: Made) -> Rendition:
        key = rendition_key(event.source, event.sequencer, work.recipe, made.name)
        described = Rendition(
            name=made.name,
            kind=made.kind,
            mime=made.mime,
            width=made.width,
            height=made.height,
            duration_ms=made.duration_ms,
            frames=made.frames,
            quality=made.quality,
            instead_of=made.instead_of,
            error=made.error,
        )
        if made.content is None:
            return described
        written.append(key)
        storage.put(key, made.content, made.mime)
        size, sha256 = _measure(made.content)
        return replace(described, key=key, bytes=size, sha256=sha256)

    with ThreadPoolExecutor(PUT_THREADS) as pool:
        stored = [pool.submit(store, made) for made in work.made]
    renditions = tuple(each.result() for each in stored)
    failures = [each.error for each in renditions if each.error]
    if len(failures) == len(renditions):
        error = (
            failures[0]
            if failures
            else Failure(
                ErrorCode.ENCODE_FAILED, "the preset makes nothing of this source", permanent=True
            )
        )
        return Outcome(AssetStatus.FAILED, probe=work.probe, renditions=renditions, error=error)

    outcome = Outcome(
        AssetStatus.PARTIAL if failures else AssetStatus.READY,
        probe=work.probe,
        placeholder=work.placeholder,
        preset=work.preset,
        recipe=work.recipe,
        renditions=renditions,
        manifest_key=manifest_key(event.source, event.sequencer, work.recipe),
    )
    assert outcome.manifest_key is not None
    written.append(outcome.manifest_key)
    storage.put(outcome.manifest_key, manifest(event, outcome), "application/json")
    return outcome


def _measure(content: bytes | Path) -> tuple[int, str]:
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return content.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _failure(exc: Exception) -> Failure:
    if isinstance(exc, MediaError):
        return Failure.of(exc)
    unexpected = f"unexpected {type(exc).__name__}"
    return Failure(ErrorCode.SERVICE_UNAVAILABLE, unexpected, permanent=False)


def _exhausted(exc: Exception) -> Failure:
    last = _failure(exc)
    message = f"gave up after the last delivery: {last.code}: {last.message}"
    return Failure(ErrorCode.EXHAUSTED, message, permanent=False)
