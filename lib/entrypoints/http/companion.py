"""Answer what Uppy asks a companion for, so that its `@uppy/aws-s3` works as it comes.

The paths, names and answers are those of `@uppy/companion`, which `@uppy/aws-s3` 5 (`endpoint`)
and 6 (`companionEndpoint`) speak with. Fields that nobody here knows are passed over: Uppy sends
what a page keeps of a file, its name and type among it.
https://uppy.io/docs/companion/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lib.application.doors.multipart import (
    LAST_PART,
    PART_SECONDS,
    Declared,
    complete,
    find_upload,
    sign_parts,
)
from lib.application.doors.ports import Part, PartedUpload
from lib.application.doors.refusals import invalid
from lib.application.doors.uploads import (
    FORM_SECONDS,
    Intake,
    UploadRequest,
    begin_parts,
    is_media_type,
    offer_form,
)
from lib.entrypoints.http.fields import read_object, require_text
from lib.entrypoints.http.request import Answer, Request

ABSENT = (None, "", "null", "undefined")
"""What a field is that a page does not have, after JavaScript made a query of it."""

_ETAG = re.compile(r"[!-~]{1,200}")
_METADATA = re.compile(r"metadata\[(.*)\]", re.DOTALL)


def get_params(request: Request, intake: Intake) -> Answer:
    """Answer with a form for one file."""
    metadata = {
        found[1]: value
        for name, value in request.query.items()
        if (found := _METADATA.fullmatch(name))
    }
    offered = offer_form(_read(request.query, metadata), request.caller, intake)
    return Answer(
        {
            "method": "POST",
            "url": offered.form.url,
            "fields": dict(offered.form.fields),
            "headers": {},
            "expires": FORM_SECONDS,
            "key": offered.key,
            "asset_id": offered.asset_id,
        }
    )


def begin_multipart(request: Request, intake: Intake) -> Answer:
    """Begin an upload in parts."""
    fields = read_object(request.body)
    metadata = fields.get("metadata")
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict):
        raise invalid("expected an object for metadata")
    begun, handle = begin_parts(_read(fields, metadata), request.caller, intake)
    answer = {"key": begun.key, "uploadId": handle, "asset_id": intake.identify(begun.key)}
    return Answer(answer, 201)


def list_parts(request: Request, intake: Intake) -> Answer:
    """Answer which parts have been sent."""
    upload, _ = _find(request)
    return Answer(
        [
            {"PartNumber": each.number, "Size": each.size, "ETag": f'"{each.etag}"'}
            for each in intake.desk.parts(upload)
        ]
    )


def sign_part(request: Request, intake: Intake) -> Answer:
    """Answer with the URL to PUT a part to."""
    upload, _ = _find(request)
    [(_, url)] = sign_parts(upload, [_number(request.params["number"])], intake.desk)
    return Answer({"url": url, "expires": PART_SECONDS})


def sign_batch(request: Request, intake: Intake) -> Answer:
    """Answer with the URLs of some parts, by their numbers."""
    upload, _ = _find(request)
    numbers = [_number(each) for each in require_text(request.query, "partNumbers").split(",")]
    signed = sign_parts(upload, numbers, intake.desk)
    return Answer({"presignedUrls": {str(number): url for number, url in signed}})


def complete_multipart(request: Request, intake: Intake) -> Answer:
    """Make an object of parts."""
    upload, declared = _find(request)
    parts = _parts(read_object(request.body))
    made = complete(upload, declared, parts, intake.desk, intake.presets.limits)
    identity = intake.identify(upload.key)
    return Answer({"location": made.location, "key": upload.key, "asset_id": identity})


def abort_multipart(request: Request, intake: Intake) -> Answer:
    """Drop an upload with its parts."""
    upload, _ = _find(request)
    intake.desk.abort(upload)
    return Answer({})


def _find(request: Request) -> tuple[PartedUpload, Declared]:
    """Return the upload that a request is about: its handle is in the path, its key asked for."""
    key = require_text(request.query, "key")
    return find_upload(request.params["handle"], key, request.caller)


def _read(fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> UploadRequest:
    """Return what a page asks for: what it says in `metadata` is what `POST /uploads` takes."""
    mime = _text(fields, "type")
    folder = (_text(metadata, "relativePath") or "").removeprefix("/").rpartition("/")[0]
    prefix = [each for each in (_text(metadata, "prefix"), folder) if each]
    return UploadRequest(
        require_text(fields, "filename"),
        _size(metadata),
        mime=mime if mime and is_media_type(mime) else None,
        prefix="/".join(prefix),
        preset=_text(metadata, "preset"),
        overwrite=_flag(metadata),
    )


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value in ABSENT:
        return None
    if not isinstance(value, str):
        raise invalid(f"expected text for {name}")
    return value


def _size(metadata: Mapping[str, Any]) -> int | None:
    value = metadata.get("size")
    if value in ABSENT:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,16}", str(value)):
        raise invalid("expected a whole number of bytes for size")
    return int(value)


def _flag(metadata: Mapping[str, Any]) -> bool:
    value = metadata.get("overwrite")
    if value in ABSENT or value is False or value == "false":
        return False
    if value is True or value == "true":
        return True
    raise invalid("expected true or false for overwrite")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise invalid(f"expected a part number from 1 to {LAST_PART:,}")
    return int(text)


def _parts(fields: Mapping[str, Any]) -> list[Part]:
    listed = fields.get("parts")
    if not isinstance(listed, list) or len(listed) > LAST_PART:
        raise invalid(f"expected an array of at most {LAST_PART:,} parts")
    return [_part(each) for each in listed]


def _part(listed: object) -> Part:
    if isinstance(listed, dict):
        number, etag = listed.get("PartNumber"), listed.get("ETag")
        if type(number) is int and isinstance(etag, str) and _ETAG.fullmatch(etag):
            return Part(number, etag.strip('"'))
    raise invalid("expected a PartNumber and an ETag of each part")
