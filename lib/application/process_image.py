"""Make the renditions of one image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from lib.application import fenced_job
from lib.application.context import Delivery, Pipeline
from lib.domain.asset import ClaimState
from lib.domain.clock import Deadline
from lib.domain.events import UploadEvent
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, Work
from lib.imaging.port import Images, ImageTask, OpenedImage
from lib.presets import Preset, Presets, VideoPreset, recipe_hash
from lib.sniff import HEAD_BYTES, sniff


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that one image is made from."""

    preset: Preset
    task: ImageTask
    sha256: str


class Film(Protocol):
    """Makes the MP4 of an animation: `make_animation`, with ffmpeg bound."""

    def __call__(
        self,
        size: tuple[int, int],
        frames: Callable[[tuple[int, int]], Iterator[tuple[bytes, int]]],
        preset: VideoPreset,
    ) -> Made:
        """Encode what `frames` gives for a size: rows of RGB bytes, and ms."""
        ...


@dataclass(frozen=True, slots=True)
class ImageTools:
    """What a worker makes images with.

    An animation that the preset wants as MP4 too is for a worker that has `film`: without it, it is
    sent there by `requeue`, before anything is claimed; without both, there is no MP4.
    """

    images: Images
    film: Film | None = None
    requeue: Callable[[UploadEvent], None] | None = None


def process_image(
    event: UploadEvent, pipeline: Pipeline, delivery: Delivery, tools: ImageTools
) -> fenced_job.Finished:
    """Process one upload under the fence. Raises what `fenced_job.run` raises."""
    images, film = tools.images, tools.film
    with ExitStack() as opened, ThreadPoolExecutor() as pool:
        # While the claim is on its way: what is fetched for nothing when it fails does no harm.
        fetching = [pool.submit(_fetch, event, pipeline, pool)]

        def work(_: fenced_job.Report) -> Work:
            fetched = fetching.pop().result()  # and forgotten, once it is decoded
            image = opened.enter_context(images.open(fetched.task, delivery.deadline))
            return _work(fetched, image, film)

        requeue = tools.requeue if film is None else None
        if requeue and _needs_film(event, pipeline.presets, fetching[0], images, delivery.deadline):
            try:
                requeue(event)
            except Exception as exc:  # raised under the fence, which records the last failure
                work = partial(_raise, exc)
            else:
                return fenced_job.Finished(ClaimState.HANDED_OVER)
        return fenced_job.run(event, work, pipeline, delivery)


def _fetch(event: UploadEvent, pipeline: Pipeline, pool: ThreadPoolExecutor) -> Fetched:
    """Download the source, and the watermark meanwhile. Raises PermanentError, TransientError."""
    presets = pipeline.presets
    preset = presets.choose(event.source.key, event.preset)
    presets.limits.refuse_image(event.source.size)
    watermark: Future[bytes] | None = None
    if preset.image.watermark:
        watermark = pool.submit(pipeline.renditions.read_config, preset.image.watermark.object)
    data = pipeline.sources.read(event.source)
    container = sniff(data[:HEAD_BYTES]).container
    presets.limits.refuse_format(container)
    task = ImageTask(
        data,
        container,
        preset.image,
        presets.limits,
        watermark.result() if watermark else None,
    )
    return Fetched(preset, task, hashlib.sha256(data).hexdigest())


def _needs_film(
    event: UploadEvent,
    presets: Presets,
    fetching: Future[Fetched],
    images: Images,
    deadline: Deadline,
) -> bool:
    """Tell whether the preset wants an MP4 of this source; waits for the source only if so."""
    try:
        if not presets.choose(event.source.key, event.preset).image.animated_mp4:
            return False
        return images.is_animation(fetching.result().task, deadline)
    except Exception:  # the job meets it again, under the fence
        return False


def _raise(error: Exception, _: fenced_job.Report) -> Work:
    raise error


def _work(fetched: Fetched, opened: OpenedImage, film: Film | None) -> Work:
    preset, watermark = fetched.preset.image, fetched.task.watermark
    ingredients = [hashlib.sha256(watermark).hexdigest()] if watermark else []
    if preset.animated_mp4:
        ingredients.append(recipe_hash(fetched.preset.video))
    probe = replace(opened.probe, sha256=fetched.sha256)
    return Work(
        probe=_redact_gps(probe) if preset.redact_gps else probe,
        made=_make(opened, fetched.preset, film),
        preset=fetched.preset.name,
        recipe=recipe_hash(preset, *ingredients),
        placeholder=opened.placeholder,
    )


def _make(opened: OpenedImage, preset: Preset, film: Film | None) -> Iterator[Made]:
    """Yield the images, then the film of an animation."""
    yield from opened.make_renditions()
    if film and preset.image.animated_mp4 and opened.probe.loops is not None:
        yield film(opened.size, opened.film_frames, preset.video)


def _redact_gps(probe: ImageProbe) -> ImageProbe:
    return replace(probe, latitude=None, longitude=None, altitude_m=None)
