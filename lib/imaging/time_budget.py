"""The time that is left for encodes, and how long each takes here: guessed first, then learnt."""

from __future__ import annotations

from collections.abc import MutableMapping

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.formats import OUTPUTS

ENCODE_MARGIN = 5.0
"""Seconds that must be left when an encode is done, to store what was made."""

LARGE_ENOUGH = 50_000
"""Pixels below which a measurement says more about the start than about the pixels."""


class TimeBudget:
    """What one image's encodes may take."""

    def __init__(
        self, deadline: Deadline, measured: MutableMapping[str, float] | None = None
    ) -> None:
        """`measured`: seconds a megapixel by format, of encodes before; those of this one go in."""
        self._deadline = deadline
        self._measured = {} if measured is None else measured

    def expect(self, image_format: str, pixels: int) -> float:
        """Return the seconds that an encode will take, as far as is known."""
        guessed = OUTPUTS[image_format].seconds_per_megapixel
        return self._measured.get(image_format, guessed) * pixels / 1e6

    def learn(self, image_format: str, pixels: int, seconds: float) -> None:
        """Take an encode's time into account, as much as all before it together."""
        if pixels >= LARGE_ENOUGH:
            rate = seconds / pixels * 1e6
            before = self._measured.get(image_format, rate)
            self._measured[image_format] = (before + rate) / 2

    def refuse_late(self, what: str, needed: float, reserved: float = 0) -> None:
        """Raise TransientError(DEADLINE_NEAR) for what needs more seconds than are left.

        `reserved` of them are for something else.
        """
        left = self._deadline() - reserved
        if left < needed + ENCODE_MARGIN:
            raise TransientError(
                ErrorCode.DEADLINE_NEAR,
                f"{what} needs {needed:.1f} s to encode and {ENCODE_MARGIN:.0f} s to store, "
                f"{max(left, 0):.1f} s are left",
            )
