"""Why a caller does not get what it asks for, as a code for machines and a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class RefusalCode(StrEnum):
    """What is wrong with a request; what is wrong with media has codes of its own (ErrorCode)."""

    INVALID_REQUEST = "INVALID_REQUEST"
    """It is not of the form that is asked for."""
    FORBIDDEN = "FORBIDDEN"
    """It is somebody else's."""
    NOT_FOUND = "NOT_FOUND"
    """There is none, or none that the caller may know of."""
    CONFLICT = "CONFLICT"
    """It does not fit what is there."""
    GONE = "GONE"
    """It was deleted."""
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    """The request itself is too long."""


class Refused(Exception):  # noqa: N818 - not an error of ours
    """A request is refused; `detail` says what was expected and what was received."""

    def __init__(self, code: RefusalCode, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


def invalid(detail: str) -> Refused:
    """Return the refusal of a request that is not of the form that is asked for."""
    return Refused(RefusalCode.INVALID_REQUEST, detail)
