"""What waits in the failure queues, and what a message may become when it is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from lib.domain.keys import asset_id


class FailureQueue(StrEnum):
    """The queues where a message means a bug or an outage, by the names of the stack's outputs."""

    IMAGE = "ImageDeadLetters"
    VIDEO = "VideoDeadLetters"
    SUBSCRIPTION = "SubscriptionDeadLetters"
    DISPATCH = "DispatchFailures"
    STREAM = "StreamFailures"
    EXECUTION = "ExecutionFailures"


class Target(StrEnum):
    """Where a message is sent again: a queue, by the stack's output, or a function."""

    IMAGE_QUEUE = "ImageQueue"
    VIDEO_QUEUE = "VideoQueue"
    DISPATCH = "dispatch"
    FAIL_VIDEO = "failVideo"
    SWEEP = "sweep"
    NOTIFY = "notify"

    @property
    def is_queue(self) -> bool:
        """Tell a queue, which takes a message at once, from a function, which is waited for."""
        return self in (Target.IMAGE_QUEUE, Target.VIDEO_QUEUE)


class Verdict(StrEnum):
    """What may be done with a message."""

    SEND = "send"
    POISON = "poison"
    """It is none of ours, and never will be: left, or deleted where that is asked for."""
    LOST = "lost"
    """It tells of changes that the catalog's stream has forgotten: left, or the assets that changed
    then are checked and made good where that is asked for."""
    LATER = "later"
    """A newer release than this one wrote it: left."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a failure queue, as received; `handle` deletes it or shows it again."""

    id: str
    body: str
    sent_at: float
    """Epoch seconds. What SQS moved there by itself keeps the time of its first sending."""
    handle: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """The key that a message is about."""

    bucket: str
    key: str

    @property
    def asset_id(self) -> str:
        """Return the id of its catalogue entry."""
        return asset_id(self.bucket, self.key)


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of the catalog, by where they stand in its stream.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """

    stream_arn: str
    shard_id: str
    first: str
    """Sequence number, as `last`."""
    last: str
    size: int
    since: float
    """Epoch seconds, as `until`: when the first and the last of them were written, about."""
    until: float


class Streams(Protocol):
    """The catalog's stream, which forgets after 24 hours."""

    def read(self, batch: Batch) -> list[dict[str, Any]] | None:
        """Return a batch's records as a function is given them; None where any is forgotten.

        Raises TransientError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A message, and what it becomes. `problem` says why it can't be sent."""

    queue: FailureQueue
    letter: Letter
    verdict: Verdict
    target: Target | None = None
    payload: str = ""
    subjects: tuple[Subject, ...] = ()
    sequencer: str | None = None
    """Of the upload that a queue's message is about."""
    batch: Batch | None = None
    problem: str = ""
