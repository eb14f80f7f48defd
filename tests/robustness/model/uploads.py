"""What uploaders and operators do to the uploads bucket, and how S3 tells of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from tests.robustness.model.aws.s3 import S3
from tests.robustness.model.aws.s3_listings import Version
from tests.robustness.model.world import World

FIRST_SEQUENCER = 0x62A0_5C3D_1B00_0000
GROWN_DIGITS = 18
"""S3 promises no length: after it grew, sequencers are longer, and smaller as texts."""

NONE = "nothing"
"""The state of a key that has no current version."""


class Uploads:
    """Changes the uploads bucket, and has `tell` called with each notification.

    `history` is what was current of each key, state after state: what is recorded of a key has to
    follow it. `contents` are the bytes of every version that there ever was.
    """

    def __init__(self, world: World, s3: S3, tell: Callable[[dict[str, Any], float], None]) -> None:
        self.world = world
        self.s3 = s3
        self.tell = tell
        self.history: dict[str, list[str]] = {}
        self.contents: dict[str, bytes] = {}
        self.kinds: dict[str, set[str]] = {}
        self.sequence = 0
        self.grown = False

    def put(self, key: str, content: bytes, delays: tuple[float, ...], name: str = "Put") -> None:
        """Upload a version."""
        version = self.s3.add(key, content)
        self.contents[version.name] = content
        self._changed(key, f"ObjectCreated:{name}", version, delays)

    def copy(self, key: str, number: int, delays: tuple[float, ...]) -> None:
        """Roll back by copying an older version, which makes a new one of the same bytes."""
        old = self._choose(key, number, with_content=True)
        if old is not None and old.content is not None:
            self.put(key, old.content, delays, "Copy")

    def delete(self, key: str, delays: tuple[float, ...]) -> None:
        """Delete a key: a marker goes on top."""
        if self.s3.versions.get(key):
            self._changed(key, "ObjectRemoved:DeleteMarkerCreated", self.s3.add(key, None), delays)

    def delete_version(self, key: str, number: int, delays: tuple[float, ...]) -> None:
        """Delete a version, or a marker, for good; 0 is the newest."""
        old = self._choose(key, number, with_content=False)
        if old is not None:
            self.s3.remove(key, old.name)
            self._changed(key, "ObjectRemoved:Delete", old, delays)

    def expire(self, older_than: float) -> None:
        """Do what the bucket's life cycle does: nobody is told of it, and nothing current goes."""
        for key, versions in self.s3.versions.items():
            kept = [
                each
                for each in versions
                if each is versions[-1] or self.world.now - each.since < older_than
            ]
            if len(kept) == 1 and kept[0].content is None:
                kept = []
            self.s3.versions[key] = kept

    def state(self, key: str) -> str:
        """Return what is current of a key: the name of a version, or NONE."""
        current = self.s3.current(key)
        return current.name if current else NONE

    def _choose(self, key: str, number: int, *, with_content: bool) -> Version | None:
        versions = [
            each
            for each in reversed(self.s3.versions.get(key, []))
            if each.content is not None or not with_content
        ]
        return versions[min(number, len(versions) - 1)] if versions else None

    def _changed(self, key: str, what: str, version: Version, delays: tuple[float, ...]) -> None:
        """Note what is current now, and send the event: once for each delay, in seconds."""
        state, history = self.state(key), self.history.setdefault(key, [])
        if not history or history[-1] != state:
            history.append(state)
        self.sequence += 1
        number = FIRST_SEQUENCER + self.sequence * 0x101
        sequencer = f"00{number:016X}"[-GROWN_DIGITS:] if self.grown else f"{number:016X}"
        stored = {"key": quote_plus(key), "versionId": version.name, "sequencer": sequencer}
        if version.content is not None and what.startswith("ObjectCreated"):
            stored |= {"eTag": version.etag, "size": len(version.content)}  # type: ignore[dict-item]
        record = {
            "eventVersion": "2.1",
            "eventName": what,
            "s3": {"bucket": {"name": self.s3.uploads}, "object": stored},
        }
        self.world.say(f"UPLOADS: {what} of {key} {version.name}; current: {state}")
        for delay in delays:
            self.tell({"Records": [record]}, delay)
