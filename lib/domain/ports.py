"""What the use cases need from outside, and `lib.adapters` implements.

All of them raise `PermanentError` or `TransientError` and nothing of the library beneath.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from lib.domain.asset import Asset, AssetStatus, Claim, CommitState, History, Outcome
from lib.domain.errors import Failure
from lib.domain.events import Current, Source, UploadEvent


class Sources(Protocol):
    """Where uploads lie, in any bucket: they are read, by version."""

    def current_version(self, bucket: str, key: str) -> Source | None:
        """Return the newest version of a key, or None where it is deleted or was never there."""
        ...

    def find_current(self, bucket: str, key: str, length: int) -> Current | None:
        """Return the newest version of a key with at most its first `length` bytes, else None."""
        ...

    def read_range(self, source: Source, start: int, length: int) -> bytes:
        """Return at most `length` bytes from `start` on; fewer, or none, at the end.

        Raises PermanentError(SOURCE_GONE) where the version does not exist any more.
        """
        ...

    def read(self, source: Source) -> bytes:
        """Return the whole source. Raises PermanentError(SOURCE_GONE)."""
        ...

    def locate(self, source: Source, seconds: int) -> str:
        """Return a URL (or a path) that ffmpeg can read and seek for `seconds` from now."""
        ...


class Renditions(Protocol):
    """Where what is made lies: one bucket or folder, with what the stage configures beside it."""

    def read_config(self, key: str) -> bytes:
        """Return an object that lies below `config/`, beside the renditions.

        Raises PermanentError(CONFIG_MISSING), which names the key.
        """
        ...

    def put(self, key: str, content: bytes | Path, mime: str) -> None:
        """Write a rendition, immutable for caches, replacing what is there."""
        ...

    def fetch(self, key: str) -> bytes | None:
        """Return a rendition, or a work file beside them; None where there is none."""
        ...

    def keys_below(self, prefix: str) -> list[str]:
        """Return the keys of what lies below a prefix, which ends in `/`, sorted."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete renditions; those that are not there are deleted already."""
        ...

    def delete_below(self, prefix: str) -> int:
        """Delete every rendition below a prefix, which ends in `/`; return how many there were."""
        ...


class Catalog(Protocol):
    """One entry per asset, changed by compare-and-set. See `dynamodb_catalog`.

    The first three write what is current in S3: where the entry is still the one that the caller
    saw before it looked there, by its padded sequencer, `after`; None where there was no entry.
    They return None when written, also by an earlier try of the same; else the entry as it is.
    """

    def receive(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
        """Record an upload as RECEIVED, and forget the lease of what it supersedes."""
        ...

    def reject(
        self, event: UploadEvent, failure: Failure, *, after: str | None = None
    ) -> Asset | None:
        """Record an unsupported upload as REJECTED."""
        ...

    def remove(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
        """Record a removal as a DELETED tombstone, without renditions."""
        ...

    def claim(
        self,
        event: UploadEvent,
        *,
        lease_seconds: float,
        token: str | None = None,
        resumes: str | None = None,
    ) -> Claim:
        """Take the lease on a recorded upload: one conditional write, two where a lease ran out.

        CLAIMED where it is unfinished: RECEIVED; a lease that ran out; FAILED but not permanently;
        or one that an earlier delivery of the message that `resumes` it could not give back
        (`lib.domain.leases`). Else DONE, STALE, BUSY, or HANDED_OVER where the live lease is an
        execution's. Workers whose lease ran out are counted. `token` is the new lease's, so that
        the caller knows it when the reply is lost.
        """
        ...

    def transfer_lease(
        self,
        event: UploadEvent,
        execution: str,
        *,
        lease_seconds: float,
        estimate_ms: int | None = None,
    ) -> bool:
        """Give an unfinished upload's lease, whoever has it, to an execution.

        The execution's name becomes the lease's token. False where the upload is finished or not
        the newest any more, or where a later execution had it. Repeating it extends the lease; an
        estimate that is noted stays where none is given.
        """
        ...

    def progress(self, event: UploadEvent, lease_token: str, percent: int) -> CommitState:
        """Note how far the work is, 0 to 100, where the lease is held; never backwards.

        Answers as `commit`, COMMITTED also where more was noted already.
        """
        ...

    def commit(self, event: UploadEvent, lease_token: str, outcome: Outcome) -> CommitState:
        """Write a job's outcome, conditional on the sequencer and the lease.

        READY and PARTIAL replace what is live; FAILED and REJECTED leave it. Repeating a commit
        that went through (a lost reply) answers COMMITTED, also where a newer upload or a removal
        was recorded since.
        """
        ...

    def release(
        self, event: UploadEvent, lease_token: str, failure: Failure, history: History | None = None
    ) -> CommitState:
        """Give the lease back after a failed try: claimable at once, `failure` noted.

        `history` replaces what is stored of the tries before.
        """
        ...

    def reopen(self, asset: Asset) -> bool:
        """Let an entry be worked on again, under the same recording; what is live stays.

        A finished one is RECEIVED again, with all its tries; of an unfinished one it is noted that
        its upload was published again. False where it is not as it was seen any more.
        """
        ...

    def index(self, asset: Asset) -> bool:
        """Put an entry into its folder's list, where the release that wrote it knew of none.

        Nothing else of it changes. False where it is not as it was seen any more, or in no folder.
        """
        ...

    def get(self, asset_id: str) -> Asset | None:
        """Return one entry, read consistently."""
        ...

    def by_status(self, status: AssetStatus, *, newest_first: bool = True) -> Iterator[Asset]:
        """Iterate over the entries of one status by `updated_at`, page by page."""
        ...


class Ledger(Protocol):
    """What was started on each UTC day, in dollars; days are numbered from the epoch's on."""

    def read(self, day: int) -> float:
        """Return a day's sum. Raises TransientError."""
        ...

    def add(self, day: int, dollars: float) -> float:
        """Add to a day's sum, and return it. Raises TransientError."""
        ...

    def add_once(self, day: int, dollars: float, work: str) -> float:
        """Add to a day's sum unless this work was added before, on any day; return the sum.

        Raises TransientError.
        """
        ...


class Topic(Protocol):
    """Where dispatch publishes what it has recorded."""

    def publish(self, events: Iterable[UploadEvent]) -> None:
        """Publish in batches. Raises TransientError if any one could not be published."""
        ...


class Uploads(Protocol):
    """A queue of uploads, as the topic's messages."""

    def send(
        self, event: UploadEvent, after_seconds: float = 0, *, reason: str | None = None
    ) -> None:
        """Send an upload; `reason` goes with what is given up. Raises TransientError."""
        ...


class Executions(Protocol):
    """The state machine of long sources."""

    def start(self, name: str, event: str) -> bool:
        """Start an execution; False where one of that name has ended already.

        One of that name that runs is as good as a new one. Raises TransientError.
        """
        ...

    def stop(self, name: str, reason: str) -> None:
        """Stop an execution; one that has ended or never was will do. Raises TransientError."""
        ...


class AssetEvents(Protocol):
    """Where notify tells the rest of the world."""

    def publish(self, event: Mapping[str, object], attributes: Mapping[str, str]) -> None:
        """Publish one asset event, with what is filtered by. Raises TransientError."""
        ...
