"""Split an encoder's fragmented files into CMAF segments, and join what ranges made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from struct import pack, unpack_from
from typing import IO

from lib.domain.codecs import VIDEO_CODECS
from lib.video.isobmff import Box, box, children, find, read_boxes, read_content
from lib.video.package.captions import find_captions
from lib.video.package.fragments import NOT_SYNC, Fragment, Sample, read_fragment, write_segment
from lib.video.package.frame_rate import fastest_distances, max_rate, mean_rate
from lib.video.package.rfc6381 import codec_of, sample_entry
from lib.video.package.track import Segment, Track

REORDERED = frozenset(each.sample_entry for each in VIDEO_CODECS.values() if each.is_reordered)
DELAY_SECONDS = Fraction(1, 10)
"""Between decoding and showing a frame of codecs that store frames in another order than they are
shown: two frames at 20 a second. The same for all ranges, whatever their encoders needed.
An edit list says so: with negative offsets instead, some players show the video late."""

MORE, MORE_PACKETS = 1.01, 4
"""What packets may last beyond their time: a factor, and some in all."""

NOT_OF_A_TRACK = frozenset({b"udta", b"edts"})
"""Left out of the init segment, or written anew."""


@dataclass(frozen=True, slots=True)
class _Media:
    """What a fragmented file says of its track: the tick that is shown first, and its clock."""

    start: int
    delay: int
    timescale: int
    is_video: bool


def read_track(file: IO[bytes], name: str) -> tuple[bytes, Track]:
    """Return the init segment of a fragmented file, and its track without segments.

    Raises ValueError where the file is not one fragmented track of a known codec.
    """
    top = {each.kind: each for each in read_boxes(file) if each.kind in (b"ftyp", b"moov")}
    if len(top) != 2:
        raise ValueError(f"expected ftyp and moov but found {list(top)}")
    moov = read_content(file, top[b"moov"])
    mdia = _media(moov)
    stsd = find(mdia, b"minf", b"stbl", b"stsd")
    _, entry = sample_entry(stsd)
    track = Track(name, codec_of(stsd), _timescale(mdia))
    if _is_video(mdia):
        width, height = unpack_from(">HH", entry, 24)
        track = replace(track, width=width, height=height)
    else:
        channels, sample_rate = unpack_from(">H6xH", entry, 16)
        track = replace(track, channels=channels, sample_rate=sample_rate)
    init = box(b"ftyp", read_content(file, top[b"ftyp"])) + box(b"moov", _rewritten(moov))
    return init, track


def split(file: IO[bytes], *, end_tick: int | None = None) -> Iterator[tuple[Segment, bytes]]:
    """Yield each fragment of a file as a segment, and its bytes.

    Times stay those of the presentation, so that ranges of a source give the segments of the whole.
    What lies before 0, an encoder's delay, is left out. `end_tick`: where the last frame ends, if
    that is known better than by the encoder, who does not see what comes after a range.
    Raises ValueError where the fragments leave gaps, or a segment could not be decoded alone.
    """
    media: _Media | None = None
    before: tuple[Box, Fragment] | None = None
    for each in read_boxes(file):
        if each.kind == b"moov":
            media = _describe(read_content(file, each))
        if each.kind != b"moof" or media is None:
            continue
        fragment = _presented(read_fragment(read_content(file, each)), media.start)
        if before:
            if before[1].decode_end != fragment.decode_start:
                raise ValueError(
                    f"expected a fragment at {before[1].decode_end} ticks"
                    f" but found one at {fragment.decode_start}"
                )
            yield from _segment(file, *before, min(each.time for each in fragment.samples), media)
        before = each, fragment
    if not before or media is None:
        raise ValueError("expected a fragment but found none")
    last = before[1].samples
    end = max(each.time for each in last) + last[-1].duration
    yield from _segment(file, *before, end_tick or end, media)


def cut_off(file: IO[bytes], end_tick: int) -> None:
    """Shorten a file, open for reading and writing, by the fragments that start at a tick or later.

    One of them may start a tick before, for rounding.
    """
    start = 0
    for each in read_boxes(file):
        if each.kind == b"moov":
            start = _first_shown(read_content(file, each))
        if each.kind == b"moof":
            fragment = _presented(read_fragment(read_content(file, each)), start)
            if min(sample.time for sample in fragment.samples) >= end_tick - 1:
                file.truncate(each.start)
                return


def first_shown_tick(file: IO[bytes]) -> int | None:
    """Return when the first frame of a fragmented file is shown; None where it holds nothing."""
    start = 0
    for each in read_boxes(file):
        if each.kind == b"moov":
            start = _first_shown(read_content(file, each))
        if each.kind == b"moof":
            fragment = _presented(read_fragment(read_content(file, each)), start)
            return min(sample.time for sample in fragment.samples)
    return None


def holds_more_than_time(file: IO[bytes], packet_ticks: int) -> bool:
    """Tell whether the packets of a fragmented sound last longer than their times say.

    Each lasts `packet_ticks`. A little more is rounding.
    """
    packets = ticks = 0
    for each in read_boxes(file):
        if each.kind == b"moof":
            fragment = read_fragment(read_content(file, each))
            packets += len(fragment.samples)
            ticks += fragment.decode_end - fragment.decode_start
    return packets * packet_ticks > MORE * ticks + MORE_PACKETS * packet_ticks


def complete(track: Track, segments: Iterable[Segment]) -> Track:
    """Return a track with its segments; that of video with its frame rates.

    Raises ValueError where there are none or they leave gaps.
    """
    segments = tuple(segments)
    if not segments:
        raise ValueError(f"expected segments of {track.name} but received none")
    for before, after in pairwise(segments):
        if before.start + before.duration != after.start:
            raise ValueError(
                f"expected a segment of {track.name} at {before.start + before.duration} ticks"
                f" but received one at {after.start}"
            )
    made = replace(track, segments=segments)
    if not track.width:
        return made
    mean, most = (of(segments, track.timescale) for of in (mean_rate, max_rate))
    return replace(made, frame_rate=mean, max_frame_rate=most)


def join_ranges(parts: Iterable[Track]) -> Track:
    """Join what ranges of one source made, in order.

    The last segment of a range is a tick longer or shorter where rounding wants it.
    Raises ValueError where the ranges differ in more than their segments, or leave gaps.
    """
    first, *rest = parts
    segments = list(first.segments)
    for part in rest:
        if _facts(part) != _facts(first):
            raise ValueError(f"expected a range like {_facts(first)} but received {_facts(part)}")
        last, start = segments[-1], part.segments[0].start
        if abs(last.start + last.duration - start) == 1:
            segments[-1] = replace(last, duration=start - last.start)
        segments += part.segments
    return complete(first, segments)


def _facts(track: Track) -> Track:
    return replace(track, segments=(), frame_rate=None, max_frame_rate=None)


def _segment(
    file: IO[bytes], moof: Box, fragment: Fragment, end: int, media: _Media
) -> Iterator[tuple[Segment, bytes]]:
    """Yield the segment of a fragment; none of one that lies before 0."""
    early = [each for each in fragment.samples if each.time + each.duration <= 0]
    samples = fragment.samples[len(early) :]
    if not samples:
        return
    start = samples[0].time
    if samples[0].flags & NOT_SYNC or start < 0 or start > min(each.time for each in samples):
        raise ValueError(f"expected the fragment at {start} ticks to start with a keyframe")
    file.seek(moof.start + fragment.offset + sum(each.size for each in early))
    size = sum(each.size for each in samples)
    data = file.read(size)
    if len(data) != size:
        raise ValueError(f"expected {size} bytes of samples but found {len(data)}")
    content = write_segment(samples, end, data, media.delay)
    made = Segment(start, end - start, len(content), len(samples), find_captions(data))
    if media.is_video:
        times = [each.time for each in samples]
        made = replace(made, fastest=fastest_distances(times, end, media.timescale))
    yield made, content


def _presented(fragment: Fragment, shift: int) -> Fragment:
    samples = tuple(
        Sample(each.time - shift, each.duration, each.size, each.flags) for each in fragment.samples
    )
    return replace(fragment, samples=samples)


def _describe(moov: bytes) -> _Media:
    mdia = _media(moov)
    return _Media(_first_shown(moov), _delay(mdia), _timescale(mdia), _is_video(mdia))


def _is_video(mdia: bytes) -> bool:
    return find(mdia, b"hdlr")[8:12] == b"vide"


def _media(moov: bytes) -> bytes:
    traks = [content for kind, content in children(moov) if kind == b"trak"]
    if len(traks) != 1:
        raise ValueError(f"expected one track but found {len(traks)}")
    return find(traks[0], b"mdia")


def _timescale(mdia: bytes) -> int:
    mdhd = find(mdia, b"mdhd")
    return int.from_bytes(mdhd[20:24] if mdhd[0] else mdhd[12:16], "big")


def delay_of(track: Track) -> int:
    """Return the ticks between decoding and showing that the segments of a track have."""
    return _delay_ticks(track.codec.partition(".")[0].encode(), track.timescale)


def _delay(mdia: bytes) -> int:
    kind, _ = sample_entry(find(mdia, b"minf", b"stbl", b"stsd"))
    return _delay_ticks(kind, _timescale(mdia))


def _delay_ticks(sample_entry_kind: bytes, timescale: int) -> int:
    return int(timescale * DELAY_SECONDS) if sample_entry_kind in REORDERED else 0


def _first_shown(moov: bytes) -> int:
    """Return the tick of the media with which the presentation starts, by the edit list."""
    trak = find(moov, b"trak")
    if not any(kind == b"edts" for kind, _ in children(trak)):
        return 0
    elst = find(trak, b"edts", b"elst")
    count, at, width = int.from_bytes(elst[4:8], "big"), 8, 8 if elst[0] else 4
    start = int.from_bytes(elst[at + width : at + 2 * width], "big", signed=True)
    if count != 1 or start < 0:
        raise ValueError("expected a presentation that starts at 0, as one piece")
    return start


def _rewritten(moov: bytes) -> bytes:
    """Write a `moov` again, with the edit list of its segments instead of the encoder's."""
    delay = _delay(_media(moov))
    # Version 0, one entry: from `delay` to the end (a duration of 0), at normal speed.
    edits = box(b"edts", box(b"elst", pack(">IIIiI", 0, 1, 0, delay, 1 << 16))) if delay else b""

    def rewrite(content: bytes) -> Iterator[bytes]:
        for kind, inside in children(content):
            if kind == b"trak":
                yield box(kind, *rewrite(inside))
            elif kind not in NOT_OF_A_TRACK:
                yield box(kind, inside)
                if kind == b"tkhd":
                    yield edits

    return b"".join(rewrite(moov))
