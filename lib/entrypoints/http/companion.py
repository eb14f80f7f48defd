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
    complete,
    find_upload,
    sign_parts,
)
from lib.application.doors.ports import Part
from lib.application.doors.refusals import invalid
from lib.application.doors.uploads import (
    FORM_SECONDS,
    Intake,
    UploadRequest,
    begin_parts,
    is_media_type,
    offer_form,
)
from lib.domain.caller import Caller
from lib.entrypoints.http.fields import read_object, require_text

Answer = dict[str, Any]

ABSENT = (None, "", "null", "undefined")
"""What a field is that a page does not have, after JavaScript made a query of it."""

_ETAG = re.compile(r"[!-~]{1,200}")
_METADATA = re.compile(r"metadata\[(.*)\]", re.DOTALL)


def get_params(query: Mapping[str, str], caller: Caller, intake: Intake) -> Answer:
    """Answer with a form for one file."""
    metadata = {
        found[1]: value for name, value in query.items() if (found := _METADATA.fullmatch(name))
    }
    offered = offer_form(_read(query, metadata), caller, intake)
    return {
        "method": "POST",
        "url": offered.form.url,
        "fields": dict(offered.form.fields),
        "headers": {},
        "expires": FORM_SECONDS,
        "key": offered.key,
        "asset_id": offered.asset_id,
    }


def post_multipart(body: str | None, caller: Caller, intake: Intake) -> Answer:
    """Begin an upload in parts."""
    fields = read_object(body)
    metadata = fields.get("metadata")
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict):
        raise invalid("expected an object for metadata")
    begun, handle = begin_parts(_read(fields, metadata), caller, intake)
    return {"key": begun.key, "uploadId": handle, "asset_id": intake.identify(begun.key)}


def get_parts(handle: str, key: str, caller: Caller, intake: Intake) -> list[Answer]:
    """Answer which parts have been sent."""
    upload, _ = find_upload(handle, key, caller)
    return [
        {"PartNumber": each.number, "Size": each.size, "ETag": f'"{each.etag}"'}
        for each in intake.desk.parts(upload)
    ]


def get_part(place: tuple[str, str], number: str, caller: Caller, intake: Intake) -> Answer:
    """Answer with the URL to PUT a part to; `place` is a handle and a key."""
    upload, _ = find_upload(*place, caller)
    [(_, url)] = sign_parts(upload, [_number(number)], intake.desk)
    return {"url": url, "expires": PART_SECONDS}


def get_batch(place: tuple[str, str], numbers: str, caller: Caller, intake: Intake) -> Answer:
    """Answer with the URLs of some parts, by their numbers."""
    upload, _ = find_upload(*place, caller)
    signed = sign_parts(upload, [_number(each) for each in numbers.split(",")], intake.desk)
    return {"presignedUrls": {str(number): url for number, url in signed}}


def post_complete(
    place: tuple[str, str], body: str | None, caller: Caller, intake: Intake
) -> Answer:
    """Make an object of parts."""
    upload, declared = find_upload(*place, caller)
    parts = _parts(read_object(body))
    made = complete(upload, declared, parts, intake.desk, intake.presets.limits)
    return {
        "location": made.location,
        "key": upload.key,
        "asset_id": intake.identify(upload.key),
    }


def delete_multipart(handle: str, key: str, caller: Caller, intake: Intake) -> Answer:
    """Drop an upload with its parts."""
    upload, _ = find_upload(handle, key, caller)
    intake.desk.abort(upload)
    return {}


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
    if value in ABSENT or value in (False, "false"):
        return False
    if value in (True, "true"):
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
