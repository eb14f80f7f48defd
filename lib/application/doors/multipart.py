"""An upload in parts: sign, list, complete and abort, by whom its key belongs to.

S3 does not tell of an upload under way what was declared of it. So the caller keeps it: a handle is
`<medium><size>.<what S3 calls the upload>`. Whoever alters it can declare no more than anybody may
declare in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lib.application.doors.ports import Part, PartedUpload, UploadDesk
from lib.application.doors.refusals import RefusalCode, Refused, invalid
from lib.application.doors.upload_keys import require_key
from lib.domain.caller import Caller
from lib.domain.errors import PermanentError

if TYPE_CHECKING:
    from lib.presets import Limits

PART_SECONDS = 3600
"""That a part's URL is good for."""

UNKNOWN = "application/octet-stream"
"""What browsers call a file of which they know nothing."""

LAST_PART = 10_000
MOST_SIGNED = 1000
"""Parts of one request: a millisecond and two kilobytes each."""
LONGEST_HANDLE = 1024

_HANDLE = re.compile(r"([iso])([0-9]{0,16})\.([\w.~+/=-]+)", re.ASCII)


class Medium(StrEnum):
    """Which limit holds for an upload, by what it is declared to be."""

    IMAGE = "i"
    SOURCE = "s"
    """A video or sound, or what else it may be."""
    OPEN = "o"
    """It is not declared: the larger of the limits holds, until the bytes say what it is."""

    @classmethod
    def of(cls, mime: str | None) -> Medium:
        """Return the medium that a media type declares."""
        mime = mime.lower() if mime else UNKNOWN
        if mime == UNKNOWN:
            return cls.OPEN
        return cls.IMAGE if mime.startswith("image/") else cls.SOURCE


@dataclass(frozen=True, slots=True)
class Declared:
    """What was declared of an upload; `size` in bytes, None where it was not told."""

    medium: Medium
    size: int | None = None

    def most(self, limits: Limits) -> int:
        """Return the bytes that it may have."""
        if self.medium is Medium.IMAGE:
            return limits.image_bytes()
        if self.medium is Medium.SOURCE:
            return limits.source_bytes()
        return max(limits.image_bytes(), limits.source_bytes())

    def check(self, limits: Limits, size: int) -> None:
        """Pass, or raise PermanentError(LIMIT_EXCEEDED) as the job would."""
        if self.medium is Medium.IMAGE:
            limits.refuse_image(size)
        elif size > self.most(limits):
            limits.refuse_source(size)
            limits.refuse_image(size)


@dataclass(frozen=True, slots=True)
class Completed:
    """An object that was made of parts, and its URL."""

    upload: PartedUpload
    location: str


def handle_of(upload: PartedUpload, declared: Declared) -> str:
    """Return what the caller calls an upload."""
    size = "" if declared.size is None else declared.size
    return f"{declared.medium}{size}.{upload.upload_id}"


def find_upload(handle: str, key: str, caller: Caller) -> tuple[PartedUpload, Declared]:
    """Return the upload that a handle and a key name. Raises Refused."""
    require_key(caller, key)
    read = _HANDLE.fullmatch(handle) if len(handle) <= LONGEST_HANDLE else None
    if read is None:
        raise Refused(RefusalCode.NOT_FOUND, "no such upload is under way")
    size = int(read[2]) if read[2] else None
    return PartedUpload(key, read[3]), Declared(Medium(read[1]), size)


def sign_parts(
    upload: PartedUpload, numbers: Sequence[int], desk: UploadDesk
) -> list[tuple[int, str]]:
    """Return the URL to PUT each part to, by its number. Raises Refused."""
    if len(numbers) > MOST_SIGNED:
        raise invalid(f"expected at most {MOST_SIGNED:,} parts but received {len(numbers):,}")
    for number in numbers:
        _check_number(number)
    desk.require(upload)
    return [(number, desk.sign_part(upload, number, PART_SECONDS)) for number in numbers]


def complete(
    upload: PartedUpload,
    declared: Declared,
    parts: Sequence[Part],
    desk: UploadDesk,
    limits: Limits,
) -> Completed:
    """Make an object of the parts that a caller names, as it has sent them; the order is theirs.

    The same call may come again: its answer may have been lost. Raises Refused: CONFLICT for parts
    that are not those that were sent, or have not the declared size, so that the caller can send
    them anew; PermanentError(LIMIT_EXCEEDED), after which the upload is gone.
    """
    _check_order(parts)
    try:
        sent = {each.number: each for each in desk.parts(upload)}
    except Refused as refusal:
        if refusal.code is not RefusalCode.NOT_FOUND:
            raise
        # Aborted, or complete already: S3 knows, and answers the same once more. Its size was
        # looked at before it was completed.
        return Completed(upload, desk.complete(upload, parts))
    for part in parts:
        if part.number not in sent or sent[part.number].etag != part.etag:
            raise Refused(
                RefusalCode.CONFLICT, f"part {part.number} is not the one that was sent last"
            )
    size = sum(sent[part.number].size for part in parts)
    try:
        declared.check(limits, size)
    except PermanentError:
        desk.abort(upload)
        raise
    if declared.size is not None and size != declared.size:
        raise Refused(
            RefusalCode.CONFLICT,
            f"expected {declared.size} bytes, as declared, but the parts have {size}",
        )
    return Completed(upload, desk.complete(upload, parts))


def _check_number(number: int) -> None:
    if not 1 <= number <= LAST_PART:
        raise invalid(f"expected a part number from 1 to {LAST_PART:,} but received {number}")


def _check_order(parts: Sequence[Part]) -> None:
    if not parts:
        raise invalid("expected at least one part")
    before = 0
    for part in parts:
        _check_number(part.number)
        if part.number <= before:
            raise invalid(f"expected parts in ascending order but {part.number} is after {before}")
        before = part.number
