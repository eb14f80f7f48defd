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
from lib.video.plan.plan import plan_video
from lib.video.plan.span import Input
from lib.video.probe.mediainfo import read_probe
from tests.bench.process import read_memory
from tests.support.ffmpeg_binary import find_ffmpeg


def main(source: Path, highest: int) -> None:
    """Encode with the default preset, whose ladder goes on to `highest` px."""
    preset = presets.load(presets.PACKAGED).named(None)
    ladder = tuple(sorted({*preset.video.ladder, highest}))
    preset = replace(preset, video=replace(preset.video, ladder=ladder))
    with source.open("rb") as file:
        probe = read_probe(file, "mov")
    with TemporaryDirectory() as folder:
        encode_video(
            Input(str(source), "mov"),
            probe,
            plan_video(probe, preset),
            preset.video,
            Path(folder),
            ffmpeg=find_ffmpeg(),
            deadline=lambda: 3600,
            on_progress=lambda _: None,
        )
    ffmpeg_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"peak_kb": ffmpeg_kb + read_memory("VmHWM")}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
