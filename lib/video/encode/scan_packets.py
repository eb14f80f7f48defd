"""Find out how long a source lasts that has no index: read its packets, decoding none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.media import AudioProbe, MediaWarning, VideoProbe, WarningCode
from lib.process_limits import Bounds
from lib.video.encode.diagnosis import diagnose
from lib.video.encode.ffmpeg import Ffmpeg, run
from lib.video.encode.open_source import mend_options, open_source
from lib.video.plan.plan import Plan, picture_stream
from lib.video.source import Input

SCAN = Bounds(expected_s=60.0, file_bytes=512_000_000)
"""Of the list of packets: some 50 bytes for each, 200 in a second of a film."""

ROUNDING_MS = 500
"""By which the last time stamp and the end differ anyway."""

JUMP = "timestamp discontinuity"
BACK = re.compile(JUMP + r".*: -\d")

_CLOCK = re.compile(r"#tb (\d+): (\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Scanned:
    """When a source and its picture end, in s from the start; None for what is not there.

    It `jumps` where its time stamps do, and is `joined` where they step back.
    """

    ends_s: float | None
    picture_ends_s: float | None
    jumps: bool
    joined: bool

    def correct(self, probe: AudioProbe) -> AudioProbe:
        """Return a probe with what was found."""
        lasts_ms = round((self.ends_s or 0.0) * 1000)
        told_s = (probe.duration_ms or 0) / 1000
        if probe.duration_ms and abs(probe.duration_ms - lasts_ms) > ROUNDING_MS:
            said = f"its time stamps say {told_s:.1f} s, its packets last {lasts_ms / 1000:.1f} s"
            warning = MediaWarning(WarningCode.DURATION_DIFFERS, said)
            probe = replace(probe, warnings=(*probe.warnings, warning))
        probe = replace(probe, duration_ms=lasts_ms)
        if isinstance(probe, VideoProbe):
            ends_s = self.picture_ends_s
            return replace(probe, picture_ms=round(ends_s * 1000) if ends_s else None)
        return probe


def scan_packets(source: Input, probe: AudioProbe, ffmpeg: Ffmpeg) -> Scanned | None:
    """Read all packets of a source once; None where they can't be read, or are too many to list.

    Times are those of an encode, ffmpeg's own mending of jumps included.
    Raises TransientError: DEADLINE_NEAR, and SERVICE_UNAVAILABLE where the source could not be read
    to its end.
    """
    listed = ffmpeg.scratch / "packets.txt"
    # Whatever its time stamps say.
    opened = open_source(source, replace(probe, duration_ms=None), Plan(), None)
    tracks = [opened["a?"]]
    if isinstance(probe, VideoProbe):
        tracks.insert(0, opened[picture_stream(probe)])
    packets = tracks[0].output(*tracks[1:], f"file:{listed}", f="framecrc", c="copy")
    try:
        done = run(ffmpeg, [*mend_options(source), *packets.get_args()], bounds=SCAN)
        # A read that broke off ends the list early, and is no failure to ffmpeg.
        problem = diagnose(done, source.locator)
        if isinstance(problem, TransientError) and problem.code is not ErrorCode.DISK_FULL:
            raise problem
        if problem or not listed.exists():
            return None
        with listed.open() as lines:
            ends = read_ends(lines)
    except PermanentError:
        return None
    finally:
        listed.unlink(missing_ok=True)
    if not ends:
        return None
    jumps = [line for line in done.log if JUMP in line]
    picture = ends.get(0) if len(tracks) > 1 else None
    return Scanned(
        max(ends.values()), picture, bool(jumps), any(BACK.search(line) for line in jumps)
    )


def read_ends(lines: Iterable[str]) -> dict[int, float]:
    """Return when each track ends, in s, from lines as the muxer `framecrc` writes them.

    A line that is cut off counts as not there.
    """
    clocks: dict[int, Fraction] = {}
    ends: dict[int, int] = {}
    for line in lines:
        if clock := _CLOCK.match(line):
            clocks[int(clock[1])] = Fraction(int(clock[2]), int(clock[3]))
        elif not line.startswith("#") and line.endswith("\n"):
            track, _, shown, lasts, *_ = line.split(",")
            end = int(shown) + int(lasts)
            if end > ends.get(int(track), 0):
                ends[int(track)] = end
    return {track: float(end * clocks[track]) for track, end in ends.items()}
