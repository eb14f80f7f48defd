"""Make the renditions of one video or audio file, or hand it over where that takes too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import job, video
from lib.errors import ErrorCode, PermanentError
from lib.model import Failure, UploadEvent
from lib.playable import describe_sound, describe_video
from lib.ports import Catalog, Deadline, Storage
from lib.presets import Presets
from lib.routing import HEAD_BYTES, sniff


@dataclass(frozen=True, slots=True)
class Long:
    """What to do with sources whose encode takes more than `vcpu_seconds`."""

    vcpu_seconds: float
    hand_over: Callable[[UploadEvent], object]


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
    long: Long | None = None,
) -> job.Finished:
    """Process one upload under the fence; encodes lie below `folder` until they are stored.

    `ffmpeg` is the binary's path. Without `long` every source is encoded here, whatever it takes.
    Raises what `job.run` raises.
    """

    def work(report: job.Report) -> job.Work:
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
        plan = video.plan(probe, preset)
        if long and video.estimate(probe, plan, preset.video.speed) > long.vcpu_seconds:
            long.hand_over(event)
            raise job.HandedOver
        locator = storage.locate(source, round(deadline()) + video.LOCATOR_MARGIN_SECONDS)
        read_from = video.Input(locator, container)
        left_out = video.encode(
            read_from,
            probe,
            plan,
            preset.video,
            Path(scratch),
            ffmpeg=ffmpeg,
            deadline=deadline,
            on_progress=report,
        )
        if not plan.rungs:
            return describe_sound(probe, preset, Path(scratch), ffmpeg=ffmpeg, deadline=deadline)
        # Imported here: only what is encoded is looked at again.
        from lib.video.worth import find_worthless

        plan = video.without(
            plan,
            find_worthless(
                read_from,
                probe,
                plan,
                Path(scratch),
                preset.video.segment_seconds,
                ffmpeg=ffmpeg,
                deadline=deadline,
            ),
        )
        rungs, sounds = video.read_tracks(Path(scratch), video.without(plan, left_out))
        return describe_video(
            probe,
            plan,
            preset,
            rungs,
            sounds,
            [video.read_parts(Path(scratch), track) for track in (*rungs, *sounds)],
            {name: Failure.of(error) for name, error in left_out.items()},
            Path(scratch),
            ffmpeg=ffmpeg,
            deadline=deadline,
        )

    with TemporaryDirectory(dir=folder) as scratch:
        return job.run(
            event,
            work,
            storage=storage,
            catalog=catalog,
            deadline=deadline,
            last_receive=last_receive,
        )
