"""Turn the tracks that MediaInfo found into a probe. Pure; nothing of them is taken for granted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, AudioTrack, SubtitleTrack, VideoProbe
from lib.video.probe.choose_tracks import Fields, choose_tracks, track_id
from lib.video.probe.mediainfo_fields import (
    read_above_zero,
    read_language,
    read_lower,
    read_moment,
    read_number,
    read_positive,
    read_title,
    without_unknown,
)
from lib.video.probe.track_facts import Facts, TrackFacts

AUDIO_ONLY = frozenset(
    (
        *("aac", "ac3", "aiff", "amr", "ape", "au", "caf", "dsf", "dts", "eac3", "flac", "mp3"),
        *("mpc", "mpc8", "tak", "tta", "w64", "wav", "wv"),
    )
)
"""Containers without video: what looks like one is cover art."""

MOST_TRACKS = 32
"""Of audio, and of subtitles. One more is described, so that the limits see that there are more."""

QUARTER_TURN = 90
ODDEST_ASPECT = 8.0
"""How much wider than high, or the reverse, a pixel can be: no camera or disc goes beyond 3."""

MEDIAINFO_TRANSFERS = {"PQ": "pq", "HLG": "hlg"}
COLOR_RANGES = ("full", "limited")
ALPHA_CODECS = frozenset({"rle", "animation", "hap", "cineform", "png"})
"""MediaInfo's names of codecs of which it does not say whether they carry transparency."""
DOLBY_VISION_5 = re.compile(r"dvh[e1]\.05")
"""ETSI TS 103 572; Dolby Vision Profiles and Levels: its base layer is in ICtCp, reshaped."""
INTERLACED = frozenset({"Interlaced", "MBAFF", "Mixed"})

TEXT_FORMATS = frozenset(
    {"utf-8", "subrip", "ass", "ssa", "timed text", "webvtt", "d_webvtt/subtitles", "s_text/webvtt"}
)
"""MediaInfo's names of the subtitles that ffmpeg can turn into WebVTT."""


def make_probe(
    tracks: list[Fields],
    sniffed_container: str,
    facts: Facts | None = None,
    passed_over: Mapping[str, str] | None = None,
) -> AudioProbe:
    """Turn MediaInfo's tracks (its field names in lower case) into a probe.

    Sizes are what a player shows: stretched by the pixel aspect, then turned. `facts` are those of
    the container, by the track's id; `passed_over` are no choice, by ffmpeg's names. Subtitle
    tracks are in the order in which ffmpeg counts them.
    Raises PermanentError: what `choose_tracks` raises.
    """
    tracks = list(map(without_unknown, tracks))
    general = next(iter(_of_kind(tracks, "General")), {})
    if general.get("encryption"):  # of all that is in it
        tracks = [{**each, "encryption": "Encrypted"} for each in tracks]
    videos = [] if sniffed_container in AUDIO_ONLY else _of_kind(tracks, "Video")
    sounds = _of_kind(tracks, "Audio")
    chosen = choose_tracks(videos, sounds, sniffed_container, facts or {}, passed_over or {})
    stream, video = chosen.picture or (None, Fields())
    audio = [each for _, each in chosen.sounds]
    found = [_audio_track(each, name) for name, each in chosen.sounds[: MOST_TRACKS + 1]]
    first = found[0] if found else AudioTrack()
    known = AudioProbe(
        warnings=chosen.warnings,
        duration_ms=_duration_ms(general, video, *audio[:MOST_TRACKS]),
        format=read_lower(general.get("format")),
        audio_codec=first.codec,
        audio_channels=first.channels,
        sample_rate=first.sample_rate,
        audio_tracks=tuple(found),
        captured_at=read_moment(general),
    )
    if not stream:
        return known
    fact = (facts or {}).get(track_id(video) or 0)
    if fact is None:  # what only this container's own rotation could be
        fact = TrackFacts(turned=read_number(video.get("rotation")) or 0.0)
    return replace(
        _with_video(known, video, tracks, fact),
        video_stream=stream,
        picture_ms=_ends_ms(video, *audio[:MOST_TRACKS]),
    )


def _with_video(
    known: AudioProbe, video: Fields, tracks: list[Fields], fact: TrackFacts
) -> VideoProbe:
    _refuse_dolby_vision_5(video)
    width, height = (
        read_positive(video.get("width")) or 1,
        read_positive(video.get("height")) or 1,
    )
    aspect = read_number(video.get("pixel_aspect_ratio")) or 1.0
    if not 1 / ODDEST_ASPECT <= aspect <= ODDEST_ASPECT:
        aspect = 1.0
    rotation = _quarter_turns(fact.turned)
    shown = (max(1, round(width * aspect)), height)
    if rotation % (2 * QUARTER_TURN) == QUARTER_TURN:
        shown = shown[::-1]
    return VideoProbe(
        duration_ms=known.duration_ms,
        format=known.format,
        audio_codec=known.audio_codec,
        audio_channels=known.audio_channels,
        sample_rate=known.sample_rate,
        audio_tracks=known.audio_tracks,
        captured_at=known.captured_at,
        warnings=known.warnings,
        width=shown[0],
        height=shown[1],
        frames=read_positive(video.get("frame_count")),
        rotation=rotation,
        mirrored=fact.is_mirrored or None,
        has_alpha=True if fact.has_alpha or _has_room_for_alpha(video) else None,
        color_range=_color_range(video),
        frame_rate=read_above_zero(video.get("frame_rate")),
        pixel_aspect=aspect,
        interlaced=_interlaced(video),
        bit_depth=read_positive(video.get("bit_depth")),
        color_space=read_lower(video.get("matrix_coefficients")),
        transfer=_transfer(video),
        video_codec=read_lower(video.get("format")),
        subtitles=tuple(
            _subtitle_track(each) for each in _subtitle_tracks(tracks)[: MOST_TRACKS + 1]
        ),
    )


def _of_kind(tracks: Iterable[Fields], kind: str) -> list[Fields]:
    """Return the tracks of a kind in the order of the container's streams, where it says so."""

    def order(track: Fields) -> list[int]:
        return [int(each) for each in re.findall(r"\d{1,9}", str(track.get("streamorder", "")))]

    return sorted((track for track in tracks if track.get("track_type") == kind), key=order)


def _subtitle_tracks(tracks: list[Fields]) -> list[Fields]:
    """Return the subtitle tracks without what is hidden in the frames of a video track.

    A track of captions is one stream to ffmpeg, however many channels of them MediaInfo finds in it
    (`2-CC1`, `2-CC3`).
    """
    videos = {str(each.get("track_id")) for each in _of_kind(tracks, "Video")}
    streams: dict[str, Fields] = {}
    for number, each in enumerate(_of_kind(tracks, "Text")):
        stream, is_channel, _ = str(each.get("track_id", "")).partition("-")
        if not is_channel:
            streams[f"{stream} {number}"] = each
        elif stream not in videos:
            streams.setdefault(stream, each)
    return list(streams.values())


def _audio_track(track: Fields, stream: str) -> AudioTrack:
    return AudioTrack(
        stream=stream,
        codec=read_lower(track.get("format")),
        channels=read_positive(track.get("channel_s")),
        sample_rate=read_positive(track.get("sampling_rate")),
        language=read_language(track.get("language")),
        title=read_title(track.get("title")),
        default=track.get("default") == "Yes",
    )


def _subtitle_track(track: Fields) -> SubtitleTrack:
    codec = read_lower(track.get("format"))
    return SubtitleTrack(
        codec=codec,
        is_text=codec in TEXT_FORMATS,
        language=read_language(track.get("language")),
        title=read_title(track.get("title")),
        default=track.get("default") == "Yes",
        forced=track.get("forced") == "Yes",
    )


def _interlaced(video: Fields) -> bool | None:
    scan = video.get("scan_type")
    return None if scan is None else scan in INTERLACED


def _transfer(video: Fields) -> str | None:
    # "PQ / PQ" where the container and the stream both say it.
    return MEDIAINFO_TRANSFERS.get(str(video.get("transfer_characteristics", "")).split(" ")[0])


def _color_range(video: Fields) -> str | None:
    found = read_lower(video.get("color_range"))
    return found if found in COLOR_RANGES else None


def _has_room_for_alpha(video: Fields) -> bool:
    """Tell whether a codec may carry transparency in the frames themselves."""
    if "A" in str(video.get("color_space", "")):  # RGBA, YUVA
        return True
    codec = read_lower(video.get("format"))
    is_444 = video.get("chroma_subsampling") == "4:4:4"
    return codec in ALPHA_CODECS or (codec == "prores" and is_444)


def _refuse_dolby_vision_5(video: Fields) -> None:
    """Raise PermanentError(UNSUPPORTED_MEDIA) for what only Dolby's own decoders show."""
    profile = f"{video.get('hdr_format_profile', '')} {video.get('codec_id', '')}"
    if str(video.get("hdr_format", "")).startswith("Dolby Vision") and DOLBY_VISION_5.search(
        profile
    ):
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA,
            "Dolby Vision profile 5, whose colours only Dolby's own decoders know: not supported. "
            "Profiles 8 and 10 have a picture that others show",
        )


def _quarter_turns(degrees: float) -> int:
    """Return the turn that changes what is width and what height; others keep the frame's size."""
    nearest = round(degrees / QUARTER_TURN) * QUARTER_TURN
    return nearest % 360 if abs(degrees - nearest) < 1 else 0


def _duration_ms(general: Fields, *tracks: Fields) -> int | None:
    """Return the time from where the earliest track starts to where the latest ends.

    What the container says of itself counts only where its tracks say nothing: after a cut without
    re-encoding it may count from a zero before the first frame.
    """
    spans = [
        (read_number(each.get("delay")) or 0.0, read_number(each.get("duration")) or 0.0)
        for each in tracks
    ]
    known = [span for span in spans if span[1] > 0]
    if not known:
        return read_positive(general.get("duration"))
    start, end = min(start for start, _ in known), max(sum(span) for span in known)
    return read_positive(end - start)


def _ends_ms(first: Fields, *others: Fields) -> int | None:
    """Return when one track ends, from where the earliest of all starts; None if it doesn't say."""
    if not (read_number(first.get("duration")) or 0.0) > 0:
        return None
    delays = [read_number(each.get("delay")) or 0.0 for each in (first, *others)]
    return read_positive(delays[0] - min(delays) + (read_number(first.get("duration")) or 0.0))
