"""Let a file in: a form that is signed for it and nothing else, or an upload in parts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib.application.doors.multipart import Declared, Medium, handle_of
from lib.application.doors.ports import FormTerms, PartedUpload, SignedForm, UploadDesk
from lib.application.doors.refusals import invalid
from lib.application.doors.upload_keys import make_key
from lib.domain.caller import Caller
from lib.domain.clock import Clock
from lib.domain.keys import asset_id

if TYPE_CHECKING:
    from lib.presets import Presets

FORM_SECONDS = 900
"""That a form is good for: to be sent, not to have arrived."""

LARGEST_FORM = 100_000_000
"""Bytes that go in one request; above, a broken connection should not cost all of it."""

PART_BYTES = 16 * 2**20
MOST_PARTS = 10_000
"""S3's limits are 5 MiB to 5 GiB a part, but for the last, and so many parts."""

HUGE = 10**15
"""Bytes. More than any limit, and still a number that can be told in GB."""

_MIME = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?: *; *[\w.-]+=[\w.\"-]+)*", re.ASCII)
LONGEST_MIME = 255
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What a caller wants to send. `sha256` in hex; `size` in bytes, None where it is not told."""

    filename: str
    size: int | None = None
    mime: str | None = None
    prefix: str = ""
    preset: str | None = None
    sha256: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """What uploads are let in by. Presets are read when one is: most starts need none."""

    desk: UploadDesk
    read_presets: Callable[[], Presets]
    clock: Clock = time.time

    @property
    def presets(self) -> Presets:
        """Return the presets, and the limits."""
        return self.read_presets()

    def identify(self, key: str) -> str:
        """Return the id of the asset that an upload becomes."""
        return asset_id(self.desk.bucket, key)


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """A form that may be sent until `expires_at`, epoch seconds."""

    asset_id: str
    key: str
    form: SignedForm
    expires_at: float


@dataclass(frozen=True, slots=True)
class OfferedParts:
    """An upload in `parts` parts of `part_size` bytes, the last but smaller; `handle` names it."""

    asset_id: str
    key: str
    handle: str
    part_size: int
    parts: int


def offer_upload(
    request: UploadRequest, caller: Caller, intake: Intake
) -> OfferedForm | OfferedParts:
    """Return how a file of a known size is to be sent.

    Raises Refused, and PermanentError: LIMIT_EXCEEDED, UNKNOWN_PRESET, as its job would later.
    """
    size = request.size or 0
    if size <= LARGEST_FORM:
        return offer_form(request, caller, intake)
    if request.sha256:
        most = f"{LARGEST_FORM // 1_000_000} MB"
        raise invalid(f"expected no sha256 above {most}: S3 checks none of a file in parts")
    begun, handle = begin_parts(request, caller, intake)
    part_size = max(PART_BYTES, -(-size // MOST_PARTS))
    parts = -(-size // part_size)
    return OfferedParts(intake.identify(begun.key), begun.key, handle, part_size, parts)


def offer_form(request: UploadRequest, caller: Caller, intake: Intake) -> OfferedForm:
    """Return a form for a file; of an unknown size it takes what the limits let in.

    Raises as `offer_upload`.
    """
    declared, key = _accept(request, caller, intake)
    if request.sha256 and not _SHA256.fullmatch(request.sha256):
        raise invalid("expected 64 hexadecimal digits in lower case for sha256")
    unknown = request.size is None
    terms = FormTerms(
        key,
        least=0 if unknown else declared.size or 0,
        most=declared.most(intake.presets.limits) if unknown else declared.size or 0,
        seconds=FORM_SECONDS,
        mime=request.mime,
        preset=request.preset or None,
        sha256=request.sha256,
    )
    expires_at = intake.clock() + FORM_SECONDS
    return OfferedForm(intake.identify(key), key, intake.desk.sign_form(terms), expires_at)


def begin_parts(request: UploadRequest, caller: Caller, intake: Intake) -> tuple[PartedUpload, str]:
    """Begin an upload in parts; return it, and the handle that the caller gets of it.

    Raises as `offer_upload`.
    """
    declared, key = _accept(request, caller, intake)
    begun = intake.desk.begin(key, request.mime, request.preset or None)
    return begun, handle_of(begun, declared)


def is_media_type(text: str) -> bool:
    """Tell whether a text has the form of a media type."""
    return len(text) <= LONGEST_MIME and _MIME.fullmatch(text) is not None


def _accept(request: UploadRequest, caller: Caller, intake: Intake) -> tuple[Declared, str]:
    """Return what an upload declares and its key, or raise what it would end with later."""
    if request.size is not None and request.size < 0:
        raise invalid(f"expected a size of 0 bytes or more but received {request.size}")
    if request.mime is not None and not is_media_type(request.mime):
        raise invalid("expected type to be a media type such as image/jpeg")
    declared = Declared(Medium.of(request.mime), request.size)
    declared.check(intake.presets.limits, min(request.size or 0, HUGE))
    intake.presets.named(request.preset)
    key = make_key(caller, request.filename, request.prefix, overwrite=request.overwrite)
    return declared, key
