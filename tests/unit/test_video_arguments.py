import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lib.domain.media import AudioProbe, AudioTrack, SubtitleTrack, VideoProbe
from lib.presets import load
from lib.video.encode.arguments import (
    AUDIO_FLAGS,
    RUNG_FLAGS,
    encode_arguments,
    loudness_arguments,
)
from lib.video.encode.loudness import Loudness
from lib.video.encode.open_source import open_source
from lib.video.encode.prune_ladder import comparison_arguments
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, PlannedAudio, PlannedSubtitle, VideoTask
from lib.video.plan.ranges import Span
from lib.video.source import Input

PRESET = load(Path(__file__).parents[2] / "presets.toml").named(None)
PROBE = VideoProbe(
    width=1920, height=1080, duration_ms=60_000, video_codec="avc", color_space="bt.709"
)
RUNGS = (Rung("h264", 640, 360, 23, 900), Rung("h264", 1280, 720, 23, 3500))
SOUND = PlannedAudio(1, AudioTrack(), 96, normalised=False)
TEXT = PlannedSubtitle(2, SubtitleTrack(is_text=True))
PLAN = Plan(RUNGS, (SOUND,), (TEXT,), timescale=30_000, stills_s=(7.5, 22.5), tile_s=1)
OUT = Path("/folder")
HTTPS = "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=S"
LATE = Span(20.0, 40.0)


def arguments_of(
    locator: str = "/in.mov",
    container: str = "mov",
    probe: AudioProbe = PROBE,
    plan: Plan = PLAN,
    span: Span | None = None,
    levels: dict[str, Loudness] | None = None,
) -> list[str]:
    return encode_arguments(
        VideoTask(Input(locator, container), probe, plan, PRESET, span), OUT, levels
    )


def verified(ca_file: str | None) -> VideoTask:
    return VideoTask(Input(HTTPS, "mov", ca_file), PROBE, PLAN, PRESET)


def before_input(arguments: list[str]) -> dict[str, str]:
    flags = ("-noautorotate", "-noaccurate_seek", "-copyts", "-start_at_zero")
    head = [each for each in arguments[: arguments.index("-i")] if each not in flags]
    return dict(zip(head[::2], head[1::2], strict=True))


def output(arguments: list[str], name: str) -> dict[str, str]:
    """Return the options of the output file `name`."""
    end = arguments.index(f"file:{OUT}/{name}")
    start = max(index for index in range(end) if arguments[index] == "-map")
    words = arguments[start:end]
    return dict(zip(words[::2], words[1::2], strict=True))


def graph(arguments: list[str]) -> str:
    """Return all graphs as one text."""
    pairs = pairwise(arguments)
    return "|".join(value for name, value in pairs if name == "-filter_complex")


def test_the_demuxer_is_fixed_before_the_input():
    assert before_input(arguments_of(container="matroska"))["-f"] == "matroska"


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
    assert before_input(arguments_of(locator))["-protocol_whitelist"] == allowed
    heard = loudness_arguments(Input(locator, "mov"), PROBE, SOUND, OUT / "loudness.json")
    assert before_input(heard)["-protocol_whitelist"] == allowed


def test_a_path_is_never_taken_for_an_option_or_a_protocol():
    for locator, url in (
        ("/a/-i:b.mov", "file:/a/-i:b.mov"),
        ("concat:x", f"file:{Path.cwd()}/concat:x"),
    ):
        arguments = arguments_of(locator)
        assert arguments.count("-i") == 1
        assert arguments[arguments.index("-i") + 1] == url


def test_remote_sources_reconnect_and_time_out():
    options = before_input(arguments_of(HTTPS))
    assert options["-reconnect"] == "1"
    assert int(options["-rw_timeout"]) > 1_000_000
    assert "-reconnect" not in before_input(arguments_of())


def test_https_is_verified_with_the_systems_authorities():
    trusted = before_input(encode_arguments(verified("/ca.pem"), OUT))
    assert (trusted["-tls_verify"], trusted["-ca_file"]) == ("1", "/ca.pem")
    unknown = before_input(encode_arguments(verified(None), OUT))
    assert unknown["-tls_verify"] == "1"
    assert "-tls_verify" not in before_input(arguments_of("http://127.0.0.1/k"))


def test_every_process_that_reads_the_source_verifies_it():
    task = verified("/ca.pem")
    heard = loudness_arguments(task.source, PROBE, SOUND, OUT / "loudness.json")
    judged = comparison_arguments(task, PLAN.rungs[0], 0.0, [OUT / "clip"], [OUT / "log"])
    for arguments in (heard, judged):
        assert "/ca.pem" in arguments[: arguments.index(HTTPS)]


@pytest.mark.parametrize(
    ("size", "most"),
    [
        ((64, 64), 4096 * 2304),  # a call that begins small grows
        ((1920, 1080), 4096 * 2304),
        ((3840, 2160), 4 * 3840 * 2160),
        ((7680, 7680), 8192 * 8192),
    ],
)
def test_frames_far_larger_than_the_header_says_are_not_decoded(size, most):
    probe = VideoProbe(width=size[0], height=size[1], video_codec="avc")
    assert int(before_input(arguments_of(probe=probe))["-max_pixels"]) == most


def test_what_does_not_say_how_long_it_lasts_lasts_as_long_as_its_bytes_can():
    source = Input("/in.mov", "mov", size=20_000)
    opened = open_source(source, AudioProbe(), PLAN, None).output("-").get_args()
    assert opened[opened.index("-t") + 1] == "1300.000"


@pytest.mark.parametrize(
    ("rotation", "mirrored", "steps"),
    [
        (None, None, []),
        (90, None, ["transpose=dir=clock"]),
        (180, None, ["hflip", "vflip"]),
        (270, True, ["vflip", "transpose=dir=cclock"]),
    ],
)
def test_frames_are_turned_once_as_the_probe_says(rotation, mirrored, steps):
    probe = VideoProbe(
        width=1080, height=1920, rotation=rotation, mirrored=mirrored, video_codec="avc"
    )
    arguments = arguments_of(probe=probe)
    assert "-noautorotate" in arguments
    turns = re.findall(r"hflip|vflip|transpose=dir=\w+", graph(arguments))
    assert turns == steps
    assert "sidedata=mode=delete:type=DISPLAYMATRIX" in graph(arguments)


@pytest.mark.parametrize(
    ("codec", "has_alpha", "decoder"),
    [
        ("vp8", True, ["libvpx"]),
        ("vp9", True, ["libvpx-vp9"]),
        ("vp9", None, []),
        ("rle", True, []),
    ],
)
def test_transparency_beside_the_frames_has_a_decoder_of_its_own(codec, has_alpha, decoder):
    probe = VideoProbe(width=64, height=48, video_codec=codec, has_alpha=has_alpha)
    arguments = arguments_of(probe=probe)
    before = arguments[: arguments.index("-i")]
    assert [before[at + 1] for at, each in enumerate(before) if each == "-c:v"] == decoder
    assert ("overlay=eof_action=repeat:format=gbrp" in graph(arguments)) is bool(has_alpha)


def test_one_process_reads_once_and_makes_everything():
    arguments = arguments_of()
    assert arguments.count("-i") == 1
    assert [each for each in arguments if each.startswith(f"file:{OUT}")] == [
        f"file:{OUT}/{name}"
        for name in (
            *("h264-360.mp4", "h264-720.mp4", "tiles/%d.jpg", "stills/%d.jpg"),
            *("audio-1.mp4", "subtitles-2.mks"),
        )
    ]
    assert graph(arguments).count("[0:V:0]") == 1


@pytest.mark.parametrize("name", ["h264-360.mp4", "audio-1.mp4", "subtitles-2.mks", "tiles/%d.jpg"])
def test_nothing_of_the_source_is_copied(name):
    options = output(arguments_of(), name)
    assert (options["-map_metadata"], options["-map_chapters"]) == ("-1", "-1")
    assert "+bitexact" in options["-fflags"]


def test_a_rung_plays_everywhere_and_never_passes_its_peak():
    options = output(arguments_of(), "h264-720.mp4")
    assert (options["-c:v"], options["-profile:v"]) == ("libx264", "high")
    assert (options["-crf"], options["-preset"]) == ("23", "veryfast")
    assert (options["-maxrate"], options["-bufsize"]) == ("3500k", "7000k")
    assert (options["-movflags"], options["-video_track_timescale"]) == (RUNG_FLAGS, "30000")
    assert options["-enc_time_base"] == "1:30000"


@pytest.mark.parametrize("name", ["h264", "hevc", "av1"])
def test_encoders_do_not_count_the_cores(name):
    plan = Plan((Rung(name, 1920, 1080, 23, 6500),))
    options = output(arguments_of(plan=plan), f"{name}-1080.mp4")
    told = f"{options.get('-threads')} {options.get('-x265-params')}"
    assert "4" in f"{told} {options.get('-svtav1-params')}"


def test_keyframes_are_forced_from_the_start_of_the_span_and_at_its_end():
    whole = output(arguments_of(), "h264-720.mp4")["-force_key_frames"]
    late = output(arguments_of(span=LATE), "h264-720.mp4")["-force_key_frames"]
    assert whole == "expr:gte(t,n_forced*4.000000000-0.0005)"
    assert late == "19.999500,23.999500,27.999500,31.999500,35.999500,39.999500"
    open_end = output(arguments_of(span=Span(20.0, 90_000.0)), "h264-720.mp4")
    assert open_end["-force_key_frames"] == whole


@pytest.mark.parametrize(
    ("seconds", "borders"),
    [
        (20.04, ["19.999500", "24.007500", "28.015500", "32.023500", "36.031500", "40.039500"]),
        (13.9, ["19.999500", "23.474500", "26.949500", "30.424500", "33.899500"]),
        (1.5, ["19.999500", "21.499500"]),
    ],
)
def test_a_span_has_segments_of_one_length(seconds, borders):
    """Off the grid of four seconds, a last segment of one frame would be left."""
    late = output(arguments_of(span=Span(20.0, 20.0 + seconds)), "h264-720.mp4")
    assert late["-force_key_frames"].split(",") == borders


def test_a_span_is_sought_before_it_is_decoded_and_keeps_its_times():
    arguments = arguments_of(span=LATE)
    assert before_input(arguments)["-ss"] == "20.000000"
    assert {"-copyts", "-start_at_zero", "-noaccurate_seek"} < set(arguments)
    assert "trim=end=40.500000:start=19.999500" in graph(arguments)
    assert "eq(N" not in graph(arguments)


def test_the_first_frame_of_a_source_lasts_from_0():
    assert "setpts=if(eq(N\\,0)\\,0\\,PTS)" in graph(arguments_of())
    first = arguments_of(span=Span(0.0, 20.0))
    assert "setpts=if(eq(N\\,0)*lt(T\\,19.999500)\\,0\\,PTS)" in graph(first)
    assert "-ss" not in first


def test_a_picture_that_changes_keeps_its_graph_where_all_filters_can():
    assert before_input(arguments_of())["-reinit_filter:v"] == "0"
    turned = replace(PROBE, rotation=90)
    assert "-reinit_filter:v" not in before_input(arguments_of(probe=turned))


def test_reading_starts_earlier_where_keyframes_are_not_known():
    assert before_input(arguments_of(container="mpegts", span=LATE))["-ss"] == "10.000000"
    assert "-ss" not in before_input(arguments_of(container="avi", span=Span(4.0, 9.0)))


def test_tiles_and_stills_are_those_of_the_span():
    late = graph(arguments_of(span=LATE))
    assert "22.5" in late
    assert "7.5" not in late
    none = arguments_of(plan=Plan(RUNGS, stills_s=(7.5,), tile_s=60), span=LATE)
    assert not any("jpg" in each for each in none)


def test_stills_have_the_size_of_the_largest_rung_up_to_1280():
    large = Rung("h264", 1920, 1080, 23, 6500)
    stills = graph(arguments_of(plan=Plan((*RUNGS, large), stills_s=(0.0,)))).split(";")
    assert any("scale=1280:720" in each and "bt601" in each for each in stills)


def test_each_rung_is_scaled_from_the_one_above():
    filters = graph(arguments_of()).split(";")
    scaled = [each.split("scale=")[1].split(":flags")[0] for each in filters if "scale=" in each]
    assert scaled[0].startswith("if(lte(abs(iw/ih*if(sar\\,sar\\,1)*720/1280-1)")
    assert scaled[1] == "640:360"


@pytest.mark.parametrize(
    ("tagged", "height", "expected"),
    [("bt.601", 1080, None), (None, 1080, "bt709"), (None, 480, "smpte170m")],
)
def test_colours_without_tags_are_guessed_as_players_do(tagged, height, expected):
    probe = VideoProbe(width=height, height=height, video_codec="avc", color_space=tagged)
    wanted = f"setparams=colorspace={expected}["
    assert (wanted in graph(arguments_of(probe=probe))) is bool(expected)
    assert "out_color_matrix=bt709:out_range=tv" in graph(arguments_of(probe=probe))


@pytest.mark.parametrize(
    ("probe", "step"),
    [
        (VideoProbe(transfer="pq", video_codec="hevc"), "color_trc=smpte2084"),
        (VideoProbe(transfer="hlg", video_codec="hevc"), "color_trc=arib-std-b67"),
        (VideoProbe(interlaced=True, video_codec="avc"), "bwdif=deint=interlaced"),
    ],
)
def test_a_step_is_there_only_where_it_is_needed(probe, step):
    assert step in graph(arguments_of(probe=probe))
    assert step not in graph(arguments_of())


def test_a_frame_rate_is_limited_before_the_span_is_cut():
    steps = graph(arguments_of(plan=Plan(RUNGS, frame_rate=60), span=LATE))
    assert steps.index("fps=60") < steps.index("trim=")


def test_sound_is_stereo_aac_in_fragments():
    options = output(arguments_of(), "audio-1.mp4")
    assert (options["-c:a"], options["-b:a"]) == ("aac", "96k")
    assert (options["-ac"], options["-ar"]) == ("2", "48000")
    assert (options["-movflags"], options["-frag_duration"]) == (AUDIO_FLAGS, "4000000")
    assert "[0:a:1]aresample=48000:async=1:first_pts=0" in graph(arguments_of())
    again = replace(PLAN, audio=(replace(SOUND, aligned=False),))
    assert "[0:a:1]aresample=48000:async=1[" in graph(arguments_of(plan=again))


def test_sound_alone_is_one_file_with_its_index_first():
    arguments = arguments_of(probe=AudioProbe(audio_codec="aac"), plan=Plan(audio=(SOUND,)))
    options = output(arguments, "audio.m4a")
    assert (options["-f"], options["-movflags"]) == ("ipod", "+faststart")


def test_a_measured_sound_gets_one_gain():
    heard = Loudness(-27.5, -38.1, 6.0, -9.2, 0.1)
    steps = graph(arguments_of(levels={"audio-1": heard}))
    assert "measured_I=-27.5" in steps
    assert "linear=true" in steps
    assert "loudnorm" not in graph(arguments_of())
