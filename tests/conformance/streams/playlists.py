"""Read HLS playlists (RFC 8216) and a DASH manifest (ISO/IEC 23009-1) as a player would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
MPD = {"": "urn:mpeg:dash:schema:mpd:2011"}


@dataclass(frozen=True, slots=True)
class Playlist:
    """One track. `said`: the attributes of the line that names it; a segment is (s, path)."""

    said: Mapping[str, str]
    tags: Mapping[str, str]
    init: Path | None
    segments: tuple[tuple[Fraction, Path], ...]

    @property
    def paths(self) -> list[Path]:
        """Return its segments' files."""
        return [path for _, path in self.segments]

    @property
    def seconds(self) -> Fraction:
        """Return the sum of its EXTINF."""
        return sum((seconds for seconds, _ in self.segments), Fraction(0))


@dataclass(frozen=True, slots=True)
class Master:
    """What a multivariant playlist offers, in its order."""

    rungs: tuple[Playlist, ...]
    sounds: tuple[Playlist, ...]
    texts: tuple[Playlist, ...]

    def sounds_of(self, rung: Playlist) -> list[Playlist]:
        """Return the sound tracks that may be played with a rung."""
        group = rung.said.get("AUDIO")
        return [each for each in self.sounds if each.said["GROUP-ID"] == group]


@dataclass(frozen=True, slots=True)
class Representation:
    """One track of a DASH manifest. `segments`: (start, duration, path), times in ticks."""

    said: Mapping[str, str]
    timescale: int
    init: Path | None
    segments: tuple[tuple[int, int, Path], ...]


def read_master(path: Path) -> Master:
    """Read a multivariant playlist and all playlists that it names."""
    rungs: list[Playlist] = []
    media: dict[str, list[Playlist]] = {"AUDIO": [], "SUBTITLES": []}
    lines = path.read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        said = {name: value.strip('"') for name, value in ATTRIBUTE.findall(line)}
        if line.startswith("#EXT-X-STREAM-INF:"):
            rungs.append(read_playlist(path.parent / following, said))
        elif line.startswith("#EXT-X-MEDIA:"):
            media[said["TYPE"]].append(read_playlist(path.parent / said["URI"], said))
    return Master(tuple(rungs), tuple(media["AUDIO"]), tuple(media["SUBTITLES"]))


def read_playlist(path: Path, said: Mapping[str, str]) -> Playlist:
    """Read a media playlist."""
    tags: dict[str, str] = {}
    segments: list[tuple[Fraction, Path]] = []
    init = None
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "#EXT-X-MAP":
            init = path.parent / dict(ATTRIBUTE.findall(value))["URI"].strip('"')
        elif name.startswith("#"):
            tags[name] = value
        elif line:
            segments.append((Fraction(tags["#EXTINF"].split(",")[0]), path.parent / line))
    return Playlist(said, tags, init, tuple(segments))


def read_mpd(path: Path) -> list[Representation]:
    """Read the representations of a static manifest with one period, segmented ones with $Time$."""
    tree = ElementTree.parse(path).getroot()
    (period,) = tree.findall("Period", MPD)
    return [
        _read_representation(path.parent, dict(group.attrib), each, group)
        for group in period.findall("AdaptationSet", MPD)
        for each in group.findall("Representation", MPD)
    ]


def _read_representation(
    folder: Path,
    inherited: dict[str, str],
    element: ElementTree.Element,
    group: ElementTree.Element,
) -> Representation:
    said = inherited | dict(element.attrib)
    template = element.find("SegmentTemplate", MPD)
    if template is None:
        template = group.find("SegmentTemplate", MPD)
    if template is None:
        return Representation(said, 1, None, ())
    name = template.attrib["media"].replace("$RepresentationID$", said["id"])
    init = template.attrib["initialization"].replace("$RepresentationID$", said["id"])
    segments = tuple(
        (start, duration, folder / name.replace("$Time$", str(start)))
        for start, duration in _timeline(template)
    )
    return Representation(said, int(template.attrib["timescale"]), folder / init, segments)


def _timeline(template: ElementTree.Element) -> Iterator[tuple[int, int]]:
    at = 0
    for entry in template.findall("SegmentTimeline/S", MPD):
        at = int(entry.get("t", at))
        for _ in range(1 + int(entry.get("r", 0))):
            yield at, int(entry.attrib["d"])
            at += int(entry.attrib["d"])
