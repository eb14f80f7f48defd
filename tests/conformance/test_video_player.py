"""What lies around a player, made by the layer's ffmpeg, judged by MediaInfo, Pillow and others."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageSequence, ImageStat
from pymediainfo import MediaInfo

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.media import AudioTrack
from lib.domain.renditions import Made, RenditionKind
from lib.video.auxiliary.preview import make_preview
from lib.video.auxiliary.progressive_mp4 import make_progressive
from lib.video.auxiliary.waveform import make_waveform
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import PlannedAudio
from tests.support.boxes import read_boxes
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

PLENTY = 600.0
FRAGMENTED = ("-movflags", "+cmaf+frag_keyframe+empty_moov+default_base_moof")
RUNG = Rung("h264", 640, 360, 23, 900)
SOUND = PlannedAudio(0, AudioTrack(), 128, normalised=False)
DURATION_MS = 6000

FLASH_AND_BEEP = (2.0, 2.2)
"""Seconds: white and 1 kHz between black and silence."""


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg()


@pytest.fixture(scope="session")
def synthesize(ffmpeg):
    """Let ffmpeg make a file."""

    def write(path: Path, *arguments: str) -> Path:
        subprocess.run([ffmpeg, "-v", "error", "-nostdin", *arguments, path], check=True)
        return path

    return write


@pytest.fixture(scope="module")
def encoded(synthesize, tmp_path_factory) -> Path:
    """A folder with one rung and one sound, which flash and beep at the same time.

    Some frames are shown in another order than they are decoded in.
    """
    folder: Path = tmp_path_factory.mktemp("encoded")
    during = f"between(t,{FLASH_AND_BEEP[0]},{FLASH_AND_BEEP[1] - 0.001})"
    seconds = DURATION_MS / 1000
    synthesize(
        folder / "h264-360.mp4",
        *("-f", "lavfi", "-i", f"color=black:s=640x360:r=25:d={seconds}"),
        *("-vf", f"drawbox=t=fill:color=white:enable='{during}'"),
        *("-c:v", "libx264", "-bf", "2", "-g", "100", "-metadata", "title=Holiday"),
        *FRAGMENTED,
    )
    synthesize(
        folder / "audio-0.mp4",
        *("-f", "lavfi", "-i", f"sine=f=1000:r=48000:d={seconds}"),
        *("-af", f"volume=0:enable='not({during})'", "-ac", "2", "-c:a", "aac"),
        *("-movflags", "+delay_moov+default_base_moof", "-frag_duration", "4000000"),
    )
    return folder


@pytest.fixture(scope="module")
def beep(encoded: Path) -> Path:
    return encoded / "audio-0.mp4"


def tracks(path: Path) -> dict[str, dict[str, object]]:
    return {track.track_type: track.to_data() for track in MediaInfo.parse(path).tracks}


def file_of(made: Made) -> Path:
    assert made.error is None
    assert isinstance(made.content, Path)
    return made.content


def packets(ffmpeg: str, path: Path, stream: str) -> list[list[str]]:
    """Return time in s, duration and checksum of each packet."""
    command = [ffmpeg, "-v", "error", "-copyts", "-i", str(path), "-map", stream, "-c", "copy"]
    listed = subprocess.run(
        [*command, "-f", "framecrc", "-"], check=True, capture_output=True, text=True
    ).stdout
    (clock,) = (line.split()[-1] for line in listed.splitlines() if line.startswith("#tb"))
    numerator, denominator = map(int, clock.split("/"))
    rows = [line.split(",") for line in listed.splitlines() if not line.startswith("#")]
    return [
        [f"{int(row[2]) * numerator / denominator:.4f}", row[4].strip(), row[5].strip()]
        for row in rows
    ]


def test_the_progressive_file_holds_both_as_they_were(encoded, ffmpeg):
    made = make_progressive(RUNG, SOUND, DURATION_MS, ffmpeg_in(encoded))
    path = file_of(made)
    assert (made.name, made.kind, made.mime) == ("360p.mp4", RenditionKind.VIDEO, "video/mp4")
    assert (made.width, made.height, made.duration_ms) == (640, 360, DURATION_MS)
    # The same samples at the same times: nothing is encoded again, nothing moves.
    assert packets(ffmpeg, path, "0:v") == packets(ffmpeg, encoded / "h264-360.mp4", "0:v")
    assert packets(ffmpeg, path, "0:a") == packets(ffmpeg, encoded / "audio-0.mp4", "0:a")
    found = tracks(path)
    assert (found["Video"]["format"], found["Audio"]["format"]) == ("AVC", "AAC")
    assert float(str(found["General"]["duration"])) == pytest.approx(DURATION_MS, abs=60)
    assert b"Holiday" not in path.read_bytes()


def test_the_progressive_file_starts_before_it_is_loaded(encoded, ffmpeg):
    made = make_progressive(RUNG, SOUND, DURATION_MS, ffmpeg_in(encoded))
    kinds = [kind for kind, _ in read_boxes(file_of(made).read_bytes())]
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    assert b"moof" not in kinds


def test_a_silent_video_has_a_silent_progressive_file(encoded, ffmpeg):
    made = make_progressive(RUNG, None, DURATION_MS, ffmpeg_in(encoded))
    assert set(tracks(file_of(made))) == {"General", "Video"}


def test_a_rung_that_is_not_there_fails_alone(encoded, ffmpeg):
    missing = Rung("h264", 426, 240, 23, 400)
    with pytest.raises(PermanentError) as caught:
        make_progressive(missing, SOUND, DURATION_MS, ffmpeg_in(encoded))
    assert caught.value.code is ErrorCode.ENCODE_FAILED
    assert str(encoded) not in caught.value.message


def test_no_run_starts_after_the_deadline(encoded, ffmpeg):
    with pytest.raises(TransientError) as caught:
        make_progressive(RUNG, SOUND, DURATION_MS, ffmpeg_in(encoded, lambda: 1.0))
    assert caught.value.code is ErrorCode.DEADLINE_NEAR


def test_a_preview_is_three_seconds_that_loop(encoded, ffmpeg):
    made = make_preview(RUNG, "webp", 1000, DURATION_MS, ffmpeg_in(encoded))
    assert (made.name, made.kind, made.mime) == (
        "preview.webp",
        RenditionKind.PREVIEW,
        "image/webp",
    )
    with Image.open(file_of(made)) as image:
        assert (image.format, image.size) == ("WEBP", (made.width, made.height))
        assert image.size == (426, 240)
        assert image.info["loop"] == 0
        shown, time_ms = [], 0
        for frame in ImageSequence.Iterator(image):
            frame.load()
            shown.append((time_ms, ImageStat.Stat(frame.convert("L")).mean[0]))
            time_ms += int(frame.info["duration"])
    assert time_ms == pytest.approx(3000, abs=90)
    # It starts at 1 s, so that the flash comes after 1 s.
    changes = [after for (_, dark), (after, light) in pairwise(shown) if abs(light - dark) > 100]
    assert changes == pytest.approx([1000, 1200], abs=90)


@pytest.mark.parametrize(("at_ms", "lasts_ms"), [(0, 3000), (5900, 3000)])
def test_a_preview_may_be_a_muted_video(encoded, ffmpeg, at_ms, lasts_ms):
    made = make_preview(RUNG, "mp4", at_ms, DURATION_MS, ffmpeg_in(encoded))
    assert (made.name, made.mime, made.duration_ms) == ("preview.mp4", "video/mp4", lasts_ms)
    path = file_of(made)
    found = tracks(path)
    assert set(found) == {"General", "Video"}
    assert (found["Video"]["width"], found["Video"]["height"]) == (426, 240)
    assert float(str(found["Video"]["duration"])) == pytest.approx(lasts_ms, abs=90)
    kinds = [kind for kind, _ in read_boxes(path.read_bytes())]
    assert kinds.index(b"moov") < kinds.index(b"mdat")


def test_a_short_video_is_shown_whole(synthesize, tmp_path, ffmpeg):
    synthesize(
        tmp_path / "h264-90.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=0.6", "-c:v", "libx264", *FRAGMENTED),
    )
    made = make_preview(Rung("h264", 160, 90, 23, 100), "webp", 300, 600, ffmpeg_in(tmp_path))
    with Image.open(file_of(made)) as image:
        assert image.size == (160, 90)
        # Twelfths of a second, the last of them begun.
        assert sum(1 for _ in ImageSequence.Iterator(image)) == 8
    assert made.duration_ms == 600


@pytest.fixture(scope="module")
def green(synthesize, tmp_path_factory) -> Path:
    """A folder with a rung in the matrix that all rungs have, which WebP does not have."""
    folder: Path = tmp_path_factory.mktemp("green")
    synthesize(
        folder / "h264-360.mp4",
        *(
            "-f",
            "lavfi",
            "-i",
            "color=black:s=640x360:r=25:d=0.4,format=gbrp,lutrgb=r=32:g=192:b=64",
        ),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-c:v", "libx264", "-colorspace", "bt709", "-color_primaries", "bt709"),
        *("-color_trc", "bt709", *FRAGMENTED),
    )
    return folder


def test_a_preview_has_the_colors_of_the_video(green, ffmpeg):
    made = make_preview(RUNG, "webp", 0, 400, ffmpeg_in(green))
    with Image.open(file_of(made)) as image:
        shown = ImageStat.Stat(image.convert("RGB")).mean
    assert shown == pytest.approx((32, 192, 64), abs=5)


def test_a_preview_that_is_a_video_says_which_colors_it_has(green, ffmpeg):
    made = make_preview(RUNG, "mp4", 0, 400, ffmpeg_in(green))
    assert tracks(file_of(made))["Video"]["matrix_coefficients"] == "BT.709"


def test_a_preview_of_unknown_length_is_made(encoded, ffmpeg):
    made = make_preview(RUNG, "mp4", 1000, 0, ffmpeg_in(encoded))
    assert float(str(tracks(file_of(made))["Video"]["duration"])) == pytest.approx(3000, abs=90)


def test_a_waveform_is_loud_where_the_sound_is(beep, tmp_path, ffmpeg):
    drawing, peaks = make_waveform(beep, DURATION_MS, ffmpeg_in(tmp_path))
    assert (drawing.name, drawing.mime, drawing.kind) == (
        "waveform.png",
        "image/png",
        RenditionKind.WAVEFORM,
    )
    assert (peaks.name, peaks.mime, peaks.kind) == (
        "peaks.json",
        "application/json",
        RenditionKind.WAVEFORM,
    )
    assert isinstance(peaks.content, bytes)
    read = json.loads(peaks.content)
    assert (read["version"], read["channels"], read["bits"]) == (2, 1, 8)
    assert len(read["data"]) == 2 * read["length"]
    step_s = read["samples_per_pixel"] / read["sample_rate"]
    assert read["length"] * step_s == pytest.approx(DURATION_MS / 1000, abs=0.05)
    loud = [at * step_s for at, high in enumerate(read["data"][1::2]) if high > 10]
    assert (loud[0], loud[-1] + step_s) == pytest.approx(FLASH_AND_BEEP, abs=0.02)


def test_a_waveform_is_drawn_where_the_sound_is(beep, tmp_path, ffmpeg):
    drawing, _ = make_waveform(beep, DURATION_MS, ffmpeg_in(tmp_path))
    assert isinstance(drawing.content, bytes)
    path = tmp_path / drawing.name
    path.write_bytes(drawing.content)
    with Image.open(path) as image:
        assert image.size == (drawing.width, drawing.height)
        alpha = image.convert("RGBA").getchannel("A")
    upper = alpha.crop((0, 0, alpha.width, alpha.height // 4)).getbbox()
    assert upper
    seconds = [x / alpha.width * DURATION_MS / 1000 for x in (upper[0], upper[2])]
    assert seconds == pytest.approx(FLASH_AND_BEEP, abs=0.03)


@pytest.mark.parametrize(
    "sound",
    ["sine=f=15000:r=48000:d=1", "aevalsrc='sin(2e3*t)|-sin(2e3*t)':s=48000:d=1"],
    ids=["above what 8 kHz can hold", "channels that cancel each other out"],
)
def test_a_waveform_shows_whatever_is_heard(synthesize, tmp_path, ffmpeg, sound):
    path = synthesize(tmp_path / "a.mp4", "-f", "lavfi", "-i", sound, "-b:a", "192k", *FRAGMENTED)
    _, peaks = make_waveform(path, 1000, ffmpeg_in(tmp_path))
    assert isinstance(peaks.content, bytes)
    assert sorted(json.loads(peaks.content)["data"][1::2])[50] > 10


def test_a_folder_of_any_name_holds_the_waveform(beep, tmp_path, ffmpeg):
    odd = tmp_path / "it's [odd], a;b:c\\d = e%f"
    odd.mkdir()
    _, peaks = make_waveform(beep, DURATION_MS, ffmpeg_in(odd))
    assert peaks.content


def test_a_sound_without_samples_has_no_waveform(synthesize, tmp_path, ffmpeg):
    silent = ("-f", "lavfi", "-i", "sine=d=1", "-af", "atrim=end=0", *FRAGMENTED)
    path = synthesize(tmp_path / "audio-0.mp4", *silent)
    with pytest.raises(PermanentError) as caught:
        make_waveform(path, 1000, ffmpeg_in(tmp_path))
    assert caught.value.code is ErrorCode.ENCODE_FAILED


def test_a_picture_has_no_waveform(encoded, tmp_path, ffmpeg):
    with pytest.raises(PermanentError) as caught:
        make_waveform(encoded / "h264-360.mp4", 1000, ffmpeg_in(tmp_path))
    assert caught.value.code is ErrorCode.ENCODE_FAILED


def test_a_repeat_gives_the_same_bytes(encoded, beep, tmp_path, ffmpeg):
    def make_all() -> list[bytes]:
        files = [
            make_progressive(RUNG, SOUND, DURATION_MS, ffmpeg_in(encoded)),
            make_preview(RUNG, "webp", 0, DURATION_MS, ffmpeg_in(encoded)),
            make_preview(RUNG, "mp4", 0, DURATION_MS, ffmpeg_in(encoded)),
        ]
        drawn = make_waveform(beep, DURATION_MS, ffmpeg_in(tmp_path))
        contents = [made.content for made in drawn]
        return [file_of(made).read_bytes() for made in files] + [
            each for each in contents if isinstance(each, bytes)
        ]

    assert make_all() == make_all()
