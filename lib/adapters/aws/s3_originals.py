"""Change uploads that lie in S3: remove one, or have it ask for another preset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lib.adapters.aws.errors import translated
from lib.adapters.aws.s3 import PRESET
from lib.domain.events import Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEPT = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("Expires", "StorageClass", "WebsiteRedirectLocation"),
)
"""Of an object, which a copy with other metadata would else lose; it keeps the tags by itself."""


class S3Originals:
    """Uploads lie in any bucket, with or without versions."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def remove(self, bucket: str, key: str) -> None:
        """Remove a key; where there are versions, all of them stay for a while."""
        with translated():
            self._client.delete_object(Bucket=bucket, Key=key)

    def ask_for_preset(self, source: Source, preset: str) -> None:
        """Copy a version onto its key, with a preset beside it. Raises PermanentError(SOURCE_GONE).

        Two requests, whatever its size is: S3 copies up to 5 GiB by itself.
        """
        named: Any = {"Bucket": source.bucket, "Key": source.key}
        version: Any = {"VersionId": source.version_id} if source.version_id else {}
        with translated(source):
            head: Any = self._client.head_object(**named, **version)
            kept: Any = {name: head[name] for name in KEPT if name in head}
            self._client.copy_object(
                **named,
                CopySource=named | version,
                MetadataDirective="REPLACE",
                Metadata={**head["Metadata"], PRESET: preset},
                **kept,
            )
