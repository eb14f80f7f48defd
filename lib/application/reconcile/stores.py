"""What is compared, and what it is made good with."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lib.domain.clock import Clock
from lib.domain.listings import Entries, Folders, Uploads
from lib.domain.ports import Catalog, Renditions, Sources, Topic

AT_ONCE = 8
"""Requests about single objects; fewer than the connections that botocore keeps."""


@dataclass(frozen=True, slots=True)
class Stores:
    """A stage: its buckets and its catalog, as they are listed and as they are changed."""

    uploads: Uploads
    folders: Folders
    entries: Entries
    sources: Sources
    renditions: Renditions
    catalog: Catalog
    topic: Topic
    clock: Clock = time.time
