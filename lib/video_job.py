"""Make the renditions of one video or audio file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import job, video
from lib.errors import ErrorCode, PermanentError
from lib.model import UploadEvent
from lib.ports import Catalog, Deadline, Storage
from lib.presets import Presets, recipe_hash
from lib.routing import HEAD_BYTES, sniff

LOCATOR_MARGIN_SECONDS = 60
"""A source's URL outlives the invocation by this, so that no encode ends with a refused read."""


def process(
    event: UploadEvent,
    *,
    storage: Storage,
    catalog: Catalog,
    presets: Presets,
    ffmpeg: str,
    folder: Path,
    deadline: Deadline,
    last_receive: bool = False,
    on_progress: Callable[[float], None] = lambda _: None,
) -> job.Finished:
    """Process one upload under the fence; encodes lie below `folder` until they are stored.

    `ffmpeg` is the binary's path. Raises what `job.run` raises.
    """

    def work() -> job.Work:
        source = event.source
        preset = presets.choose(source.key, event.preset)
        if source.size > presets.limits.source_gigabytes * 1e9:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"expected at most {presets.limits.source_gigabytes:g} GB "
                f"but received {source.size / 1e9:.2f} GB",
            )
        container = sniff(storage.read_range(source, 0, HEAD_BYTES)).container
        reader = video.RangeReader(partial(storage.read_range, source), source.size)
        probe = video.read_probe(reader, container)
        video.check_limits(probe, presets.limits)
        made = video.make(
            storage.locate(source, round(deadline()) + LOCATOR_MARGIN_SECONDS),
            container,
            probe,
            video.plan(probe, preset),
            preset,
            Path(scratch),
            ffmpeg=ffmpeg,
            deadline=deadline,
            on_progress=on_progress,
        )
        recipe = recipe_hash(preset.video if probe.video_codec else preset.audio)
        return job.Work(probe=probe, made=made, preset=preset.name, recipe=recipe)

    with TemporaryDirectory(dir=folder) as scratch:
        return job.run(
            event,
            work,
            storage=storage,
            catalog=catalog,
            deadline=deadline,
            last_receive=last_receive,
        )
