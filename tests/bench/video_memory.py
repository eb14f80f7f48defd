"""Encode one source, and tell the memory that it took.

`python -m tests.bench.video_memory SOURCE SIDE`
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import presets
from lib.video.encode.encode import encode_video
from lib.video.plan.plan import VideoTask, plan_video
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.bench.process import read_memory
from tests.support.ffmpeg_binary import ffmpeg_in


def main(source: Path, highest: int) -> None:
    """Encode with the default preset, whose ladder goes on to `highest` px."""
    preset = presets.load(presets.PACKAGED).named(None)
    ladder = tuple(sorted({*preset.video.ladder, highest}))
    preset = replace(preset, video=replace(preset.video, ladder=ladder))
    with source.open("rb") as file:
        probe = read_probe(file, "mov")
    with TemporaryDirectory() as folder:
        planned = plan_video(probe, preset)
        task = VideoTask(Input(str(source), "mov"), probe, planned, preset)
        encode_video(task, ffmpeg_in(Path(folder)))
    ffmpeg_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"peak_kb": ffmpeg_kb + read_memory("VmHWM")}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
