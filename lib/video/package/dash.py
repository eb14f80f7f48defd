"""Print a DASH manifest (ISO/IEC 23009-1) of CMAF tracks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

# It prints here; nothing that somebody else wrote is parsed.
from xml.etree import ElementTree as ET

from lib.video.package.track import INIT, Track, labels, language_of
from lib.video.plan.plan import PlannedSubtitle

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"
ROLE = "urn:mpeg:dash:role:2011"
CAPTIONS = {"CC": "urn:scte:dash:cc:cea-608:2015", "SERVICE": "urn:scte:dash:cc:cea-708:2015"}
"""ANSI/SCTE 214-1, by the kind of a channel's name: CC1, SERVICE1."""
UNKNOWN_LANGUAGE = "und"
CHANNELS = "urn:mpeg:mpegB:cicp:ChannelConfiguration"
"""ISO/IEC 23091-3: 1 is mono, 2 stereo; nothing else is made."""
SUBTITLE_BITS_PER_SECOND = 1000
"""A subtitle file is read whole; the attribute must be there."""
MILLISECONDS = 1000


def mpd(
    rungs: Sequence[Track], audio: Sequence[Track], subtitles: Sequence[PlannedSubtitle]
) -> str:
    """Print the manifest that lies beside the tracks' folders.

    One adaptation set holds the rungs of one codec, which switch at any segment; each audio
    track and each subtitle track has its own.
    """
    tracks = [*rungs, *audio]
    longest = max(each.duration / track.timescale for track in tracks for each in track.segments)
    root = ET.Element(
        "MPD",
        {
            "xmlns": NAMESPACE,
            "profiles": PROFILE,
            "type": "static",
            "mediaPresentationDuration": _duration(max(_end(each) for each in tracks)),
            "minBufferTime": _duration(longest),
        },
    )
    period = ET.SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    for alike in _switchable(rungs):
        _add_rungs(period, alike)
    names = labels(((each.title, each.language) for each in audio), "Sound")
    default = next((each for each in audio if each.default), audio[0] if audio else None)
    for name, track in zip(names, audio, strict=True):
        _add_audio(period, track, name, main=track is default)
    names = labels(((each.track.title, each.track.language) for each in subtitles), "Subtitles")
    for name, subtitle in zip(names, subtitles, strict=True):
        _add_subtitle(period, subtitle, name)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def timeline(track: Track) -> list[tuple[int, int, int]]:
    """Return runs of segments as long as each other: first start, duration in ticks, repeats."""
    runs: list[tuple[int, int, int]] = []
    for duration, run in groupby(track.segments, lambda each: each.duration):
        same = list(run)
        runs.append((same[0].start, duration, len(same) - 1))
    return runs


def _switchable(rungs: Sequence[Track]) -> list[list[Track]]:
    """Group rungs of one codec whose segments have the same borders."""
    groups: list[list[Track]] = []
    for rung in rungs:
        for group in groups:
            if _switching(rung) == _switching(group[0]):
                group.append(rung)
                break
        else:
            groups.append([rung])
    return groups


def _switching(rung: Track) -> tuple[str, int, list[tuple[int, int, int]]]:
    return rung.codec.split(".")[0], rung.timescale, timeline(rung)


def _add_rungs(period: ET.Element, rungs: Sequence[Track]) -> None:
    added = _add_set(period, "video", None)
    _add_captions(added, rungs)
    _add_template(added, rungs[0])
    for rung in rungs:
        size = {"width": str(rung.width), "height": str(rung.height), "sar": "1:1"}
        # Where it varies, the average (ISO/IEC 23009-1, 5.3.7.2). `maxFrameRate` is no more than
        # the highest `frameRate` of a set, which all of it share.
        rate = {"frameRate": str(rung.frame_rate)} if rung.frame_rate else {}
        _add_representation(added, rung, {**size, **rate})


def _add_captions(added: ET.Element, rungs: Sequence[Track]) -> None:
    """Say what captions are within the frames."""
    names = sorted({name for rung in rungs for name in rung.captions})
    for kind, scheme in CAPTIONS.items():
        channels = [each for each in names if each.rstrip("0123456789") == kind]
        if kind == "SERVICE":  # whose channels are numbers
            told = [f"{each.removeprefix(kind)}=lang:{UNKNOWN_LANGUAGE}" for each in channels]
        else:
            told = [f"{each}={UNKNOWN_LANGUAGE}" for each in channels]
        if told:
            attributes = {"schemeIdUri": scheme, "value": ";".join(told)}
            ET.SubElement(added, "Accessibility", attributes)


def _add_audio(period: ET.Element, track: Track, name: str, *, main: bool) -> None:
    added = _add_set(period, "audio", track.language)
    _add_role(added, "main" if main else "alternate", name)
    _add_template(added, track)
    rate = {"audioSamplingRate": str(track.sample_rate)}
    representation = _add_representation(added, track, rate)
    channels = {"schemeIdUri": CHANNELS, "value": str(track.channels)}
    ET.SubElement(representation, "AudioChannelConfiguration", channels)


def _add_subtitle(period: ET.Element, subtitle: PlannedSubtitle, name: str) -> None:
    attributes = {"contentType": "text", "mimeType": "text/vtt", **_lang(subtitle.track.language)}
    added = ET.SubElement(period, "AdaptationSet", attributes)
    _add_role(added, "forced-subtitle" if subtitle.track.forced else "subtitle", name)
    attributes = {"id": subtitle.name, "bandwidth": str(SUBTITLE_BITS_PER_SECOND)}
    representation = ET.SubElement(added, "Representation", attributes)
    ET.SubElement(representation, "BaseURL").text = f"{subtitle.name}.vtt"


def _add_set(period: ET.Element, kind: str, language: str | None) -> ET.Element:
    attributes = {
        "contentType": kind,
        "mimeType": f"{kind}/mp4",
        **_lang(language),
        "segmentAlignment": "true",
        "startWithSAP": "1",
    }
    return ET.SubElement(period, "AdaptationSet", attributes)


def _add_role(added: ET.Element, role: str, name: str) -> None:
    # In the schema's order.
    ET.SubElement(added, "Label").text = name
    ET.SubElement(added, "Role", {"schemeIdUri": ROLE, "value": role})


def _add_template(added: ET.Element, track: Track) -> None:
    attributes = {
        "timescale": str(track.timescale),
        "initialization": f"$RepresentationID$/{INIT}",
        "media": "$RepresentationID$/$Time$.m4s",
    }
    template = ET.SubElement(added, "SegmentTemplate", attributes)
    shown = ET.SubElement(template, "SegmentTimeline")
    for number, (start, duration, repeats) in enumerate(timeline(track)):
        first = {} if number else {"t": str(start)}
        again = {"r": str(repeats)} if repeats else {}
        ET.SubElement(shown, "S", {**first, "d": str(duration), **again})


def _add_representation(added: ET.Element, track: Track, more: dict[str, str]) -> ET.Element:
    attributes = {"id": track.name, "codecs": track.codec, "bandwidth": str(track.bandwidth)}
    return ET.SubElement(added, "Representation", {**attributes, **more})


def _lang(stated: str | None) -> dict[str, str]:
    language = language_of(stated)
    return {"lang": language} if language else {}


def _end(track: Track) -> float:
    last = track.segments[-1]
    return (last.start + last.duration) / track.timescale


def _duration(seconds: float) -> str:
    return f"PT{math.ceil(round(seconds * MILLISECONDS, 3)) / MILLISECONDS:.3f}S"
