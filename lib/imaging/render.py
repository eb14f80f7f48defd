"""Make the renditions of one picture: each size once, from a larger one, encoded in threads."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from threading import Semaphore

from PIL import Image

from lib.domain.errors import ErrorCode, Failure, MediaError, TransientError
from lib.domain.formats import OUTPUTS
from lib.domain.renditions import Made
from lib.imaging.auto_quality import choose_quality
from lib.imaging.encode import encode, encode_drawing, is_drawing
from lib.imaging.load import Picture
from lib.imaging.malloc import share_heap
from lib.imaging.render_animation import animate
from lib.imaging.resize import scale_down
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.imaging.variants import Target, encode_failed, fallback_of, outcome_of, plan_variants

share_heap()  # before there are threads


def make_renditions(
    picture: Picture, transform: Transform, budget: TimeBudget, *, threads: int | None = None
) -> Iterator[Made]:
    """Scale, transform and encode what a preset wants, in the order of `plan_variants`.

    One that fails leaves the rest alone. It carries ENCODE_FAILED, or DEADLINE_NEAR where it may
    not be done in time; its fallback comes right after it, unless that is a target itself.
    `threads` encode, by default one for each processor. The same source gives the same bytes with
    any number of them. Raises TransientError(DEADLINE_NEAR) at the end where for lack of time
    nothing was made.
    """
    targets = plan_variants(picture.probe, transform.preset)
    if picture.animation and any(target.animated for target in targets):
        making = animate(picture, targets, transform, budget)
    else:
        stills = _StillRenditions(picture, targets, transform, budget)
        making = stills.make(threads or _processors())
    is_made, late = False, None
    for made in making:
        yield made
        is_made = is_made or made.error is None
        if made.error and made.error.code is ErrorCode.DEADLINE_NEAR:
            late = made.error
    if late and not is_made:
        raise TransientError(late.code, late.message)


class _StillRenditions:
    """One picture's still renditions, under one preset and one deadline."""

    def __init__(
        self,
        picture: Picture,
        targets: Sequence[Target],
        transform: Transform,
        budget: TimeBudget,
    ) -> None:
        self._picture, self._targets, self._budget = picture, targets, budget
        self._transform, self._preset = transform, transform.preset
        preset = transform.preset
        self._copyright = picture.probe.copyright if preset.keep_copyright else None
        self._drawing = preset.lossless and is_drawing(picture.image)
        self._chosen: dict[str, Future[int]] = {}

    def make(self, threads: int) -> Iterator[Made]:
        names = {target.name for target in self._targets}
        levels = [self._picture.image]
        waiting: deque[tuple[Target, Image.Image, Future[Made]]] = deque()

        started = Semaphore(0)

        def attempt(target: Target, image: Image.Image, reserve: float) -> Made:
            started.release()
            return self._attempt(target, image, reserve)

        def collect() -> Iterator[Made]:
            target, image, future = waiting.popleft()
            made = future.result()
            yield made
            while made.error and (instead := fallback_of(target, self._preset)):
                if instead.name in names:
                    return
                names.add(instead.name)
                made = replace(self._attempt(instead, image, 0), instead_of=target.name)
                target = instead
                yield made

        pool = ThreadPoolExecutor(threads)
        try:
            for image_format in {each.format for each in self._targets if each.quality is None}:
                self._chosen[image_format] = pool.submit(self._choose, image_format)
            remaining = list(self._targets)
            for _, group in groupby(self._targets, attrgetter("stem")):
                shape = list(group)
                scaled = scale_down(levels, shape[0].whole)
                image = self._transform(scaled, shape[0])
                encodes: dict[Target, Future[Made]] = {}
                for target in sorted(shape, key=self._expect, reverse=True):
                    remaining.remove(target)
                    reserve = self._cheaper(target, remaining) / threads
                    encodes[target] = pool.submit(attempt, target, image, reserve)
                waiting.extend((target, image, encodes[target]) for target in shape)
                # The next shape takes memory: it is made when a thread is about to need it.
                for _ in shape:
                    started.acquire()
                while waiting and waiting[0][-1].done():
                    yield from collect()
            while waiting:
                yield from collect()
        finally:
            pool.shutdown(cancel_futures=True)

    def _attempt(self, target: Target, image: Image.Image, reserve: float) -> Made:
        """Encode one target, if that leaves `reserve` seconds for others; else say why not."""
        pixels = target.width * target.height
        try:
            quality = target.quality or self._quality(target.format)
            started = time.monotonic()
            self._budget.refuse_late(target.name, self._expect(target), reserve)
            content, quality_used = self._encode(target, image, quality)
        except MemoryError:  # ours, not the picture's
            raise
        except MediaError as exc:
            return outcome_of(target, error=Failure.of(exc))
        except Exception as exc:  # encoders raise OSError, ValueError, RuntimeError, SystemError
            return outcome_of(target, error=encode_failed(exc))
        self._budget.learn(target.format, pixels, time.monotonic() - started)
        return outcome_of(target, content, quality_used)

    def _encode(self, target: Target, image: Image.Image, quality: int) -> tuple[bytes, int | None]:
        """Return the file and its quality, which is None where that is lossless."""
        if self._drawing and OUTPUTS[target.format].is_lossless:
            return encode_drawing(image, target.format, quality, self._copyright)
        background = self._preset.background
        return encode(image, target.format, quality, background, self._copyright), quality

    def _quality(self, image_format: str) -> int:
        chosen = self._chosen.get(image_format)
        return chosen.result() if chosen else self._choose(image_format)

    def _choose(self, image_format: str) -> int:
        preset = self._preset
        return choose_quality(self._picture.image, image_format, preset.ssim, preset.background)

    def _cheaper(self, target: Target, later: Iterable[Target]) -> float:
        """Return the seconds that later targets in quicker formats need."""
        slow = self._budget.expect(target.format, 1_000_000)
        return sum(
            self._expect(each)
            for each in later
            if self._budget.expect(each.format, 1_000_000) < slow
        )

    def _expect(self, target: Target) -> float:
        return self._budget.expect(target.format, target.width * target.height)


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
