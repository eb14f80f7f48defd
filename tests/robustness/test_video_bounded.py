"""Small files that cost: each is refused at the first try, or made within what its bytes allow."""

from __future__ import annotations

import re
import resource
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from lib.presets import PACKAGED, load
from tests.media import hostile_videos as hostile
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Ended, Worker, small, take

PRESETS = small(load(PACKAGED), ())
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "hostile"
KNOWN = sorted(SHARED.glob("*.[mw][pa][4v]"))
PICTURE = "-f lavfi -i testsrc2=s=320x180:r=30:d=1 -c:v libx264 -preset ultrafast -bf 0"
NOISE = "-f lavfi -i anoisesrc=r=8000:d=1"


def make(folder: Path, name: str, arguments: str) -> bytes:
    path = folder / name
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-y", *arguments.split(), str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def job(folder: Path, name: str, data: bytes, function_mb: int = 0) -> Ended:
    path = folder / f"job-{name}"
    path.write_bytes(data)
    ended = take(path, Worker(PRESETS, find_ffmpeg(), function_mb=function_mb), folder)
    assert ended.problem is None
    assert ended.asset.status.terminal
    assert ended.left == ()
    return ended


def refused(folder: Path, name: str, data: bytes) -> str:
    """Return why a file is refused; nothing may be stored of it, and no work be done."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = job(folder, name, data)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.asset.status is AssetStatus.REJECTED, ended.asset.error
    assert ended.asset.error
    assert ended.asset.error.code is ErrorCode.LIMIT_EXCEEDED
    assert list(ended.files()) == []
    # MediaInfo takes a part of one; none of these is decoded.
    assert after.ru_utime - before.ru_utime < 5
    return ended.asset.error.message


Make = Callable[[Path], bytes]

REUSED: dict[str, Make] = {
    "chunks.mp4": lambda at: hostile.reuse_chunks(make(at, "a.mp4", f"{PICTURE} -an"), 600),
    "two-hours.mp4": lambda at: hostile.reuse_chunks(make(at, "a.mp4", f"{PICTURE} -an"), 7000),
    "edits.mp4": lambda at: hostile.repeat_edits(make(at, "a.mp4", f"{PICTURE} -an"), 2000),
    "fragments.mp4": lambda at: hostile.reuse_fragment(
        make(at, "a.mp4", f"{PICTURE} -movflags frag_keyframe+empty_moov+default_base_moof"), 300
    ),
    "sound.m4a": lambda at: hostile.reuse_chunks(make(at, "a.m4a", f"{NOISE} -c:a aac"), 600),
}


@pytest.mark.parametrize("name", REUSED)
def test_samples_that_share_their_bytes_are_refused(name: str, tmp_path: Path) -> None:
    message = refused(tmp_path, name, REUSED[name](tmp_path))
    assert re.search(r"expected samples within the \d+ bytes of the file", message)


def test_edits_that_the_headers_hide_are_cut(tmp_path: Path) -> None:
    data = hostile.repeat_edits(make(tmp_path, "a.mp4", f"{PICTURE} -an"), 2000, told=False)
    ended = job(tmp_path, "edits.mp4", data)
    (stream,) = (each for each in ended.asset.renditions if each.name == "hls.m3u8")
    assert stream.duration_ms
    assert stream.duration_ms < 65_000


def _patched(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(mark) + offset
    return data[:at] + value + data[at + len(value) :]


def _flac(at: Path) -> bytes:
    data = make(at, "a.flac", NOISE)
    # STREAMINFO: twenty bits of rate behind the sizes of blocks and frames.
    rate = int.from_bytes(data[18:21]) & 0xF | 1 << 4
    return data[:18] + rate.to_bytes(3) + data[21:]


ONE = bytes.fromhex("3fff8000000000000000")
RATES: dict[str, Make] = {
    "1hz.wav": lambda _: hostile.wave(1, bytes(7000)),
    "999hz.wav": lambda _: hostile.wave(999, bytes(7000)),
    "fast.wav": lambda _: hostile.wave(0xFFFFFFFF, bytes(7000)),
    "channels.wav": lambda _: hostile.wave(8000, bytes(7000), channels=255),
    "1hz.flac": _flac,
    "1hz.aiff": lambda at: _patched(make(at, "a.aiff", NOISE), b"COMM", 16, ONE),
    "1hz.mkv": lambda at: _patched(
        make(at, "a.mkv", f"{NOISE} -c:a pcm_s16le"), b"\xb5\x88", 2, struct.pack(">d", 1.0)
    ),
}


@pytest.mark.parametrize("name", RATES)
def test_sound_that_no_recorder_makes_is_refused(name: str, tmp_path: Path) -> None:
    assert " of sound but received " in refused(tmp_path, name, RATES[name](tmp_path))


def test_a_second_of_a_byte_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "slow.wav", hostile.wave(44_100, bytes(7000), second=1))
    assert message == "expected a source of 7 kB to ask for less than 7000 s"


@pytest.mark.parametrize(("name", "muxer"), [("lie.mp4", ""), ("lie.mov", "-f mov")])
def test_frames_far_larger_than_described_are_refused(
    name: str, muxer: str, tmp_path: Path
) -> None:
    black = "-f lavfi -i color=s=5120x2880:r=5:d=1 -c:v libx264 -preset ultrafast"
    data = hostile.describe_as(make(tmp_path, name, f"{black} {muxer}"), 64, 64)
    message = refused(tmp_path, name, data)
    assert message == "expected frames of the described size but found 5120 x 2880 px"


def test_pictures_that_grow_as_those_of_a_call_do_are_made(tmp_path: Path) -> None:
    base = "-c:v libx264 -preset ultrafast -bsf:v h264_mp4toannexb -f mpegts"
    parts = [
        make(tmp_path, f"{width}.ts", f"-f lavfi -i testsrc2=s={width}x{height}:r=10:d=1 {base}")
        for width, height in ((320, 180), (1280, 720))
    ]
    assert job(tmp_path, "call.ts", b"".join(parts)).asset.status is AssetStatus.READY


def test_a_decoder_that_wants_more_memory_than_the_function_has_fails_for_good(
    tmp_path: Path,
) -> None:
    data = make(tmp_path, "4k.mp4", PICTURE.replace("320x180", "3840x2160").replace("d=1", "d=0.2"))
    ended = job(tmp_path, "4k.mp4", data, function_mb=100)
    assert ended.asset.error
    assert ended.asset.error.code in (ErrorCode.LIMIT_EXCEEDED, ErrorCode.CORRUPT_MEDIA)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/cases; made ones stand for them")
@pytest.mark.parametrize("path", KNOWN or [SHARED], ids=lambda path: path.name)
def test_known_files_are_refused(path: Path, tmp_path: Path) -> None:
    assert refused(tmp_path, path.name, path.read_bytes())


def test_what_is_made_of_a_source_is_bounded_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.video.plan.proportion.FREE_BYTES", 10_000)
    monkeypatch.setattr("lib.video.plan.proportion.BYTES_PER_BYTE", 0)
    data = make(tmp_path, "a.mp4", PICTURE)
    assert "larger than the limits" in refused(tmp_path, "a.mp4", data)


SUBTITLES = {
    "ass.mkv": ("a.ass", "-c:s ass"),
    "srt.mkv": ("a.srt", "-c:s srt"),
    "vtt.webm": ("a.srt", "-c:s webvtt"),
    "text.mp4": ("a.srt", "-c:s mov_text"),
}
EVENTS = (
    "[Script Info]\nScriptType: v4.00+\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.10,0:00:00.90,Default,,0,0,0,,"
    "one\\N\\N00:00.000 --> 01:00.000\\N<b>added</b> & {\\i1}more{\\i0}\n"
)
LINES = "1\n00:00:00,100 --> 00:00:00,900\none\n<script>&</script> a <i>more</i> -->\n"


@pytest.mark.parametrize("name", SUBTITLES)
def test_words_of_a_subtitle_never_become_a_cue_or_markup(name: str, tmp_path: Path) -> None:
    words, codec = SUBTITLES[name]
    (tmp_path / "a.ass").write_text(EVENTS)
    (tmp_path / "a.srt").write_text(LINES)
    picture = PICTURE.replace(
        "libx264 -preset ultrafast -bf 0", "libvpx -cpu-used 8 -deadline realtime"
    )
    source = PICTURE if not name.endswith("webm") else picture
    inputs, _, options = source.partition(" -c:v")
    arguments = f"{inputs} -i {tmp_path / words} -c:v{options} {codec}"
    ended = job(tmp_path, name, make(tmp_path, name, arguments))
    text = ended.path("subtitles-0.vtt").read_text("utf-8")
    signature, times, *lines = text.split("\n\n")[0:1] + text.split("\n")[2:]
    assert (signature, times) == ("WEBVTT", "00:00.100 --> 00:00.900")
    assert text.count("-->") == 1
    assert "<i>more</i>" in text
    assert not re.search(r"<(?!/?i>)", text)
    assert all(lines[:-1])
