"""Mend what ministack 1.5.33's S3 does in another way than AWS's.

Runs in the emulator's own environment: ministack is not installed where the rest of the project is
imported, so each function imports what it mends.
"""

from __future__ import annotations

import mmap
import tempfile
from contextvars import ContextVar
from typing import Any

LEAST_PART = 5 * 1024 * 1024
"""Bytes of every part but the last.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

Answer = Any
"""Status, headers and body, as ministack hands them on."""


def mend() -> None:
    """Mend all of it."""
    serve_ranges_of_versions()
    end_forms_with_the_file()
    keep_checksums_of_forms()
    name_the_host_of_what_a_form_made()
    refuse_what_completes_no_upload()
    keep_parts_in_files()


def serve_ranges_of_versions() -> None:
    """Answer a ranged GET of a named version with the range, not with the whole object.

    S3 serves the range, and ffmpeg seeks by it: a film whose index is at its end needs that.
    """
    from ministack.services import s3

    get_whole = s3._get_object

    def get_object(
        bucket: str, key: str, headers: dict[str, str], query: dict[str, str] | None = None
    ) -> Answer:
        status, described, body = get_whole(bucket, key, headers, query)
        if status != 200 or not headers.get("range"):
            return status, described, body
        described = {
            name: value
            for name, value in described.items()
            if not name.lower().startswith("x-amz-checksum")  # of the whole object
        }
        if (found := s3._parse_range(headers["range"], len(body))) is None:
            unsatisfiable = s3._xml_body(s3._range_error_xml(bucket, key))
            return 416, {"Content-Type": "application/xml"}, unsatisfiable
        start, end = found
        part = body[start : end + 1]
        ranged = {
            "Content-Length": str(len(part)),
            "Content-Range": f"bytes {start}-{end}/{len(body)}",
        }
        return 206, described | ranged, part

    s3._get_object = get_object


def end_forms_with_the_file() -> None:
    """Ignore the fields of a form that follow its file.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html, `file`
    """
    from ministack.services import s3

    parse = s3._parse_multipart_form

    def parse_until_file(content_type: str, body: bytes) -> list[tuple[Any, ...]]:
        parts: list[tuple[Any, ...]] = parse(content_type, body)
        ends = [index for index, part in enumerate(parts) if part[0] == "file"]
        return parts[: ends[0] + 1] if ends else parts

    s3._parse_multipart_form = parse_until_file


def keep_checksums_of_forms() -> None:
    """Hold a form's file against its `x-amz-checksum-…` fields, and keep those with the object.

    A form is parsed once, not each time that somebody looks at it: it may have 100 MB.
    """
    from ministack.services import s3

    parse, enforce = s3._parse_multipart_form, s3._enforce_signed_post_policy
    build, post = s3._build_object_record, s3._post_object
    parsed: ContextVar[tuple[str, bytes, list[tuple[Any, ...]]]] = ContextVar("parsed")
    checked: ContextVar[dict[str, str] | None] = ContextVar("checked", default=None)
    nothing: tuple[str, bytes, list[tuple[Any, ...]]] = ("", b"", [])

    def parse_once(content_type: str, body: bytes) -> list[tuple[Any, ...]]:
        kind, content, parts = parsed.get(nothing)
        if content is not body or kind != content_type:
            parts = parse(content_type, body)
            parsed.set((content_type, body, parts))
        return parts

    def enforce_and_check(
        fields: dict[str, str], bucket: str, region: str, size: int, sigv4: bool
    ) -> Answer:
        if refused := enforce(fields, bucket, region, size, sigv4):
            return refused
        content = next(part[3] for part in parsed.get()[2] if part[0] == "file")
        found, refused = s3._resolve_object_checksums(content, fields)
        checked.set(found)
        return refused

    def build_with_them(
        body: bytes,
        headers: dict[str, str],
        etag: str | None = None,
        checksums: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        return dict(build(body, headers, etag=etag, checksums=checksums or checked.get()))

    def post_with_them(bucket: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return post(bucket, body, headers)
        finally:
            checked.set(None)
            parsed.set(nothing)

    s3._parse_multipart_form = parse_once
    s3._enforce_signed_post_policy = enforce_and_check
    s3._build_object_record = build_with_them
    s3._post_object = post_with_them


def name_the_host_of_what_a_form_made() -> None:
    """Answer a form with the address at which its object is, not with one at AWS."""
    from ministack.services import s3

    post = s3._post_object

    def post_here(bucket: str, body: bytes, headers: dict[str, str]) -> Answer:
        status, described, said = post(bucket, body, headers)
        there, here = f"http://{bucket}.s3.amazonaws.com/", f"http://{headers['host']}/{bucket}/"
        if status in (200, 201, 204):
            described = described | {"Location": described["Location"].replace(there, here, 1)}
            said = said.replace(there.encode(), here.encode(), 1)
        return status, described, said

    s3._post_object = post_here


def refuse_what_completes_no_upload() -> None:
    """Refuse to complete an upload of no parts, of parts out of order or of too small ones.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    from ministack.services import s3

    complete = s3._complete_multipart_upload

    def complete_or_refuse(
        bucket: str,
        key: str,
        body: bytes,
        query: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> Answer:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        fault = _find_fault(body, upload["parts"]) if upload and upload["key"] == key else None
        if fault:
            return s3._error(*fault, 400, f"/{bucket}/{key}")
        return complete(bucket, key, body, query, headers)

    s3._complete_multipart_upload = complete_or_refuse


def keep_parts_in_files() -> None:
    """Keep the parts of an upload in files that have no name, not in memory.

    A large upload would be there twice when it is completed.
    """
    from ministack.services import s3

    upload_part = s3._upload_part

    def upload_to_file(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str]
    ) -> Answer:
        answer = upload_part(bucket, key, body, query, headers)
        if answer[0] == 200 and len(body) >= LEAST_PART:
            upload = s3._multipart_uploads[s3._qp(query, "uploadId")]
            with tempfile.TemporaryFile() as file:
                file.write(body)
                file.flush()
                kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            upload["parts"][int(s3._qp(query, "partNumber"))]["body"] = kept
        return answer

    s3._upload_part = upload_to_file


def _find_fault(body: bytes, kept: dict[int, dict[str, Any]]) -> tuple[str, str] | None:
    """Return an error's code and message for what ministack would complete, or None."""
    from ministack.services import s3

    malformed = (
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
    try:
        listed = [part for part in s3.fromstring(body) if part.tag.endswith("Part")]
        named = [{each.tag.rpartition("}")[2]: each.text or "" for each in part} for part in listed]
        parts = [(int(each["PartNumber"]), each["ETag"].strip('"')) for each in named]
    except (s3.ParseError, KeyError, ValueError):
        return malformed
    if not parts:
        return malformed
    numbers = [number for number, _ in parts]
    if any(etag != kept.get(number, {}).get("etag", "").strip('"') for number, etag in parts):
        return None  # InvalidPart, which ministack says
    if numbers != sorted(set(numbers)):
        return (
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        )
    if any(kept[number]["size"] < LEAST_PART for number in numbers[:-1]):
        return "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"
    return None
