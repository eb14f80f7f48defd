"""What stands for the encoders of videos: short ones, and long ones of two ranges and a sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import UploadEvent
from lib.domain.media import AudioProbe, VideoProbe
from lib.domain.renditions import Made, Part, RenditionKind, Work
from lib.video.encode.encoded import Encoded
from lib.video.package.streams import PLAYLIST, SEGMENT
from lib.video.package.track import INIT, Segment, Track
from tests.robustness.model import current
from tests.robustness.model.media import first_line, kind_of, recipe_hash

FILM_S = 100.0
RUNG = "h264-360"
SOUND = "audio-0"
VIDEO_PROBE = VideoProbe(width=640, height=360, duration_ms=100_000, format="webm")


@dataclass(frozen=True, slots=True)
class Inspected:
    """As that of `lib.application.inspect_source`."""

    container: str
    probe: AudioProbe
    reader: Any
    preset: Any
    plan: Any
    cost_s: float
    dollars: float
    start: int = 0
    joined: bool = False
    jumps: bool = False


def inspect_source(event: UploadEvent, pipeline: Any) -> Inspected:
    """Read the first bytes of a source, which say all."""
    preset = pipeline.presets.choose(event.source.key, event.preset)
    kind = kind_of(pipeline.sources.read_range(event.source, 0, 4096))
    plan = SimpleNamespace(
        rungs=(SimpleNamespace(name=RUNG),), audio=(SimpleNamespace(name=SOUND),), subtitles=()
    )
    cost = 300.0 if "film" in kind else 20.0
    return Inspected("matroska", VIDEO_PROBE, None, preset, plan, cost, cost / 500)


@dataclass(frozen=True, slots=True)
class Located:
    """Stands for an address: what is behind it can be read."""

    read: Callable[[], bytes]
    etag: str


def locate(source: Any, _: str, sources: Any, __: object) -> Located:
    """Return where an encoder reads a source."""
    return Located(lambda: sources.read(source), source.etag)


def pass_over(*_: object) -> None:
    """Return what there is of the sound alone: nothing."""


def scan_source(found: Inspected, *_: object) -> Inspected:
    """Return a source as it was: its container says how long it lasts."""
    return found


def find_obstacle(*_: object) -> None:
    """Return why a picture can't be decoded: none of these."""


def find_keyframe(at: float, **_: object) -> float:
    """Return a keyframe: there is one everywhere."""
    return at


def encode_video(task: Any, ffmpeg: Any, report: Callable[[float], None]) -> Encoded:
    """Encode a short video."""
    del ffmpeg
    task.source.read()
    current.world.work(12.0, "encodes")
    report(0.5)
    current.world.work(8.0, "encodes")
    return Encoded()


def assemble(task: Any, *_: object) -> Work:
    """Return all that becomes of a short video."""
    recipe, etag = recipe_hash(), task.source.etag
    tracks = [_track(RUNG, 0.0, FILM_S)]
    return Work(task.probe, _films(recipe, etag, tracks, stored=None), "default", recipe)


def encode_part(job: Any, work: Any, preset: Any, part: Any, ffmpeg: Any) -> Encoded:
    """Encode one part of a long source."""
    del work, preset, ffmpeg
    kind = kind_of(job.pipeline.sources.read(job.event.source))
    current.world.work(40.0, f"encodes {part.name}")
    if part.name == "range-0001" and kind == "deadly film":
        current.world.die("runs out of memory")
    if part.name == "range-0001" and kind == "bad film":
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cannot be decoded")
    return Encoded()


def store_part(job: Any, part: Any, _: object) -> tuple[tuple[Track, ...], dict[str, str]]:
    """Store the segments of a part, and a work file beside them."""
    put, etag = job.pipeline.renditions.put, job.event.source.etag
    track = (
        _track(SOUND, 0.0, FILM_S)
        if part.start_s is None
        else _track(RUNG, part.start_s, part.end_s or FILM_S)
    )
    for name in (f"{track.name}/{INIT}", f"{track.name}/{track.segments[0].name}"):
        put(job.rendition_key(name), first_line(job.recipe, name, etag), SEGMENT)
    put(job.work_key(f"tiles/{part.name}.jpg"), b"tile", "image/jpeg")
    return (track,), {track.name: "init"}


def assemble_stored(*_: object) -> Callable[[Any, Any, Any], Work]:
    """Return what makes all of a long source of its stored segments."""

    def make(stored: Any, preset: Any, left_out: object) -> Work:
        del preset, left_out
        job = stored.job
        made = _films(job.recipe, job.event.source.etag, stored.tracks, stored)
        return Work(stored.work.probe, made, "default", job.recipe)

    return make


def _track(name: str, start_s: float, end_s: float) -> Track:
    start, end = round(start_s * 1000), round(end_s * 1000)
    segment = Segment(start, end - start, 10, 10)
    size = {"width": 640, "height": 360} if name == RUNG else {"channels": 2}
    return Track(name, "avc1", 1000, (segment,), **size)  # type: ignore[arg-type]


def _films(recipe: str, etag: str, tracks: Sequence[Track], stored: Any) -> Iterator[Made]:
    """Yield the playlists of tracks, a storyboard and one plain file."""

    def content(name: str, *lines: str) -> bytes:
        return b"\n".join((first_line(recipe, name, etag), *(each.encode() for each in lines)))

    for track in tracks:
        files = [INIT, *(each.name for each in track.segments)]
        name = f"{track.name}/{PLAYLIST}"
        parts = [
            Part(f"{track.name}/{each}", SEGMENT, content(f"{track.name}/{each}")) for each in files
        ]
        if stored is not None:
            for segment in track.segments:
                stored.read_clip(track, segment)
            parts = []
        playlist = content(name, *files)
        yield Made(name, RenditionKind.RUNG, "application/vnd.apple.mpegurl", playlist, parts=parts)
    sheet = "storyboard-0.jpg"
    vtt = content("storyboard.vtt", sheet)
    sheets = (Part(sheet, "image/jpeg", content(sheet)),)
    yield Made("storyboard.vtt", RenditionKind.STORYBOARD, "text/vtt", vtt, parts=sheets)
    current.world.work(3.0, "makes one file")
    yield Made("360.mp4", RenditionKind.VIDEO, "video/mp4", content("360.mp4"), 640, 360)
