"""Take sources through dispatch and the whole job, several at once, and look at what they became.

The readers are MediaInfo, Pillow, and ffmpeg's decoder for the times of frames.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image, ImageChops, ImageStat
from pymediainfo import MediaInfo

from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.context import Delivery, Pipeline
from lib.application.dispatch import dispatch
from lib.application.fenced_job import Finished
from lib.application.process_video import VideoTools, process_video
from lib.domain.asset import Asset
from lib.domain.events import Action, ObjectEvent, UploadEvent
from lib.domain.keys import asset_id
from lib.imaging.in_process import InProcess
from lib.presets import Preset, Presets
from lib.video.encode.ffmpeg import Ffmpeg

JOBS = 3
"""At once: each waits for processes of its own."""

JOB_SECONDS = 120.0
LADDER = (90, 180)
CORNERS = ("top left", "top right", "bottom left", "bottom right")
CORNER_PART = 8
"""Of each side is looked at. Sources are red in one corner, a quarter of each side, and else have
a grey frame."""

RED = 60
"""How much more red than anything else a corner has to be, in grey levels."""

Fields = dict[str, Any]
Process = Callable[[UploadEvent, Pipeline, Delivery, VideoTools], Finished]
"""`process_video`, or another way to the same."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a source: its catalog entry and its renditions, which lie in `folder`."""

    source: Path
    asset: Asset
    folder: Path
    left: tuple[str, ...]
    """Names of what was not cleaned up."""
    problem: Exception | None
    """What the queue would have delivered again for."""

    def path(self, name: str) -> Path:
        """Return where a rendition lies."""
        assert self.asset.manifest_key
        return self.folder / Path(self.asset.manifest_key).parent / name

    def names(self) -> set[str]:
        """Return the names of the renditions that were made."""
        return {each.name for each in self.asset.renditions if not each.error}

    def files(self) -> Iterator[Path]:
        """Return every stored object."""
        return (path for path in self.folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class JobTopic:
    """A topic without queues: what is published is processed before `publish` returns."""

    process: Callable[[UploadEvent], Finished]

    def publish(self, events: Iterable[UploadEvent]) -> None:
        for event in events:
            finished = self.process(event)
            if finished.error:
                raise finished.error


@dataclass(frozen=True, slots=True)
class Worker:
    """What takes a source: the recipes, ffmpeg's path, the job, and the function's memory in MB."""

    presets: Presets
    ffmpeg: str
    process: Process = process_video
    function_mb: int = 0


def take_all(sources: Iterable[Path], worker: Worker, folder: Path) -> list[Ended]:
    """Take each source through the pipeline; what is made of it lies below `folder`."""
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(lambda source: take(source, worker, folder), sources))


def take(source: Path, worker: Worker, folder: Path) -> Ended:
    """Dispatch one source and process it as on its last delivery."""
    out, scratch = folder / f"{source.name}.out", folder / f"{source.name}.scratch"
    scratch.mkdir()
    sources, catalog = FolderSources(), MemoryCatalog()
    found = sources.current_version(str(source.parent), source.name)
    assert found
    pipeline = Pipeline(sources, FolderRenditions(out), catalog, worker.presets)
    tools = VideoTools(
        InProcess(), lambda deadline: Ffmpeg(worker.ffmpeg, deadline, scratch, worker.function_mb)
    )

    def process(event: UploadEvent) -> Finished:
        return worker.process(event, pipeline, Delivery(lambda: JOB_SECONDS), tools)

    event = ObjectEvent(Action.CREATED, found, sequencer="1")
    topic = JobTopic(process)
    problem = None
    try:
        dispatch([event], sources=sources, catalog=catalog, topic=topic, clock=lambda: 0.0)
    except Exception as exc:
        # As the queue sees it; the catalog has the outcome.
        problem = exc
    asset = catalog.get(asset_id(found.bucket, found.key))
    assert asset
    return Ended(source, asset, out, tuple(path.name for path in scratch.iterdir()), problem)


def small(loaded: Presets, around: Iterable[str]) -> Presets:
    """Return presets that make two rungs and a file of them, and all else only of `around`."""
    default = loaded.named(None)
    image = replace(default.image, formats=("jpeg",), boxes=())
    video = replace(default.video, ladder=LADDER, mp4=LADDER[-1], speed="ultrafast")
    bare = replace(video, storyboard=False, preview="none")
    names = {
        "default": Preset("default", image, bare, default.audio),
        "around": Preset("around", image, video, default.audio),
    }
    return replace(loaded, by_name=names, rules=tuple((name, "around") for name in around))


def tracks(path: Path, kind: str) -> list[Fields]:
    """Return what MediaInfo finds of a kind: `Video`, `Audio`."""
    return [each.to_data() for each in MediaInfo.parse(path).tracks if each.track_type == kind]


def red_corners(path: Path) -> list[str]:
    """Return the corners of a picture that are red."""
    return [
        corner
        for corner, (red, green, blue) in corners(path).items()
        if red > max(green, blue) + RED
    ]


def grey(path: Path) -> float:
    """Return the middle level of the corners of a picture."""
    return median(green for _, green, _ in corners(path).values())


def corners(path: Path) -> dict[str, list[float]]:
    """Return the mean red, green and blue of each corner of a picture."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    part = (max(1, width // CORNER_PART), max(1, height // CORNER_PART))
    places = ((x, y) for y in (0, height - part[1]) for x in (0, width - part[0]))
    return {
        corner: ImageStat.Stat(picture.crop((x, y, x + part[0], y + part[1]))).mean
        for corner, (x, y) in zip(CORNERS, places, strict=True)
    }


def combing(path: Path, ffmpeg: str) -> float:
    """Return how much a line differs from the next, by how much from the one after, mid-video."""
    select = ["-vf", "select=eq(n\\,12),format=gray", "-f", "image2pipe", "-c:v", "pgm", "-"]
    command = [ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:V:0", *select]
    with Image.open(BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)) as it:
        width, height = it.width, it.height - 2
        lines = [it.crop((0, down, width, height + down)) for down in range(3)]
    near, far = (ImageChops.difference(lines[0], each) for each in lines[1:])
    return ImageStat.Stat(near).mean[0] / ImageStat.Stat(far).mean[0]


_CLOCK = re.compile(r"^#tb 0: (\d+)/(\d+)$", re.MULTILINE)
_FRAME = re.compile(r"^0, +-?\d+, +(-?\d+),", re.MULTILINE)


def frame_times(path: Path, ffmpeg: str) -> list[float]:
    """Return when each frame of the picture is shown, in s, as a decoder tells."""
    # The sounds count, too: time starts with the earliest track.
    every = ["-map", "0:V:0", "-map", "0:a?"]
    command = [ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", *every]
    listed = ["-fps_mode", "passthrough", "-enc_time_base", "demux", "-f", "framecrc", "-"]
    text = subprocess.run([*command, *listed], capture_output=True, text=True, check=True).stdout
    clock = _CLOCK.search(text)
    tick = Fraction(int(clock[1]), int(clock[2])) if clock else Fraction(1)
    return [float(int(each) * tick) for each in _FRAME.findall(text)]
