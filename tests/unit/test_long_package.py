"""What of a long source is joined, up to wherever it really ends, and what is read of it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lib.application.long_video.long_job import LongJob
from lib.application.long_video.package import _with_tracks
from lib.application.long_video.stored_segments import BATCH, StoredSegments
from lib.application.long_video.work_format import Part, PartIndex, WorkPlan
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.media import AudioProbe, AudioTrack, MediaType, SubtitleTrack, VideoProbe
from lib.video.encode.encoded import Encoded
from lib.video.package.track import INIT, Segment, Track
from lib.video.plan.plan import AUDIO_FILE, IMAGE_FOLDERS, plan_video
from tests.support.world import World

RANGES = (Part("range-0000", 0.0, 4.0), Part("range-0001", 4.0, 8.0), Part("range-0002", 8.0))
AUDIO = Part("sound")
TRACK = Track("h264-96", "avc1.64000a", 12_288, (), width=128, height=96)


def index(name: str, *, empty: bool = False) -> PartIndex:
    return PartIndex(() if empty else (TRACK,), {name: name}, Encoded(), 1)


def indexes(parts: tuple[Part, ...], empty: tuple[int, ...]) -> list[PartIndex]:
    return [index(each.name, empty=number in empty) for number, each in enumerate(parts)]


def kept(parts: tuple[Part, ...], *empty: int) -> list[str]:
    return [name for each in _with_tracks(parts, indexes(parts, empty)) for name in each.inits]


def test_all_is_joined_of_what_is_whole() -> None:
    assert kept((*RANGES, AUDIO)) == ["range-0000", "range-0001", "range-0002", "sound"]
    assert kept(RANGES) == ["range-0000", "range-0001", "range-0002"]


def test_of_what_is_cut_short_the_ranges_behind_its_end_are_left_out() -> None:
    assert kept((*RANGES, AUDIO), 2) == ["range-0000", "range-0001", "sound"]
    assert kept((*RANGES, AUDIO), 1, 2) == ["range-0000", "sound"]


def test_audio_alone_has_no_ranges() -> None:
    assert kept((AUDIO,)) == ["sound"]


def test_a_range_of_damaged_frames_is_left_out() -> None:
    assert kept((*RANGES, AUDIO), 1) == ["range-0000", "range-0002", "sound"]
    assert kept((*RANGES, AUDIO), 0) == ["range-0001", "range-0002", "sound"]
    assert kept((*RANGES, AUDIO), 0, 2) == ["range-0001", "sound"]


def test_a_picture_of_which_no_range_holds_anything_is_corrupt() -> None:
    with pytest.raises(PermanentError, match="the picture holds nothing") as raised:
        kept((*RANGES, AUDIO), 0, 1, 2)
    assert raised.value.code is ErrorCode.CORRUPT_MEDIA


def stored_segments(count: int) -> StoredSegments:
    """Return a track whose init segment and segments are stored, each as its name."""
    world = World()
    event = world.receive("film.mp4", b"content", MediaType.VIDEO)
    job = LongJob(event, "a-b", "0123456789ab", world.pipeline)
    segments = tuple(Segment(number, 1, 1, 1) for number in range(count))
    track = replace(TRACK, segments=segments)
    for name in (INIT, *(each.name for each in segments)):
        world.renditions.put(job.rendition_key(f"h264-96/{name}"), name.encode(), "video/mp4")
    work = WorkPlan("mov", VideoProbe(), "default", job.recipe, (), ())
    return StoredSegments(job, work, (track,))


def test_a_track_is_read_in_order_however_many_segments_it_has(tmp_path: Path) -> None:
    stored = stored_segments(3 * BATCH + 1)
    track = stored.read_track("h264-96")
    path = stored.write_track(track, tmp_path)
    names = [INIT, *(each.name for each in track.segments)]
    assert path == tmp_path / "h264-96.mp4"
    assert path.read_bytes() == "".join(names).encode()
    assert stored.read_clip(track, track.segments[5]) == f"{INIT}{names[6]}".encode()
    assert list(stored.read_parts(track)) == []


def test_what_was_made_beside_the_tracks_is_fetched(tmp_path: Path) -> None:
    stored = stored_segments(1)
    put, key = stored.job.pipeline.renditions.put, stored.job.work_key
    for name in (f"{IMAGE_FOLDERS[0]}/1.png", f"{IMAGE_FOLDERS[-1]}/2.png", "subtitles-0.vtt"):
        put(key(name), name.encode(), "x/y")
    preset = stored.job.pipeline.presets.named(None)
    subtitles = (SubtitleTrack("utf-8", is_text=True, language="de"),)
    film = VideoProbe(
        width=640, height=360, duration_ms=9000, frame_rate=25.0, frames=225, subtitles=subtitles
    )
    plan = plan_video(film, preset)
    stored.fetch(plan, [stored.read_track("h264-96")], tmp_path)
    assert sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    ) == sorted(
        [
            "h264-96.mp4",
            f"{IMAGE_FOLDERS[0]}/1.png",
            f"{IMAGE_FOLDERS[-1]}/2.png",
            "subtitles-0.vtt",
        ]
    )
    assert (tmp_path / "subtitles-0.vtt").read_bytes() == b"subtitles-0.vtt"


def test_of_audio_alone_its_file_is_fetched(tmp_path: Path) -> None:
    stored = stored_segments(0)
    preset = stored.job.pipeline.presets.named(None)
    song = AudioProbe(duration_ms=9000, audio_codec="aac", audio_tracks=(AudioTrack("aac", 2),))
    plan = plan_video(song, preset)
    with pytest.raises(TransientError, match=f"{AUDIO_FILE} but it is not there"):
        stored.fetch(plan, [], tmp_path)
    stored.job.pipeline.renditions.put(stored.job.work_key(AUDIO_FILE), b"song", "audio/mp4")
    stored.fetch(plan, [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [AUDIO_FILE]
    assert (tmp_path / AUDIO_FILE).read_bytes() == b"song"
