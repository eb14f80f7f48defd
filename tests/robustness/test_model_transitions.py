"""What the model says of a change of an entry."""

from __future__ import annotations

from typing import Any

import pytest

from lib.domain.clock import to_iso
from tests.robustness.model.transitions import find_wrong

NOW = 1_800_000_000.0
LATER, EARLIER = ({"lease_expires_at": {"S": to_iso(NOW + each)}} for each in (60, -60))
PERMANENT: dict[str, Any] = {"error": {"M": {"permanent": {"BOOL": True}}}}
PASSING: dict[str, Any] = {"error": {"M": {"permanent": {"BOOL": False}}}}
EXHAUSTED: dict[str, Any] = {
    "error": {"M": {"permanent": {"BOOL": False}, "code": {"S": "EXHAUSTED"}}},
    "history": {"L": [{"M": {}}] * 4},
}
TRIED: dict[str, Any] = {**EXHAUSTED, "history": {"L": [{"M": {}}] * 5}}


def item(status: str, token: str = "", **more: Any) -> dict[str, Any]:
    held = {"lease_token": {"S": token}} if token else {}
    return {"sequencer": {"S": "2"}, "status": {"S": status}, **held, **more}


def by(token: str) -> dict[str, Any]:
    return {"committed_by": {"S": token}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (item("RECEIVED"), item("PROCESSING", "a")),
        (item("PROCESSING", "a", **LATER), item("PROCESSING", "a", progress={"N": "5"})),
        (item("PROCESSING", "a", **EARLIER), item("PROCESSING", "b")),
        (item("PROCESSING", "a", **LATER), item("PROCESSING", "x", execution={"S": "x"})),
        (item("PROCESSING", "a.1", **LATER), item("PROCESSING", "a.2")),
        (item("PROCESSING", "a", **LATER), item("READY", **by("a"))),
        (item("PROCESSING", "a", **LATER), item("RECEIVED")),
        (item("FAILED", **PASSING), item("PROCESSING", "b")),
        (item("PROCESSING", "a"), item("FAILED", **TRIED, **by("a"))),
        (item("READY"), item("RECEIVED", sequencer={"S": "3"})),
        (item("READY"), item("DELETED", sequencer={"S": "3"}, expires_at={"N": "1"})),
        (item("READY"), item("RECEIVED")),  # to be worked on again
        (item("READY"), item("READY", expires_at={"N": "1"})),
        (item("RECEIVED"), item("PROCESSING", "a", revision={"N": "8"})),
        (item("RECEIVED", revision={"N": "8"}), item("PROCESSING", "a", revision={"N": "9"})),
    ],
)
def test_what_may_be(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert find_wrong(old, new, NOW, max_attempts=5) is None


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (item("PROCESSING", "a", **LATER), item("PROCESSING", "b"), "takes a lease"),
        (item("PROCESSING", "a", **LATER), item("READY", **by("b")), "not hold the lease"),
        (item("PROCESSING", "a", **LATER), item("FAILED"), "not hold the lease"),
        (item("PROCESSING", "a", progress={"N": "9"}), item("PROCESSING", "a"), "goes back"),
        (item("READY"), item("PROCESSING", "b"), "final"),
        (item("REJECTED"), item("READY", **by("a")), "final"),
        (item("FAILED", **PERMANENT), item("PROCESSING", "b"), "final"),
        (item("READY"), item("RECEIVED", sequencer={"S": "1"}), "earlier"),
        (item("READY"), item("RECEIVED", sequencer={"S": "3"}, abandoned={"N": "1"}), "abandoned"),
        (item("PROCESSING", "a"), item("FAILED", **EXHAUSTED, **by("a")), "before it had"),
        (item("RECEIVED", revision={"N": "8"}), item("PROCESSING", "a"), "revision"),
        (item("READY", revision={"N": "8"}), item("READY", revision={"N": "8"}), "revision"),
    ],
)
def test_what_may_not_be(old: dict[str, Any], new: dict[str, Any], wrong: str) -> None:
    assert wrong in str(find_wrong(old, new, NOW, max_attempts=5))
