"""List the uploads and the renditions bucket, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import GONE, translated
from lib.domain.events import Source
from lib.domain.keys import is_asset_id
from lib.domain.listings import Folder, Page, StoredObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Uploads:
    """The latest versions in a bucket; a page starts after `<version id> <key>`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def page(self, after: str) -> Page[Upload]:
        """Return the latest versions of some keys: one request."""
        version, _, key = after.partition(" ")
        start: Any = {"KeyMarker": key, "VersionIdMarker": version} if after else {}
        with translated():
            listed: Any = self._client.list_object_versions(Bucket=self._bucket, **start)
        found = [
            *(self._upload(each, removed=False) for each in listed.get("Versions", [])),
            *(self._upload(each, removed=True) for each in listed.get("DeleteMarkers", [])),
        ]
        latest = tuple(each for each in found if each)
        if not listed["IsTruncated"]:
            return Page(latest)
        return Page(latest, f"{listed['NextVersionIdMarker']} {listed['NextKeyMarker']}")

    def _upload(self, listed: Any, *, removed: bool) -> Upload | None:
        if not listed["IsLatest"]:
            return None
        source = Source(
            self._bucket,
            listed["Key"],
            listed["VersionId"],
            listed.get("ETag", "").strip('"'),
            listed.get("Size", 0),
        )
        return Upload(source, listed["LastModified"].timestamp(), removed)


class S3Folders:
    """The folders of assets in a bucket; a page starts after a key."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def page(self, after: str) -> Page[Folder]:
        """Return some folders, each whole: a request for 1,000 objects.

        The last folder of an answer may go on in the next, and is left to the next page; one that
        fills an answer alone is read to its end.
        """
        objects, more = self._list(StartAfter=after)
        while more and objects and _top(objects[0]) == _top(objects[-1]):
            further, more = self._list(StartAfter=objects[-1].key)
            objects += further
        if more:
            last = _top(objects[-1])
            objects = [each for each in objects if _top(each) != last]
        return Page(tuple(_folders(objects)), objects[-1].key if more else None)

    def folder(self, asset_id: str) -> Folder:
        """Return one folder; empty where there is none."""
        objects, more = self._list(Prefix=f"{asset_id}/")
        while more:
            further, more = self._list(Prefix=f"{asset_id}/", StartAfter=objects[-1].key)
            objects += further
        return Folder(asset_id, tuple(objects))

    def has(self, key: str) -> bool:
        """Tell whether an object is there."""
        try:
            with translated(answers=GONE):
                self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError:
            return False
        return True

    def _list(self, **where: str) -> tuple[list[StoredObject], bool]:
        """Return up to 1,000 objects, and whether there are more."""
        asked: Any = {name: value for name, value in where.items() if value}
        with translated():
            listed = self._client.list_objects_v2(Bucket=self._bucket, **asked)
        objects = [
            StoredObject(each["Key"], each["Size"], each["LastModified"].timestamp())
            for each in listed.get("Contents", [])
        ]
        return objects, listed["IsTruncated"]


def _top(stored: StoredObject) -> str:
    return stored.key.partition("/")[0]


def _folders(objects: Iterable[StoredObject]) -> Iterator[Folder]:
    """Yield the folders that are named as an asset is; nobody else's."""
    for name, below in groupby(objects, _top):
        if is_asset_id(name):
            yield Folder(name, tuple(below))
