"""Read sources by version and write renditions, in S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import GONE, error_code, translated
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Current, Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMMUTABLE = "public, max-age=31536000, immutable"
"""One year, the longest that caches honour: a rendition's key changes with its bytes."""

EMPTY = frozenset({"InvalidRange"})
"""S3 calls a range that starts at or after the end an error; of an empty object, any."""

DELETE_BATCH = 1000
"""Keys that DeleteObjects takes."""

PRESET = "preset"
"""User metadata: the header `x-amz-meta-preset` of an upload."""


class _Version(TypedDict, total=False):
    Bucket: str
    Key: str
    VersionId: str


class S3Sources:
    """Sources lie in any bucket, with or without versions."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def current_version(self, bucket: str, key: str) -> Source | None:
        """Return the newest version of a key, or None where it is deleted or was never there.

        S3 says 404 only to who may `s3:ListBucket`, and 403 to others.
        """
        try:
            with translated(answers=GONE):
                head = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError:
            return None
        return Source(
            bucket,
            key,
            version_id=head.get("VersionId", ""),
            etag=head["ETag"].strip('"'),
            size=head["ContentLength"],
        )

    def find_current(self, bucket: str, key: str, length: int) -> Current | None:
        """Return the newest version of a key with at most its first `length` bytes, else None.

        One request; two of an empty object, which has no range. S3 says 404 as above.
        """
        try:
            with translated(answers=GONE | EMPTY):
                found = self._client.get_object(
                    Bucket=bucket, Key=key, Range=f"bytes=0-{length - 1}"
                )
                with closing(found["Body"]) as body:
                    head = body.read(length)
        except ClientError as exc:
            if error_code(exc) in GONE:
                return None
            empty = self.current_version(bucket, key)
            if empty and empty.size:  # it was, when it was asked first
                return self.find_current(bucket, key, length)
            return Current(empty, b"") if empty else None
        whole = found.get("ContentRange", "").rpartition("/")[2]  # of `bytes 0-15/4711`
        source = Source(
            bucket,
            key,
            version_id=found.get("VersionId", ""),
            etag=found["ETag"].strip('"'),
            size=int(whole) if whole else found["ContentLength"],
        )
        return Current(source, head, found["Metadata"].get(PRESET))

    def read_range(self, source: Source, start: int, length: int) -> bytes:
        """Return at most `length` bytes from `start` on; fewer, or none, at the end.

        Raises PermanentError(SOURCE_GONE) where the version does not exist any more.
        """
        if length <= 0:
            return b""
        try:
            with translated(source, answers=EMPTY):
                response = self._client.get_object(
                    **_version(source), Range=f"bytes={start}-{start + length - 1}"
                )
                with closing(response["Body"]) as body:
                    if "ContentRange" in response:
                        return body.read()
                    # A server may ignore a range and send everything (RFC 9110, 14.2).
                    return body.read(start + length)[start:]
        except ClientError:
            return b""

    def read(self, source: Source) -> bytes:
        """Return the whole source. Raises PermanentError(SOURCE_GONE)."""
        with translated(source):
            return self._client.get_object(**_version(source))["Body"].read()

    def locate(self, source: Source, seconds: int) -> str:
        """Return a presigned URL that reads and seeks one version for `seconds` from now.

        It ends earlier with the credentials that signed it.
        """
        return self._client.generate_presigned_url(
            "get_object", Params=dict(_version(source)), ExpiresIn=seconds
        )


class S3Renditions:
    """Renditions lie in one bucket, with their work files and what lies below `config/`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self.puts = 0
        """How many objects were written, about: each has its price."""

    def read_config(self, key: str) -> bytes:
        """Return an object of the renditions bucket. Raises PermanentError(CONFIG_MISSING)."""
        content = self.fetch(key)
        if content is None:
            missing = f"{key} is not in the bucket {self._bucket}"
            raise PermanentError(ErrorCode.CONFIG_MISSING, missing)
        return content

    def put(self, key: str, content: bytes | Path, mime: str) -> None:
        """Write a rendition, immutable for caches; a large file goes in parts."""
        self.puts += 1
        with translated():
            if isinstance(content, bytes):
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ContentType=mime,
                    CacheControl=IMMUTABLE,
                )
                return
            # Not upload_file, which hides botocore's error in one of its own.
            with content.open("rb") as file:
                self._client.upload_fileobj(
                    file,
                    self._bucket,
                    key,
                    ExtraArgs={"ContentType": mime, "CacheControl": IMMUTABLE},
                )

    def fetch(self, key: str) -> bytes | None:
        """Return a rendition, or a work file beside them; None where there is none."""
        try:
            with translated(answers=GONE):
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError:
            return None

    def keys_below(self, prefix: str) -> list[str]:
        """Return the keys of what lies below a prefix, which ends in `/`, sorted."""
        if not prefix.endswith("/"):
            raise ValueError(f"expected a prefix that ends in / but received {prefix!r}")
        with translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def delete(self, keys: Iterable[str]) -> None:
        """Delete renditions; those that are not there are deleted already."""
        for batch in _batches(keys):
            with translated():
                response = self._client.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True},
                )
            if errors := response.get("Errors"):
                reasons = ", ".join(sorted({error.get("Code", "") for error in errors}))
                raise TransientError(
                    ErrorCode.SERVICE_UNAVAILABLE,
                    f"{len(errors)} of {len(batch)} renditions not deleted: {reasons}",
                )

    def delete_below(self, prefix: str) -> int:
        """Delete every rendition below a prefix, which ends in `/`; return the number."""
        keys = self.keys_below(prefix)
        self.delete(keys)
        return len(keys)


def _version(source: Source) -> _Version:
    """Address one version; where a bucket never had versions, there is none to name."""
    version: _Version = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id:
        version["VersionId"] = source.version_id
    return version


def _batches(keys: Iterable[str]) -> Iterator[Sequence[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, DELETE_BATCH)):
        yield batch
