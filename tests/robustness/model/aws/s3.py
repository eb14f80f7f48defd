"""S3 in memory: a bucket with versions that tells what happens to it, and one without."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import IO, Any

from tests.robustness.model.aws.s3_listings import SERVICE, Listings, Version
from tests.robustness.model.faults import client_error
from tests.robustness.model.world import World


class S3(Listings):
    """Two buckets: of uploads, with versions, and of renditions.

    `on_change` is told what the renditions bucket loses or gets: the key, and whether it is there.
    """

    def __init__(self, world: World, uploads: str, renditions: str) -> None:
        self.world = world
        self.uploads = uploads
        self.renditions = renditions
        self.versions: dict[str, list[Version]] = {}
        """By key, the oldest first."""
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, float] = {}
        self.on_change: Callable[[str, bool], None] = lambda _, __: None

    # What the code under test calls.

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:  # noqa: N803
        """Describe an object; its errors have no body, so that their code is the status."""

        def do() -> dict[str, Any]:
            return self._found(Bucket, Key, VersionId, bodiless=True)[1]

        return self.world.call(SERVICE, "head_object", do)

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        VersionId: str = "",  # noqa: N803
        Range: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        """Read an object, or a range of it."""

        def do() -> dict[str, Any]:
            content, answer = self._found(Bucket, Key, VersionId)
            if Range:
                first, last = (int(each) for each in Range.removeprefix("bytes=").split("-"))
                if first >= len(content):
                    raise client_error("InvalidRange", 416, "GetObject")
                size = len(content)
                content = content[first : last + 1]
                end = first + len(content) - 1
                answer["ContentRange"] = f"bytes {first}-{end}/{size}"
                answer["ContentLength"] = len(content)
            answer["Body"] = io.BytesIO(content)
            return answer

        return self.world.call(SERVICE, "get_object", do)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Write a rendition."""

        def do() -> dict[str, Any]:
            self._expect(Bucket, self.renditions)
            self._store(Key, Body)
            return {"ETag": '"0"'}

        return self.world.call(SERVICE, "put_object", do)

    def upload_fileobj(self, file: IO[bytes], bucket: str, key: str, **_: Any) -> None:
        """Write a rendition from a file."""
        content = file.read()

        def do() -> None:
            self._expect(bucket, self.renditions)
            self._store(key, content)

        self.world.call(SERVICE, "put_object", do)

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Delete renditions."""

        def do() -> dict[str, Any]:
            self._expect(Bucket, self.renditions)
            keys = [each["Key"] for each in Delete["Objects"]]
            failed = keys[-1:] if self.world.partly else []
            for key in keys[: len(keys) - len(failed)]:
                self.drop(key)
            return {"Errors": [{"Key": key, "Code": "InternalError"} for key in failed]}

        return self.world.call(SERVICE, "delete_objects", do)

    def generate_presigned_url(self, operation: str, *, Params: Any, ExpiresIn: int) -> str:  # noqa: N803
        """Return an address; nothing is called for it."""
        return f"https://{Params['Bucket']}.example/{Params['Key']}?{operation}={ExpiresIn}"

    # What the world does and looks at.

    def current(self, key: str) -> Version | None:
        """Return what a GET without a version finds."""
        versions = self.versions.get(key)
        newest = versions[-1] if versions else None
        return None if newest is None or newest.content is None else newest

    def add(self, key: str, content: bytes | None) -> Version:
        """Put a version, or a delete marker, on top."""
        etag = "" if content is None else hashlib.md5(content, usedforsecurity=False).hexdigest()
        # The world's name, so that one schedule gives the same names each time.
        self.world.names += 1
        version = Version(f"v{self.world.names}", content, etag, self.world.now)
        self.versions.setdefault(key, []).append(version)
        return version

    def remove(self, key: str, version: str) -> None:
        """Delete one version for good."""
        kept = [each for each in self.versions.get(key, []) if each.name != version]
        self.versions[key] = kept

    def drop(self, key: str) -> None:
        """Delete a rendition."""
        if self.objects.pop(key, None) is not None:
            self.on_change(key, False)

    def _store(self, key: str, content: bytes) -> None:
        self.objects[key] = content
        self.written[key] = self.world.now
        self.on_change(key, True)

    def _found(
        self, bucket: str, key: str, version: str, *, bodiless: bool = False
    ) -> tuple[bytes, dict[str, Any]]:
        """Return an object's content, and what is said of it beside that."""
        operation = "HeadObject" if bodiless else "GetObject"
        if bucket == self.renditions:
            stored = self.objects.get(key)
            if stored is None:
                raise client_error("404" if bodiless else "NoSuchKey", 404, operation)
            return stored, {"ContentLength": len(stored), "ETag": '"0"', "Metadata": {}}
        self._expect(bucket, self.uploads)
        if version:
            found = next(
                (each for each in self.versions.get(key, []) if each.name == version), None
            )
            if found is None:
                raise client_error("404" if bodiless else "NoSuchVersion", 404, operation)
            if found.content is None:
                raise client_error("405" if bodiless else "MethodNotAllowed", 405, operation)
        else:
            found = self.current(key)
            if found is None:
                raise client_error("404" if bodiless else "NoSuchKey", 404, operation)
        assert found.content is not None
        return found.content, {
            "VersionId": found.name,
            "ETag": f'"{found.etag}"',
            "ContentLength": len(found.content),
            "Metadata": dict(found.metadata),
        }
