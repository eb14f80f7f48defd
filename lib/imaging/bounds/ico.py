"""Windows icons: their directory."""

from __future__ import annotations

from lib.presets import Limits


def check(_data: bytes, _limits: Limits) -> None:
    """Refuse nothing: the directory has 65,535 entries at most.

    Which of its images is read is known when that is sorted: `icon.open_largest` has a PNG in it
    checked as a PNG.
    """
