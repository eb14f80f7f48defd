"""What has to hold at every step, and what when everything has come to rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lib.domain.keys import asset_id
from tests.robustness.model import media
from tests.robustness.model.transitions import find_wrong
from tests.robustness.model.uploads import NONE

if TYPE_CHECKING:
    from tests.robustness.model.account import Account

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

MADE = frozenset({"READY", "PARTIAL"})

GIVEN_UP = frozenset({"heavy", "bug"})
"""Kinds whose messages are in the dead letters in the end."""


class Invariants:
    """Watches an account, and says of each step whether it may be."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.world = account.world
        self.live: dict[str, frozenset[str]] = {}
        """What each asset's live manifest lists, parts of renditions included, by asset id."""
        self.recorded: dict[str, int] = {}
        """How far in the history of its key each entry is known to be."""
        self.max_attempts = int(account.template.params.get("maxAttempts", 0))
        self.damaged = False
        """Whether something was deleted from outside: then only what is left at last counts."""

    def on_object(self, key: str, there: bool) -> None:
        """Look at a rendition that came or went: nothing live may go."""
        if not there and not self.damaged and key in self.live.get(key.partition("/")[0], ()):
            self.world.fail("live", f"{key} is deleted, which a live manifest lists")

    def on_item(self, record: dict[str, Any]) -> None:
        """Look at a change of the catalog."""
        change = record["dynamodb"]
        name = change["Keys"]["pk"]["S"]
        old, new = change.get("OldImage"), change.get("NewImage")
        if new is None:
            self.live.pop(name, None)
            return
        if self.world.trace is not None:
            self.world.say(f"CATALOG: {_brief(old)} ▸ {_brief(new)}")
        moved = old is None or any(
            old.get(each) != new.get(each) for each in ("version_id", "sequencer")
        )
        if moved or _deleted(old) != _deleted(new):
            self._follow(name, new)
        if old is not None and (wrong := find_wrong(old, new, self.world.now, self.max_attempts)):
            self.world.fail("fence", f"{wrong}: {_brief(old)} ▸ {_brief(new)}")
        replaced = old is None or old.get("manifest_key") != new.get("manifest_key")
        # Made again in place: the same manifest, whose renditions may have been gone.
        status = new["status"]["S"]
        if replaced or (status in MADE and old is not None and old["status"]["S"] != status):
            self._look_at_live(name, new)

    def _follow(self, name: str, item: dict[str, Any]) -> None:
        """Hold what is recorded against what was current, one after the other."""
        key = item["key"]["S"]
        history = self.account.uploads.history.get(key, [])
        state = NONE if _deleted(item) else item["version_id"]["S"]
        at = self.recorded.get(name, 0)
        while at < len(history) and history[at] != state:
            at += 1
        if at == len(history):
            self.world.fail(
                "order",
                f"{key} is recorded as {state}, after {history[self.recorded.get(name, 0)]}"
                f" of {' '.join(history)}",
            )
        self.recorded[name] = at

    def _live_keys(self, item: dict[str, Any]) -> set[str]:
        """Return the manifest's key, those that the entry lists, and those of their parts."""
        if "manifest_key" not in item:
            return set()
        listed = _listed(item)
        keys = {item["manifest_key"]["S"]} | listed
        for each in listed:
            keys |= _parts(each, self.account.s3.objects.get(each, b""))
        return keys

    def _look_at_live(self, name: str, item: dict[str, Any]) -> None:
        objects, keys = self.account.s3.objects, self._live_keys(item)
        if (missing := sorted(keys - objects.keys())) and not self.damaged:
            self.world.fail("live", f"a manifest goes live that lists {missing[0]}")
            return
        if keys <= objects.keys() and keys:
            manifest = item["manifest_key"]["S"]
            folder = manifest.rpartition("/")[0]
            said = {
                f"{folder}/{each['name']}"
                for each in json.loads(objects[manifest])["renditions"]
                if "bytes" in each
            }
            if said != _listed(item):
                self.world.fail("live", f"{manifest} lists others than the catalog")
        self.live[name] = frozenset(keys)

    def reset(self) -> None:
        """Begin anew after damage: what was recorded may be recorded again."""
        self.damaged = True
        self.recorded.clear()
        self.live.clear()
        stored = self.account.s3.objects.keys()
        for name, item in self.account.items.items():
            self.live[name] = frozenset(self._live_keys(item) & stored)

    # At rest.

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
                self.world.fail("current", f"{key} is gone, but the catalog says {_brief(item)}")
            return
        if item is None:
            self.world.fail("current", f"{key} is {state}, but the catalog has no entry")
            return
        if _deleted(item) or item["version_id"]["S"] != state:
            self.world.fail("current", f"{key} is {state}, but the catalog says {_brief(item)}")
            return
        content = account.uploads.contents[state]
        kind = media.kind_of(content)
        status = item["status"]["S"]
        if status in ("RECEIVED", "PROCESSING"):
            self.world.fail("terminal", f"{key} ({kind}) stays {_brief(item)}")
            return
        code = item["error"]["M"]["code"]["S"] if "error" in item else None
        if (status, code) != TRUE_ENDS[kind] and not self._was_killed_for(state, status, code):
            self.world.fail("true", f"{key} ({kind}) ends as {_brief(item)}")
        if status in MADE:
            self._check_bytes(key, item, content)
        self._check_notified(item)
        if code == "EXHAUSTED" and not self.damaged and not self._is_dead_letter(state):
            self.world.fail("dead letters", f"none is there of {_brief(item)}")

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
        listed = self._live_keys(item)
        if item.get("live_version_id", {}).get("S") != item["version_id"]["S"] or not listed:
            self.world.fail("bytes", f"{key} is {_brief(item)}, and something else is live")
        for each in listed:
            name = each.split("/", 3)[3]
            found = self.account.s3.objects.get(each, b"").split(b"\n")[0]
            if name != "manifest.json" and found != media.first_line(recipe, name, etag):
                self.world.fail("bytes", f"{each} is {found!r}")

    def _check_notified(self, item: dict[str, Any]) -> None:
        told = (
            (each["asset_id"], each["version_id"], each["status"])
            for each in self.account.sns.published
        )
        wanted = (item["pk"]["S"], item["version_id"]["S"], item["status"]["S"])
        if wanted not in told:
            self.world.fail("notified", f"nobody was told of {_brief(item)}")

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


def _deleted(item: dict[str, Any] | None) -> bool:
    return item is not None and item["status"]["S"] == "DELETED"


def _listed(item: dict[str, Any]) -> set[str]:
    """Return the keys of the renditions that were made."""
    return {each["M"]["key"]["S"] for each in item["renditions"]["L"] if "key" in each["M"]}


def _parts(key: str, content: bytes) -> set[str]:
    """Return the keys of what a rendition consists of besides its own object."""
    if not key.endswith((".m3u8", ".vtt")):
        return set()
    folder = key.rpartition("/")[0]
    lines = content.decode().split("\n")
    return {f"{folder}/{each}" for each in lines if each and not each.startswith("#")}


def _brief(item: dict[str, Any] | None) -> str:
    """Return an entry in a few words."""
    if item is None:
        return "nothing"
    plain = {name: next(iter(value.values())) for name, value in item.items()}
    error = plain.get("error")
    code = f" ({error['code']['S']}: {error['message']['S'][:60]})" if error else ""
    lease = f", lease {plain['lease_token'][-6:]}" if "lease_token" in plain else ""
    live = f", live {plain['manifest_key'].split('/')[1][:6]}" if "manifest_key" in plain else ""
    sequencer = plain["sequencer"].rstrip("0")[-5:]
    return f"{plain['key']} {plain['version_id']} {sequencer} {plain['status']}{code}{lease}{live}"
