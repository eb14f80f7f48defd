"""Make the renditions of one image."""

from __future__ import annotations

from lib import imaging, job
from lib.errors import ErrorCode, PermanentError
from lib.model import UploadEvent
from lib.ports import Catalog, Deadline, Storage
from lib.presets import Presets, recipe_hash
from lib.routing import HEAD_BYTES, sniff


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

    def work() -> job.Work:
        preset = presets.named(event.preset)
        # Before the download: the reader's own check would come after it.
        if event.source.size > presets.limits.image_megabytes * 1_000_000:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"expected at most {presets.limits.image_megabytes} MB for an image "
                f"but received {event.source.size / 1_000_000:.1f} MB",
            )
        data = storage.read(event.source)
        container = sniff(data[:HEAD_BYTES]).container
        picture = imaging.read(data, container, presets.limits, widest=max(preset.image.widths))
        targets = imaging.plan(picture.probe, preset.image)
        return job.Work(
            probe=picture.probe,
            made=imaging.make(picture, targets, preset.image, deadline),
            preset=preset.name,
            recipe=recipe_hash(preset.image),
            placeholder=imaging.placeholder(picture),
        )

    return job.run(
        event, work, storage=storage, catalog=catalog, deadline=deadline, last_receive=last_receive
    )
