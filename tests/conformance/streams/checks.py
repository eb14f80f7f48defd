"""Find the faults of a stream: what its playlists say against what its segments hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from tests.conformance.streams.playlists import Master, Playlist, Representation
from tests.conformance.streams.readers import Packet, Stream, read_packets, read_stream

EXTINF_S = Fraction(1, 1000)
"""What a playlist may round away of a segment."""
FRAME_RATE_HZ = Fraction(1, 1000)
AVERAGE = 0.01


@dataclass(frozen=True, slots=True)
class Track:
    """A playlist and what was found behind it: its stream, and the packets of each segment."""

    playlist: Playlist
    stream: Stream
    segments: tuple[list[Packet], ...]

    @property
    def name(self) -> str:
        """Return the folder of its segments."""
        return self.playlist.paths[0].parent.name

    @property
    def seconds(self) -> Fraction:
        """Return how long its packets last."""
        return sum((self.last(index) for index in range(len(self.segments))), Fraction(0))

    def last(self, index: int) -> Fraction:
        """Return how long the packets of a segment last, in s."""
        return sum(each.duration for each in self.segments[index]) * self.stream.time_base

    def peak_rate(self) -> float:
        """Return the most bits per second of any run of segments of 0.5 to 1.5 target durations.

        RFC 8216, section 4.1.
        """
        target = int(self.playlist.tags["#EXT-X-TARGETDURATION"])
        sizes = [path.stat().st_size * 8 for path in self.playlist.paths]
        lengths = [float(self.last(index)) for index in range(len(sizes))]
        return max(
            sum(sizes[first:end]) / sum(lengths[first:end])
            for first in range(len(sizes))
            for end in range(first + 1, len(sizes) + 1)
            if 0.5 <= sum(lengths[first:end]) / target <= 1.5
        )

    def mean_rate(self) -> float:
        """Return the bits per second of all segments."""
        return sum(path.stat().st_size for path in self.playlist.paths) * 8 / float(self.seconds)


def find_missing(playlists: Sequence[Playlist]) -> Iterator[str]:
    """Name the files that are not there."""
    for playlist in playlists:
        for path in (playlist.init, *playlist.paths):
            if path and not path.is_file():
                yield f"{_name(path)}: missing"


def read_track(playlist: Playlist) -> Track:
    """Read each segment of a playlist by itself, behind its init segment."""
    assert playlist.init
    packets = (read_packets(playlist.init, path) for path in playlist.paths)
    return Track(playlist, read_stream(playlist.init, *playlist.paths), tuple(packets))


def check_times(track: Track) -> Iterator[str]:
    """Name what is wrong with a track's time stamps, borders and EXTINF."""
    end: tuple[int, int] | None = None
    for index, packets in enumerate(track.segments):
        seconds, path = track.playlist.segments[index]
        name, start = _name(path), min(each.pts for each in packets)
        if not packets[0].keyframe or packets[0].pts != start:
            yield f"{name}: does not start with a keyframe"
        if any(b.dts - a.dts != a.duration for a, b in pairwise(packets)):
            yield f"{name}: its packets do not follow each other"
        if len({each.pts for each in packets}) < len(packets):
            yield f"{name}: shows two frames at a time"
        if end and (packets[0].dts, start) != end:
            yield f"{name}: starts at {(packets[0].dts, start)}, expected {end}"
        end = (packets[-1].dts + packets[-1].duration, max(p.pts + p.duration for p in packets))
        if abs(seconds - track.last(index)) > EXTINF_S:
            yield f"{name}: lasts {float(track.last(index))} s, EXTINF {float(seconds)}"
        if round(seconds) > int(track.playlist.tags["#EXT-X-TARGETDURATION"]):
            yield f"{name}: longer than the target duration"


def check_alignment(rungs: Sequence[Track]) -> Iterator[str]:
    """Name the rungs whose segments or keyframes start elsewhere than those of the first."""
    expected = [_keyframes(rungs[0], packets) for packets in rungs[0].segments]
    for rung in rungs[1:]:
        if [_keyframes(rung, packets) for packets in rung.segments] != expected:
            yield f"{rung.name}: keyframes are not those of {rungs[0].name}"


def check_rung(rung: Track, sounds: Sequence[Track]) -> Iterator[str]:
    """Name what a multivariant playlist says wrongly of a rung and the sounds that go with it."""
    said = rung.playlist.said
    codecs = {rung.stream.codec, *(each.stream.codec for each in sounds)}
    if set(said["CODECS"].split(",")) != codecs:
        yield f"{rung.name}: CODECS {said['CODECS']}, found {codecs}"
    if said["RESOLUTION"] != f"{rung.stream.width}x{rung.stream.height}":
        yield f"{rung.name}: RESOLUTION {said['RESOLUTION']}"
    if abs(Fraction(said["FRAME-RATE"]) - rung.stream.frame_rate) > FRAME_RATE_HZ:
        yield f"{rung.name}: FRAME-RATE {said['FRAME-RATE']}, found {rung.stream.frame_rate}"
    peak = rung.peak_rate() + max((each.peak_rate() for each in sounds), default=0)
    if int(said["BANDWIDTH"]) < int(peak):
        yield f"{rung.name}: BANDWIDTH {said['BANDWIDTH']}, needs {peak:.0f}"
    mean = rung.mean_rate() + max((each.mean_rate() for each in sounds), default=0)
    if abs(int(said["AVERAGE-BANDWIDTH"]) / mean - 1) > AVERAGE:
        yield f"{rung.name}: AVERAGE-BANDWIDTH {said['AVERAGE-BANDWIDTH']}, found {mean:.0f}"


def check_representations(
    representations: Sequence[Representation], tracks: Sequence[Track]
) -> Iterator[str]:
    """Name what a DASH manifest says otherwise than the files that HLS plays."""
    segmented: dict[Path | None, Representation] = {
        each.init: each for each in representations if each.init
    }
    if segmented.keys() != {each.playlist.init for each in tracks}:
        yield "dash.mpd: other tracks than hls.m3u8"
    for track in tracks:
        said = segmented.get(track.playlist.init)
        if said:
            yield from _check_representation(said, track)


def check_master(master: Master, representations: Sequence[Representation]) -> list[str]:
    """Return all faults of a stream, in words."""
    missing = list(find_missing((*master.rungs, *master.sounds, *master.texts)))
    if missing:
        return missing
    rungs = [read_track(each) for each in master.rungs]
    sounds = {each.init: read_track(each) for each in master.sounds}
    tracks = [*rungs, *sounds.values()]
    return [
        *(fault for each in tracks for fault in check_times(each)),
        *check_alignment(rungs),
        *(
            fault
            for each in rungs
            for fault in check_rung(
                each, [sounds[sound.init] for sound in master.sounds_of(each.playlist)]
            )
        ),
        *check_representations(representations, tracks),
        *_check_lengths(tracks, 1 / rungs[0].stream.frame_rate),
    ]


def _check_representation(said: Representation, track: Track) -> Iterator[str]:
    if [path for *_, path in said.segments] != track.playlist.paths:
        yield f"{track.name}: DASH has other segments than HLS"
    if said.said["codecs"] != track.stream.codec:
        yield f"{track.name}: DASH says {said.said['codecs']}, found {track.stream.codec}"
    if int(said.said["bandwidth"]) < int(track.peak_rate()):
        yield f"{track.name}: DASH says bandwidth {said.said['bandwidth']}"
    lengths = [Fraction(duration, said.timescale) for _, duration, _ in said.segments]
    if lengths != [track.last(index) for index in range(len(track.segments))]:
        yield f"{track.name}: DASH has other durations than the packets"
    ends = [start + duration for start, duration, _ in said.segments]
    if ends[:-1] != [start for start, *_ in said.segments[1:]]:
        yield f"{track.name}: DASH's timeline has a gap"
    size = (said.said.get("width"), said.said.get("height"))
    if track.stream.width and size != (str(track.stream.width), str(track.stream.height)):
        yield f"{track.name}: DASH says {size}"


def _check_lengths(tracks: Sequence[Track], frame_s: Fraction) -> Iterator[str]:
    expected = tracks[0].seconds
    for track in tracks[1:]:
        # A sound ends with a whole AAC frame of 1024 samples.
        if abs(track.seconds - expected) > max(frame_s, Fraction(1024, 48_000)):
            yield f"{track.name}: lasts {float(track.seconds)} s, the first {float(expected)}"


def _keyframes(track: Track, packets: list[Packet]) -> list[Fraction]:
    return [each.pts * track.stream.time_base for each in packets if each.keyframe]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
