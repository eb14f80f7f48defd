"""Make the renditions of one image."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from lib import imaging, job
from lib.errors import ErrorCode, PermanentError
from lib.model import Probe, UploadEvent
from lib.ports import Catalog, Deadline, Storage
from lib.presets import Preset, Presets, recipe_hash
from lib.routing import HEAD_BYTES, sniff


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that one image is made from."""

    preset: Preset
    data: bytes
    sha256: str
    watermark: bytes | None


def process(
    event: UploadEvent,
    *,
    storage: Storage,
    catalog: Catalog,
    presets: Presets,
    deadline: Deadline,
    last_receive: bool = False,
) -> job.Finished:
    """Process one upload under the fence. Raises what `job.run` raises."""
    with ThreadPoolExecutor() as pool:
        # While the claim is on its way: what is fetched for nothing when it fails does no harm.
        fetching = [pool.submit(_fetch, event, storage, presets, pool)]

        def work() -> job.Work:
            fetched = fetching.pop().result()  # and forgotten, once it is decoded
            return _work(fetched, presets, deadline)

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


def _work(fetched: Fetched, presets: Presets, deadline: Deadline) -> job.Work:
    preset, watermark = fetched.preset.image, fetched.watermark
    container = sniff(fetched.data[:HEAD_BYTES]).container
    picture = imaging.read(
        fetched.data,
        container,
        presets.limits,
        widest=max((*preset.widths, *(box.width for box in preset.boxes))),
        tallest=max((box.height for box in preset.boxes), default=0),
    )
    probe = replace(picture.probe, sha256=fetched.sha256, phash=imaging.phash(picture))
    return job.Work(
        probe=_redact_gps(probe) if preset.redact_gps else probe,
        made=imaging.make(
            picture, imaging.plan(probe, preset), preset, deadline, watermark=watermark
        ),
        preset=fetched.preset.name,
        recipe=recipe_hash(preset, *([hashlib.sha256(watermark).hexdigest()] if watermark else [])),
        placeholder=imaging.placeholder(picture),
    )


def _redact_gps(probe: Probe) -> Probe:
    return replace(probe, latitude=None, longitude=None, altitude_m=None)
