"""Make the renditions of one image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from lib import imaging, job
from lib.errors import ErrorCode, PermanentError
from lib.model import ClaimState, Made, Probe, UploadEvent
from lib.ports import Catalog, Deadline, Storage
from lib.presets import Preset, Presets, VideoPreset, recipe_hash
from lib.routing import HEAD_BYTES, sniff


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that one image is made from."""

    preset: Preset
    data: bytes
    sha256: str
    watermark: bytes | None


class Film(Protocol):
    """Makes the MP4 of an animation: `lib.video.animation.make_animation`, with ffmpeg bound."""

    def __call__(
        self,
        size: tuple[int, int],
        frames: Callable[[tuple[int, int]], Iterator[tuple[bytes, int]]],
        preset: VideoPreset,
        deadline: Deadline,
    ) -> Made:
        """Encode what `frames` gives for a size: rows of RGB bytes, and ms."""
        ...


def process(
    event: UploadEvent,
    *,
    storage: Storage,
    catalog: Catalog,
    presets: Presets,
    deadline: Deadline,
    last_receive: bool = False,
    film: Film | None = None,
    hand_over: Callable[[UploadEvent], None] | None = None,
) -> job.Finished:
    """Process one upload under the fence. Raises what `job.run` raises.

    An animation that the preset wants as MP4 too is for a worker that has `film`: without it, it is
    sent there by `hand_over`, before anything is claimed; without both, there is no MP4.
    """
    with ThreadPoolExecutor() as pool:
        # While the claim is on its way: what is fetched for nothing when it fails does no harm.
        fetching = [pool.submit(_fetch, event, storage, presets, pool)]

        def work(_: job.Report) -> job.Work:
            fetched = fetching.pop().result()  # and forgotten, once it is decoded
            return _work(fetched, presets, deadline, film)

        if hand_over and film is None and _needs_film(event, fetching[0], presets):
            try:
                hand_over(event)
            except Exception as exc:  # raised under the fence, which records the last failure
                work = partial(_raise, exc)
            else:
                return job.Finished(ClaimState.HANDED_OVER)
        return job.run(
            event,
            work,
            storage=storage,
            catalog=catalog,
            deadline=deadline,
            last_receive=last_receive,
        )


def _fetch(
    event: UploadEvent, storage: Storage, presets: Presets, pool: ThreadPoolExecutor
) -> Fetched:
    """Download the source, and the watermark meanwhile. Raises PermanentError, TransientError."""
    preset = presets.choose(event.source.key, event.preset)
    if event.source.size > presets.limits.image_megabytes * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"expected at most {presets.limits.image_megabytes} MB for an image "
            f"but received {event.source.size / 1_000_000:.1f} MB",
        )
    watermark: Future[bytes] | None = None
    if preset.image.watermark:
        watermark = pool.submit(storage.read_config, preset.image.watermark.object)
    data = storage.read(event.source)
    sha256 = hashlib.sha256(data).hexdigest()
    return Fetched(preset, data, sha256, watermark.result() if watermark else None)


def _needs_film(event: UploadEvent, fetching: Future[Fetched], presets: Presets) -> bool:
    """Tell whether the preset wants an MP4 of this source; waits for the source only if so."""
    try:
        if not presets.choose(event.source.key, event.preset).image.animated_mp4:
            return False
        data = fetching.result().data
        container = sniff(data[:HEAD_BYTES]).container
        return imaging.is_animation(data, container, presets.limits)
    except Exception:  # the job meets it again, under the fence
        return False


def _raise(error: Exception, _: job.Report) -> job.Work:
    raise error


def _work(fetched: Fetched, presets: Presets, deadline: Deadline, film: Film | None) -> job.Work:
    preset, watermark = fetched.preset.image, fetched.watermark
    container = sniff(fetched.data[:HEAD_BYTES]).container
    picture = imaging.read(
        fetched.data,
        container,
        presets.limits,
        widest=max((*preset.widths, *(box.width for box in preset.boxes))),
        tallest=max((box.height for box in preset.boxes), default=0),
    )
    ingredients = [hashlib.sha256(watermark).hexdigest()] if watermark else []
    if preset.animated_mp4:
        ingredients.append(recipe_hash(fetched.preset.video))
    probe = replace(picture.probe, sha256=fetched.sha256, phash=imaging.phash(picture))
    return job.Work(
        probe=_redact_gps(probe) if preset.redact_gps else probe,
        made=_make(picture, probe, fetched.preset, watermark, deadline, film),
        preset=fetched.preset.name,
        recipe=recipe_hash(preset, *ingredients),
        placeholder=imaging.placeholder(picture),
    )


def _make(
    picture: imaging.Picture,
    probe: Probe,
    preset: Preset,
    watermark: bytes | None,
    deadline: Deadline,
    film: Film | None,
) -> Iterator[Made]:
    """Yield the images, then the film of an animation."""
    targets = imaging.plan(probe, preset.image)
    yield from imaging.make(picture, targets, preset.image, deadline, watermark=watermark)
    if film and preset.image.animated_mp4 and picture.animation:
        frames = partial(imaging.film_frames, picture, preset=preset.image, watermark=watermark)
        yield film(picture.image.size, frames, preset.video, deadline)


def _redact_gps(probe: Probe) -> Probe:
    return replace(probe, latitude=None, longitude=None, altitude_m=None)
