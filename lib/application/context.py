"""What the use cases of an upload are called with, besides the upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib.domain.clock import Deadline
from lib.domain.ports import Catalog, Renditions, Sources

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
class Delivery:
    """One delivery of an upload's message: the time it has, and whether no other comes after it."""

    deadline: Deadline
    is_last: bool = False
