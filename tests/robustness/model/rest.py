"""What has to hold when everything has come to rest."""

from __future__ import annotations

import json
from typing import Any

from lib.domain.keys import asset_id
from tests.robustness.model import media
from tests.robustness.model.invariants import MADE, Invariants, brief, is_deleted
from tests.robustness.model.uploads import NONE

TRUE_ENDS = {
    "image": ("READY", None),
    "video": ("READY", None),
    "film": ("READY", None),
    "partial": ("PARTIAL", None),
    "animation": ("READY", None),
    "corrupt": ("FAILED", "CORRUPT_MEDIA"),
    "bad film": ("FAILED", "CORRUPT_MEDIA"),
    "deadly": ("REJECTED", "LIMIT_EXCEEDED"),
    "deadly film": ("REJECTED", "LIMIT_EXCEEDED"),
    "heavy": ("FAILED", "EXHAUSTED"),
    "bug": ("FAILED", "EXHAUSTED"),
    "text": ("REJECTED", "UNSUPPORTED_MEDIA"),
    "empty": ("REJECTED", "UNSUPPORTED_MEDIA"),
}
"""The one true state of each kind of upload."""

GIVEN_UP = frozenset({"heavy", "bug"})
"""Kinds whose messages are in the dead letters in the end."""


class Rest(Invariants):
    """Looks at the end, besides: at entries, buckets, queues and executions."""

    def check_rest(self) -> None:
        """Hold every key's entry against what is current, and the buckets against the entries."""
        account = self.account
        for key in account.uploads.history:
            self._check_key(key)
        kept = set().union(*self.live.values()) if self.live else set()
        orphans = sorted(account.s3.objects.keys() - kept - self._remains())
        if orphans:
            self.world.fail("orphans", f"{len(orphans)} are left over, such as {orphans[0]}")
        self._check_queues()
        self._check_told()
        running = (
            []
            if account.executions is None
            else [
                name
                for name, each in account.executions.executions.items()
                if each.status == "RUNNING"
            ]
        )
        if running:
            self.world.fail("executions", f"{running[0]} runs for ever")

    def _remains(self) -> set[str]:
        """Return what is left of a version that is listed as live, was damaged, and is gone."""
        folders = tuple(
            item["manifest_key"]["S"].rpartition("/")[0] + "/"
            for item in self.account.items.values()
            if self.damaged and "manifest_key" in item and item["status"]["S"] not in MADE
        )
        return {each for each in self.account.s3.objects if folders and each.startswith(folders)}

    def _check_key(self, key: str) -> None:
        account = self.account
        state = account.uploads.state(key)
        item = account.items.get(asset_id(account.s3.uploads, key))
        if state == NONE:
            if item is not None and item["status"]["S"] != "DELETED":
                self.world.fail("current", f"{key} is gone, but the catalog says {brief(item)}")
            return
        if item is None:
            self.world.fail("current", f"{key} is {state}, but the catalog has no entry")
            return
        if is_deleted(item) or item["version_id"]["S"] != state:
            self.world.fail("current", f"{key} is {state}, but the catalog says {brief(item)}")
            return
        content = account.uploads.contents[state]
        kind = media.kind_of(content)
        status = item["status"]["S"]
        if status in ("RECEIVED", "PROCESSING"):
            self.world.fail("terminal", f"{key} ({kind}) stays {brief(item)}")
            return
        code = item["error"]["M"]["code"]["S"] if "error" in item else None
        if (status, code) != TRUE_ENDS[kind] and not self._was_killed_for(state, status, code):
            self.world.fail("true", f"{key} ({kind}) ends as {brief(item)}")
        if status in MADE:
            self._check_bytes(key, item, content)
        if code == "EXHAUSTED" and not self.damaged and not self._is_dead_letter(state):
            self.world.fail("dead letters", f"none is there of {brief(item)}")

    def _is_dead_letter(self, version: str) -> bool:
        sqs = self.account.sqs
        queues = {each.dead_letters for each in sqs.queues.values() if each.dead_letters}
        named = f'"version_id":"{version}"'
        return any(named in message.body for name in queues for message in sqs.messages[name])

    def _was_killed_for(self, version: str, status: str, code: str | None) -> bool:
        """Tell whether two of an upload's workers were killed, which is a true reason."""
        if (status, code) != ("REJECTED", "LIMIT_EXCEEDED"):
            return False
        named = f'"{version}"'
        return sum(named in str(subject) for _, subject in self.world.kills) >= 2

    def _check_bytes(self, key: str, item: dict[str, Any], content: bytes) -> None:
        etag = media.etag_of(content)
        recipe = item["recipe"]["S"]
        if recipe not in media.RECIPES.values():
            self.world.fail("bytes", f"{key} was made by {recipe}, which was never deployed")
        listed = self.live_keys(item)
        if item.get("live_version_id", {}).get("S") != item["version_id"]["S"] or not listed:
            self.world.fail("bytes", f"{key} is {brief(item)}, and something else is live")
        for each in listed:
            name = each.split("/", 3)[3]
            found = self.account.s3.objects.get(each, b"").split(b"\n")[0]
            if name != "manifest.json" and found != media.first_line(recipe, name, etag):
                self.world.fail("bytes", f"{each} is {found!r}")

    def _check_told(self) -> None:
        """Hold what was told against what came to an end: each state, in its asset's order."""
        place = {state: number for number, state in enumerate(self.ended)}
        told: set[tuple[str, ...]] = set()
        latest: dict[str, int] = {}
        for each in self.account.sns.published:
            if each["type"] != f"asset.{each['status'].lower()}" or each["status"] == "RECEIVED":
                continue  # what comes before the end
            state = tuple(each[name] for name in ("asset_id", "version_id", "status", "updated_at"))
            number = place.get(state, -1)
            if state not in told and latest.get(state[0], -1) > number:
                self.world.fail("notified", f"{state} is told after what came later")
            told.add(state)
            latest[state[0]] = number
        for state in self.ended:
            if state not in told:
                self.world.fail("notified", f"nobody was told of {state}")

    def _check_queues(self) -> None:
        account, sqs = self.account, self.account.sqs
        if sqs.expired:
            self.world.fail("lost", f"a message of {sqs.expired[0][0]} was dropped by its age")
        if sqs.redriven and not self.damaged:
            self.world.fail("lost", f"a message of {sqs.redriven[0][0]} was received too often")
        for name, messages in sqs.messages.items():
            for each in messages:
                if not self._may_stay(name, each.body):
                    self.world.fail("dead letters", f"{name} has {each.body[:160]}")
        for stream in account.streams:
            if stream.lost:
                self.world.fail("lost", f"{stream.function.name} gave up a change")

    def _may_stay(self, queue: str, body: str) -> bool:
        if queue in self.account.sqs.pollers:
            return False
        try:
            message = json.loads(body)
            content = self.account.uploads.contents[message["version_id"]]
        except (ValueError, KeyError, TypeError):
            return "poison" in body
        return media.kind_of(content) in GIVEN_UP
