"""Real encodes by the layer's ffmpeg, judged by MediaInfo, Pillow and the boxes of the files."""

import subprocess
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from pymediainfo import MediaInfo

from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.media import AudioProbe, AudioTrack, VideoProbe
from lib.presets import load
from lib.video.encode.encode import encode_video
from lib.video.isobmff import find, read_boxes, read_content
from lib.video.package.fragments import read_fragment
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, PlannedAudio, VideoTask, plan_video
from lib.video.plan.ranges import Span
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "media"
PRESET = load(ROOT / "presets.toml").named(None)
PLENTY = 600.0
SMALL = (Rung("h264", 128, 96, 23, 400),)


@dataclass(frozen=True)
class Encoded:
    folder: Path
    plan: Plan
    left_out: Mapping[str, Failure]
    progress: list[float]

    def rung(self) -> Path:
        return self.folder / f"{self.plan.rungs[-1].name}.mp4"

    def times(self, name: str) -> list[int]:
        return sorted(int(path.stem) for path in (self.folder / name).iterdir())


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg()


@pytest.fixture(scope="module")
def make(ffmpeg, tmp_path_factory):
    """Encode a source, as planned or as `edit` makes of it."""

    def make_all(
        source: Path,
        container: str = "mov",
        *,
        edit: Callable[[Plan], Plan] = lambda planned: planned,
        probe: AudioProbe | None = None,
        span: Span | None = None,
        deadline: Callable[[], float] = lambda: PLENTY,
    ) -> Encoded:
        if probe is None:
            with source.open("rb") as file:
                probe = read_probe(file, container)
        planned, folder = edit(plan_video(probe, PRESET)), tmp_path_factory.mktemp("out")
        progress: list[float] = []
        try:
            task = VideoTask(Input(str(source), container), probe, planned, PRESET, span)
            ended = encode_video(task, ffmpeg_in(folder, deadline), progress.append)
        except BaseException:
            assert list(folder.iterdir()) == []
            raise
        return Encoded(folder, planned, ended.left_out, progress)

    return make_all


@pytest.fixture(scope="module")
def sample(make):
    """Encode a sample once, however many tests look at it."""
    finished: dict[str, Encoded] = {}

    def once(name: str) -> Encoded:
        if name not in finished:
            finished[name] = make(MEDIA / name, SAMPLES[name][0])
        return finished[name]

    return once


@pytest.fixture
def synthesize(ffmpeg: str, tmp_path: Path):
    """Let ffmpeg make a source."""

    def write(name: str, *arguments: str) -> Path:
        path = tmp_path / name
        subprocess.run([ffmpeg, "-v", "error", "-nostdin", *arguments, path], check=True)
        return path

    return write


def tracks(path: Path) -> dict[str, dict[str, object]]:
    return {track.track_type: track.to_data() for track in MediaInfo.parse(path).tracks}


def frames(path: Path) -> list[tuple[int, bool]]:
    """Return the time in ticks of each frame of a rung, and whether it is a keyframe."""
    found = []
    with path.open("rb") as file:
        for box in list(read_boxes(file)):
            if box.kind == b"moov":
                edits = find(read_content(file, box), b"trak", b"edts", b"elst")
                start = int.from_bytes(edits[-8:-4])
            elif box.kind == b"moof":
                samples = read_fragment(read_content(file, box)).samples
                found += [(each.time - start, not each.flags & 0x1_0000) for each in samples]
    return sorted(found)


def keyframes(path: Path) -> list[int]:
    return [time for time, is_key in frames(path) if is_key]


def decode(ffmpeg: str, path: Path, *arguments: str) -> bytes:
    command = [ffmpeg, "-v", "error", "-i", str(path), *arguments, "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def pixel(ffmpeg: str, path: Path) -> tuple[int, int]:
    """Return the first pixel's luma, and the last one's red difference, of a rung as stored."""
    frame = decode(ffmpeg, path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p")
    return frame[0], frame[-1]


def heard(ffmpeg: str, path: Path) -> Sequence[float]:
    """Return the left samples of a sound, 48,000 a second."""
    return array("f", decode(ffmpeg, path, "-f", "f32le"))[::2]


def small(planned: Plan) -> Plan:
    return replace(planned, rungs=SMALL, tile_s=1)


SAMPLES = {
    "bunny-720p-5.1.mp4": ("mov", [(426, 240), (640, 360), (854, 480), (1280, 720)], 75),
    "phone clip.mov": ("mov", [(240, 426), (360, 640)], 50),
    "anamorphic.webm": ("matroska", [(320, 180)], 38),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_video_becomes_a_ladder_that_plays_everywhere(sample, name):
    _, sizes, count = SAMPLES[name]
    result = sample(name)
    assert result.left_out == {}
    for rung, (width, height) in zip(result.plan.rungs, sizes, strict=True):
        video = tracks(result.folder / f"{rung.name}.mp4")["Video"]
        assert abs(int(str(video["width"])) - width) <= 2
        assert video["height"] == height
        assert video["pixel_aspect_ratio"] == "1.000"
        assert float(str(video.get("rotation", 0))) == 0
        assert video["format"] == "AVC"
        assert str(video["format_profile"]).startswith("High@")
        assert (video["chroma_subsampling"], video["bit_depth"]) == ("4:2:0", 8)
        assert (video["matrix_coefficients"], video["color_range"]) == ("BT.709", "Limited")
        assert len(frames(result.folder / f"{rung.name}.mp4")) == count


def test_sound_is_a_file_of_its_own(sample):
    result = sample("bunny-720p-5.1.mp4")
    found = tracks(result.folder / "audio-0.mp4")
    assert "Video" not in found
    assert (found["Audio"]["format"], found["Audio"]["channel_s"]) == ("AAC", 2)


@pytest.mark.parametrize("name", SAMPLES)
def test_keyframes_are_where_segments_start_in_all_rungs(sample, name):
    result = sample(name)
    aligned = {tuple(keyframes(result.folder / f"{each.name}.mp4")) for each in result.plan.rungs}
    assert aligned == {(0,)}


@pytest.mark.parametrize("name", SAMPLES)
def test_progress_grows_to_the_end(sample, name):
    progress = sample(name).progress
    assert progress == sorted(progress)
    assert progress[-1] == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_there_are_pictures_named_by_their_ms(sample, name):
    result = sample(name)
    assert result.times("stills")[0] == result.times("tiles")[0] == 0
    assert len(result.times("stills")) >= len(result.plan.stills_s)
    with Image.open(result.folder / "stills" / "0.jpg") as still:
        assert still.size == (result.plan.rungs[-1].width, result.plan.rungs[-1].height)
        assert ImageStat.Stat(still.convert("L")).stddev[0] > 10
    with Image.open(result.folder / "tiles" / "0.jpg") as tile:
        assert max(tile.size) == 160


def test_where_when_and_with_what_it_was_taken_stays_with_the_source(sample):
    source = (MEDIA / "phone clip.mov").read_bytes()
    secrets = (b"\xa9xyz", b"+48.8584", b"Pipeline Phones")
    assert all(secret in source for secret in secrets)
    for path in sample("phone clip.mov").folder.rglob("*.*"):
        assert not any(secret in path.read_bytes() for secret in secrets)


def test_a_repeat_gives_the_same_bytes(make, sample):
    first, second = sample("phone clip.mov"), make(MEDIA / "phone clip.mov")
    files = [path for path in first.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert path.read_bytes() == (second.folder / path.relative_to(first.folder)).read_bytes()


MOVING = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=9")
TONE = ("-f", "lavfi", "-i", "sine=f=997:d=9:r=48000")
OPEN_GROUPS = ("-c:v", "libx264", "-g", "25", "-x264-params", "open-gop=1:bframes=3:scenecut=0")


@pytest.mark.parametrize(
    ("name", "container"), [("a.mp4", "mov"), ("a.mkv", "matroska"), ("a.ts", "mpegts")]
)
def test_spans_add_up_to_the_whole(make, synthesize, name, container):
    long = [each.replace("d=9", "d=14") for each in (*MOVING, *TONE)]
    source = synthesize(name, *long, *OPEN_GROUPS, "-c:a", "aac")
    whole = frames(make(source, container, edit=small).rung())
    assert len(whole) == 350
    # The borders are keyframes of the source, as far as its own clock has them.
    late = (whole[1][0] - 3600) / 90_000
    borders = [0.0, 3.0 + late, 5.0 + late, 17.0 + late]
    spans = [Span(*each) for each in pairwise(borders)]
    parts = [make(source, container, edit=small, span=span) for span in spans]
    assert [time for part in parts for time, _ in frames(part.rung())] == [t for t, _ in whole]
    for part, span in zip(parts, spans, strict=True):
        start = round(span.start_s * 90_000)
        assert keyframes(part.rung()) == list(range(start, frames(part.rung())[-1][0], 360_000))
        assert not (part.folder / "audio-0.mp4").exists()
    tiles = [ms // 1000 for part in parts for ms in part.times("tiles")]
    assert tiles == list(range(14))


def test_a_border_that_is_no_keyframe_parts_the_frames_too(make, synthesize):
    source = synthesize("a.mp4", *MOVING, "-g", "250")
    first = frames(make(source, edit=small, span=Span(0.0, 4.36)).rung())
    second = frames(make(source, edit=small, span=Span(4.36, 9.0)).rung())
    assert (len(first), second[0]) == (109, (392_400, True))
    assert len(first) + len(second) == 225


def test_a_variable_frame_rate_is_kept(make, synthesize):
    dropped = "select=lt(mod(n\\,7)\\,3)"
    source = synthesize("a.mp4", *MOVING, "-vf", dropped, "-fps_mode", "vfr")
    expected = [frame * 3600 for frame in range(225) if frame % 7 < 3]
    assert [time for time, _ in frames(make(source, edit=small).rung())] == expected


def test_too_many_frames_are_left_out_on_one_grid(make, synthesize):
    source = synthesize("a.mp4", "-f", "lavfi", "-i", "testsrc=s=128x96:r=100:d=4", "-g", "100")
    slow = lambda planned: replace(small(planned), frame_rate=30)  # noqa: E731
    whole = [time for time, _ in frames(make(source, edit=slow).rung())]
    parts = [make(source, edit=slow, span=Span(*each)) for each in ((0.0, 1.0), (1.0, 4.0))]
    assert whole == [number * 3000 for number in range(120)]
    assert [time for part in parts for time, _ in frames(part.rung())] == whole


def test_what_comes_late_waits_in_silence_and_the_picture_does_not(make, synthesize, ffmpeg):
    tone = ("-itsoffset", "0.5", "-f", "lavfi", "-i", "sine=f=997:d=2:r=48000")
    late_sound = synthesize("a.mkv", *MOVING, *tone, "-c:a", "flac")
    samples = heard(ffmpeg, make(late_sound, "matroska", edit=small).folder / "audio-0.mp4")
    onset = next(index for index, each in enumerate(samples) if abs(each) > 0.05)
    assert onset / 48_000 == pytest.approx(0.5, abs=0.005)
    picture = ("-itsoffset", "0.6", *MOVING)
    late_picture = synthesize("b.mkv", *TONE, *picture, "-c:a", "flac")
    times = [time for time, _ in frames(make(late_picture, "matroska", edit=small).rung())]
    assert times[:2] == [0, 57_600]


def test_a_hard_scene_stays_below_the_peak(make, synthesize):
    noise = "nullsrc=s=320x240:r=25:d=6,geq=random(1)*255:128:128"
    source = synthesize("a.mp4", "-f", "lavfi", "-i", noise, "-crf", "10", "-preset", "ultrafast")
    tight = (Rung("h264", 320, 240, 23, 400),)
    rung = make(source, edit=lambda planned: replace(planned, rungs=tight)).rung()
    # Six seconds at the peak, and the buffer of two that a player fills before.
    assert rung.stat().st_size * 8 < 8 * 400_000


HDR = (
    *("-c:v", "libx265", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le"),
    *("-color_primaries", "bt2020", "-colorspace", "bt2020nc"),
)


@pytest.mark.parametrize(("tag", "name"), [("smpte2084", "pq"), ("arib-std-b67", "hlg")])
def test_hdr_becomes_sdr(make, synthesize, ffmpeg, tag, name):
    # The same red lies further out in the smaller gamut, and is darker than its signal as SDR.
    red = "color=black:s=128x96:d=0.4,format=yuv420p10le,geq=lum=509:cb=512:cr=600"
    tagged = f"{red},setparams=color_primaries=bt2020:color_trc={tag}:colorspace=bt2020nc:range=tv"
    source = synthesize("a.mp4", "-f", "lavfi", "-i", tagged, *HDR, "-color_trc", tag)
    with source.open("rb") as file:
        probe = read_probe(file, "mov")
    assert isinstance(probe, VideoProbe)
    assert probe.transfer == name
    mapped = pixel(ffmpeg, make(source, edit=small, probe=probe).rung())
    as_sdr = replace(probe, transfer=None)
    untouched = pixel(ffmpeg, make(source, edit=small, probe=as_sdr).rung())
    assert mapped[1] > untouched[1] + 5
    assert abs(mapped[0] - untouched[0]) > 10


@pytest.mark.parametrize(("rotation", "top"), [("90", "right"), ("-90", "left"), ("180", "down")])
def test_the_turn_goes_the_right_way(make, synthesize, rotation, top):
    # Red fills the half that is on top once the picture is turned as the source asks.
    red = {"left": "0:0:64:96", "right": "64:0:64:96", "down": "0:48:128:48"}[top]
    x, y, w, h = red.split(":")
    flat = synthesize(
        "flat.mp4",
        *("-f", "lavfi", "-i", "color=blue:s=128x96:d=0.4"),
        *("-vf", f"drawbox=x={x}:y={y}:w={w}:h={h}:color=red:t=fill"),
    )
    turned = synthesize("turned.mov", "-display_rotation", rotation, "-i", str(flat), "-c", "copy")
    with Image.open(make(turned).folder / "stills" / "0.jpg") as still:
        width, height = still.size
        above = ImageStat.Stat(still.crop((0, 0, width, height // 3))).mean
        below = ImageStat.Stat(still.crop((0, height * 2 // 3, width, height))).mean
    assert above[0] > 200 > 60 > above[2]
    assert below[2] > 200 > 60 > below[0]


FULL = "format=yuvj420p,setparams=range=pc"


@pytest.mark.parametrize(
    ("pixels", "encoder"),
    [(FULL, "libx264"), ("format=rgb24", "libx264rgb"), ("format=yuv422p10le", "libx264")],
)
def test_any_pixels_become_video_levels(make, synthesize, ffmpeg, pixels, encoder):
    white = f"color=white:s=126x94:d=0.2,{pixels}"
    source = synthesize("a.mkv", "-f", "lavfi", "-i", white, "-c:v", encoder)
    assert pixel(ffmpeg, make(source, "matroska").rung())[0] == pytest.approx(235, abs=1)


def test_odd_and_tiny_sizes(make, synthesize):
    red = "color=red:s=3x5:d=0.2"
    source = synthesize("odd.mp4", "-f", "lavfi", "-i", red, "-pix_fmt", "yuv444p")
    video = tracks(make(source).rung())["Video"]
    assert (video["width"], video["height"]) == (2, 4)


def test_every_sound_and_text_is_kept_apart(make, synthesize, tmp_path):
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:02,500\nIt rains.\n")
    inputs = (*MOVING, *TONE, *TONE, "-i", str(words))
    maps = ("-map", "0", "-map", "1", "-map", "2", "-map", "3")
    source = synthesize("a.mkv", *inputs, *maps, "-c:a", "aac")
    result = make(source, "matroska", edit=small)
    assert result.left_out == {}
    for name in ("audio-0.mp4", "audio-1.mp4"):
        assert float(str(tracks(result.folder / name)["Audio"]["duration"])) > 8900
    assert "00:01.000 --> 00:02.500\nIt rains." in (result.folder / "subtitles-0.vtt").read_text()


def test_a_sound_that_cannot_be_decoded_does_not_take_the_picture_along(make, synthesize):
    source = synthesize("a.mkv", *MOVING, *TONE, "-c:a", "aac")
    data = source.read_bytes()
    source.write_bytes(data.replace(b"A_AAC", b"A_XXX"))
    missing = (PlannedAudio(0, AudioTrack(), 96, normalised=False),)
    result = make(source, "matroska", edit=lambda planned: replace(small(planned), audio=missing))
    assert result.left_out["audio-0"].code is ErrorCode.UNSUPPORTED_MEDIA
    assert len(frames(result.rung())) == 225
    assert not (result.folder / "audio-0.mp4").exists()
    assert result.progress == sorted(result.progress)


def test_normalised_sound_has_minus_16_lufs(make, synthesize, ffmpeg):
    source = synthesize("a.mp4", *MOVING, *TONE, "-af", "volume=-9dB", "-ac", "2", "-c:a", "aac")

    def normalised(planned: Plan) -> Plan:
        return replace(
            small(planned),
            audio=tuple(replace(each, normalised=True) for each in planned.audio),
        )

    samples = heard(ffmpeg, make(source, edit=normalised).folder / "audio-0.mp4")
    power = sum(each * each for each in samples) / len(samples)
    # BS.1770 weighs 997 Hz with 1: both channels' power is the loudness.
    assert 10 * log10(2 * power) == pytest.approx(-16, abs=0.5)


def test_sound_alone_becomes_an_m4a(make):
    result = make(MEDIA / "voice.m4a")
    found = tracks(result.folder / "audio.m4a")
    assert "Video" not in found
    assert (found["Audio"]["format"], found["Audio"]["channel_s"]) == ("AAC", 2)
    assert float(str(found["Audio"]["duration"])) == pytest.approx(4000, abs=60)
    assert found["General"].get("cover") is None


def test_a_truncated_source_gives_what_it_holds(make, synthesize, tmp_path):
    film = str(MEDIA / "bunny-720p-5.1.mp4")
    index_first = synthesize("first.mp4", "-i", film, "-c", "copy", "-movflags", "+faststart")
    truncated = tmp_path / "truncated.mp4"
    truncated.write_bytes(index_first.read_bytes()[:400_000])
    result = make(truncated)
    assert 12 < len(frames(result.rung())) < 63
    assert result.times("stills")[0] == 0


BARS = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=2")
BEEP = ("-f", "lavfi", "-i", "sine=d=2:r=48000")
APART = ("-c:v", "libx264", "-g", "1", "-c:a", "aac")


@pytest.fixture
def damage(synthesize):
    """Write a film of 50 pictures that stand alone, and a sound, or of one; damage packets."""

    def write(kind: str, packets: int, *inputs: str) -> Path:
        whole = synthesize("whole.mp4", *inputs, *APART)
        noise = f"noise=amount='if(lt(n,{packets}),1,0)'"
        copied = ("-i", str(whole), "-c", "copy", f"-bsf:{kind}", noise)
        damaged: Path = synthesize("damaged.mp4", *copied)
        return damaged

    return write


def as_it_is(plan: Plan) -> Plan:
    """Leave the loudness of all sounds alone."""
    return replace(plan, audio=tuple(replace(each, normalised=False) for each in plan.audio))


@pytest.mark.parametrize("span", [None, Span(0.0, 2.0)])
def test_however_much_of_a_picture_is_damaged_the_rest_is_made(make, damage, span):
    result = make(damage("v", 40, *BARS, *BEEP), span=span)
    assert result.left_out == {}
    assert len(frames(result.rung())) == 10


@pytest.mark.parametrize("inputs", [BARS + BEEP, BEEP])
def test_however_much_of_a_sound_is_damaged_the_rest_is_made(make, damage, inputs):
    result = make(damage("a", 80, *inputs), edit=as_it_is)
    assert result.left_out == {}
    [sound] = [each for each in result.folder.iterdir() if each.name.startswith("audio")]
    assert "Audio" in tracks(sound)


def test_a_sound_beside_a_picture_that_is_damaged_as_a_whole_is_missed(make, damage):
    result = make(damage("a", 200, *BARS, *BEEP), edit=as_it_is)
    [problem] = result.left_out.values()
    assert problem.code is ErrorCode.ENCODE_FAILED
    assert problem.message == "it is damaged: its frames can't be decoded"
    assert not [each for each in result.folder.iterdir() if each.name.startswith("audio")]


@pytest.mark.parametrize(("kind", "inputs"), [("a", BEEP), ("v", BARS), ("v", BARS + BEEP)])
def test_what_is_damaged_as_a_whole_is_corrupt(make, damage, kind, inputs):
    with pytest.raises(PermanentError) as caught:
        make(damage(kind, 200, *inputs), edit=as_it_is)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
    assert caught.value.message == "it is damaged: its frames can't be decoded"


PROBE = VideoProbe(width=640, height=360, duration_ms=2000, video_codec="avc")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:400_000],  # the index was at the end
        lambda data: data[:40],
        lambda data: b"",
        lambda data: bytes(len(data)),
    ],
)
def test_a_source_without_an_index_is_corrupt(make, tmp_path, damage):
    source = tmp_path / "damaged.mp4"
    source.write_bytes(damage((MEDIA / "bunny-720p-5.1.mp4").read_bytes()))
    with pytest.raises(PermanentError) as caught:
        make(source, probe=PROBE)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
    assert str(tmp_path) not in caught.value.message


def test_sound_without_its_picture_is_corrupt(make, tmp_path):
    data = bytearray((MEDIA / "bunny-720p-5.1.mp4").read_bytes())
    parameters = data.index(b"avcC") + 4
    data[parameters : parameters + 36] = bytes(36)
    source = tmp_path / "no parameters.mp4"
    source.write_bytes(data)
    with pytest.raises(PermanentError) as caught:
        make(source, probe=PROBE)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_frames_that_cannot_be_decoded_are_corrupt(make, tmp_path):
    source = tmp_path / "noise.mov"
    data = bytearray((MEDIA / "phone clip.mov").read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = b"\xa5" * (end - start)
    source.write_bytes(data)
    with pytest.raises(PermanentError) as caught:
        make(source, probe=PROBE)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_a_killed_run_leaves_no_file(make):
    calls = iter(range(1000))
    with pytest.raises(TransientError) as caught:
        make(MEDIA / "bunny-720p-5.1.mp4", deadline=lambda: PLENTY if next(calls) < 3 else 0)
    assert caught.value.code is ErrorCode.DEADLINE_NEAR
