"""Read what S3 Inventory wrote of the uploads bucket, in place of listing it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from lib.adapters.aws.errors import translated
from lib.domain.events import Source
from lib.domain.listings import Page, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS = 1000
"""Of a page."""

NEEDED = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "LastModifiedDate", "ETag")
"""Columns. `Size` is taken where it is there."""


class InventoryError(ValueError):
    """The inventory can't be read; the message is one line that says why."""


class InventoryUploads:
    """The latest versions of a bucket by an inventory: CSV with all versions. A page is rows.

    It is a day old or two: what is found by it is to be looked at again before it is believed.
    """

    def __init__(self, client: S3Client, manifest: str, bucket: str) -> None:
        """Read the manifest, `s3://bucket/…/manifest.json`. Raises InventoryError."""
        self._client = client
        place, _, key = manifest.removeprefix("s3://").partition("/")
        if not manifest.startswith("s3://") or not key.endswith("manifest.json"):
            raise InventoryError(f"expected s3://…/manifest.json but received {manifest}")
        described = json.loads(self._fetch(place, key))
        if described["sourceBucket"] != bucket:
            raise InventoryError(
                f"expected an inventory of {bucket} but it is of {described['sourceBucket']}"
            )
        if described["fileFormat"] != "CSV":
            raise InventoryError(f"expected CSV but the inventory is {described['fileFormat']}")
        self._columns = [each.strip() for each in described["fileSchema"].split(",")]
        if missing := sorted({*NEEDED} - {*self._columns}):
            raise InventoryError(f"expected the columns {', '.join(missing)} in the inventory")
        self._bucket = described["destinationBucket"].rpartition(":")[2]
        self._files = [each["key"] for each in described["files"]]
        self._ahead: tuple[str | None, Iterator[dict[str, str]]] = (None, iter(()))
        """Where the last page ended, and the rows from there on."""

    def page(self, after: str) -> Page[Upload]:
        """Return the latest versions among some rows; `after` is `<file>/<row>`, from 0 on."""
        file, row = map(int, (after or "0/0").split("/"))
        if file >= len(self._files):
            return Page(())
        at, ahead = self._ahead
        if at != after:
            ahead = islice(self._rows(self._files[file]), row, None)
        rows = list(islice(ahead, ROWS))
        found = tuple(upload for each in rows if (upload := self._upload(each)))
        if len(rows) == ROWS:
            further = f"{file}/{row + ROWS}"
            self._ahead = (further, ahead)
            return Page(found, further)
        return Page(found, f"{file + 1}/0" if file + 1 < len(self._files) else None)

    def _rows(self, key: str) -> Iterator[dict[str, str]]:
        content = gzip.decompress(self._fetch(self._bucket, key)).decode()
        for row in csv.reader(io.StringIO(content)):
            yield dict(zip(self._columns, row, strict=True))

    def _upload(self, row: dict[str, str]) -> Upload | None:
        if row["IsLatest"] != "true":
            return None
        source = Source(
            row["Bucket"],
            unquote_plus(row["Key"]),
            row["VersionId"],
            row["ETag"].strip('"'),
            int(row.get("Size") or 0),
        )
        modified = datetime.fromisoformat(row["LastModifiedDate"]).timestamp()
        return Upload(source, modified, removed=row["IsDeleteMarker"] == "true")

    def _fetch(self, bucket: str, key: str) -> bytes:
        with translated():
            body: Any = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            content: bytes = body.read()
            return content
