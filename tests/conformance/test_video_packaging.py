"""Real encodes, packaged, then read by ffmpeg's HLS reader, MediaInfo and an installed ffprobe."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from shutil import which
from threading import Thread

import pytest
from pymediainfo import MediaInfo

from lib.domain.media import SubtitleTrack
from lib.video.package.cmaf import complete, join_ranges, read_track, split
from lib.video.package.dash import mpd
from lib.video.package.hls import master_playlist, media_playlist, subtitle_playlist, target_seconds
from lib.video.package.track import Track
from lib.video.plan.plan import PlannedSubtitle
from tests.support.ffmpeg_binary import find_ffmpeg

RATE = 30
FRAMES = 279
SECONDS = FRAMES / RATE
HZ = 48_000
CUTS = ("-force_key_frames", "expr:gte(t,n_forced*4)", "-pix_fmt", "yuv420p")
CODECS = {
    "h264": ("libx264", "-preset", "veryfast", "-x264-params", "scenecut=0:keyint=infinite"),
    "hevc": (
        *("libx265", "-preset", "ultrafast", "-tag:v", "hvc1"),
        *("-x265-params", "log-level=none:scenecut=0:open-gop=0:keyint=-1:bframes=3"),
    ),
    "av1": ("libsvtav1", "-preset", "12", "-g", "9999"),
}
FRAGMENTED = "+cmaf+delay_moov+default_base_moof+skip_trailer"
PICTURE = (
    *("-an", "-video_track_timescale", "90000"),
    *("-movflags", f"{FRAGMENTED}+frag_keyframe+frag_discont"),
)
SOUND = (
    *("-vn", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", str(HZ)),
    *("-frag_duration", "4000000", "-movflags", FRAGMENTED),
)
FLASH = "color=black:s=320x180:r=30:d=9.3,drawbox=c=white:t=fill:enable='eq(mod(n,30),29)'"
BEEP = "aevalsrc='if(lt(mod(t+1/30,1),1/30),sin(2000*PI*t),0)':s=48000:d=9.3:c=mono"
TEXTS = [PlannedSubtitle(0, SubtitleTrack(is_text=True, language="en", title='Say "&"'))]


@dataclass(frozen=True)
class Packaged:
    """A folder as a player finds it, and its tracks."""

    folder: Path
    rungs: list[Track]
    sounds: list[Track]


def run(*arguments: str | Path) -> bytes:
    command = [find_ffmpeg(), "-v", "error", "-nostdin", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def store(fragmented: Path, folder: Path, name: str, end_tick: int | None = None) -> Track:
    """Write init and segments below the folder, and one file of them all beside it."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    with fragmented.open("rb") as file:
        init, track = read_track(file, name)
        parts = list(split(file, end_tick=end_tick))
    (folder / name / "init.mp4").write_bytes(init)
    for segment, content in parts:
        (folder / name / segment.name).write_bytes(content)
    joined = init + b"".join(content for _, content in parts)
    (folder / f"{name}.mp4").write_bytes(joined)
    return complete(track, [segment for segment, _ in parts])


@pytest.fixture(scope="module")
def clicks(tmp_path_factory) -> Path:
    """Make a film that flashes for a frame and beeps for as long, once a second."""
    path: Path = tmp_path_factory.mktemp("source") / "clicks.mov"
    lavfi = (*("-f", "lavfi", "-i", FLASH), *("-f", "lavfi", "-i", BEEP))
    run(*lavfi, "-c:v", "libx264", "-qp", "10", "-c:a", "pcm_s16le", path)
    return path


@pytest.fixture(scope="module")
def packaged(clicks, tmp_path_factory) -> Packaged:
    made, folder = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("packaged")
    for name, codec in CODECS.items():
        run("-i", clicks, "-c:v", *codec, *CUTS, *PICTURE, made / f"{name}-180.mp4")
    run("-i", clicks, *SOUND, made / "audio-0.mp4")
    rungs = [store(made / f"{name}-180.mp4", folder, f"{name}-180") for name in CODECS]
    sounds = [store(made / "audio-0.mp4", folder, "audio-0")]
    target = target_seconds([*rungs, *sounds])
    for track in (*rungs, *sounds):
        (folder / track.name / "playlist.m3u8").write_text(media_playlist(track, target))
    (folder / "subtitles-0").mkdir()
    (folder / "subtitles-0" / "playlist.m3u8").write_text(subtitle_playlist(TEXTS[0], SECONDS))
    (folder / "subtitles-0.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")
    (folder / "hls.m3u8").write_text(master_playlist(rungs, sounds, TEXTS))
    # ffprobe stops with the first track that ends, which would be the text's only line.
    (folder / "dash.mpd").write_text(mpd(rungs, sounds, []))
    return Packaged(folder, rungs, sounds)


def frames(path: Path) -> list[tuple[float, bool]]:
    """Return when each frame is shown, in s, and whether it flashes."""
    one_pixel = ("-vf", "scale=1:1,format=gray", "-c:v", "rawvideo", "-enc_time_base", "1:90000")
    log = run(
        "-copyts", "-i", path, "-an", "-fps_mode", "passthrough", *one_pixel, "-f", "framecrc", "-"
    )
    lines = [line.split(b",") for line in log.splitlines() if not line.startswith(b"#")]
    # The Adler sum of one byte is that byte plus one, in its lower half.
    return [(int(pts) / 90_000, int(crc, 16) & 0xFFFF > 128) for _, _, pts, _, _, crc in lines]


def beeps(path: Path) -> list[float]:
    """Return when silence ends, in s."""
    samples = memoryview(run("-i", path, "-vn", "-ac", "1", "-f", "s16le", "-")).cast("h")
    loud = [at for at, value in enumerate(samples) if abs(value) > 4000]
    return [at / HZ for n, at in enumerate(loud) if n == 0 or at - loud[n - 1] > HZ / 2]


@pytest.mark.parametrize("codec", CODECS)
def test_the_flash_and_the_beep_come_at_the_same_moment(packaged, codec):
    shown = frames(packaged.folder / f"{codec}-180" / "playlist.m3u8")
    flashes = [at for at, bright in shown if bright]
    heard = beeps(packaged.folder / "audio-0" / "playlist.m3u8")
    assert flashes == pytest.approx([second + 29 / RATE for second in range(9)], abs=0.001)
    assert heard == pytest.approx(flashes, abs=0.5 / RATE)


@pytest.mark.parametrize("codec", CODECS)
def test_every_frame_is_shown_in_its_time(packaged, codec):
    shown = frames(packaged.folder / f"{codec}-180" / "playlist.m3u8")
    assert [at for at, _ in shown] == pytest.approx([n / RATE for n in range(FRAMES)], abs=0.0001)


def test_tracks_say_what_mediainfo_finds(packaged):
    for rung, profile in zip(packaged.rungs, ("AVC", "HEVC", "AV1"), strict=True):
        found = MediaInfo.parse(packaged.folder / f"{rung.name}.mp4").video_tracks[0].to_data()
        assert (found["format"], found["width"], found["height"]) == (profile, 320, 180)
        assert (rung.width, rung.height, rung.frame_rate) == (320, 180, RATE)
        assert float(found["duration"]) == pytest.approx(SECONDS * 1000, abs=1)
        assert float(found["frame_rate"]) == RATE
        assert found["frame_rate_mode"] == "CFR"
        assert [each.start for each in rung.segments] == [0, 360_000, 720_000]
    (sound,) = packaged.sounds
    found = MediaInfo.parse(packaged.folder / "audio-0.mp4").audio_tracks[0].to_data()
    assert (found["codec_id"], found["channel_s"]) == ("mp4a-40-2", sound.channels)
    assert sound.codec == "mp4a.40.2"
    assert found["sampling_rate"] == sound.sample_rate == HZ
    assert float(found["duration"]) == pytest.approx(SECONDS * 1000, abs=1)
    assert sound.seconds == pytest.approx(SECONDS, abs=1024 / HZ)


def test_ranges_give_the_segments_of_the_whole(packaged, clicks, tmp_path):
    encode = (*("-c:v", *CODECS["h264"]), *CUTS, *PICTURE)
    run("-copyts", "-t", "4", "-i", clicks, *encode, tmp_path / "0.mp4")
    run("-copyts", "-ss", "4", "-i", clicks, *encode, tmp_path / "4.mp4")
    first = store(tmp_path / "0.mp4", tmp_path / "ranges", "h264-180", end_tick=360_000)
    init = (tmp_path / "ranges" / "h264-180" / "init.mp4").read_bytes()
    second = store(tmp_path / "4.mp4", tmp_path / "ranges", "h264-180")
    assert (tmp_path / "ranges" / "h264-180" / "init.mp4").read_bytes() == init
    whole, joined = packaged.rungs[0], join_ranges((first, second))
    assert [(each.name, each.duration, each.frames) for each in joined.segments] == [
        (each.name, each.duration, each.frames) for each in whole.segments
    ]
    playlist = tmp_path / "ranges" / "h264-180" / "playlist.m3u8"
    playlist.write_text(media_playlist(joined, 4))
    shown = frames(playlist)
    assert [at for at, _ in shown] == pytest.approx([n / RATE for n in range(FRAMES)], abs=0.0001)
    with pytest.raises(ValueError, match="at 360000 ticks"):
        join_ranges((first, first))


def test_a_varying_frame_rate_keeps_every_time(clicks, tmp_path):
    kept = "not(eq(mod(n,7),3))*not(between(n,50,80))*not(between(n,112,125))"
    timing = ("-vf", f"select='{kept}'", "-fps_mode", "vfr", "-enc_time_base", "1:90000")
    run("-i", clicks, *timing, "-c:v", *CODECS["h264"], *CUTS, *PICTURE, tmp_path / "made.mp4")
    track = store(tmp_path / "made.mp4", tmp_path, "h264-180")
    gaps = {*range(3, FRAMES, 7), *range(50, 81), *range(112, 126)}
    expected = [n / RATE for n in range(FRAMES) if n not in gaps]
    shown = [at for at, _ in frames(tmp_path / "h264-180.mp4")]
    assert shown == pytest.approx(expected, abs=0.0001)
    assert sum(each.frames for each in track.segments) == len(expected)
    assert track.seconds == pytest.approx(SECONDS, abs=0.001)


@pytest.fixture
def address(packaged) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=packaged.folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(not which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("manifest", ["hls.m3u8", "dash.mpd"])
def test_another_reader_plays_both_manifests(packaged, address, manifest):
    fields = ("-show_entries", "packet=stream_index,pts_time,dts_time", "-of", "csv=p=0")
    command = ["ffprobe", "-v", "fatal", *fields, f"{address}/{manifest}"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    streams: dict[str, list[tuple[float, float]]] = {}
    for line in printed.split():
        index, pts, dts = line.split(",")[:3]
        streams.setdefault(index, []).append((float(pts), float(dts)))
    media = [times for times in streams.values() if len(times) > 1]
    assert len(media) == len(packaged.rungs) + len(packaged.sounds)
    for times in media:
        shown, decoded = (sorted(each) for each in zip(*times, strict=True))
        assert decoded == [dts for _, dts in times]
        assert shown[0] == 0
        assert shown[-1] == pytest.approx(SECONDS, abs=1.5 / RATE)
        # It stops with the first track that ends, so it may miss the last frame of another.
        assert max(b - a for a, b in pairwise(shown[:-3])) < 1.01 / RATE
