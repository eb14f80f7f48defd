from pathlib import Path

import pytest

from lib.model import RenditionKind
from lib.presets import AudioPreset, VideoPreset
from lib.video.commands import (
    encode_poster,
    encode_sound,
    encode_video,
    jpeg_scale,
    open_source,
)
from lib.video.ladder import Target

PRESET = VideoPreset(max_height=720, crf=23, speed="veryfast", audio_kbps=96, poster_quality=80)
VIDEO = Target("720p.mp4", RenditionKind.VIDEO, "video/mp4", 1280, 720)
OUT = Path("/folder/720p.mp4")
HTTPS = "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=S"


def video(locator: str = "/in.mov", container: str = "mov", **options) -> list[str]:
    return encode_video(open_source(locator, container, **options), VIDEO, PRESET, OUT)


def before_input(arguments: list[str]) -> dict[str, str]:
    head = [each for each in arguments[: arguments.index("-i")] if each != "-noautorotate"]
    return dict(zip(head[::2], head[1::2], strict=True))


def option(arguments: list[str], name: str) -> str:
    assert arguments.count(name) == 1
    return arguments[arguments.index(name) + 1]


def test_the_demuxer_is_fixed_before_the_input():
    assert before_input(video(container="matroska"))["-f"] == "matroska"


@pytest.mark.parametrize(
    ("locator", "allowed"),
    [
        ("/in.mov", "file"),
        ("relative.mov", "file"),
        ("http://127.0.0.1:4566/b/k", "http,tcp"),
        (HTTPS, "https,tls,tcp"),
        ("ftp://host/k", "file"),
        ("concat:/etc/passwd|/in.mov", "file"),
    ],
)
def test_only_the_locators_own_protocols_are_allowed(locator, allowed):
    assert before_input(video(locator))["-protocol_whitelist"] == allowed


def test_a_path_is_never_taken_for_an_option_or_a_protocol():
    assert option(video("/a/-i:b.mov"), "-i") == "file:/a/-i:b.mov"
    assert option(video("concat:x"), "-i") == f"file:{Path.cwd()}/concat:x"


def test_remote_sources_reconnect_and_time_out():
    options = before_input(video(HTTPS))
    assert options["-reconnect"] == "1"
    assert int(options["-rw_timeout"]) > 1_000_000
    assert "-reconnect" not in before_input(video())


def test_https_is_verified_with_the_systems_authorities():
    options = before_input(video(HTTPS, ca_file="/ca.pem"))
    assert (options["-tls_verify"], options["-ca_file"]) == ("1", "/ca.pem")
    assert "-ca_file" not in before_input(video("http://127.0.0.1/k", ca_file="/ca.pem"))


def test_only_mov_turns_itself():
    assert "-noautorotate" not in video(container="mov")
    assert "-noautorotate" in video(container="matroska")


def test_the_mp4_plays_everywhere():
    arguments = video()
    assert option(arguments, "-filter_complex") == (
        "[0:V:0]scale=1280:720[s0];[s0]setsar=1[s1];[s1]format=yuv420p[s2]"
    )
    assert [arguments[i + 1] for i, each in enumerate(arguments) if each == "-map"] == [
        "[s2]",
        "0:a:0?",
    ]
    assert option(arguments, "-c:v") == "libx264"
    assert option(arguments, "-profile:v") == "high"
    assert (option(arguments, "-preset"), option(arguments, "-crf")) == ("veryfast", "23")
    assert (option(arguments, "-c:a"), option(arguments, "-ac")) == ("aac", "2")
    assert option(arguments, "-b:a") == "96k"
    assert option(arguments, "-movflags") == "+faststart"
    assert arguments[-1] == f"file:{OUT}"


def every_command() -> list[list[str]]:
    source = open_source("/in.mov", "mov")
    return [
        encode_video(source, VIDEO, PRESET, OUT),
        encode_poster(source, VIDEO, PRESET, OUT),
        encode_sound(source, AudioPreset(kbps=64), OUT),
    ]


@pytest.mark.parametrize("arguments", every_command())
def test_nothing_of_the_source_is_copied(arguments):
    assert option(arguments, "-map_metadata") == "-1"
    assert option(arguments, "-map_chapters") == "-1"
    assert "+bitexact" in option(arguments, "-fflags")


def test_the_poster_is_sought_before_it_is_decoded():
    source = open_source("/in.mov", "mov", start=1.25)
    arguments = encode_poster(source, VIDEO, PRESET, OUT)
    assert before_input(arguments)["-ss"] == "1.250"
    assert option(arguments, "-frames:v") == "1"
    assert "thumbnail=24" in option(arguments, "-filter_complex")


@pytest.mark.parametrize(("quality", "scale"), [(100, 2), (90, 3), (80, 6), (50, 16), (1, 31)])
def test_jpeg_quality_becomes_ffmpegs_scale(quality, scale):
    assert jpeg_scale(quality) == scale


def test_sound_is_an_m4a():
    arguments = every_command()[2]
    assert option(arguments[arguments.index("-i") :], "-f") == "ipod"
    assert option(arguments, "-b:a") == "64k"
    assert option(arguments, "-map") == "0:a:0"
