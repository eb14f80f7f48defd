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
└── TransientError          the same work may succeed later
    ·   retried without end, with growing delays: what surrounds the work is in its way
      THROTTLED             AWS asked for fewer requests
      SERVICE_UNAVAILABLE   AWS or the network failed
      LEASE_HELD            another worker holds the asset
      BUDGET_SPENT          what may be started in a day has been: the upload waits for the next
    ·   counted, and given up after some tries: the upload itself may be the cause
      DEADLINE_NEAR         the invocation has too little time left to start or finish a step
      DISK_FULL             the worker's disk has no room for what is made
      OUTDATED              the steps of an execution do not fit together: it has to start over
      EXHAUSTED             that many tries failed; the message is a dead letter

Anything else that is raised is a bug, or what the upload does to a worker: counted too, and logged
with its traceback. So a dead letter means a bug, and never that AWS was away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from lib.domain.open_enum import OpenEnum

PERMANENT_ERROR, TRANSIENT_ERROR = "PermanentError", "TransientError"
"""The names of classes, which Lambda reports as the type of an error (`errorType`): the state
machine matches them, in executions that run already too. They stay, whatever a class is called.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""


class ErrorCode(OpenEnum):
    """Why an asset, or one of its renditions, failed; `permanent` where retrying cannot help.

    `counted`: the upload itself may be the cause, so that it is not retried without end.
    The names are part of the catalog.
    """

    permanent: bool
    counted: bool

    def __new__(cls, name: str, permanent: bool = False, counted: bool = False) -> Self:
        """Make a member of a name and what is true of it."""
        code = str.__new__(cls, name)
        code._value_ = name
        code.permanent = permanent
        code.counted = counted
        return code

    @classmethod
    def _missing_(cls, value: object) -> Any:
        """Make a code of a text, as one that may pass."""
        unknown = super()._missing_(value)
        if unknown is not None:
            unknown.permanent = unknown.counted = False
        return unknown

    @classmethod
    def stored(cls, name: str, permanent: bool) -> Self:
        """Return a code by its name; `permanent` is what was stored beside it.

        That decides where the code is not known.
        """
        code = cls(name)
        if not code.known:
            code.permanent = permanent
        return code

    UNSUPPORTED_MEDIA = "UNSUPPORTED_MEDIA", True
    CORRUPT_MEDIA = "CORRUPT_MEDIA", True
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED", True
    SOURCE_GONE = "SOURCE_GONE", True
    ENCODE_FAILED = "ENCODE_FAILED", True
    UNKNOWN_PRESET = "UNKNOWN_PRESET", True
    CONFIG_MISSING = "CONFIG_MISSING", True
    THROTTLED = "THROTTLED", False
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE", False
    LEASE_HELD = "LEASE_HELD", False
    BUDGET_SPENT = "BUDGET_SPENT", False
    DEADLINE_NEAR = "DEADLINE_NEAR", False, True
    DISK_FULL = "DISK_FULL", False, True
    OUTDATED = "OUTDATED", False, True
    EXHAUSTED = "EXHAUSTED", False, True


class MediaError(Exception):
    """A failure the pipeline understands; raise one of its two children, as its code is."""

    permanent: ClassVar[bool]

    def __init__(self, code: ErrorCode, message: str) -> None:
        if code.permanent is not self.permanent:
            raise ValueError(f"expected another code for {type(self).__name__} but received {code}")
        self.code = code
        self.message = message
        super().__init__(serialize_error(self))


class PermanentError(MediaError):
    """Retrying cannot help."""

    permanent = True


class TransientError(MediaError):
    """Retrying may help; `retry_after` is the earliest useful moment, in seconds from now."""

    permanent = False

    def __init__(self, code: ErrorCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


def error_of(code: ErrorCode, message: str) -> MediaError:
    """Return the error to raise for a code: a PermanentError or a TransientError."""
    return PermanentError(code, message) if code.permanent else TransientError(code, message)


def is_counted(error: Exception) -> bool:
    """Tell whether a failed try counts: the upload may be the cause, and not AWS or the network."""
    return error.code.counted if isinstance(error, MediaError) else True


def serialize_error(error: MediaError) -> str:
    """Return an error as one line, which is what it says of itself in logs and to AWS.

    Lambda hands over nothing else of an exception, but its type (`errorMessage`, `errorType`).
    """
    return f"{error.code}: {error.message}"


def deserialize_error(text: str) -> MediaError | None:
    """Return the error that `serialize_error` was given, or None where the text is none of ours."""
    code, _, message = text.partition(": ")
    return error_of(ErrorCode(code), message) if code in ErrorCode.__members__ else None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an asset or a rendition failed, as the catalog and the manifest record it."""

    code: ErrorCode
    message: str
    permanent: bool = field(init=False)
    """As its code is."""

    def __post_init__(self) -> None:
        """Take over what the code knows: it is stored beside it, for conditions to read."""
        object.__setattr__(self, "permanent", self.code.permanent)

    @classmethod
    def of(cls, error: MediaError) -> Failure:
        """Describe an error as data."""
        return cls(error.code, error.message)
