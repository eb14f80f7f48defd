"""Spell ffmpeg's arguments for each kind of rendition. Pure: values in, argv out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from lib.presets import AudioPreset, VideoPreset
from lib.video.ladder import Target
from lib.video.limits import MAX_SIDE
from lib.video.locator import input_url, is_remote, protocols

POSTER_AT = 0.1
"""Part of the duration after which the poster is looked for: past most fades from black."""

POSTER_CANDIDATES = 24
"""Frames of which ffmpeg's thumbnail filter keeps the most typical one; all are held in memory."""

SAMPLE_RATE_HZ = 48_000
READ_TIMEOUT_US = 20_000_000
RECONNECT_SECONDS = 2
"""Longest pause before one more attempt: ffmpeg waits 0 and 1 s, then leaves it to the queue."""

NOTHING_OF_THE_SOURCE: dict[str, Any] = {
    # Places, names and devices stay with the source; bitexact leaves out the encoder's name and
    # the time of the run, so that a repeat gives the same bytes.
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
}


def open_source(
    locator: str, container: str, *, ca_file: str | None = None, start: float = 0
) -> Any:
    """Describe the input: one demuxer, the locator's own protocols, frames of a bounded size.

    With the demuxer and the protocols fixed, a playlist that was uploaded as a video is not
    followed. `start` in seconds; `ca_file` holds the authorities that https trusts.
    """
    options: dict[str, Any] = {
        "f": container,
        "protocol_whitelist": ",".join(protocols(locator)),
        "max_pixels": MAX_SIDE * MAX_SIDE,
    }
    if container != "mov":
        # MediaInfo, by which the sizes were planned, finds a rotation in this container only.
        options["noautorotate"] = None
    if start:
        options["ss"] = f"{start:.3f}"
    if is_remote(locator):
        options |= {
            "rw_timeout": READ_TIMEOUT_US,
            "reconnect": 1,
            "reconnect_on_network_error": 1,
            "reconnect_on_http_error": "429,5xx",
            "reconnect_delay_max": RECONNECT_SECONDS,
        }
    if ca_file and "tls" in protocols(locator):
        options |= {"tls_verify": 1, "ca_file": ca_file}
    return ffmpeg.input(input_url(locator), **options)


def encode_video(source: Any, target: Target, preset: VideoPreset, path: Path) -> list[str]:
    """Return the arguments of a progressive MP4: H.264 High 4:2:0 with stereo AAC, index first.

    The sound is mapped if there is one. ffmpeg turns the frames itself; the size is fixed, so that
    a source that changes its size half-way keeps one size here.
    """
    picture = (
        source["V:0"]
        .filter("scale", target.width, target.height)
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    return _arguments(
        picture,
        source["a:0?"],
        path,
        **{
            "f": "mp4",
            "c:v": "libx264",
            "profile:v": "high",
            "preset": preset.speed,
            "crf": preset.crf,
            "flags:v": "+bitexact",
            "movflags": "+faststart",
            **_aac(preset.audio_kbps),
        },
    )


def encode_poster(source: Any, target: Target, preset: VideoPreset, path: Path) -> list[str]:
    """Return the arguments of a JPEG of the most typical of the first frames of `source`."""
    frame = (
        source["V:0"]
        .filter(
            # JPEG files are read as full-range BT.601, whatever the video was.
            "scale",
            target.width,
            target.height,
            out_color_matrix="bt601",
            out_range="full",
        )
        .filter("setsar", 1)
        .filter("format", "yuvj420p")
        .filter("thumbnail", POSTER_CANDIDATES)
    )
    return _arguments(
        frame,
        path,
        **{
            "f": "image2",
            "c:v": "mjpeg",
            "q:v": jpeg_scale(preset.poster_quality),
            "flags:v": "+bitexact",
            "frames:v": 1,
            "update": 1,
        },
    )


def encode_sound(source: Any, preset: AudioPreset, path: Path) -> list[str]:
    """Return the arguments of an M4A with stereo AAC, index first."""
    return _arguments(
        source["a:0"], path, **{"f": "ipod", "movflags": "+faststart", **_aac(preset.kbps)}
    )


def jpeg_scale(quality: int) -> int:
    """Translate a JPEG quality of 1–100 to ffmpeg's quantizer scale of 2 (best) to 31.

    The Independent JPEG Group scales its table by 200 - 2 q percent from 50 on and by 5000 / q
    below; the tables of MJPEG at 8 are about as coarse as those at 50 percent.
    """
    percent = 200 - 2 * quality if quality >= 50 else 5000 / quality
    return min(31, max(2, round(percent * 8 / 50)))


def _aac(kbps: int) -> dict[str, Any]:
    return {
        "c:a": "aac",
        "b:a": f"{kbps}k",
        "ac": 2,
        "ar": SAMPLE_RATE_HZ,
        "flags:a": "+bitexact",
    }


def _arguments(*streams_and_path: Any, **options: Any) -> list[str]:
    *streams, path = streams_and_path
    options |= {**NOTHING_OF_THE_SOURCE, "abort_on": "empty_output"}
    output = ffmpeg.output(*streams, f"file:{path}", **options)
    arguments: list[str] = ffmpeg.get_args(output)
    return arguments
