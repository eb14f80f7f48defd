"""Sources of every kind: each is described as it is shown, gets the plan that fits it, and becomes
renditions that look, sound and last like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, MediaType, VideoProbe
from lib.domain.renditions import RenditionKind
from lib.presets import PACKAGED, load
from lib.sniff import HEAD_BYTES, sniff
from lib.video.plan.plan import plan_video
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from tests.media.damage import BROKEN, PRIVATE, REFUSED, Broken
from tests.media.matrix import PLANTED, Case, build, cases
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import (
    LADDER,
    Ended,
    Worker,
    combing,
    frame_times,
    grey,
    red_corners,
    small,
    take_all,
    tracks,
)

PRESETS = load(PACKAGED)
CASES = cases()
BY_NAME = {case.name: case for case in CASES}
PICTURES = tuple(case for case in CASES if case.size)
SOUNDS_ALONE = tuple(case for case in CASES if not case.size)

FRAME_MS = 40
"""Each container rounds a duration in its own way; the sound ends within one frame of its own."""

AROUND = ("h264.mp4", "pq.mp4", "late-sound.mp4", "one-frame.mp4", "turned-90.mkv", "uneven.mkv")
"""Of these a storyboard and a preview are made, too."""

GREY = {None: (125, 131), "hlg": (95, 103), "pq": (128, 136)}
"""What level 128 has to become. Chromium 156 shows a still of it at 99 in HLG, 132 in PQ."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build every source, whole and broken."""
    folder = tmp_path_factory.mktemp("sources")
    for case in CASES:
        build(case, folder, find_ffmpeg())
    for broken in BROKEN:
        whole = (folder / broken.case).read_bytes()
        (folder / f"broken-{broken.name}").write_bytes(broken.damage(whole))
    for name, text in REFUSED.items():
        (folder / f"refused-{name}").write_text(text)
    return folder


@pytest.fixture(scope="module")
def ended(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Ended]:
    """Take every source through the pipeline."""
    names = [
        *BY_NAME,
        *(f"broken-{each.name}" for each in BROKEN),
        *(f"refused-{each}" for each in REFUSED),
    ]
    out = tmp_path_factory.mktemp("out")
    sources = [folder / name for name in names]
    results = take_all(sources, Worker(small(PRESETS, AROUND), find_ffmpeg()), out)
    return dict(zip(names, results, strict=True))


def each(some: tuple[Any, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", some, ids=lambda case: case.name)


def probed(path: Path) -> AudioProbe:
    """Describe a file as the job does: by its bytes, whatever it is called."""
    with path.open("rb") as file:
        container = sniff(file.read(HEAD_BYTES)).container
        return read_probe(file, container)


def check_picture(found: VideoProbe, case: Case) -> None:
    assert found.video_codec == case.codec
    assert (found.width, found.height) == case.size
    assert (found.rotation or 0, bool(found.interlaced)) == (case.rotation, case.interlaced)
    assert (found.transfer, found.bit_depth) == (case.transfer, case.bit_depth)
    assert found.frame_rate == pytest.approx(case.frame_rate)
    assert tuple(track.language for track in found.subtitles if track.is_text) == case.texts


@each(CASES)
def test_a_source_is_described_as_it_is_shown(case: Case, folder: Path) -> None:
    with (folder / case.name).open("rb") as file:
        sniffed = sniff(file.read(HEAD_BYTES))
    assert sniffed.media_type in (MediaType.VIDEO, MediaType.AUDIO)
    assert sniffed.container == case.container
    found = probed(folder / case.name)
    assert isinstance(found, VideoProbe) == (case.size is not None)
    if isinstance(found, VideoProbe):
        check_picture(found, case)
    heard = tuple((track.channels, track.language) for track in found.audio_tracks)
    assert heard == case.sounds
    assert found.duration_ms == pytest.approx(case.duration_ms, abs=FRAME_MS + 10)


@each(CASES)
def test_a_source_gets_the_plan_that_fits_it(case: Case, folder: Path) -> None:
    found = probed(folder / case.name)
    check_limits(found, PRESETS.limits)
    planned = plan_video(found, PRESETS.named(None))
    assert bool(planned.rungs) == (case.size is not None)
    assert len(planned.subtitles) == len(case.texts)
    # Of sound alone there is one file.
    assert len(planned.audio) == (len(case.sounds) if case.size else 1)
    for rung in planned.rungs:
        assert case.size
        width, height = case.size
        assert (rung.width % 2, rung.height % 2) == (0, 0)
        assert rung.width <= max(2, width)
        assert rung.height <= max(2, height)
        scale = rung.height / height
        assert rung.width == pytest.approx(width * scale, abs=2 + 2 * width / height)


@each(CASES)
def test_all_that_is_planned_of_a_source_is_made(case: Case, ended: Mapping[str, Ended]) -> None:
    result = ended[case.name]
    assert result.problem is None
    assert (result.asset.status, result.asset.error) == (AssetStatus.READY, None)
    assert result.left == ()
    made = result.asset.renditions
    assert result.path("manifest.json").is_file()
    if case.size is None:
        assert result.names() == {"audio.m4a", "waveform.png", "peaks.json"}
        return
    assert {"hls.m3u8", "dash.mpd", "poster.jpg", file_of(result)} < result.names()
    assert ({"storyboard.vtt", "preview.webp"} < result.names()) is (case.name in AROUND)
    sounds = [each.language for each in made if each.name.startswith("audio-")]
    assert sounds == [language for _, language in case.sounds]
    texts = [each for each in made if each.kind is RenditionKind.SUBTITLES]
    assert tuple(each.language for each in texts) == case.texts
    for text in texts:
        assert "À bientôt <i>là</i>" in result.path(text.name).read_text("utf-8")


@each(PICTURES)
def test_a_picture_is_upright_square_and_sdr(case: Case, ended: Mapping[str, Ended]) -> None:
    result = ended[case.name]
    video = picture(result)
    assert case.size
    short = min(LADDER[-1], *case.size)
    scale = min(1, short / min(case.size))
    expected = tuple(pytest.approx(side * scale, abs=4) for side in case.size)
    assert (video["width"], video["height"]) == expected
    assert min(video["width"], video["height"]) in (short, short - 1, LADDER[0])
    assert (video["pixel_aspect_ratio"], float(video["rotation"])) == ("1.000", 0)
    assert (video["format"], video["scan_type"]) == ("AVC", "Progressive")
    assert (video["chroma_subsampling"], video["bit_depth"]) == ("4:2:0", 8)
    fields = ("matrix_coefficients", "transfer_characteristics", "color_primaries")
    assert {video[field] for field in fields} == {"BT.709"}
    poster = result.path("poster.jpg")
    assert red_corners(poster) == list(case.corner)
    least, most = GREY[case.transfer]
    assert not case.corner or least < grey(poster) < most


@each(tuple(case for case in CASES if case.interlaced))
def test_fields_of_two_moments_become_one_picture(case: Case, ended: Mapping[str, Ended]) -> None:
    result = ended[case.name]
    # In a picture lines next to each other are alike; here every second one is 32 px away.
    assert combing(result.path(file_of(result)), find_ffmpeg()) < 1
    assert combing(result.source, find_ffmpeg()) > 1


@each(PICTURES)
def test_every_frame_is_shown_when_it_was(
    case: Case, folder: Path, ended: Mapping[str, Ended]
) -> None:
    result = ended[case.name]
    there = frame_times(folder / case.name, find_ffmpeg())
    if (case.frame_rate or 0) > PRESETS.named(None).video.max_frame_rate:
        there = there[::2]
    made = frame_times(result.path(file_of(result)), find_ffmpeg())
    assert len(there) > 0
    # A picture that starts after the sound is shown from the start.
    assert made == [0, *(pytest.approx(time, abs=0.0006) for time in there[1:])]
    assert int(picture(result)["frame_count"]) == len(there)


@each(CASES)
def test_renditions_last_as_long_as_their_source(case: Case, ended: Mapping[str, Ended]) -> None:
    result = ended[case.name]
    frame_ms = max(FRAME_MS, 1000 / (case.frame_rate or 1000))
    lasting = [each for each in result.asset.renditions if each.name in ("hls.m3u8", "audio.m4a")]
    assert [each.duration_ms for each in lasting] == [pytest.approx(case.made_ms, abs=frame_ms)]
    name = "audio.m4a" if case.size is None else file_of(result)
    heard = tracks(result.path(name), "Audio")
    assert [each["channel_s"] for each in heard] == [2 for _ in case.sounds[:1]]
    ends = [float(each["duration"]) for each in (*heard, *tracks(result.path(name), "Video"))]
    assert max(ends) == pytest.approx(case.made_ms, abs=frame_ms)


@each(CASES)
def test_renditions_tell_nothing_of_where_and_with_what(
    case: Case, folder: Path, ended: Mapping[str, Ended]
) -> None:
    planted = [
        word.encode(spelling) for word in PLANTED.values() for spelling in ("utf-8", "utf-16-le")
    ]
    source = (folder / case.name).read_bytes()
    assert case.container in UNTITLED or any(word in source for word in planted)
    for path in ended[case.name].files():
        if path.name != "manifest.json":
            content = path.read_bytes()
            assert [word for word in planted if word in content] == [], path.name


UNTITLED = ("mpegts", "mpeg", "aac", "ac3", "amr", "dts", "eac3", "w64")
"""Containers, or ffmpeg's way of writing them, without titles."""


@pytest.mark.parametrize("damaged", BROKEN, ids=lambda each: each.name)
def test_what_is_damaged_is_described_or_refused(damaged: Broken, folder: Path) -> None:
    source = folder / f"broken-{damaged.name}"
    if damaged.probed:
        assert probed(source).audio_tracks or isinstance(probed(source), VideoProbe)
        return
    with pytest.raises(PermanentError) as caught:
        probed(source)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("damaged", BROKEN, ids=lambda each: each.name)
def test_of_what_is_damaged_is_made_what_is_left(
    damaged: Broken, ended: Mapping[str, Ended]
) -> None:
    result = ended[f"broken-{damaged.name}"]
    error = result.asset.error
    assert result.problem is None
    assert result.left == ()
    if damaged.made:
        assert (result.asset.status, error) == (AssetStatus.READY, None)
        assert result.names() & {"hls.m3u8", "audio.m4a"}
        return
    assert result.asset.status is AssetStatus.FAILED
    assert error
    assert (error.code, error.permanent) == (ErrorCode.CORRUPT_MEDIA, True)
    assert damaged.reason in error.message
    assert str(result.source.parent) not in error.message
    assert list(result.files()) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_leads_elsewhere_is_refused_whatever_its_name(
    name: str, ended: Mapping[str, Ended]
) -> None:
    asset = ended[f"refused-{name}"].asset
    assert asset.status is AssetStatus.REJECTED
    assert asset.error
    assert asset.error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert asset.error.message
    assert PRIVATE not in asset.error.message
    assert list(ended[f"refused-{name}"].files()) == []


def file_of(result: Ended) -> str:
    """Return the name of the one plain file."""
    (name,) = (each for each in result.names() if each.endswith("p.mp4"))
    return name


def picture(result: Ended) -> dict[str, Any]:
    """Return what MediaInfo says of the plain file's picture."""
    (found,) = tracks(result.path(file_of(result)), "Video")
    return found
