"""Find keyframes of a source whose index does not list them: let ffmpeg seek for one."""

from __future__ import annotations

import re
from contextlib import suppress

from lib.domain.errors import PermanentError
from lib.domain.media import AudioProbe
from lib.process_limits import Bounds
from lib.video.encode.ffmpeg import Ffmpeg, run_checked
from lib.video.encode.open_source import open_source
from lib.video.plan.plan import Plan, picture_stream
from lib.video.source import Input

READ = Bounds(expected_s=10.0)
"""No frame is decoded; an index that takes more is none."""

_PACKET = re.compile(r"^0, +-?\d+, +(?P<shown>-?\d+),", re.MULTILINE)
_CLOCK = re.compile(r"^#tb 0: (?P<numerator>\d+)/(?P<denominator>\d+)$", re.MULTILINE)


def find_keyframe(at_s: float, *, source: Input, probe: AudioProbe, ffmpeg: Ffmpeg) -> float | None:
    """Return when the keyframe at which a seek to `at_s` lands is shown, in s; None for none.

    That is the last one before, or, in a stream without an index, the next one. Reads what the
    demuxer needs to seek, and one packet.
    Raises TransientError where the source could not be read, or DEADLINE_NEAR.
    """
    # Whole seconds are whole ticks of every clock: what ffmpeg subtracts can be added again.
    at = int(at_s)
    found = ffmpeg.scratch / "keyframe.txt"
    packet = open_source(source, probe, Plan(), None)[picture_stream(probe)].output(
        f"file:{found}", **{"f": "framecrc", "c": "copy", "frames:v": 1}
    )
    arguments = ["-noaccurate_seek", "-ss", str(at), *packet.get_args()]
    with suppress(PermanentError):
        run_checked(ffmpeg, arguments, source.locator, bounds=READ)
    text = found.read_text() if found.exists() else ""
    found.unlink(missing_ok=True)
    first, clock = _PACKET.search(text), _CLOCK.search(text)
    if not first or not clock:
        return None
    seconds = int(first["shown"]) * int(clock["numerator"]) / int(clock["denominator"])
    return at + seconds
