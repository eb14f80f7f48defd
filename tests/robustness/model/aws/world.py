"""What the services of the model ask of the world they are in."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class World(Protocol):
    """A virtual clock, and who decides what becomes of each call."""

    now: float
    """Epoch seconds."""

    random: random.Random

    def call(self, service: str, operation: str, do: Callable[[], T]) -> T:
        """Return what `do`, the call's atomic effect, returns; or let the call fail."""
        ...

    def at(self, when: float, do: Callable[[], None], /) -> object:
        """Do something when it is that late."""
        ...
