"""Addresses of renditions where nobody serves them: presigned, for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lib.domain.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 3600
"""That an address is good for; it ends earlier with the credentials that signed it."""

RENEWED = LINK_SECONDS // 2
"""Seconds after which who asks again is given new ones."""


class PresignedLinks:
    """A URL reads one object and nothing beside it."""

    folders = False

    def __init__(self, client: S3Client, bucket: str, clock: Clock = time.time) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    @property
    def edition(self) -> str:
        """Return the bucket and the half hour: an answer that is used again has good addresses."""
        return f"{self._bucket} {int(self._clock() // RENEWED)}"

    def address(self, key: str) -> str:
        """Return the URL that reads an object. No request."""
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS
        )
