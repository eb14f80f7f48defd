"""Build ffmpeg's arguments for one encode of a source. Pure: values in, argv out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ffmpeg

from lib.domain.media import AudioProbe, VideoProbe
from lib.video.encode.codecs import audio_options, video_options
from lib.video.encode.even_out import even_out
from lib.video.encode.ffmpeg import STRIPPED
from lib.video.encode.filter_graph import Taps, build_graph
from lib.video.encode.loudness import Loudness, measure_loudness, normalize, prepare_audio
from lib.video.encode.open_source import INDEXED, THREADS, mend_options, open_source
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
from lib.video.source import Input

COPIED = frozenset({"utf-8", "subrip", "ass", "ssa", "d_webvtt/subtitles", "s_text/webvtt"})
"""MediaInfo's names of subtitles in Matroska that `lib.video.package.cues` reads as they are."""

TIMED = "timed text"

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
