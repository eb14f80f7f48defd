"""What a part of a long source is encoded from, and what is left out where that fails."""

from __future__ import annotations

from concurrent.futures import Executor
from types import SimpleNamespace
from typing import Any

import pytest

from lib.application.long_video import encode_range
from lib.application.long_video.encode_range import encode_with_ffmpeg
from lib.application.long_video.long_job import LongJob
from lib.application.long_video.work_format import Part, WorkPlan
from lib.application.store_work import PUT_THREADS
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.events import Source
from lib.domain.media import AudioProbe, AudioTrack, MediaType, SubtitleTrack, VideoProbe
from lib.video.encode.encoded import Encoded
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.plan import VideoTask, recipe_of
from tests.support.fakes import MemorySources
from tests.support.world import World

BROKEN = PermanentError(ErrorCode.ENCODE_FAILED, "no such codec")
RANGE, AUDIO = Part("range-0001", 4.0, 8.0), Part("sound")
TRACKS = (AudioTrack("aac", 2, 48_000, "de"),)
FILM = VideoProbe(
    width=1280,
    height=720,
    duration_ms=60_000,
    frame_rate=30.0,
    frames=1800,
    video_codec="h264",
    audio_codec="aac",
    audio_tracks=TRACKS,
    subtitles=(SubtitleTrack("utf-8", is_text=True, language="de"),),
)
SONG = AudioProbe(duration_ms=60_000, audio_codec="aac", audio_tracks=TRACKS)


class Located(MemorySources):
    """Sources that say where they would lie."""

    def locate(self, source: Source, seconds: int) -> str:
        return f"/sources/{source.key}"


@pytest.fixture
def world() -> World:
    return World(sources=Located())


def encode(world: World, probe: AudioProbe, part: Part) -> Any:
    event = world.receive("film.mp4", b"content", MediaType.VIDEO)
    preset = world.presets.named(None)
    work = WorkPlan("mov", probe, preset.name, recipe_of(probe, preset), (RANGE, AUDIO), ())
    ffmpeg: Any = Ffmpeg.__new__(Ffmpeg)
    object.__setattr__(ffmpeg, "deadline", lambda: 60.0)
    job = LongJob(event, "a-b", work.recipe, world.pipeline)
    return encode_with_ffmpeg(job, work, preset, part, ffmpeg)


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[VideoTask]:
    asked: list[VideoTask] = []

    def keep(task: VideoTask, _: Ffmpeg) -> Encoded:
        asked.append(task)
        return Encoded({"h264-720": Failure.of(BROKEN)})

    monkeypatch.setattr(encode_range, "encode_video", keep)
    return asked


def test_a_range_is_encoded_with_all_that_is_made_of_pictures(
    world: World, tasks: list[VideoTask]
) -> None:
    assert encode(world, FILM, RANGE).left_out == {"h264-720": Failure.of(BROKEN)}
    [task] = tasks
    assert (task.span, task.probe) == (RANGE.span, FILM)
    assert task.source.locator == "/sources/film.mp4"
    assert task.plan.rungs
    assert task.plan.stills_s
    assert task.plan.tile_s


def test_the_audio_is_encoded_without_them(world: World, tasks: list[VideoTask]) -> None:
    encode(world, FILM, AUDIO)
    [task] = tasks
    assert (task.span, task.plan.rungs, task.plan.stills_s, task.plan.tile_s) == (
        None,
        (),
        (),
        None,
    )
    assert task.plan.audio
    assert task.plan.subtitles


def test_a_film_whose_audio_fails_goes_without_it_and_all_else_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BROKEN

    monkeypatch.setattr(encode_range, "encode_video", fail)
    left_out = encode(world, FILM, AUDIO).left_out
    assert sorted(left_out) == ["audio-0", "subtitles-0"]
    assert set(left_out.values()) == {Failure.of(BROKEN)}
    for probe, part in ((FILM, RANGE), (SONG, AUDIO)):
        with pytest.raises(PermanentError, match="no such codec"):
            encode(world, probe, part)


class Lazy(Executor):
    """Does what it was given when its result is asked for."""

    def __init__(self) -> None:
        self.drawn = self.done = self.most = 0

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Any:
        self.drawn += 1
        self.most = max(self.most, self.drawn - self.done)

        def result() -> Any:
            self.done += 1
            return work(*arguments)

        return SimpleNamespace(result=result)


def test_all_objects_are_stored_and_few_wait_in_memory() -> None:
    pool, stored = Lazy(), list[tuple[str, bytes, str]]()
    objects = [(str(number), b"", "x/y") for number in range(50)]
    encode_range._all(pool, lambda *each: stored.append(each), iter(objects))
    assert stored == objects
    assert pool.most == PUT_THREADS + 1


@pytest.mark.parametrize("broken", [0, 48, 49])
def test_an_object_that_is_not_stored_fails_the_part(broken: int) -> None:
    def put(name: str, *_: object) -> None:
        if name == str(broken):
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")

    with pytest.raises(TransientError, match="S3 is away"):
        encode_range._all(Lazy(), put, ((str(number), b"", "x/y") for number in range(50)))
