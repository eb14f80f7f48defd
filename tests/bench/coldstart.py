"""What a function weighs, and how long it takes until its handler can be called."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from layers import build
from lib.tools.emulator import lifecycle
from tests.bench.report import Result, median
from tests.support.packages import (
    Package,
    link_runtime,
    package_service,
    read_packages,
    size_of,
    unpack,
    unzipped_size,
)

PAIRS = 11
WARM_UP = 1
KB, MB = 1000, 1000 * 1000
CODE_KB = 60
"""A target, which what decodes misses. The limit that tests hold is 250: docs/adr/0011."""

LAMBDA = "arm64-py3.13"
START = Path(__file__).with_name("start.py")

ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What Lambda sets, so that no client looks for a region or for credentials elsewhere."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The most that a function may weigh unzipped, in MB, and take in units of boto3's start."""

    megabytes: float
    ratio: float = 1.35


GOALS = {
    "dispatch": Goal(12),
    "processImage": Goal(60, 1.6),
    "processVideo": Goal(250),
    "sweep": Goal(12),
    "notify": Goal(12),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One way to start: a module to import, and where it finds what it imports."""

    module: str
    folders: tuple[Path, ...] = ()
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """How long a start took, and the clients that it made."""

    milliseconds: float
    clients: tuple[str, ...]


def run() -> Iterator[Result]:
    """Measure packages and cold starts: what is zipped, unzipped, and ready when.

    start: from a new interpreter's birth to the moment when the unpacked package's handler module
    is imported, which reads its settings and makes its clients; isolated, so that only its own
    code, its layers and boto3 are there. Functions start in turn with their peer, an interpreter
    that imports boto3 and makes the same clients; a ratio is the median of the ratios of the pairs.

    The peer's boto3 is always compiled to bytecode, as Lambda's own is taken to be. `compiled`: so
    are the function's code and layers. `as shipped`: they are as the zips have them, and what is
    source there is compiled at each start, as on Lambda, where nothing can be written beside it.
    """
    with TemporaryDirectory(prefix="coldstart-") as name:
        folder = Path(name)
        packages = package_stage(folder)
        yield from _measure_sizes(packages)
        yield from _measure_starts(packages, folder)


def package_stage(folder: Path) -> Mapping[str, Package]:
    """Package the stage `local`, and return its functions' packages by their names."""
    (folder / "emulator").mkdir()
    with lifecycle.running(None, folder / "emulator") as local:
        return read_packages(package_service(local, "local", folder / "packages"))


def _measure_sizes(packages: Mapping[str, Package]) -> Iterator[Result]:
    for target in (build.HOST, LAMBDA):
        for layer in sorted({layer for each in packages.values() for layer in each.layers}):
            build.build_layer(build.SOURCES / layer, build.parse_target(target))
    for name, goal in GOALS.items():
        package = packages[name]
        code = package.code.stat().st_size / KB
        yield Result(f"{name}: own code, zipped", code, "KB", CODE_KB)
        for target, limit in ((LAMBDA, goal.megabytes), (build.HOST, None)):
            layers = sum(size_of(build.OUTPUT / target / layer) for layer in package.layers)
            total = (unzipped_size(package.code) + layers) / MB
            yield Result(f"{name}: code + layers, unzipped, {target}", total, "MB", limit)


def _measure_starts(packages: Mapping[str, Package], folder: Path) -> Iterator[Result]:
    runtime = compile_runtime(folder)
    bare = [start(Case("sys")).milliseconds for _ in range(PAIRS)]
    yield Result("bare interpreter: start", median(bare), "ms")
    for name, goal in GOALS.items():
        yield from measure_start(packages[name], goal, folder, runtime)
    again = _unpacked(packages["processVideo"], folder / "again", runtime)
    binary = Path(shutil.copy(build.OUTPUT / build.HOST / "ffmpeg" / "bin" / "ffmpeg", folder))
    yield from _measure_ffmpeg(again, binary)


def compile_runtime(folder: Path) -> Path:
    """Return a folder with what Lambda's runtime has, as bytecode."""
    runtime = folder / "runtime"
    shutil.copytree(link_runtime(folder / "links"), runtime)
    compileall.compile_dir(runtime, quiet=2)
    return runtime


def measure_start(package: Package, goal: Goal, folder: Path, runtime: Path) -> Iterator[Result]:
    """Measure a function's cold start against boto3's with the same clients."""
    name = package.name
    shipped = _unpacked(package, folder / "shipped" / name, runtime)
    compiled = _unpacked(package, folder / "compiled" / name, runtime)
    compileall.compile_dir(folder / "compiled" / name, quiet=2)
    peer = _peer(start(shipped).clients, folder / "peers" / name, runtime)
    yield from _compare(name, goal, compiled, shipped, peer)


def _unpacked(package: Package, folder: Path, runtime: Path) -> Case:
    unpack(package, folder)
    module = package.handler.rpartition(".")[0].replace("/", ".")
    folders = (folder / "task", folder / "opt" / "python", runtime)
    named = {"AWS_LAMBDA_FUNCTION_NAME": package.name}
    return Case(module, folders, package.environment | named)


def _peer(services: Sequence[str], folder: Path, runtime: Path) -> Case:
    folder.mkdir(parents=True)
    lines = ["import boto3", *(f"{each} = boto3.client({each!r})" for each in services), ""]
    (folder / "peer.py").write_text("\n".join(lines))
    compileall.compile_dir(folder, quiet=2)
    return Case("peer", (folder, runtime))


def _compare(name: str, goal: Goal, compiled: Case, shipped: Case, peer: Case) -> Iterator[Result]:
    rounds = [[start(case) for case in (compiled, peer, shipped)] for _ in range(WARM_UP + PAIRS)]
    assert len({each.clients for each in rounds[0]}) == 1, "the peer makes other clients"
    ours, boto3s, asis = zip(
        *([each.milliseconds for each in one] for one in rounds[WARM_UP:]), strict=True
    )
    for label, times in (("compiled", ours), ("as shipped", asis)):
        ratios = [time / peer_time for time, peer_time in zip(times, boto3s, strict=True)]
        ratio = median(ratios)
        yield Result(f"{name}: start ÷ boto3's start, {label}", ratio, "×", goal.ratio)
        yield Result(f"{name}: start, {label}", median(times), "ms")
    clients = " + ".join(rounds[0][1].clients)
    yield Result(f"{name}: boto3's start ({clients})", median(boto3s), "ms")


def _measure_ffmpeg(case: Case, ffmpeg: Path) -> Iterator[Result]:
    """Measure ffmpeg's first start in a new environment, beside that of the function that uses it.

    Its pages are put out of memory before: Lambda reads a layer's files when they are first used.
    """
    rounds = []
    for _ in range(PAIRS):
        with ffmpeg.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        rounds.append((start(case).milliseconds, _version(ffmpeg), _version(ffmpeg)))
    function, first, second = (median(each) for each in zip(*rounds, strict=True))
    yield Result("ffmpeg: first start, read from disk", first, "ms")
    yield Result("ffmpeg: second start", second, "ms")
    yield Result("ffmpeg: part of processVideo's cold start", first / (function + first), "")


def _version(ffmpeg: Path) -> float:
    """Return the ms until ffmpeg has told its version."""
    began_ns = time.monotonic_ns()
    subprocess.run([ffmpeg, "-version"], capture_output=True, check=True)
    return (time.monotonic_ns() - began_ns) / 1e6


def start(case: Case) -> Started:
    """Start a new interpreter on a case."""
    command = [sys.executable, "-I", "-S", "-B", str(START), case.module]
    command += map(str, case.folders)
    environment = ENVIRONMENT | dict(case.environment or {})
    began_ns = time.monotonic_ns()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{case.module} does not start:\n{done.stderr}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Started((said["ready_ns"] - began_ns) / 1e6, tuple(said["clients"]))
