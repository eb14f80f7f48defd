"""The fence around a job: claim, work, manifest, commit; and what happens when one of them fails.

A use case supplies the work; this module decides the asset's outcome, exactly once per upload.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lib.application.context import Delivery, Pipeline
from lib.application.sweep import delete_unwanted
from lib.domain.asset import AssetStatus, Claim, ClaimState, CommitState, Outcome
from lib.domain.errors import ErrorCode, Failure, MediaError, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key
from lib.domain.manifest import manifest
from lib.domain.ports import Catalog, Renditions
from lib.domain.renditions import Made, Rendition, Work

LEASE_MARGIN_SECONDS = 5.0
"""Added to the time an invocation has left, so that a lease never ends before its worker does."""

PUT_THREADS = 4
"""Renditions are stored while the next ones are encoded."""

PROGRESS_SECONDS = 5.0
"""Least time between two reports of progress: each is a write to the catalog."""

MOST_KILLED = 2
"""Workers that an upload may kill: one may have died of something else, two did not."""

REFUSED = frozenset({ErrorCode.LIMIT_EXCEEDED})
"""What is wrong with an upload before any work: REJECTED, where other errors end as FAILED."""

Report = Callable[[float], None]
"""Takes the part of the work that is done, 0 to 1."""


class HandedOver(Exception):  # noqa: N818 - nothing went wrong
    """Raised by work that another has taken on, lease included: there is nothing to commit."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a job ended: what the fence said first, and what was committed, if anything."""

    state: ClaimState
    outcome: Outcome | None = None


def run(
    event: UploadEvent,
    work: Callable[[Report], Work],
    pipeline: Pipeline,
    delivery: Delivery,
) -> Finished:
    """Claim an upload, do the work, store the renditions, commit the outcome.

    Returns when the message can be acknowledged. Raises TransientError, or whatever the work did
    not foresee, when it must be delivered again; on the last delivery that is recorded as
    FAILED/EXHAUSTED first, because the message goes to the dead-letter queue.
    """
    started = time.monotonic()
    catalog, renditions = pipeline.catalog, pipeline.renditions

    claim = catalog.claim(event, lease_seconds=delivery.deadline() + LEASE_MARGIN_SECONDS)
    if claim.state is ClaimState.BUSY:
        raise TransientError(
            ErrorCode.LEASE_HELD, "another worker holds the asset", retry_after=claim.busy_for
        )
    if claim.lease_token is None:
        return Finished(claim.state)

    written: list[str] = []
    try:
        _refuse_abandoned(claim, delivery.is_last)
        report = _reporter(event, claim.lease_token, catalog)
        outcome = store_work(event, work(report), renditions, written)
    except HandedOver:
        return Finished(ClaimState.HANDED_OVER)
    except PermanentError as exc:
        outcome = failed(exc)
    except Exception as exc:
        if delivery.is_last:
            state = catalog.commit(event, claim.lease_token, exhausted(exc))
        else:
            state = catalog.release(event, claim.lease_token, _failure(exc))
        if state is CommitState.SUPERSEDED:
            delete_unwanted(event, renditions, catalog, written)
            return Finished(ClaimState.STALE)
        raise

    outcome = replace(outcome, processed_ms=round((time.monotonic() - started) * 1000))
    if catalog.commit(event, claim.lease_token, outcome) is CommitState.SUPERSEDED:
        delete_unwanted(event, renditions, catalog, written)
        return Finished(ClaimState.STALE)
    return Finished(claim.state, outcome)


def _refuse_abandoned(claim: Claim, is_last: bool) -> None:
    """Refuse to try what killed MOST_KILLED workers; or one, with no delivery after this one.

    Being killed on the last one would leave the asset in PROCESSING for ever. Raises PermanentError
    or TransientError(EXHAUSTED).
    """
    if claim.abandoned >= MOST_KILLED:
        raise killed()
    if claim.abandoned and is_last:
        raise TransientError(ErrorCode.EXHAUSTED, "the worker that tried last was killed")


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


def exhausted(error: Exception) -> Outcome:
    """Return the outcome of an upload whose last try failed, though another might not."""
    last = _failure(error)
    message = f"gave up after the last delivery: {last.code}: {last.message}"
    failure = Failure(ErrorCode.EXHAUSTED, message)
    return Outcome(AssetStatus.FAILED, error=failure)


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


def store_work(
    event: UploadEvent, work: Work, renditions: Renditions, written: list[str]
) -> Outcome:
    """Store what is made as it is made, then the manifest; `written` gets every key first."""

    def store(made: Made) -> Rendition:
        def key_of(name: str) -> str:
            return rendition_key(event.source, event.sequencer, work.recipe, name)

        for part in made.parts:
            part_key = key_of(part.name)
            written.append(part_key)
            renditions.put(part_key, part.content, part.mime)
        key = key_of(made.name)
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
            codecs=made.codecs,
            bandwidth=made.bandwidth,
            language=made.language,
            error=made.error,
        )
        if made.content is None:
            return described
        written.append(key)
        renditions.put(key, made.content, made.mime)
        size, sha256 = _measure(made.content)
        return replace(described, key=key, bytes=size, sha256=sha256)

    with ThreadPoolExecutor(PUT_THREADS) as pool:
        stored = [pool.submit(store, made) for made in work.made]
    listed = tuple(each.result() for each in stored)
    failures = [each.error for each in listed if each.error]
    if len(failures) == len(listed):
        error = (
            failures[0]
            if failures
            else Failure(ErrorCode.ENCODE_FAILED, "the preset makes nothing of this source")
        )
        return Outcome(AssetStatus.FAILED, probe=work.probe, renditions=listed, error=error)

    outcome = Outcome(
        AssetStatus.PARTIAL if failures else AssetStatus.READY,
        probe=work.probe,
        placeholder=work.placeholder,
        preset=work.preset,
        recipe=work.recipe,
        renditions=listed,
        manifest_key=manifest_key(event.source, event.sequencer, work.recipe),
    )
    assert outcome.manifest_key is not None
    written.append(outcome.manifest_key)
    renditions.put(outcome.manifest_key, manifest(event, outcome), "application/json")
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
    return Failure(ErrorCode.SERVICE_UNAVAILABLE, unexpected)
