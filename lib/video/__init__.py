"""Probe a video or audio source, plan its ladder and make its renditions with ffmpeg.

The order of a job: `read_probe` ▸ `check_limits` ▸ `plan` ▸ `make`.
"""

from lib.video.encode import make
from lib.video.ladder import Target, plan
from lib.video.limits import check_limits
from lib.video.probe import read_probe
from lib.video.range_reader import RangeReader

__all__ = ["RangeReader", "Target", "check_limits", "make", "plan", "read_probe"]
