"""Real encodes by the layer's ffmpeg, judged by MediaInfo, Pillow and the boxes of the files."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from pymediainfo import MediaInfo

from lib.errors import ErrorCode, PermanentError, TransientError
from lib.model import Made, Probe, RenditionKind
from lib.presets import load
from lib.video import RangeReader, make, plan, read_probe
from tests.boxes import read_boxes
from tests.ffmpeg_binary import find_ffmpeg

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "media"
PRESET = load(ROOT / "presets.toml").named(None)
PLENTY = 600.0


@dataclass(frozen=True)
class Encoded:
    probe: Probe
    made: dict[RenditionKind, Made]
    progress: list[float]

    def path(self, kind: RenditionKind) -> Path:
        content = self.made[kind].content
        assert isinstance(content, Path)
        return content


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg()


@pytest.fixture(scope="module")
def encode(ffmpeg, tmp_path_factory):
    """Encode a source once, however many tests look at it."""
    finished: dict[Path, Encoded] = {}

    def encode_once(source: Path, container: str = "mov") -> Encoded:
        if source not in finished:
            with source.open("rb") as file:
                probe = read_probe(file, container)
            progress: list[float] = []
            made = make(
                str(source),
                container,
                probe,
                plan(probe, PRESET),
                PRESET,
                tmp_path_factory.mktemp("out"),
                ffmpeg=ffmpeg,
                deadline=lambda: PLENTY,
                on_progress=progress.append,
            )
            finished[source] = Encoded(probe, {each.kind: each for each in made}, progress)
        return finished[source]

    return encode_once


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


SAMPLES = {
    "bunny-720p-5.1.mp4": ("mov", "720p.mp4", (1280, 720), 3008),
    "phone clip.mov": ("mov", "360p.mp4", (360, 640), 2000),
    "anamorphic.webm": ("matroska", "180p.mp4", (320, 180), 1520),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_video_becomes_an_mp4_that_plays_everywhere(encode, name):
    container, renamed, size, duration_ms = SAMPLES[name]
    result = encode(MEDIA / name, container)
    made = result.made[RenditionKind.VIDEO]
    assert (made.name, made.mime, made.error) == (renamed, "video/mp4", None)
    assert (made.width, made.height) == size
    assert made.duration_ms == pytest.approx(duration_ms, abs=60)
    found = tracks(result.path(RenditionKind.VIDEO))
    video = found["Video"]
    assert (video["width"], video["height"]) == size
    assert video["pixel_aspect_ratio"] == "1.000"
    assert float(str(video.get("rotation", 0))) == 0
    assert video["format"] == "AVC"
    assert str(video["format_profile"]).startswith("High@")
    assert (video["chroma_subsampling"], video["bit_depth"]) == ("4:2:0", 8)
    assert float(str(video["duration"])) == pytest.approx(duration_ms, abs=60)
    if result.probe.audio_codec:
        assert (found["Audio"]["format"], found["Audio"]["channel_s"]) == ("AAC", 2)
    else:
        assert "Audio" not in found


@pytest.mark.parametrize("name", SAMPLES)
def test_it_starts_before_it_is_loaded(encode, name):
    data = encode(MEDIA / name, SAMPLES[name][0]).path(RenditionKind.VIDEO).read_bytes()
    kinds = [kind for kind, _ in read_boxes(data)]
    assert kinds.index(b"moov") < kinds.index(b"mdat")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_has_a_poster_of_its_size(encode, name):
    result = encode(MEDIA / name, SAMPLES[name][0])
    assert result.made[RenditionKind.POSTER].mime == "image/jpeg"
    with Image.open(result.path(RenditionKind.POSTER)) as poster:
        poster.load()
        assert (poster.format, poster.size) == ("JPEG", SAMPLES[name][2])
        assert "exif" not in poster.info
        assert ImageStat.Stat(poster.convert("L")).stddev[0] > 10


def test_a_long_film_is_described_by_its_ends(synthesize):
    film = str(MEDIA / "bunny-720p-5.1.mp4")
    long: Path = synthesize("long.mp4", "-stream_loop", "30", "-i", film, "-c", "copy", "-map", "0")
    fetched: list[int] = []
    with long.open("rb") as file:

        def read(start: int, length: int) -> bytes:
            fetched.append(length)
            file.seek(start)
            return file.read(length)

        size = long.stat().st_size
        found = read_probe(RangeReader(read, size), "mov")
    assert found.duration_ms == pytest.approx(31 * 3008, abs=1000)
    assert size > 20_000_000
    assert sum(fetched) < 1_500_000


@pytest.mark.parametrize("name", SAMPLES)
def test_progress_grows_to_the_end(encode, name):
    progress = encode(MEDIA / name, SAMPLES[name][0]).progress
    assert progress == sorted(progress)
    assert progress[-1] > 0.9


def test_sound_alone_becomes_an_m4a(encode):
    result = encode(MEDIA / "voice.m4a")
    assert set(result.made) == {RenditionKind.AUDIO}
    path = result.path(RenditionKind.AUDIO)
    found = tracks(path)
    assert "Video" not in found
    assert (found["Audio"]["format"], found["Audio"]["channel_s"]) == ("AAC", 2)
    assert found["General"].get("cover") is None
    boxes = dict(read_boxes(path.read_bytes()))
    assert boxes[b"ftyp"].startswith(b"M4A ")
    assert result.made[RenditionKind.AUDIO].duration_ms == pytest.approx(4000, abs=60)


def test_where_when_and_with_what_it_was_taken_stays_with_the_source(encode):
    source = (MEDIA / "phone clip.mov").read_bytes()
    secrets = (b"\xa9xyz", b"+48.8584", b"Pipeline Phones")
    assert all(secret in source for secret in secrets)
    result = encode(MEDIA / "phone clip.mov")
    for kind in (RenditionKind.VIDEO, RenditionKind.POSTER):
        rendition = result.path(kind).read_bytes()
        assert not any(secret in rendition for secret in secrets)
    general = tracks(result.path(RenditionKind.VIDEO))["General"]
    assert not {"encoded_date", "tagged_date", "recorded_date", "title"} & set(general)


@pytest.mark.parametrize(("rotation", "top"), [("90", "right"), ("-90", "left"), ("180", "down")])
def test_the_turn_goes_the_right_way(encode, synthesize, rotation, top):
    # Red fills the half that is on top once the picture is turned as the source asks.
    red = {"left": "0:0:64:96", "right": "64:0:64:96", "down": "0:48:128:48"}[top]
    x, y, w, h = red.split(":")
    flat = synthesize(
        "flat.mp4",
        *("-f", "lavfi", "-i", "color=blue:s=128x96:d=0.4"),
        *("-vf", f"drawbox=x={x}:y={y}:w={w}:h={h}:color=red:t=fill"),
    )
    turned = synthesize("turned.mov", "-display_rotation", rotation, "-i", str(flat), "-c", "copy")
    with Image.open(encode(turned).path(RenditionKind.POSTER)) as poster:
        width, height = poster.size
        above = ImageStat.Stat(poster.crop((0, 0, width, height // 3))).mean
        below = ImageStat.Stat(poster.crop((0, height * 2 // 3, width, height))).mean
    assert above[0] > 200 > 60 > above[2]
    assert below[2] > 200 > 60 > below[0]


def test_the_poster_is_not_the_black_before_the_film(encode, synthesize):
    fade = "color=black:s=64x48:d=0.8,format=yuv420p[a];color=white:s=64x48:d=9.2[b];[a][b]concat"
    source = synthesize("fade.mp4", "-f", "lavfi", "-i", fade)
    with Image.open(encode(source).path(RenditionKind.POSTER)) as poster:
        assert ImageStat.Stat(poster.convert("L")).mean[0] > 200


def test_a_video_of_one_frame_has_a_poster(encode, synthesize):
    source = synthesize("one.mp4", "-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1")
    made = encode(source).made
    assert made[RenditionKind.VIDEO].error is None
    assert made[RenditionKind.POSTER].error is None


def test_odd_and_tiny_sizes_and_full_colour(encode, synthesize):
    red = "color=red:s=3x5:d=0.2"
    source = synthesize("odd.mp4", "-f", "lavfi", "-i", red, "-pix_fmt", "yuv444p")
    made = encode(source).made[RenditionKind.VIDEO]
    assert (made.width, made.height, made.error) == (2, 4, None)


def test_a_repeat_gives_the_same_bytes(encode, tmp_path):
    again = tmp_path / "phone clip.mov"
    again.write_bytes((MEDIA / "phone clip.mov").read_bytes())
    first, second = encode(MEDIA / "phone clip.mov"), encode(again)
    for kind in first.made:
        assert first.path(kind).read_bytes() == second.path(kind).read_bytes()


def test_a_truncated_source_gives_what_it_holds(encode, synthesize, tmp_path):
    film = str(MEDIA / "bunny-720p-5.1.mp4")
    index_first = synthesize("first.mp4", "-i", film, "-c", "copy", "-movflags", "+faststart")
    truncated = tmp_path / "truncated.mp4"
    truncated.write_bytes(index_first.read_bytes()[:400_000])
    made = encode(truncated).made
    assert made[RenditionKind.POSTER].error is None
    assert 500 < (made[RenditionKind.VIDEO].duration_ms or 0) < 2500


def attempt(source: Path, ffmpeg: str, container: str = "mov", probe: Probe | None = None) -> None:
    probe = probe or Probe(width=640, height=360, duration_ms=2000)
    targets, out = plan(probe, PRESET), source.parent / "out"
    out.mkdir()
    try:
        list(
            make(
                str(source),
                container,
                probe,
                targets,
                PRESET,
                out,
                ffmpeg=ffmpeg,
                deadline=lambda: PLENTY,
                on_progress=lambda part: None,
            )
        )
    finally:
        assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:400_000],  # the index was at the end
        lambda data: data[:40],
        lambda data: b"",
        lambda data: bytes(len(data)),
    ],
)
def test_a_source_without_an_index_is_corrupt(ffmpeg, tmp_path, damage):
    source = tmp_path / "damaged.mp4"
    source.write_bytes(damage((MEDIA / "bunny-720p-5.1.mp4").read_bytes()))
    with pytest.raises(PermanentError) as caught:
        attempt(source, ffmpeg)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
    assert str(tmp_path) not in caught.value.message


def test_sound_without_its_picture_is_corrupt(ffmpeg, tmp_path):
    data = bytearray((MEDIA / "bunny-720p-5.1.mp4").read_bytes())
    parameters = data.index(b"avcC") + 4
    data[parameters : parameters + 36] = bytes(36)
    source = tmp_path / "no parameters.mp4"
    source.write_bytes(data)
    with pytest.raises(PermanentError) as caught:
        attempt(source, ffmpeg)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_frames_that_cannot_be_decoded_are_corrupt(ffmpeg, tmp_path):
    source = tmp_path / "noise.mov"
    data = bytearray((MEDIA / "phone clip.mov").read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = b"\xa5" * (end - start)
    source.write_bytes(data)
    with pytest.raises(PermanentError) as caught:
        attempt(source, ffmpeg)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_one_rendition_may_fail_alone(ffmpeg, tmp_path):
    probe = Probe(width=360, height=640, duration_ms=2000)
    video, poster = plan(probe, PRESET)
    too_wide = replace(poster, width=100_000, height=2)
    made = list(
        make(
            str(MEDIA / "phone clip.mov"),
            "mov",
            probe,
            (too_wide, video),
            PRESET,
            tmp_path,
            ffmpeg=ffmpeg,
            deadline=lambda: PLENTY,
            on_progress=lambda part: None,
        )
    )
    assert [each.name for each in made] == ["360p.mp4", "poster.jpg"]
    assert made[0].error is None
    assert made[1].error
    assert made[1].error.code is ErrorCode.ENCODE_FAILED
    assert [path.name for path in tmp_path.iterdir()] == ["360p.mp4"]


def test_a_duration_that_is_not_true_does_not_cost_the_poster(ffmpeg, tmp_path):
    probe = Probe(width=360, height=640, duration_ms=100_000)
    _, poster = plan(probe, PRESET)
    (made,) = make(
        str(MEDIA / "phone clip.mov"),
        "mov",
        probe,
        (poster,),
        PRESET,
        tmp_path,
        ffmpeg=ffmpeg,
        deadline=lambda: PLENTY,
        on_progress=lambda part: None,
    )
    with Image.open(tmp_path / made.name) as image:
        assert image.size == (360, 640)


def test_a_killed_run_leaves_no_file(ffmpeg, tmp_path):
    source = MEDIA / "bunny-720p-5.1.mp4"
    out = tmp_path / "out"
    out.mkdir()
    probe = Probe(width=1280, height=720, duration_ms=3000)

    def deadline() -> float:
        return 0 if any(out.iterdir()) else PLENTY

    with pytest.raises(TransientError) as caught:
        list(
            make(
                str(source),
                "mov",
                probe,
                plan(probe, PRESET),
                PRESET,
                out,
                ffmpeg=ffmpeg,
                deadline=deadline,
                on_progress=lambda part: None,
            )
        )
    assert caught.value.code is ErrorCode.DEADLINE_NEAR
    assert list(out.iterdir()) == []
