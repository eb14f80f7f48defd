"""What is uploaded, and what stands for decoders and encoders: a few bytes of source and recipe.

Every object that is made says in its first line which recipe made it, what it is, and of which
bytes; so that what lies in the bucket can be held against what was uploaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.media import AudioProbe, ImageProbe, VideoProbe
from lib.domain.renditions import Made, Part, RenditionKind, Work
from lib.video.package.streams import PLAYLIST, SEGMENT
from lib.video.package.track import INIT, Segment, Track
from tests.robustness.model import current

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
WEBM = b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm"

HEADS: Mapping[str, bytes] = {
    "image": JPEG,
    "partial": JPEG,
    "corrupt": JPEG,
    "deadly": JPEG,
    "bug": JPEG,
    "heavy": JPEG,
    "video": WEBM,
    "film": WEBM,
    "bad film": WEBM,
    "deadly film": WEBM,
    "text": b"plain words",
}
"""What may be uploaded. `deadly` takes more memory than there is, `heavy` more time, `bug` meets a
mistake of ours."""

RECIPES: Mapping[str, str] = {"A": "aaaaaaaaaaaa", "B": "bbbbbbbbbbbb"}
"""Of the releases of the code."""

WIDTHS: Mapping[str, Sequence[str]] = {
    RECIPES["A"]: ("320.webp", "thumb.jpeg"),
    RECIPES["B"]: ("320.webp", "640.webp"),
}

FILM_S = 100.0
RUNG = "h264-360"
SOUND = "audio-0"
VIDEO_PROBE = VideoProbe(width=640, height=360, duration_ms=100_000, format="webm")
IMAGE_PROBE = ImageProbe(width=640, height=480, format="jpeg")


def make_source(kind: str, number: int) -> bytes:
    """Return the bytes of an upload: the same for the same kind and number."""
    if kind == "empty":
        return b""
    return HEADS[kind] + f"|{kind}|{number}".encode()


def kind_of(content: bytes) -> str:
    """Return what `make_source` was asked for."""
    return content.split(b"|")[1].decode() if content else "empty"


def first_line(recipe: str, name: str, etag: str) -> bytes:
    """Return what an object says of itself."""
    return f"#{recipe} {name} {etag}".encode()


def recipe_hash(*_: object) -> str:
    """Return the hash of what is made of an image, by the release that runs."""
    running = current.world.running
    return RECIPES[running.release if running else "A"]


def recipe_of(*_: object) -> str:
    """Return the hash of what is made of a video."""
    return recipe_hash()


def etag_of(content: bytes) -> str:
    """Return the ETag of a source."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class StubImages:
    """Stands for the sandbox of the decoders."""

    def __init__(self) -> None:
        self.holds: dict[str, bool] = {}

    @classmethod
    def of_function(cls, _: int) -> StubImages:
        """Return one for a function of any memory."""
        return cls()

    def start(self) -> None:
        """Start nothing."""

    def is_animation(self, *_: object) -> bool:
        """Know no animation."""
        return False

    @contextmanager
    def open(self, task: Any, _: object) -> Iterator[_Opened]:
        """Open an image. Raises what its kind is for."""
        current.world.work(0.3, "decodes")
        kind = kind_of(task.data)
        if kind == "corrupt":
            raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cannot be decoded")
        if kind == "deadly":
            current.world.die("runs out of memory")
        if kind == "heavy":
            raise TransientError(ErrorCode.DEADLINE_NEAR, "too little time is left")
        if kind == "bug":
            raise ZeroDivisionError("a mistake of ours")
        yield _Opened(task.data, kind)


@dataclass(frozen=True, slots=True)
class _Opened:
    data: bytes
    kind: str
    probe: ImageProbe = IMAGE_PROBE
    placeholder: None = None
    size: tuple[int, int] = (640, 480)

    def make_renditions(self) -> Iterator[Made]:
        recipe, etag = recipe_hash(), etag_of(self.data)
        for number, name in enumerate(WIDTHS[recipe]):
            current.world.work(0.4, f"encodes {name}")
            mime = "image/webp" if name.endswith("webp") else "image/jpeg"
            made = Made(name, RenditionKind.IMAGE, mime, first_line(recipe, name, etag), 320, 240)
            if number and self.kind == "partial":
                failure = Failure(ErrorCode.ENCODE_FAILED, "cannot be encoded")
                made = Made(name, RenditionKind.IMAGE, mime, error=failure)
            yield made


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


def inspect_source(event: UploadEvent, pipeline: Any) -> Inspected:
    """Read the first bytes of a source, which say all."""
    preset = pipeline.presets.choose(event.source.key, event.preset)
    kind = kind_of(pipeline.sources.read_range(event.source, 0, 4096))
    plan = SimpleNamespace(
        rungs=(SimpleNamespace(name=RUNG),), audio=(SimpleNamespace(name=SOUND),), subtitles=()
    )
    cost = 300.0 if "film" in kind else 20.0
    return Inspected("matroska", VIDEO_PROBE, None, preset, plan, cost, cost / 1000)


@dataclass(frozen=True, slots=True)
class Located:
    """Stands for an address: what is behind it can be read."""

    read: Callable[[], bytes]
    etag: str


def locate(source: Any, _: str, sources: Any, __: object) -> Located:
    """Return where an encoder reads a source."""
    return Located(lambda: sources.read(source), source.etag)


def find_keyframe(at: float, **_: object) -> float:
    """Return a keyframe: there is one everywhere."""
    return at


def encode_video(task: Any, ffmpeg: Any, report: Callable[[float], None]) -> dict[str, Any]:
    """Encode a short video."""
    del ffmpeg
    task.source.read()
    current.world.work(12.0, "encodes")
    report(0.5)
    current.world.work(8.0, "encodes")
    return {}


def assemble(task: Any, *_: object) -> Work:
    """Return all that becomes of a short video."""
    recipe, etag = recipe_hash(), task.source.etag
    tracks = [_track(RUNG, 0.0, FILM_S)]
    return Work(task.probe, _films(recipe, etag, tracks, stored=None), "default", recipe)


def encode_part(job: Any, work: Any, preset: Any, part: Any, ffmpeg: Any) -> dict[str, Any]:
    """Encode one part of a long source."""
    del work, preset, ffmpeg
    kind = kind_of(job.pipeline.sources.read(job.event.source))
    current.world.work(40.0, f"encodes {part.name}")
    if part.name == "range-0001" and kind == "deadly film":
        current.world.die("runs out of memory")
    if part.name == "range-0001" and kind == "bad film":
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cannot be decoded")
    return {}


def store_part(job: Any, part: Any, _: object) -> tuple[tuple[Track, ...], dict[str, str]]:
    """Store the segments of a part, and a work file beside them."""
    put, etag = job.pipeline.renditions.put, job.event.source.etag
    track = _track(SOUND, 0.0, FILM_S) if part.start_s is None else _track(
        RUNG, part.start_s, part.end_s or FILM_S
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
