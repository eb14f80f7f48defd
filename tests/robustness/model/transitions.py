"""Which changes of an entry may be: who may take an upload, who may end it, and what is final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.domain.clock import from_iso

FINAL = frozenset({"READY", "PARTIAL", "REJECTED", "DELETED"})

OF_WORK = frozenset(
    {
        "lease_token",
        "lease_expires_at",
        "execution",
        "estimate_ms",
        "progress",
        "abandoned",
        "error",
        "expires_at",
        "failed_attempts",
        "history",
    }
)
OF_NONE = frozenset[str]()
MAY_HAVE = {"REJECTED": frozenset({"error"}), "DELETED": frozenset({"expires_at"})}
"""What is known of a recording's work, and what it may have from its beginning, by its status."""


def find_wrong(
    old: Mapping[str, Any], new: Mapping[str, Any], now: float, max_attempts: int = 0
) -> str | None:
    """Return what is wrong with a change of an item, or None. `now` in epoch seconds.

    `max_attempts` is how many tries an upload has to have before it is given up.
    """
    if "revision" in old and not _revision(new) > _revision(old):
        return "a write does not make the revision greater"
    if new["sequencer"] != old["sequencer"]:
        if not new["sequencer"]["S"] > old["sequencer"]["S"]:
            return "a recording has the name of an earlier one, or goes before it"
        inherited = sorted((OF_WORK - MAY_HAVE.get(new["status"]["S"], OF_NONE)) & new.keys())
        return f"a new recording has {inherited[0]} of the one before" if inherited else None
    if _is_final(old):
        left = new["status"] != old["status"] and new["status"]["S"] != "RECEIVED"
        return "a final state is left" if left else None
    if old["status"]["S"] != "PROCESSING":
        return None
    holder = old.get("lease_token")
    if new["status"]["S"] == "PROCESSING":
        taken = holder is not None and new.get("lease_token") != holder
        by_worker = new.get("lease_token") != new.get("execution")
        early = "lease_expires_at" in old and from_iso(old["lease_expires_at"]["S"]) > now
        if taken and by_worker and early and not _resumes(holder, new):
            return "a worker takes a lease that another still holds"
        back = not taken and _progress(new) < _progress(old)
        return "progress goes back" if back else None
    if new["status"]["S"] != "RECEIVED" and new.get("committed_by") != holder:
        return "somebody commits who does not hold the lease"
    if _is_exhausted(new) and len(new.get("history", {"L": []})["L"]) < max_attempts:
        return "an upload is given up before it had its tries"
    return None


def _revision(item: Mapping[str, Any]) -> int:
    return int(item["revision"]["N"]) if "revision" in item else 0


def _is_final(item: Mapping[str, Any]) -> bool:
    status = item["status"]["S"]
    failed = status == "FAILED" and item["error"]["M"]["permanent"] == {"BOOL": True}
    return status in FINAL or failed


def _progress(item: Mapping[str, Any]) -> int:
    return int(item["progress"]["N"]) if "progress" in item else 0


def _is_exhausted(item: Mapping[str, Any]) -> bool:
    failed = item["status"]["S"] == "FAILED"
    return failed and bool(item["error"]["M"]["code"]["S"] == "EXHAUSTED")


def _resumes(holder: Any, new: Mapping[str, Any]) -> bool:
    """Tell whether a lease follows another of the same message."""
    token, earlier = new["lease_token"]["S"], holder["S"]
    return bool(token.partition(".")[0] == earlier.partition(".")[0])
