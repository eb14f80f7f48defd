"""What the wall around the decoders costs: the same jobs in the process and behind it, in turn."""

from __future__ import annotations

import compileall
import io
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from lib import presets
from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.adapters.sandbox.sandbox import Sandbox
from lib.application.context import Delivery, Pipeline
from lib.application.process_image import ImageTools, process_image
from lib.cli.render import JobTopic
from lib.domain.asset import AssetStatus
from lib.domain.events import Action, UploadEvent
from lib.domain.media import MediaType
from lib.imaging.in_process import InProcess
from lib.imaging.port import Images
from lib.tools.emulator import lifecycle
from tests.bench.coldstart import ENVIRONMENT
from tests.bench.report import Result, median
from tests.bench.sources import CORPUS, OURS
from tests.support.packages import Package, link_runtime, package_service, read_packages, unpack
from tests.support.world import World

MEGABYTES = 2048
"""Of processImage: `imageMemory` in serverless.yml."""

STARTS = 9
MOST_MS = 40.0
SECONDS = 60.0
FIRST_IMAGE = Path(__file__).with_name("first_image.py")


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG to make renditions of: its size in px, and how many rounds are measured."""

    label: str
    size: tuple[int, int]
    rounds: int
    target: float


PHOTOS = (
    Photo("12-MP photo", (4000, 3000), 15, 1.02),
    Photo("0.9-MP photo", (1200, 750), 41, 1.15),
)


def run() -> Iterator[Result]:
    """Measure the wall around the decoders: whole image jobs in the process and behind it.

    A job is that of the function, with storage and catalog in memory and the default preset. Both
    ways take turns, and who is first alternates; a ratio is the median of the ratios of the rounds.
    cpu is the mean over all rounds, all processes of a way together, forks included.
    media render: the same, of the job that it runs, between folders.
    cold start: new interpreters, from the birth until processImage's handler can be called, and
    until it has made a first 0.9-MP photo; the package is the same, and its decoders are in the
    process or behind the wall. `compiled`: code and layers are bytecode, `as shipped` they are not.
    """
    for photo in PHOTOS:
        yield from _measure_job(photo)
    with TemporaryDirectory(prefix="sandbox-") as name:
        yield from _measure_render(PHOTOS[-1], Path(name))
        yield from _measure_starts(PHOTOS[-1], Path(name))


def make(photo: Photo) -> bytes:
    """Return a photo of a size as JPEG."""
    with Image.open(CORPUS if CORPUS.exists() else OURS) as opened:
        image = opened.convert("RGB")
        if image.width < image.height:
            image = image.transpose(Image.Transpose.ROTATE_90)
        resized = image.resize(photo.size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    resized.save(file, "JPEG", quality=90)
    return file.getvalue()


def _measure_job(photo: Photo) -> Iterator[Result]:
    data, recipes = make(photo), presets.load(presets.PACKAGED)

    def job(images: Images) -> None:
        world = World(presets=recipes)
        event = world.receive("a.jpg", data)
        delivery = Delivery(lambda: SECONDS)
        finished = process_image(event, world.pipeline, delivery, ImageTools(images))
        assert finished.outcome
        assert finished.outcome.status is AssetStatus.READY

    with closing(Sandbox.of_function(MEGABYTES)) as sandbox:
        yield from _compare(photo, photo.label, job, {"process": InProcess(), "wall": sandbox})
    holds = ", ".join(f"{name} {value}" for name, value in sandbox.holds.items())
    yield Result(f"{photo.label}: cpu ÷ in the process", _cpu_ratio(job, photo.rounds), "×")
    yield Result(f"{photo.label}: parts of the wall ({holds})", len(sandbox.holds), "")


def _compare(
    photo: Photo, label: str, job: Callable[[Images], None], ways: Mapping[str, Images]
) -> Iterator[Result]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for images in ways.values():
        job(images)
    for number in range(photo.rounds):
        order = list(ways) if number % 2 else list(ways)[::-1]
        for name in order:
            started = time.perf_counter()
            job(ways[name])
            times[name].append(time.perf_counter() - started)
    ratios = [wall / process for wall, process in zip(times["wall"], times["process"], strict=True)]
    yield Result(f"{label}: behind the wall ÷ in the process", median(ratios), "×", photo.target)
    for name, text in (("process", "in the process"), ("wall", "behind the wall")):
        yield Result(f"{label}: wall time, {text}", median(times[name]) * 1000, "ms")


def _cpu_ratio(job: Callable[[Images], None], rounds: int) -> float:
    """Return the CPU time of rounds behind the wall by that of as many in the process."""

    def spent(who: int) -> float:
        usage = resource.getrusage(who)
        return usage.ru_utime + usage.ru_stime

    own, children = spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
    with closing(Sandbox.of_function(MEGABYTES)) as idle:
        idle.start()
        idle._zygote.drop(idle._zygote.take())
    start = spent(resource.RUSAGE_CHILDREN) - children
    own, children = spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
    with closing(Sandbox.of_function(MEGABYTES)) as sandbox:
        for _ in range(rounds):
            job(sandbox)
    wall = spent(resource.RUSAGE_SELF) - own + spent(resource.RUSAGE_CHILDREN) - children - start
    own = spent(resource.RUSAGE_SELF)
    for _ in range(rounds):
        job(InProcess())
    return wall / (spent(resource.RUSAGE_SELF) - own)


def _measure_render(photo: Photo, folder: Path) -> Iterator[Result]:
    source = folder / "photo.jpg"
    source.write_bytes(make(photo))
    recipes, renditions = presets.load(presets.PACKAGED), FolderRenditions(folder / "out")
    numbers = iter(range(1, 10_000))

    def job(images: Images) -> None:
        pipeline = Pipeline(FolderSources(), renditions, MemoryCatalog(), recipes)
        found = pipeline.sources.current_version(str(folder), source.name)
        assert found
        event = UploadEvent(
            Action.CREATED, found, f"{next(numbers):x}", MediaType.IMAGE, "image/jpeg", ""
        )
        pipeline.catalog.receive(event)
        JobTopic(pipeline, None, folder, images).publish([event])

    with closing(Sandbox()) as sandbox:
        label = f"media render, {photo.label}"
        yield from _compare(photo, label, job, {"process": InProcess(), "wall": sandbox})


def _measure_starts(photo: Photo, folder: Path) -> Iterator[Result]:
    source = folder / "first.jpg"
    source.write_bytes(make(photo))
    (folder / "emulator").mkdir()
    with lifecycle.running(None, folder / "emulator") as local:
        package = read_packages(package_service(local, "local", folder / "packages"))[
            "processImage"
        ]
    runtime = folder / "runtime"
    shutil.copytree(link_runtime(folder / "links"), runtime)
    compileall.compile_dir(runtime, quiet=2)
    for label, target in (("compiled", MOST_MS), ("as shipped", None)):
        unpacked = folder / label
        unpack(package, unpacked)
        if label == "compiled":
            compileall.compile_dir(unpacked, quiet=2)
        folders = (unpacked / "task", unpacked / "opt" / "python", runtime)
        rounds = [
            {how: _start(package, how, source, folders) for how in ("process", "wall")}
            for _ in range(STARTS + 1)
        ][1:]
        for moment, what in (("ready", "handler ready"), ("made", "first photo made")):
            added = median([one["wall"][moment] - one["process"][moment] for one in rounds])
            name = f"processImage, cold start, {label}: {what}"
            yield Result(f"{name}, added", added, "ms", target)
            for how, text in (("process", "in the process"), ("wall", "behind the wall")):
                yield Result(f"{name}, {text}", median([one[how][moment] for one in rounds]), "ms")


def _start(package: Package, how: str, source: Path, folders: tuple[Path, ...]) -> dict[str, float]:
    """Return the ms from a new interpreter's birth to each moment."""
    command = [sys.executable, "-I", "-S", "-B", str(FIRST_IMAGE), how, str(source)]
    environment = (
        ENVIRONMENT
        | package.environment
        | {
            "AWS_LAMBDA_FUNCTION_NAME": package.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEGABYTES),
        }
    )
    began = time.monotonic_ns()
    done = subprocess.run(
        [*command, *map(str, folders)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"processImage does not start:\n{done.stderr}")
    moments = json.loads(done.stdout.splitlines()[-1])
    return {name: (moment - began) / 1e6 for name, moment in moments.items()}
