"""What a container says of a track besides its codec, which MediaInfo does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """Facts of one track, by its id in the container."""

    is_enabled: bool = True
    is_empty: bool = False
    """Whether its index names no sample."""
    is_beside: bool = False
    """Whether it holds pictures that go with another track: of chapters, depth, transparency."""
    turned: float = 0.0
    """Clockwise, in degrees."""
    is_mirrored: bool = False
    """Top to bottom, before it is turned."""
    has_alpha: bool = False
    """Whether its frames come with others that tell what is transparent."""
    encryption: str | None = None
    """How its samples are encrypted, None where they are not."""


Facts = Mapping[int, TrackFacts]
