"""Build ffmpeg's arguments for one encode of a source. Pure: values in, argv out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ffmpeg

from lib.domain.media import AudioProbe, VideoProbe
from lib.video.encode.codecs import audio_options, video_options
from lib.video.encode.colors import read_colors
from lib.video.encode.even_out import even_out, takes_changes
from lib.video.encode.ffmpeg import STRIPPED
from lib.video.encode.filter_graph import Taps, build_graph
from lib.video.encode.loudness import Loudness, measure_loudness, normalize, prepare_audio
from lib.video.package.webvtt import DECODED, TIMED_TEXT
from lib.video.plan.plan import (
    AUDIO_FILE,
    STILLS,
    TILES,
    Plan,
    PlannedAudio,
    PlannedSubtitle,
    VideoTask,
    picture_stream,
)
from lib.video.plan.proportion import longest_s
from lib.video.plan.ranges import Span
from lib.video.probe.limits import MAX_SIDE
from lib.video.source import Input, input_url, is_remote, protocols

READ_TIMEOUT_US = 20_000_000
RECONNECT_SECONDS = 2
"""Longest pause before one more attempt: ffmpeg waits 0 and 1 s, then leaves it to the queue."""

GROWTH = 4
USUAL_PIXELS = 4096 * 2304
"""What frames may have beyond the described size, as a factor; and what they may have in any case,
since a recording of a call begins small."""

JOINED_JUMP_S = 1

THREADS = 4
"""Of the decoder, and of the filters: each holds frames, and those of 4K are large. Neither changes
what is written."""

INDEXED = frozenset({"mov", "matroska"})
"""Containers that say where keyframes are; in the others one may be as far away as SEARCH_S."""
SEARCH_S = 10.0
NEIGHBOUR_S = 0.5
"""What deinterlacing and leaving out frames look at before a span."""

COPIED = frozenset({"utf-8", "subrip", "ass", "ssa", "d_webvtt/subtitles", "s_text/webvtt"})
"""MediaInfo's names of subtitles in Matroska that `lib.video.package.cues` reads as they are."""

TIMED = "timed text"

UNKNOWN_TEXT = "s_text/webvtt"
"""What ffmpeg does not know. It is passed on as SubRip, which is as plain."""

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Those of ffmpeg's own leave out what lies beside the frames."""

JPEG_SCALE = {TILES: 5, STILLS: 2}
"""Quantizer scales of MJPEG, 2 (best) to 31. A still is encoded again, a tile is not."""

RUNG_FLAGS = "+cmaf+frag_keyframe+delay_moov+default_base_moof+skip_trailer+frag_discont"
"""A fragment for each keyframe; `frag_discont` keeps the times of a span that starts late."""
AUDIO_FLAGS = "+cmaf+delay_moov+default_base_moof+skip_trailer"
"""The index waits for the first packet, and so knows how late the encoder is."""


def encode_arguments(
    task: VideoTask, folder: Path, levels: Mapping[str, Loudness] | None = None
) -> list[str]:
    """Return the arguments of one process that makes all that is planned in `folder`.

    Tiles and stills go to folders of these names, which are there. `levels` has the measured
    loudness of the audio that is normalised, by name.
    """
    opened = open_source(task.source, task.probe, task.plan, task.span)
    outputs = list(_video_outputs(opened, task, folder))
    for audio in task.plan.audio:
        stream = prepare_audio(opened[audio.stream], aligned=audio.aligned)
        if measured := (levels or {}).get(audio.name):
            stream = normalize(stream, measured)
        outputs.append(_audio_output(stream, audio, task, folder))
    outputs += [_subtitle_output(opened, each, folder) for each in task.plan.subtitles]
    if task.source.container not in INDEXED:
        outputs.append(_first_packets(opened, task.probe))
    return [
        *mend_options(task.source),
        *("-filter_complex_threads", str(THREADS)),
        # A span keeps its times. Elsewhere ffmpeg mends what jumps, and starts at 0 by itself.
        *(("-copyts", "-start_at_zero") if task.span else ()),
        *ffmpeg.get_args(ffmpeg.merge_outputs(*outputs)),
    ]


def loudness_arguments(
    source: Input, probe: AudioProbe, audio: PlannedAudio, report: Path
) -> list[str]:
    """Return the arguments of a process that writes to `report` how loud audio is."""
    opened = open_source(source, probe, Plan(), None)
    stream = measure_loudness(prepare_audio(opened[audio.stream]), report)
    arguments: list[str] = ffmpeg.get_args(ffmpeg.output(stream, "-", f="null"))
    return arguments


def mend_options(source: Input) -> tuple[str, ...]:
    """Return how far time stamps of joined parts may jump before ffmpeg mends them.

    Of a short part the last packets come after the first ones of the next.
    """
    return ("-dts_delta_threshold", str(JOINED_JUMP_S)) if source.joined else ()


def open_source(source: Input, probe: AudioProbe, plan: Plan, span: Span | None) -> Any:
    """Describe the input: one demuxer, the locator's own protocols, frames of a bounded size.

    With the demuxer and the protocols fixed, a playlist that was uploaded as a video is not
    followed.
    """
    options: dict[str, Any] = {
        "f": source.container,
        "protocol_whitelist": ",".join(protocols(source.locator)),
        "max_pixels": _most_pixels(probe),
        "threads": THREADS,
    }
    if isinstance(probe, VideoProbe):
        options |= _picture_options(probe, source.container)
    for subtitle in plan.subtitles:
        if subtitle.track.codec == UNKNOWN_TEXT:
            options[f"c:s:{subtitle.index}"] = "subrip"
    if not span and (probe.duration_ms or source.size):
        options["t"] = f"{longest_s(source.size or 0, probe.duration_ms):.3f}"
    if span and span.start_s:
        run_up = max(span.context_s, _run_up(source, probe, plan))
        # Where ffmpeg starts to read; the graph cuts. A seek to the start is none: of an FLV, whose
        # first frame comes later, it would find the last keyframe that was seen.
        if span.start_s > run_up:
            options["noaccurate_seek"] = None
            options["ss"] = f"{span.start_s - run_up:.6f}"
    if source.start:
        options["skip_initial_bytes"] = source.start
    if is_remote(source.locator):
        options |= {
            "rw_timeout": READ_TIMEOUT_US,
            "reconnect": 1,
            "reconnect_on_network_error": 1,
            "reconnect_on_http_error": "429,5xx",
            "reconnect_delay_max": RECONNECT_SECONDS,
        }
    if "tls" in protocols(source.locator):
        options["tls_verify"] = 1
        if source.ca_file:
            options["ca_file"] = source.ca_file
    return ffmpeg.input(input_url(source.locator), **options)


def _picture_options(probe: VideoProbe, container: str) -> dict[str, Any]:
    """Return how frames are decoded: as they are stored, for the graph turns them by the probe."""
    options: dict[str, Any] = {"noautorotate": None}
    if takes_changes(probe):
        options["reinit_filter:v"] = 0
    if container == "mov":
        # Browsers show what a clean aperture would cut off; they cut as Matroska says.
        options["apply_cropping"] = "codec"
    if matrix := read_colors(probe).default_matrix:
        # Of the decoder, which replaces it by what it finds.
        options["colorspace:v"] = matrix
    if probe.has_alpha and probe.video_codec in ALPHA_DECODERS:
        options["c:v"] = ALPHA_DECODERS[probe.video_codec]
    return options


def _most_pixels(probe: AudioProbe) -> int:
    """Return the pixels above which a frame is not decoded: the header has said otherwise."""
    described = 0
    if isinstance(probe, VideoProbe):
        described = (probe.width or 0) * (probe.height or 0)
    return min(MAX_SIDE * MAX_SIDE, max(USUAL_PIXELS, GROWTH * described))


def _run_up(source: Input, probe: AudioProbe, plan: Plan) -> float:
    if source.container not in INDEXED:
        return SEARCH_S
    interlaced = isinstance(probe, VideoProbe) and probe.interlaced
    return NEIGHBOUR_S if interlaced or plan.frame_rate else 0.0


def _video_outputs(opened: Any, task: VideoTask, folder: Path) -> Iterator[Any]:
    plan = task.plan
    if not plan.rungs:
        return
    evened = even_out(opened[task.picture], task, folder)
    taps = build_graph(evened, task.video, plan, task.span)
    for rung in plan.rungs:
        yield _output(
            taps.rungs[rung.name],
            folder / f"{rung.name}.mp4",
            **{
                "f": "mp4",
                "movflags": RUNG_FLAGS,
                "video_track_timescale": plan.timescale,
                "enc_time_base": f"1:{plan.timescale}",
                # Frames keep their times; one that steps back is dropped.
                "fps_mode": "vfr",
                **video_options(rung, task.preset.video, task.span),
            },
        )
    yield from _image_outputs(taps, folder)


def _image_outputs(taps: Taps, folder: Path) -> Iterator[Any]:
    for name, stream in ((TILES, taps.tiles), (STILLS, taps.stills)):
        if stream is not None:
            yield _output(
                stream,
                folder / name / "%d.jpg",
                **{
                    "f": "image2",
                    "c:v": "mjpeg",
                    "q:v": JPEG_SCALE[name],
                    "flags:v": "+bitexact",
                    "threads": 1,
                    "fps_mode": "vfr",
                    "enc_time_base": "1:1000",
                    "frame_pts": 1,
                },
            )


def _audio_output(stream: Any, audio: PlannedAudio, task: VideoTask, folder: Path) -> Any:
    if not isinstance(task.probe, VideoProbe):
        path, muxer = folder / AUDIO_FILE, {"f": "ipod", "movflags": "+faststart"}
    else:
        path = folder / f"{audio.name}.mp4"
        muxer = {
            "f": "mp4",
            "movflags": AUDIO_FLAGS,
            "frag_duration": str(task.preset.video.segment_seconds * 1_000_000),
        }
    return _output(stream, path, **muxer, **audio_options(audio.kbps))


def _subtitle_output(opened: Any, subtitle: PlannedSubtitle, folder: Path) -> Any:
    if subtitle.track.codec == TIMED:
        path = folder / f"{subtitle.name}{TIMED_TEXT}"
        return _output(opened[f"s:{subtitle.index}"], path, **{"f": "mp4", "c:s": "copy"})
    path = folder / f"{subtitle.name}{DECODED}"
    # What is text already passes as it is: a decoder would want it to be UTF-8.
    codec = "copy" if subtitle.track.codec in COPIED else "ass"
    return _output(opened[f"s:{subtitle.index}"], path, **{"f": "matroska", "c:s": codec})


def _first_packets(opened: Any, probe: AudioProbe) -> Any:
    """Touch every track: in some containers ffmpeg counts time from the earliest that is used.

    Those that are named there and hold nothing are no tracks of the probe.
    """
    names = [each.stream or f"a:{index}" for index, each in enumerate(probe.audio_tracks)]
    if isinstance(probe, VideoProbe):
        names.append(picture_stream(probe))
    tracks = [opened[f"{name}?"] for name in names]
    return ffmpeg.output(*tracks, "-", **{"f": "null", "c": "copy", "frames:a": 1, "frames:v": 1})


def _output(stream: Any, path: Path, **options: Any) -> Any:
    return ffmpeg.output(stream, f"file:{path}", **options, **STRIPPED)
