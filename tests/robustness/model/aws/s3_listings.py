"""S3's two listings: of objects, and of versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.robustness.model.faults import client_error
from tests.robustness.model.world import World

SERVICE = "s3"
PAGE = 1000


@dataclass(slots=True)
class Version:
    """One version of a key; without content it is a delete marker."""

    name: str
    content: bytes | None
    etag: str
    since: float
    metadata: Mapping[str, str] = field(default_factory=dict)


class Listings:
    """What lists two buckets: of uploads, with versions, and of renditions."""

    world: World
    uploads: str
    renditions: str
    versions: dict[str, list[Version]]
    objects: dict[str, bytes]
    written: dict[str, float]

    def list_objects_v2(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str = "",  # noqa: N803
        Delimiter: str = "",  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        ContinuationToken: str = "",  # noqa: N803
        MaxKeys: int = PAGE,  # noqa: N803
    ) -> dict[str, Any]:
        """List a page of the renditions."""

        def do() -> dict[str, Any]:
            self._expect(Bucket, self.renditions)
            after = ContinuationToken or StartAfter
            names: dict[str, bool] = {}
            for key in sorted(self.objects):
                if not key.startswith(Prefix):
                    continue
                rest = key[len(Prefix) :]
                folder = bool(Delimiter) and Delimiter in rest
                name = Prefix + rest.split(Delimiter)[0] + Delimiter if folder else key
                if name > after:
                    names[name] = folder
            page = [*names][:MaxKeys]
            answer: dict[str, Any] = {
                "KeyCount": len(page),
                "IsTruncated": len(names) > MaxKeys,
                "Contents": [self._listed(key) for key in page if not names[key]],
                "CommonPrefixes": [{"Prefix": name} for name in page if names[name]],
            }
            if answer["IsTruncated"]:
                answer["NextContinuationToken"] = page[-1]
            return {name: value for name, value in answer.items() if value != []}

        return self.world.call(SERVICE, "list_objects_v2", do)

    def list_object_versions(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str = "",  # noqa: N803
        KeyMarker: str = "",  # noqa: N803
        VersionIdMarker: str = "",  # noqa: N803 - a page ends with a key's last version
        MaxKeys: int = PAGE,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        """List a page of the uploads bucket's versions, the newest of each key first."""

        def do() -> dict[str, Any]:
            self._expect(Bucket, self.uploads)
            keys = [key for key in sorted(self.versions) if key.startswith(Prefix)]
            keys = [key for key in keys if key > KeyMarker and self.versions[key]]
            answer: dict[str, Any] = {"IsTruncated": len(keys) > MaxKeys}
            for key in keys[:MaxKeys]:
                for number, each in enumerate(reversed(self.versions[key])):
                    kind = "DeleteMarkers" if each.content is None else "Versions"
                    entry = {
                        "Key": key,
                        "VersionId": each.name,
                        "IsLatest": number == 0,
                        "LastModified": datetime.fromtimestamp(each.since, UTC),
                    }
                    if each.content is not None:
                        entry |= {"ETag": f'"{each.etag}"', "Size": len(each.content)}
                    answer.setdefault(kind, []).append(entry)
            if answer["IsTruncated"]:
                answer |= {"NextKeyMarker": keys[MaxKeys - 1], "NextVersionIdMarker": "0"}
            return answer

        return self.world.call(SERVICE, "list_object_versions", do)

    def get_paginator(self, operation: str) -> Pages:
        """Return what lists all pages."""
        return Pages(getattr(self, operation))

    def _listed(self, key: str) -> dict[str, Any]:
        modified = datetime.fromtimestamp(self.written.get(key, 0), UTC)
        return {"Key": key, "Size": len(self.objects[key]), "LastModified": modified}

    def _expect(self, bucket: str, allowed: str) -> None:
        if bucket != allowed:
            raise client_error("AccessDenied", 403, "Operation")


@dataclass(frozen=True, slots=True)
class Pages:
    """Boto3's paginator of a listing."""

    read: Callable[..., dict[str, Any]]

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Yield page after page."""
        while True:
            page = self.read(**asked)
            yield page
            if not page.get("IsTruncated"):
                return
            if "NextContinuationToken" in page:
                asked["ContinuationToken"] = page["NextContinuationToken"]
            else:
                asked["KeyMarker"] = page["NextKeyMarker"]
