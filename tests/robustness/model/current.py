"""The world whose functions run: one at a time in a process."""

from __future__ import annotations

from typing import Any

world: Any = None
