"""What was done to a stage, as it went."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from tests.robustness.chaos.media import Medium

WARM_UP = "warm-up/"
"""Below it lies what is uploaded before anything is timed."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One version that was stored."""

    key: str
    version_id: str
    medium: Medium
    at: float
    """Seconds of the epoch, before it was sent."""


@dataclass
class Done:
    """What was done, as it went."""

    sent: dict[str, set[Medium]] = field(default_factory=dict)
    """What was sent to each key, stored or not: a request that timed out may have been served."""
    uploads: list[Upload] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    told: list[tuple[float, str, str]] = field(default_factory=list)
    """When (seconds of the epoch), to which key, what."""

    def tell(self, key: str, what: str) -> None:
        """Remember a deed for a key's story."""
        self.told.append((time.time(), key, what))
