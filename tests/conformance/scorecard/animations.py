"""Rows about animations."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageSequence

from tests.conformance.scorecard.case import Case, Options
from tests.conformance.scorecard.judges import distance, on_white
from tests.support.images import MEDIA


def cases() -> Iterator[Case]:
    """Build the rows."""
    peer = {"animated": True}
    plays = {"zoom.gif": ([400, 80, 80, 80, 80, 1200], 3), "sweep.webp": ([120] * 5, 0)}
    for name, (durations, loops) in plays.items():
        source = (MEDIA / name).read_bytes()

        def timed(content: bytes, durations: list[int] = durations, loops: int = loops) -> bool:
            film = Image.open(io.BytesIO(content))
            times = []
            for index in range(getattr(film, "n_frames", 1)):
                film.seek(index)
                film.load()
                times.append(film.info.get("duration"))
            return times == durations and film.info.get("loop") == loops

        def alike(content: bytes, name: str = name) -> bool:
            with Image.open(MEDIA / name) as film:
                originals = [frame.convert("RGBA") for frame in ImageSequence.Iterator(film)]
            film = Image.open(io.BytesIO(content))
            frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(film)]
            return len(frames) == len(originals) and all(
                distance(on_white(one), on_white(other).resize(one.size, 3)) < 8
                for one, other in zip(frames, originals, strict=True)
            )

        small: Options = {"widths": (80,)}
        yield Case(f"animation: {name}, durations and loops", source, timed, small, peer)
        yield Case(f"animation: {name}, every frame's pixels", source, alike, small, peer)
