"""Make what a long source has besides segments: playlists, the one file, pictures, subtitles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lib.application.long_video.records import WorkPlan
from lib.application.long_video.stored import Stored
from lib.domain.errors import Failure
from lib.domain.renditions import Work
from lib.imaging.images import Images
from lib.presets import Preset
from lib.video.assemble import describe_sound, describe_video
from lib.video.auxiliary import preview, progressive
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.encode.prune_ladder import find_worthless
from lib.video.package.track import Track
from lib.video.plan.plan import Plan, VideoTask, without
from lib.video.plan.span import SOUND_ALONE
from lib.video.probe.opening import locate


def make(
    work: WorkPlan,
    preset: Preset,
    tracks: Sequence[Track],
    left_out: Mapping[str, Failure],
    stored: Stored,
    *,
    ffmpeg: Ffmpeg,
    images: Images,
) -> Work:
    """Describe what is made of a long source; it is made when it is asked for, in the scratch."""
    plan, folder = work.plan(preset), ffmpeg.scratch
    if not plan.rungs:
        (folder / SOUND_ALONE).write_bytes(stored.work_file(SOUND_ALONE))
        return describe_sound(work.probe, preset, ffmpeg)
    sources = stored.pipeline.sources
    source = locate(stored.event.source, work.container, sources, ffmpeg.deadline)
    task = VideoTask(source, work.probe, plan, preset.video)
    encoded = [each for each in tracks if each.width]
    worthless = find_worthless(task, encoded, stored.clip, ffmpeg)
    plan = without(plan, worthless)
    heard = without(plan, left_out)
    by_name = {each.name: each for each in tracks}
    rungs = [by_name[each.name] for each in heard.rungs]
    sounds = [
        replace(
            by_name[each.name],
            language=each.track.language,
            title=each.track.title,
            default=each.track.default,
        )
        for each in heard.sounds
    ]
    _fetch(heard, preset, by_name, stored, folder)
    nothing_more = [()] * len([*rungs, *sounds])
    return describe_video(
        work.probe,
        plan,
        preset,
        rungs,
        sounds,
        nothing_more,
        left_out,
        ffmpeg=ffmpeg,
        images=images,
    )


def _fetch(
    plan: Plan,
    preset: Preset,
    tracks: Mapping[str, Track],
    stored: Stored,
    folder: Path,
) -> None:
    """Fill a folder with as much of what the parts encoded as is looked at again."""
    for pictures in ("stills", "tiles"):
        stored.work_files(pictures, folder)
    for text in plan.texts:
        (folder / f"{text.name}.vtt").write_bytes(stored.work_file(f"{text.name}.vtt"))
    rung = progressive.choose_rung(plan.rungs, preset.video.mp4)
    sound = progressive.choose_sound(plan.sounds)
    shown = preview.choose_rung(plan.rungs) if preset.video.preview != "none" else None
    looked_at = {each.name for each in (rung, sound if rung else None, shown) if each}
    for name in sorted(looked_at):
        stored.track_file(tracks[name], folder)
