"""Print HLS playlists (RFC 8216) of CMAF tracks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lib.video.package.track import INIT, Track, labels, language_of
from lib.video.plan.plan import PlannedSubtitle

HEAD = ("#EXTM3U", "#EXT-X-VERSION:7")
"""7: fragmented MP4, by common agreement; the tags that are used want 6 (section 7)."""
INDEPENDENT = "#EXT-X-INDEPENDENT-SEGMENTS"
AUDIO_GROUP, SUBTITLE_GROUP, CAPTION_GROUP = "sounds", "subtitles", "captions"
MICROSECONDS = 1_000_000


def target_seconds(tracks: Iterable[Track]) -> int:
    """Return the target duration that all playlists of a source share (section 6.2.4)."""
    return max(
        (2 * each.duration + track.timescale) // (2 * track.timescale) or 1
        for track in tracks
        for each in track.segments
    )


def media_playlist(track: Track, target_s: int) -> str:
    """Print the playlist of one rung or audio track, which lies beside its segments."""

    def microseconds(tick: int) -> int:
        return round(tick * MICROSECONDS / track.timescale)

    lines = [*_media_head(target_s), INDEPENDENT, f'#EXT-X-MAP:URI="{INIT}"']
    for each in track.segments:
        # Rounded borders, not durations: so errors do not add up over hours.
        length = microseconds(each.start + each.duration) - microseconds(each.start)
        lines += [f"#EXTINF:{length / MICROSECONDS:.6f},", each.name]
    return _document([*lines, "#EXT-X-ENDLIST"])


def subtitle_playlist(subtitle: PlannedSubtitle, seconds: float) -> str:
    """Print the playlist of one WebVTT file, which lies beside the playlist's folder.

    `seconds`: how long the video lasts.
    """
    # A target of its own, the one that RFC 8216 lets differ (section 6.2.4).
    lines = [
        *_media_head(max(1, int(seconds + 0.5))),
        f"#EXTINF:{seconds:.6f},",
        f"../{subtitle.name}.vtt",
    ]
    return _document([*lines, "#EXT-X-ENDLIST"])


def master_playlist(
    rungs: Sequence[Track], audio: Sequence[Track], subtitles: Sequence[PlannedSubtitle]
) -> str:
    """Print the playlist of all variants: every rung, each with any one of the audio tracks.

    Players begin with the first variant: the middle rung of the first codec. The lowest would be
    all that is seen of a short clip.
    """
    media = map(str, (*_audio(audio), *_subtitles(subtitles), *_captions(rungs)))
    return _document([*HEAD, INDEPENDENT, *media, *_variants(rungs, audio, subtitles)])


def _media_head(target_s: int) -> tuple[str, ...]:
    return (
        *HEAD,
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    )


def _variants(
    rungs: Sequence[Track], audio: Sequence[Track], subtitles: Sequence[PlannedSubtitle]
) -> Iterable[str]:
    scores = {each.name: score for score, each in enumerate(sorted(rungs, key=_appeal), 1)}
    has_captions = any(each.captions for each in rungs)
    for rung in _from_the_middle(rungs):
        attributes = {
            "BANDWIDTH": rung.bandwidth + max((each.bandwidth for each in audio), default=0),
            "AVERAGE-BANDWIDTH": rung.average_bandwidth
            + max((each.average_bandwidth for each in audio), default=0),
            "CODECS": _quoted(",".join(dict.fromkeys(each.codec for each in (rung, *audio)))),
            "RESOLUTION": f"{rung.width}x{rung.height}",
            # The most of all frames (RFC 8216, 4.3.4.2); DASH wants the mean.
            "FRAME-RATE": rung.max_frame_rate and f"{float(rung.max_frame_rate):.3f}",
            "AUDIO": audio and _quoted(AUDIO_GROUP),
            "SUBTITLES": subtitles and _quoted(SUBTITLE_GROUP),
            "CLOSED-CAPTIONS": _quoted(CAPTION_GROUP) if has_captions else "NONE",
            # Which of several a player takes where it can play all (RFC 8216bis, 4.4.6.2).
            "SCORE": scores[rung.name],
        }
        yield f"#EXT-X-STREAM-INF:{_attributes(attributes)}"
        yield f"{rung.name}/playlist.m3u8"


def _appeal(rung: Track) -> tuple[int, int]:
    """Return what makes a rung look better: its pixels; of as many, a newer codec's fewer bits."""
    return (rung.width or 0) * (rung.height or 0), -rung.bandwidth


def _from_the_middle(rungs: Sequence[Track]) -> Sequence[Track]:
    """Return rungs, which ascend within each codec, with the first codec's middle one first."""
    codec = rungs[0].codec.partition(".")[0] if rungs else ""
    same = [each for each in rungs if each.codec.partition(".")[0] == codec]
    middle = same[len(same) // 2 : len(same) // 2 + 1]
    return [*middle, *(each for each in rungs if each not in middle)]


def _audio(audio: Sequence[Track]) -> Iterable[_Alternative]:
    default = next((each for each in audio if each.default), audio[0] if audio else None)
    names = labels(((each.title, each.language) for each in audio), "Sound")
    # Of several in one language a player may choose only one by itself (section 4.3.4.1.1).
    chosen = {language_of(each.language): each for each in reversed(audio)}
    if default:
        chosen[language_of(default.language)] = default
    for name, track in zip(names, audio, strict=True):
        language = language_of(track.language)
        yield _Alternative(
            "AUDIO",
            AUDIO_GROUP,
            name,
            language,
            track.name,
            is_default=track is default,
            is_autoselected=track is chosen[language],
            more={"CHANNELS": _quoted(str(track.channels))},
        )


def _subtitles(subtitles: Sequence[PlannedSubtitle]) -> Iterable[_Alternative]:
    # Subtitles that nobody asked for are in the way: only forced ones are shown unasked.
    names = labels(((each.track.title, each.track.language) for each in subtitles), "Subtitles")
    seen: set[tuple[str | None, bool]] = set()
    for name, subtitle in zip(names, subtitles, strict=True):
        language, forced = language_of(subtitle.track.language), subtitle.track.forced
        yield _Alternative(
            "SUBTITLES",
            SUBTITLE_GROUP,
            name,
            language,
            subtitle.name,
            is_default=False,
            is_autoselected=(language, forced) not in seen,
            more={"FORCED": "YES" if forced else "NO"},
        )
        seen.add((language, forced))


def _captions(rungs: Sequence[Track]) -> Iterable[str]:
    """Print what is within the frames (section 4.3.4.1); of what language is not known."""
    names = dict.fromkeys(name for rung in rungs for name in rung.captions)
    for number, name in enumerate(names):
        attributes = {
            "TYPE": "CLOSED-CAPTIONS",
            "GROUP-ID": _quoted(CAPTION_GROUP),
            "NAME": _quoted(f"Captions {name}"),
            "DEFAULT": "NO",
            "AUTOSELECT": "NO" if number else "YES",
            "INSTREAM-ID": _quoted(name),
        }
        yield f"#EXT-X-MEDIA:{_attributes(attributes)}"


@dataclass(frozen=True, slots=True)
class _Alternative:
    """What EXT-X-MEDIA says of one track that is chosen beside the video (section 4.3.4.1)."""

    kind: str
    group: str
    name: str
    language: str | None
    folder: str
    is_default: bool
    is_autoselected: bool
    more: Mapping[str, str]

    def __str__(self) -> str:
        attributes = {
            "TYPE": self.kind,
            "GROUP-ID": _quoted(self.group),
            "NAME": _quoted(self.name),
            "LANGUAGE": self.language and _quoted(self.language),
            "DEFAULT": "YES" if self.is_default else "NO",
            "AUTOSELECT": "YES" if self.is_autoselected else "NO",
            **self.more,
            "URI": _quoted(f"{self.folder}/playlist.m3u8"),
        }
        return f"#EXT-X-MEDIA:{_attributes(attributes)}"


def _attributes(values: Mapping[str, object]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items() if value)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _document(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
