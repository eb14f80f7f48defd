"""The catalogue entry of a key, its states, and the answers of the fence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lib.domain.clock import DAY_SECONDS
from lib.domain.errors import Failure
from lib.domain.events import Source
from lib.domain.media import MediaType, Probe
from lib.domain.open_enum import OpenEnum
from lib.domain.renditions import Placeholder, Rendition

TOMBSTONE_SECONDS = 30 * DAY_SECONDS
"""How long a removal is remembered: far longer than a late event can take (SQS keeps 14 days)."""


class AssetStatus(OpenEnum):
    """Where an asset is: RECEIVED ▸ PROCESSING ▸ READY | PARTIAL | FAILED; REJECTED; DELETED."""

    RECEIVED = "RECEIVED"
    PROCESSING = "PROCESSING"
    READY = "READY"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    DELETED = "DELETED"

    @property
    def terminal(self) -> bool:
        """Tell whether nothing more will happen to the asset by itself, as far as is known."""
        return self.known and self not in (AssetStatus.RECEIVED, AssetStatus.PROCESSING)


MOST_ENTRIES = 10
"""Of a history: an item has 400 KB at most, and who looks wants the newest."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that failed: when it ended, ISO UTC, and why."""

    at: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class History:
    """The tries of one upload that failed: the newest, and how many its own content caused."""

    failed: int = 0
    entries: tuple[Attempt, ...] = ()

    def after(self, failure: Failure, at: str, *, counted: bool) -> History:
        """Return the history with one more try; `counted` where the upload's content caused it."""
        entries = (*self.entries, Attempt(at, failure))[-MOST_ENTRIES:]
        return History(self.failed + counted, entries)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job made of a source; the catalog commits it and the manifest prints it."""

    status: AssetStatus
    probe: Probe = field(default_factory=Probe)
    placeholder: Placeholder | None = None
    preset: str | None = None
    recipe: str | None = None
    renditions: tuple[Rendition, ...] = ()
    manifest_key: str | None = None
    error: Failure | None = None
    processed_ms: int | None = None
    history: History | None = None
    """What to store of the tries that failed; None leaves what is stored."""


class ClaimState(StrEnum):
    """The answer of the fence to a worker that wants to process an event."""

    CLAIMED = "CLAIMED"
    DONE = "DONE"
    """The same upload is terminal: acknowledge."""
    STALE = "STALE"
    """Another upload or a removal is recorded, or nothing: acknowledge."""
    BUSY = "BUSY"
    """Another worker's lease is live: retry later."""
    HANDED_OVER = "HANDED_OVER"
    """An execution, or a worker of another queue, brings the upload to an end: acknowledge."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The fence's answer; `lease_token` only when CLAIMED.

    `abandoned`: how many workers took the upload's lease and let it run out: they were killed.
    """

    state: ClaimState
    lease_token: str | None = None
    attempts: int = 0
    abandoned: int = 0
    busy_for: float = 0.0
    """Seconds until a BUSY lease runs out."""
    history: History = History()


OTHER_RELEASE_SECONDS = 600.0
"""After which to ask again about an upload whose status another release wrote: it is that one's."""


class CommitState(StrEnum):
    """The answer of the fence to a worker that is done."""

    COMMITTED = "COMMITTED"
    SUPERSEDED = "SUPERSEDED"
    """A newer version owns the asset: remove what this worker wrote, acknowledge."""
    LEASE_LOST = "LEASE_LOST"
    """Another worker owns this version: touch nothing."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One catalogue entry: the newest known source, its state, and what is `live`.

    `renditions` and `manifest_key` are those of `live_version_id`, the last finished version; they
    stay listed and stored while a newer version is worked on.
    """

    asset_id: str
    source: Source
    sequencer: str
    """Padded: the name of this recording."""
    status: AssetStatus
    created_at: str
    updated_at: str
    media_type: MediaType = MediaType.UNSUPPORTED
    mime: str = ""
    preset: str | None = None
    recipe: str | None = None
    probe: Probe = field(default_factory=Probe)
    placeholder: Placeholder | None = None
    renditions: tuple[Rendition, ...] = ()
    manifest_key: str | None = None
    live_version_id: str | None = None
    attempts: int = 0
    abandoned: int = 0
    """Of the attempts: those whose worker was killed, since its lease ran out."""
    lease_token: str | None = None
    lease_expires_at: str | None = None
    execution: str | None = None
    """Name of the execution that works on a long source, or was the last to; it is the token of
    the lease that it holds."""
    estimate_ms: int | None = None
    """vCPU time that the execution was expected to need."""
    progress: int | None = None
    """Percent of the work that is done while the asset is PROCESSING; None before the first."""
    error: Failure | None = None
    processed_ms: int | None = None
    expires_at: int | None = None
    """Epoch seconds; only tombstones have it."""
    history: History = History()
    """The tries of this upload that failed."""
    sequencer_length: int = 16
    """Digits of the sequencer before it was padded."""
    revision: int = 0
    """Grows with each write; 0 where no release has written one yet."""
    folder: str | None = None
    """What the index `by-folder` lists the entry under, as `folder_of` its key; None in none, or
    where the release before wrote it last."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the catalog's stream: None before an entry was there, or after it is gone."""

    old: Asset | None
    new: Asset | None
