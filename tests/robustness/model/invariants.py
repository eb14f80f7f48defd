"""What has to hold at every step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lib.domain.asset import AssetStatus
from tests.robustness.model.transitions import find_wrong
from tests.robustness.model.uploads import NONE

if TYPE_CHECKING:
    from tests.robustness.model.account import Account

STATE = ("pk", "version_id", "status", "updated_at")

MADE = frozenset({"READY", "PARTIAL"})


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
        self.ended: list[tuple[str, ...]] = []
        """What somebody has to be told of: each state in which nothing more happens by itself."""
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
            self.world.say(f"CATALOG: {brief(old)} ▸ {brief(new)}")
        moved = old is None or any(
            old.get(each) != new.get(each) for each in ("version_id", "sequencer")
        )
        if moved or is_deleted(old) != is_deleted(new):
            self._follow(name, new)
        if old is not None and (wrong := find_wrong(old, new, self.world.now, self.max_attempts)):
            self.world.fail("fence", f"{wrong}: {brief(old)} ▸ {brief(new)}")
        replaced = old is None or old.get("manifest_key") != new.get("manifest_key")
        # Made again in place: the same manifest, whose renditions may have been gone.
        status = new["status"]["S"]
        if AssetStatus(status).terminal and (
            moved or old is None or old["status"] != new["status"]
        ):
            self.ended.append(tuple(new[each]["S"] for each in STATE))
        if replaced or (status in MADE and old is not None and old["status"]["S"] != status):
            self._look_at_live(name, new)

    def _follow(self, name: str, item: dict[str, Any]) -> None:
        """Hold what is recorded against what was current, one after the other."""
        key = item["key"]["S"]
        history = self.account.uploads.history.get(key, [])
        state = NONE if is_deleted(item) else item["version_id"]["S"]
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

    def live_keys(self, item: dict[str, Any]) -> set[str]:
        """Return the manifest's key, those that the entry lists, and those of their parts."""
        if "manifest_key" not in item:
            return set()
        listed = _listed(item)
        keys = {item["manifest_key"]["S"]} | listed
        for each in listed:
            keys |= _parts(each, self.account.s3.objects.get(each, b""))
        return keys

    def _look_at_live(self, name: str, item: dict[str, Any]) -> None:
        objects, keys = self.account.s3.objects, self.live_keys(item)
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
            self.live[name] = frozenset(self.live_keys(item) & stored)


def is_deleted(item: dict[str, Any] | None) -> bool:
    """Tell whether an entry is a tombstone."""
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


def brief(item: dict[str, Any] | None) -> str:
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
