"""The error tree. Every failure the pipeline understands is one of these.

MediaError                  what went wrong, as a code for machines and a message for people
├── PermanentError          retrying cannot help: recorded, counted, acknowledged
│     UNSUPPORTED_MEDIA     the bytes are not a type that the pipeline makes renditions of
│     CORRUPT_MEDIA         the type is known, the content cannot be decoded
│     LIMIT_EXCEEDED        larger, longer or more than the limits, or a worker's life, allow
│     SOURCE_GONE           the object version was deleted before it was processed
│     ENCODE_FAILED         one rendition cannot be made from this source
│     UNKNOWN_PRESET        the asset asks for a preset that presets.toml does not have
│     CONFIG_MISSING        the preset names an object below config/ that is not there
└── TransientError          the same work may succeed later: reported, retried, then DLQ
      THROTTLED             AWS asked for fewer requests
      SERVICE_UNAVAILABLE   AWS or the network failed
      LEASE_HELD            another worker holds the asset
      BUDGET_SPENT          what may be started in a day has been: the upload waits for the next
      DEADLINE_NEAR         the invocation has too little time left to start or finish a step
      EXHAUSTED             the last receive of a message failed for a transient reason

Anything else that is raised is a bug or an outage. It is treated as transient and logged with
its traceback, so that a message in a dead-letter queue always means one of those two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """Why an asset, or one of its renditions, failed. The names are part of the catalog."""

    UNSUPPORTED_MEDIA = "UNSUPPORTED_MEDIA"
    CORRUPT_MEDIA = "CORRUPT_MEDIA"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    SOURCE_GONE = "SOURCE_GONE"
    ENCODE_FAILED = "ENCODE_FAILED"
    UNKNOWN_PRESET = "UNKNOWN_PRESET"
    CONFIG_MISSING = "CONFIG_MISSING"
    THROTTLED = "THROTTLED"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    LEASE_HELD = "LEASE_HELD"
    BUDGET_SPENT = "BUDGET_SPENT"
    DEADLINE_NEAR = "DEADLINE_NEAR"
    EXHAUSTED = "EXHAUSTED"


class MediaError(Exception):
    """A failure the pipeline understands; raise one of its two children."""

    permanent: ClassVar[bool]

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class PermanentError(MediaError):
    """Retrying cannot help."""

    permanent = True


class TransientError(MediaError):
    """Retrying may help; `retry_after` is the earliest useful moment, in seconds from now."""

    permanent = False

    def __init__(self, code: ErrorCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an asset or a rendition failed, as the catalog and the manifest record it."""

    code: ErrorCode
    message: str
    permanent: bool

    @classmethod
    def of(cls, error: MediaError) -> Failure:
        """Describe an error as data."""
        return cls(error.code, error.message, error.permanent)
