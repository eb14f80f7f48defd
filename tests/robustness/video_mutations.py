"""Damaged videos and sounds, and what the pipeline does with each, in a process of its own.

    python -m tests.robustness.video_mutations SOURCES FFMPEG FOLDER FIRST LAST STEP

SOURCES is a folder with what `seeds` makes, FOLDER an empty one. Prints the number before each
mutation, so that a death of the process has a name; at the end what became of them, how much memory
the process and its largest child took, in MB, and how much of what it may take the slowest took.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from lib import presets
from lib.application.context import Delivery
from lib.application.process_video import VideoTools, process_video
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import PermanentError
from lib.domain.events import Source
from lib.domain.manifest import manifest
from lib.domain.media import MediaType
from lib.domain.renditions import Rendition, RenditionKind
from lib.imaging.in_process import InProcess
from lib.presets import Preset, Presets
from lib.process_limits import DOUBT, SLACK_S
from lib.sniff import HEAD_BYTES, sniff
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.cost import estimate
from lib.video.plan.plan import plan_video
from lib.video.plan.proportion import check_proportion, most_bytes, most_vcpu_seconds
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from tests.bench.process import read_memory
from tests.media.matrix import build, cases
from tests.robustness.mutations import mutated
from tests.support.fakes import MemorySources, received
from tests.support.world import World

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "media"
SCHEMA = json.loads((ROOT / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

JOB_STEP = 5
"""Of every so many one goes through the whole job, which starts ffmpeg; all kinds of sources do."""

LARGEST_SAMPLE = 150_000
"""Bytes: what is larger holds more of the same."""

JOB_SECONDS = 30
"""A third of it is what the job keeps for its end; eight frames need none of it."""

PICTURE = "-f lavfi -i testsrc2=s=64x64:r=8:d=1"
SOUND = "-f lavfi -i sine=r=48000:d=1"
X264 = "-c:v libx264 -preset ultrafast"
SEEDS = {
    "a.mp4": f"{PICTURE} {SOUND} {X264} -bf 1 -c:a aac -b:a 32k -metadata:s:a language=eng",
    "index-first.mp4": f"{PICTURE} {SOUND} {X264} -c:a aac -b:a 32k -movflags +faststart",
    "fragmented.mp4": f"{PICTURE} {SOUND} {X264} -g 4 -c:a aac -b:a 32k "
    "-movflags frag_keyframe+empty_moov",
    "turned.mov": f"-noautorotate -display_rotation 90 {PICTURE} -c:v mjpeg",
    "a.mkv": f"{PICTURE} {SOUND} {X264} -c:a libopus -b:a 16k",
    "a.webm": f"{PICTURE} -c:v libvpx -cpu-used 8 -deadline realtime -live 1",
    "vp9.webm": f"{PICTURE} -c:v libvpx-vp9 -cpu-used 8 -deadline realtime",
    "a.ts": f"{PICTURE} {SOUND} -c:v mpeg2video -c:a mp2 -b:a 32k",
    "a.mpg": f"{PICTURE} -c:v mpeg2video -f vob",
    "a.avi": f"{PICTURE} {SOUND} -c:v mpeg4 -c:a libmp3lame -b:a 32k",
    "a.flv": f"{PICTURE} {X264}",
    "a.wmv": f"{PICTURE} {SOUND} -c:v wmv2 -c:a wmav2 -b:a 32k",
    "a.mp3": f"{SOUND} -c:a libmp3lame -b:a 32k",
    "a.m4a": f"{SOUND} -c:a aac -b:a 32k",
    "a.flac": f"{SOUND} -ar 8000 -c:a flac",
    "a.wav": f"{SOUND} -ar 8000 -c:a pcm_u8",
    "a.ogg": f"{SOUND} -c:a libvorbis",
    "a.aac": f"{SOUND} -c:a aac -b:a 32k -f adts",
}


class FileSources(MemorySources):
    """The memory's bucket, whose sources lie in files too: ffmpeg wants an address."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def locate(self, source: Source, seconds: int) -> str:
        path = self._folder / "source"
        path.write_bytes(self.read(source))
        return str(path)


def seeds(ffmpeg: str, folder: Path) -> None:
    """Make a tiny source of every container, and each of the matrix that is small."""
    for name, arguments in SEEDS.items():
        command = [ffmpeg, "-v", "error", "-nostdin", "-y", *arguments.split(), "-bitexact", name]
        subprocess.run(command, cwd=folder, check=True)
    scratch = folder / "matrix"
    scratch.mkdir()
    for case in cases():
        path = build(case, scratch, ffmpeg)
        if path.stat().st_size <= LARGEST_SAMPLE:
            path.rename(folder / f"matrix-{case.name}")


def read_seeds(folder: Path) -> list[bytes]:
    """Return the sources of a folder, in the order of their names, and the small samples."""
    found = (*sorted(folder.glob("*.*")), *sorted(SAMPLES.glob("*.*")))
    kinds = (MediaType.VIDEO, MediaType.AUDIO)
    small = (path.read_bytes() for path in found if 0 < path.stat().st_size <= LARGEST_SAMPLE)
    return [data for data in small if sniff(data[:HEAD_BYTES]).media_type in kinds]


def mutations(sources: list[bytes], numbers: range) -> Iterator[tuple[int, bytes]]:
    """Yield numbered mutations; the number alone decides what is in one."""
    for number in numbers:
        chance = random.Random(number)
        source = sources[number % len(sources)]
        yield number, mutated(source, chance.choice(sources), chance)


def probe_outcome(data: bytes, loaded: Presets) -> str:
    """Do what the pipeline does before it decodes; anything but a PermanentError comes out."""
    sniffed = sniff(data[:HEAD_BYTES])
    if sniffed.media_type not in (MediaType.VIDEO, MediaType.AUDIO):
        return AssetStatus.REJECTED
    try:
        probe = read_probe(io.BytesIO(data), sniffed.container)
        # Whatever was found can be told to the world, refused or not.
        made = Rendition("a", RenditionKind.AUDIO, "audio/mp4", "k", bytes=1, sha256="f" * 64)
        outcome = Outcome(
            AssetStatus.READY, probe, preset="default", recipe="0" * 12, renditions=(made,)
        )
        event = received(MemorySources().upload("a", data), sniffed.media_type)
        VALIDATOR.validate(json.loads(manifest(event, outcome)))
        check_limits(probe, loaded.limits)
        preset = loaded.named(None)
        check_proportion(probe, estimate(probe, plan_video(probe, preset)), len(data))
    except PermanentError as exc:
        return exc.code
    return "PLANNED"


def job_outcome(data: bytes, loaded: Presets, ffmpeg: str, folder: Path) -> str:
    """Take an upload through the whole job. Whatever becomes of it, nothing may be left."""
    inbox, scratch = folder / "inbox", folder / "scratch"
    for each in (inbox, scratch):
        each.mkdir(exist_ok=True)
    world = World(sources=FileSources(inbox), presets=loaded)
    world.dispatch(world.sources.upload("a", data))
    end = time.monotonic() + JOB_SECONDS
    for event in world.topic.published:
        if event.media_type is MediaType.IMAGE:
            return MediaType.IMAGE
        # An error that a retry could help comes out: a source alone is no reason for one.
        tools = VideoTools(InProcess(), lambda deadline: Ffmpeg(ffmpeg, deadline, scratch))
        delivery = Delivery(lambda: end - time.monotonic())
        process_video(event, world.pipeline, delivery, tools)
    asset = world.find("a")
    assert asset
    assert asset.status.terminal, asset.status
    assert asset.error is None or asset.error.message
    largest = max(map(len, world.renditions.objects.values()), default=0)
    assert largest <= most_bytes(len(data))
    assert list(scratch.iterdir()) == []
    assert children() == []
    return asset.error.code if asset.error else asset.status


def children() -> list[str]:
    """Return the names of the processes that this one started and that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state parent: the name may hold anything.
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == os.getpid():
            found.append(name)
    return found


def small(loaded: Presets) -> Presets:
    """Return presets that make one small rung of a source: how much is made has other tests."""
    default = loaded.named(None)
    made: dict[str, Any] = {"ladder": (32,), "mp4": 0, "storyboard": False, "preview": "none"}
    image = replace(default.image, formats=("jpeg",), boxes=())
    preset = Preset("default", image, replace(default.video, **made), default.audio)
    return replace(loaded, by_name={"default": preset})


def children_s() -> float:
    """Return the CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(sources: str, ffmpeg: str, folder: str, first: str, last: str, step: str) -> None:
    loaded = presets.load(presets.PACKAGED)
    counts: dict[str, Counter[str]] = {"probe": Counter(), "job": Counter()}
    slowest = 0.0
    for number, data in mutations(
        read_seeds(Path(sources)), range(int(first), int(last), int(step))
    ):
        print(number, flush=True)
        before_s = children_s()
        if number % JOB_STEP:
            counts["probe"][probe_outcome(data, loaded)] += 1
        else:
            counts["job"][job_outcome(data, small(loaded), ffmpeg, Path(folder))] += 1
        allowed_s = SLACK_S + DOUBT * most_vcpu_seconds(len(data))
        slowest = max(slowest, (children_s() - before_s) / allowed_s)
    summary = {
        "counts": counts,
        # Not getrusage: its maximum is inherited from the process that started this one.
        "megabytes": read_memory("VmHWM") // 1024,
        "child_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "slowest": slowest,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main(*sys.argv[1:])
