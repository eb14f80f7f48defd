"""Run the processes of one encode: alike in all but what each of them makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lib.process_limits import Bounds
from lib.video.encode.arguments import encode_arguments
from lib.video.encode.encoded import Damage
from lib.video.encode.ffmpeg import Ffmpeg, run_checked
from lib.video.encode.loudness import Loudness
from lib.video.plan.plan import Plan, VideoTask

LENIENT = ("-max_error_rate", "1")
"""However much is damaged, the rest is made, of a source as of each of its spans."""


@dataclass(frozen=True, slots=True)
class Job:
    """What does not change between the processes of one encode. All raise as `encode_video`."""

    task: VideoTask
    ffmpeg: Ffmpeg
    on_progress: Callable[[int], None]
    bounds: Bounds
    seen: list[Damage] = field(default_factory=list)
    """What each process that ended well tells of the source."""

    @property
    def folder(self) -> Path:
        """Return where everything is written."""
        return self.ffmpeg.scratch

    def run(self, plan: Plan, levels: Mapping[str, Loudness]) -> None:
        """Make what is planned, of audio that is as loud as was measured."""
        task = replace(self.task, plan=plan)
        self.start([*LENIENT, *encode_arguments(task, self.folder, levels)])

    def run_task(self, task: VideoTask) -> None:
        """Make what another task is about, within the same bounds."""
        self.start([*LENIENT, *encode_arguments(task, self.folder)])

    def start(self, arguments: list[str]) -> None:
        """Run ffmpeg with these arguments to its end."""
        locator, bounds = self.task.source.locator, self.bounds
        done = run_checked(
            self.ffmpeg, arguments, locator, on_progress=self.on_progress, bounds=bounds
        )
        self.seen.append(done.damage)


def reporter(task: VideoTask, on_progress: Callable[[float], None]) -> Callable[[int], None]:
    """Translate the ms written to the part that is done."""
    span = task.span
    total_ms = (span.end_s - span.start_s) * 1000 if span else task.probe.duration_ms
    if not total_ms:
        return lambda _: None
    furthest = 0.0

    def report(written_ms: int) -> None:
        nonlocal furthest
        # A second process starts from the beginning.
        furthest = max(furthest, min(1.0, written_ms / total_ms))
        on_progress(furthest)

    return report
