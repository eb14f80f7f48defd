"""What the use cases of an upload are called with, besides the upload."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib.domain.clock import Clock, Deadline
from lib.domain.ports import Catalog, Renditions, Sources, Uploads

if TYPE_CHECKING:  # 7 ms that what records the end of an execution does without
    from lib.presets import Presets


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where a stage's uploads are read, made into renditions and recorded, and how."""

    sources: Sources
    renditions: Renditions
    catalog: Catalog
    presets: Presets


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Where an upload goes that is not done in one delivery.

    `queue` is the one that it is worked on from; `max_attempts` how many tries it gets that may
    have failed because of it, after which it is a dead letter.
    """

    queue: Uploads
    dead_letters: Uploads
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an upload: the time it has, and what comes after it, where anything does."""

    deadline: Deadline
    redelivery: Redelivery | None = None
    clock: Clock = time.time
