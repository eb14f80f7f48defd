"""Make all renditions of one image as the function does, and tell what it took.

`python -m tests.bench.render SOURCE [--folder FOLDER] [--times N] [--share]`
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib import presets
from lib.imaging import load
from lib.imaging import render as rendering
from lib.imaging.decode import DECODERS
from lib.imaging.load import read_picture
from lib.imaging.phash import phash
from lib.imaging.render import make_renditions
from lib.imaging.thumbhash import make_placeholder
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.sniff import HEAD_BYTES, sniff
from tests.bench.process import read_memory

CODING = (
    (load, "open_header", time.process_time),
    (rendering, "encode", time.thread_time),
    (rendering, "encode_drawing", time.thread_time),
)
"""Where lib.imaging calls encoders and reads headers, and the clock of each: decoders have threads
of their own while nothing else runs, encoders run beside each other."""


WARM = 10
"""Images after which the encoders have met in every way, and the heap has had its highest level."""


def render(source: Path, folder: Path | None = None) -> None:
    """Do what `process_image` does with the default preset between download and upload."""
    loaded = presets.load(presets.PACKAGED)
    preset = loaded.named(None).image
    data = source.read_bytes()
    hashlib.sha256(data)
    picture = read_picture(
        data,
        sniff(data[:HEAD_BYTES]).container,
        loaded.limits,
        widest=max((*preset.widths, *(box.width for box in preset.boxes))),
        tallest=max((box.height for box in preset.boxes), default=0),
    )
    del data
    phash(picture.image)
    for made in make_renditions(picture, Transform(preset), TimeBudget(lambda: float("inf"))):
        if made.error:
            raise RuntimeError(f"{made.name}: {made.error}")
        if folder and isinstance(made.content, bytes):
            (folder / made.name).write_bytes(made.content)
    make_placeholder(picture.image)


def measure_share(source: Path) -> float:
    """Return the part of a warm run's CPU time that is neither in decoders nor in encoders."""
    render(source)  # imports what it needs
    coding: list[float] = []

    def timed(work: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
        def measured(*args: Any, **options: Any) -> Any:
            started = clock()
            result = work(*args, **options)
            coding.append(clock() - started)
            return result

        return measured

    for module, name, clock in CODING:
        setattr(module, name, timed(getattr(module, name), clock))
    for name, decoder in DECODERS.items():
        DECODERS[name] = replace(decoder, decode=timed(decoder.decode, time.process_time))
    started = time.process_time()
    render(source)
    whole = time.process_time() - started
    return 1 - sum(coding) / whole


def main() -> None:
    """Render once, or more often, and print what the bench wants to know."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("--folder", type=Path, help="where to write the renditions")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--share", action="store_true")
    arguments = parser.parse_args()
    said: dict[str, float] = {}
    if arguments.share:
        said["share"] = measure_share(arguments.source)
    else:
        render(arguments.source, arguments.folder)
        said["first_kb"] = read_memory("VmRSS")
        for done in range(1, arguments.times):
            if done == WARM:
                said["warm_kb"] = read_memory("VmRSS")
            render(arguments.source)
        said["last_kb"] = read_memory("VmRSS")
    print(json.dumps(said | {"peak_kb": read_memory("VmHWM")}))


if __name__ == "__main__":
    main()
