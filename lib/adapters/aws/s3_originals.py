"""Change uploads that lie in S3: remove one, or have it ask for another preset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import error_code, translated
from lib.adapters.aws.s3 import PRESET
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.events import Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEPT = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("Expires", "StorageClass", "WebsiteRedirectLocation"),
)
"""Of an object, which a copy with other metadata would else lose; it keeps the tags by itself."""

REPLACED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""What S3 says where another upload came first."""

UNVERSIONED = "null"


class S3Originals:
    """Uploads lie in any bucket, with or without versions."""

    def __init__(self, client: S3Client, copying: Callable[[], S3Client] | None = None) -> None:
        """Take a client, and what makes the one for copies when there is one to make."""
        self._client = client
        self._copying = copying or (lambda: client)

    def remove(self, bucket: str, key: str) -> None:
        """Remove a key; where there are versions, all of them stay for a while."""
        with translated():
            self._client.delete_object(Bucket=bucket, Key=key)

    def ask_for_preset(self, source: Source, preset: str) -> None:
        """Copy what is current onto its key, with a preset beside it.

        Two requests, whatever its size is: S3 copies up to 5 GiB by itself, and only onto what it
        is a copy of, for an upload that came in between would else be replaced by the one before.
        Raises PermanentError(SOURCE_GONE), and Refused(CONFLICT) for another upload.
        """
        named: Any = {"Bucket": source.bucket, "Key": source.key}
        with translated(source, answers=REPLACED):
            head: Any = self._client.head_object(**named)
            version: Any = {name: head[name] for name in ("VersionId",) if name in head}
            found = version.get("VersionId", UNVERSIONED), head["ETag"].strip('"')
            if found != (source.version_id or UNVERSIONED, source.etag):
                raise _replaced()
            kept: Any = {name: head[name] for name in KEPT if name in head}
            try:
                self._copying().copy_object(
                    **named,
                    CopySource=named | version,
                    IfMatch=head["ETag"],
                    MetadataDirective="REPLACE",
                    Metadata={**head["Metadata"], PRESET: preset},
                    **kept,
                )
            except ClientError as exc:
                if error_code(exc) in REPLACED:
                    raise _replaced() from exc
                raise


def _replaced() -> Refused:
    return Refused(RefusalCode.CONFLICT, "the upload is just being replaced by another")
