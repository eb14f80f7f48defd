"""Mend what ministack 1.5.33 does in another way than AWS.

Runs in the emulator's own environment: ministack is not installed where the rest of the project is
imported, so each function imports what it mends.
"""

from __future__ import annotations

import re


def serve_ranges_of_versions() -> None:
    """Answer a ranged GET of a named version with the range, not with the whole object.

    S3 serves the range, and ffmpeg seeks by it: a film whose index is at its end needs that.
    """
    from ministack.services import s3

    get_whole = s3._get_object

    def get_object(
        bucket: str, key: str, headers: dict[str, str], query: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
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


def let_wildcards_match_newlines() -> None:
    """Have `bucket/*` be the resource of a key that holds a newline too.

    A key may hold one, and IAM's wildcards match it.
    """
    from ministack.core import iam_evaluator

    without = iam_evaluator._fnmatch_compile

    def compile_with(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        compiled = without(pattern, ignore_case)
        return re.compile(compiled.pattern, compiled.flags | re.DOTALL)

    iam_evaluator._fnmatch_compile = compile_with
