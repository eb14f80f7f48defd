"""The MP4 of an animation by the layer's ffmpeg: its frames, their times, what players see."""

from __future__ import annotations

import io
import subprocess
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from pymediainfo import MediaInfo

from lib.domain.errors import ErrorCode
from lib.domain.renditions import Made, RenditionKind
from lib.imaging.load import read_picture
from lib.imaging.render_animation import film_frames
from lib.imaging.transform import Transform
from lib.presets import load
from lib.video.auxiliary.animation_mp4 import make_animation
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg
from tests.support.images import LIMITS, save

ROOT = Path(__file__).parents[2]
PRESET = load(ROOT / "presets.toml").named(None)
DELAYS = [400, 20, 80, 130, 1200]
COLORS = ("#ff0000", "#00ff00", "#0000ff", "#808080", "#ffffff")


def animation(container: str, size: tuple[int, int] = (97, 61)) -> bytes:
    """Uneven in sides and in times; the left third is transparent."""
    frames = []
    for color in COLORS:
        frame = Image.new("RGBA", size, color)
        frame.paste((0, 0, 0, 0), (0, 0, size[0] // 3, size[1]))
        frames.append(frame)
    options = {"lossless": True} if container == "webp" else {"disposal": 2}
    first, *rest = frames
    return save(
        first, container, save_all=True, append_images=rest, duration=DELAYS, loop=0, **options
    )


def film(source: bytes, container: str, folder: Path, deadline: float = 600.0) -> Made:
    picture = read_picture(source, container, LIMITS)
    frames = partial(film_frames, picture, transform=Transform(PRESET.image))
    return make_animation(
        picture.image.size,
        frames,
        PRESET.video,
        ffmpeg=ffmpeg_in(folder, lambda: deadline),
    )


def times(film: Path) -> list[tuple[int, int]]:
    """Return start and duration of each frame in ms, as another run reads them."""
    command = [find_ffmpeg(), "-v", "error", "-i", str(film), "-c", "copy", "-f", "framemd5", "-"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "#tb 0: 1/1000" in output
    rows = [line.split(",") for line in output.splitlines() if not line.startswith("#")]
    return [(int(row[2]), int(row[3])) for row in rows]


def pictures(film: Path) -> list[Image.Image]:
    """Return every frame as a player shows it."""
    command = [find_ffmpeg(), "-v", "error", "-i", str(film), "-fps_mode", "passthrough"]
    command += ["-f", "image2pipe", "-c:v", "ppm", "-"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    starts = [at for at in range(len(output)) if output.startswith(b"P6\n", at)]
    ends = [*starts[1:], len(output)]
    return [
        Image.open(io.BytesIO(output[start:end])) for start, end in zip(starts, ends, strict=True)
    ]


@pytest.fixture(params=["gif", "webp"])
def made(request, tmp_path):
    """A film, and the file of it."""
    found = film(animation(request.param), request.param, tmp_path)
    assert list(tmp_path.iterdir()) == [], "the frames are gone"
    assert isinstance(found.content, bytes)
    path = tmp_path / found.name
    path.write_bytes(found.content)
    return found, path


def test_every_frame_is_shown_for_as_long_as_it_asks(made):
    rendition, path = made
    starts = [sum(DELAYS[:index]) for index in range(len(DELAYS))]
    assert times(path) == list(zip(starts, DELAYS, strict=True))
    assert (rendition.duration_ms, rendition.frames) == (sum(DELAYS), len(DELAYS))


def test_it_is_muted_h264_that_starts_at_once(made):
    rendition, path = made
    tracks = MediaInfo.parse(path).tracks
    assert [track.track_type for track in tracks] == ["General", "Video"]
    general, video = tracks
    assert (video.format, video.chroma_subsampling, video.bit_depth) == ("AVC", "4:2:0", 8)
    assert (video.width, video.height) == (rendition.width, rendition.height) == (96, 60)
    assert int(float(general.duration)) == int(float(video.duration)) == sum(DELAYS)
    assert general.isstreamable == "Yes"
    assert float(video.format_level) <= 4 if video.format_level else True
    assert video.color_primaries == video.matrix_coefficients == "BT.709"


def test_frames_look_as_they_did_with_the_background_behind_them(made):
    _, path = made
    for frame, color in zip(pictures(path), COLORS, strict=True):
        wanted = Image.new("RGB", frame.size, color)
        wanted.paste(PRESET.image.background, (0, 0, 97 * 96 // 97 // 3, 60))
        for place in ((60, 10, 90, 50), (4, 10, 24, 50)):
            found = ImageChops.difference(frame.crop(place), wanted.crop(place))
            assert max(found.tobytes()) <= 6, (color, place)


def test_the_level_is_what_the_size_needs_and_not_the_clock(tmp_path):
    made = film(animation("webp", (1280, 720)), "webp", tmp_path)
    assert isinstance(made.content, bytes)
    assert (made.width, made.height) == (1280, 720)
    at = made.content.index(b"avcC")
    level = made.content[at + 7]
    assert level <= 32, "10 × the level, ISO/IEC 14496-15"


def test_the_same_animation_gives_the_same_bytes(tmp_path):
    one, other = (film(animation("gif"), "gif", tmp_path) for _ in range(2))
    assert one.content == other.content


def test_without_time_there_is_a_reason_and_no_film(tmp_path):
    made = film(animation("gif"), "gif", tmp_path, deadline=5.0)
    assert made.content is None
    assert made.kind is RenditionKind.VIDEO
    assert made.error is not None
    assert made.error.code is ErrorCode.DEADLINE_NEAR
