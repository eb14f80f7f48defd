"""`POST /uploads`: how a file may be sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from lib.application.doors.refusals import invalid
from lib.application.doors.uploads import (
    Intake,
    OfferedForm,
    OfferedParts,
    UploadRequest,
    offer_upload,
)
from lib.domain.clock import to_iso
from lib.entrypoints.http.fields import (
    read_flag,
    read_number,
    read_object,
    read_text,
    require_text,
)
from lib.entrypoints.http.request import Answer, Request

KNOWN = ("filename", "size", "type", "prefix", "preset", "sha256", "overwrite")


def post_upload(request: Request, intake: Intake) -> Answer:
    """Answer how a file may be sent: by a form, or above 100 MB in parts.

    Raises Refused, and PermanentError: LIMIT_EXCEEDED, UNKNOWN_PRESET.
    """
    offered = offer_upload(_read(request.body), request.caller, intake)
    how = _tell_form(offered) if isinstance(offered, OfferedForm) else _tell_parts(offered)
    return Answer({"asset_id": offered.asset_id, "key": offered.key} | how, 201)


def _tell_form(offered: OfferedForm) -> dict[str, Any]:
    return {
        "method": "POST",
        "url": offered.form.url,
        "fields": dict(offered.form.fields),
        "expires_at": to_iso(offered.expires_at),
    }


def _tell_parts(offered: OfferedParts) -> dict[str, Any]:
    return {
        "method": "multipart",
        "upload_id": offered.handle,
        "part_size": offered.part_size,
        "parts": offered.parts,
        "url": f"/s3/multipart/{quote(offered.handle, safe='')}?key={quote(offered.key, safe='')}",
    }


def _read(body: str) -> UploadRequest:
    fields = read_object(body, KNOWN)
    filename, size = require_text(fields, "filename"), read_number(fields, "size")
    if size is None:
        raise invalid("expected a whole number of bytes for size, which is missing")
    return UploadRequest(
        filename,
        size,
        mime=read_text(fields, "type"),
        prefix=read_text(fields, "prefix") or "",
        preset=read_text(fields, "preset"),
        sha256=read_text(fields, "sha256"),
        overwrite=read_flag(fields, "overwrite"),
    )
