"""Make the animated renditions of one picture, all in one pass; or the plain frames of a film."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from lib.domain.errors import Failure, MediaError
from lib.domain.renditions import Made
from lib.imaging.auto_quality import choose_quality
from lib.imaging.bounds.ifd import EXIF_PREFIX
from lib.imaging.encode import (
    WEBP_LOSSLESS_EFFORT,
    WEBP_METHOD,
    check_size,
    encode_drawing,
    is_drawing,
    make_exif,
)
from lib.imaging.equal_frames import restore_equal_frames
from lib.imaging.load import Picture
from lib.imaging.pillow import WebPAnimation
from lib.imaging.resize import resize, scale_down
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.imaging.transparency import flatten
from lib.imaging.variants import Size, Target, encode_failed, outcome_of

KEYFRAMES = 9, 17
"""Least and most frames from one to the next, from which a player can begin. Fewer in between cost
time and bytes, more save neither."""


def animate(
    picture: Picture,
    targets: Sequence[Target],
    transform: Transform,
    budget: TimeBudget,
) -> Iterator[Made]:
    """Decode once, and scale, transform and encode each frame for every target; no frame is held.

    Frames, durations and loops are those of the source. When the time left is too short for all,
    the largest is given up first, then the next.
    Raises what reading the frames does.
    """
    assert picture.animation
    preset = transform.preset
    frames = picture.probe.frames or 1
    quality = targets[0].quality or choose_quality(
        picture.image, targets[0].format, preset.ssim, preset.background
    )
    drawing = preset.lossless and is_drawing(picture.image)
    tracks = [_Track(target, picture.animation.loops, quality, drawing) for target in targets]
    started, shown, encoded = time.monotonic(), 0, 0
    for index, (frame, delay) in enumerate(picture.animation.frames(), 1):
        levels = [frame]
        for track in tracks:
            if not track.error:
                scaled = scale_down(levels, track.target.whole)
                track.add(transform(scaled, track.target), shown)
                encoded += track.pixels
        shown += delay
        seconds_per_pixel = (time.monotonic() - started) / max(encoded, 1)
        _give_up_late(tracks, seconds_per_pixel * (frames - index), budget)
        if all(track.error for track in tracks):
            break
    notice = picture.probe.copyright if preset.keep_copyright else None
    for track in tracks:
        yield track.finish(shown, notice)


def film_frames(picture: Picture, size: Size, transform: Transform) -> Iterator[tuple[bytes, int]]:
    """Yield each frame of an animation as rows of RGB bytes in a size (px), and its time in ms.

    Finished as the preset says; what is transparent lies on its background. Raises what reading
    the frames does.
    """
    assert picture.animation
    target = Target("film", "rgb", "video/raw", *size, quality=None, whole=size)
    for frame, shown_ms in picture.animation.frames():
        finished = transform(resize(frame, size), target)
        yield flatten(finished, transform.preset.background).convert("RGB").tobytes(), shown_ms


class _Track:
    """One animated rendition while it is made; `error` once that failed."""

    def __init__(self, target: Target, loops: int, quality: int, drawing: bool) -> None:
        self.target, self.pixels = target, target.width * target.height
        self.error: Failure | None = None
        self._loops, self._quality, self._drawing = loops, quality, drawing
        self._lossless = False
        self._times: list[int] = []
        self._encoder: WebPAnimation | None = None

    def add(self, image: Image.Image, at_ms: int) -> None:
        """Encode one frame, which is shown from `at_ms` on."""
        try:
            if self._encoder is None:
                self._encoder = self._begin(image)
            self._times.append(at_ms)
            quality = WEBP_LOSSLESS_EFFORT if self._lossless else self._quality
            self._encoder.add(
                image, at_ms, quality=quality, lossless=self._lossless, method=WEBP_METHOD
            )
        except MemoryError:
            raise
        except Exception as exc:
            self.fail(encode_failed(exc))

    def fail(self, error: Failure) -> None:
        """Give up, and let go of what was made."""
        self.error, self._encoder = error, None

    def finish(self, duration_ms: int, copyright_text: str | None) -> Made:
        """Return the rendition, or why there is none."""
        content = None
        if not self.error:
            assert self._encoder  # an animation has a frame
            try:
                # Without the prefix that it has in a JPEG.
                exif = make_exif(copyright_text).removeprefix(EXIF_PREFIX)
                content = restore_equal_frames(
                    self._encoder.assemble(duration_ms, exif),
                    (self.target.width, self.target.height),
                    (*self._times, duration_ms),
                    self._loops,
                )
            except (OSError, ValueError, RuntimeError) as exc:
                self.error = encode_failed(exc)
        if content is None:
            return outcome_of(self.target, error=self.error)
        return replace(
            outcome_of(self.target, content, None if self._lossless else self._quality),
            frames=WebPImageFile(io.BytesIO(content)).n_frames,
            duration_ms=duration_ms,
        )

    def _begin(self, first: Image.Image) -> WebPAnimation:
        check_size(first.size, self.target.format)
        if self._drawing:
            self._lossless = encode_drawing(first, self.target.format, self._quality)[1] is None
        return WebPAnimation(first.size, self._loops, KEYFRAMES)


def _give_up_late(tracks: Sequence[_Track], seconds_per_pixel: float, budget: TimeBudget) -> None:
    """Fail the largest of the live tracks until the rest have the time for what is to come."""
    live = [track for track in tracks if not track.error]
    for index, track in enumerate(live):
        pixels = sum(each.pixels for each in live[index:])
        try:
            budget.refuse_late(track.target.name, pixels * seconds_per_pixel)
        except MediaError as exc:
            track.fail(Failure.of(exc))
        else:
            return
