"""Build the Lambda layers into `.build/layers/<target>/<layer>/`, without Docker, from wheels only.

A target is `host` (this machine and this Python: the local stage) or `<arch>-py<version>`, such as
`arm64-py3.13` (Lambda). What is fresh is left alone: a layer's stamp is a hash of all that went
into it. A layer appears under its name only when it is complete, so a build that was killed is
stale and never half-finished.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
OUTPUT = SOURCES.parent / ".build" / "layers"
HOST = "host"
WHEEL_ARCH = {"arm64": "aarch64", "x86_64": "x86_64"}
GLIBC_MINORS = range(34, 16, -1)
"""glibc 2.34 is Amazon Linux 2023's; wheels for older ones run there too, down to 2.17."""

UNUSED = {
    "*": ("bin", "**/__pycache__", "**/tests", "**/*.pyi"),
    # RECORD lists what is not there any more, the others how pip was called.
    "*.dist-info": ("RECORD", "INSTALLER", "REQUESTED"),
    "imageio_ffmpeg": (".",),
    # ffmpeg-python imports one name from `past`, which needs `future.utils`.
    "future": ("backports", "moves"),
    "past": ("translation",),
    "lib[fp]*urize": (".",),
}
"""What no function imports, as package pattern ▸ patterns below it."""


class BuildError(Exception):
    """A layer cannot be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the layers run on. `pip` holds pip's options that select its wheels."""

    name: str
    identity: str
    version: str
    """Of Python: `3.13`."""
    pip: tuple[str, ...]


def parse_target(name: str) -> Target:
    """Return the target of a name. Raises ValueError."""
    if name == HOST:
        version = ".".join(map(str, sys.version_info[:2]))
        return Target(HOST, f"{sys.platform}-{platform.machine()}-py{version}", version, ())
    match = re.fullmatch(r"(arm64|x86_64)-py(3\.\d+)", name)
    if not match:
        raise ValueError(f"expected host, arm64-py3.N or x86_64-py3.N for target, received {name}")
    arch = WHEEL_ARCH[match[1]]
    tags = [f"manylinux_2_{minor}_{arch}" for minor in GLIBC_MINORS] + [f"manylinux2014_{arch}"]
    platforms = [option for tag in tags for option in ("--platform", tag)]
    pip = ("--implementation", "cp", "--python-version", match[2], *platforms)
    return Target(name, name, match[2], pip)


def fingerprint(source: Path, target: Target) -> str:
    """Return the hash of all that a layer is made from: its lock, NOTICE, this file, the target."""
    compiled = find_interpreter(target.version) is not None
    digest = hashlib.sha256(f"{target.identity} {compiled}".encode())
    for path in (Path(__file__), source / "requirements.txt", source / "NOTICE"):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build_layer(source: Path, target: Target, output: Path = OUTPUT) -> bool:
    """Build one layer if it is stale; return whether it was. Raises BuildError."""
    folder = output / target.name
    layer = folder / source.name
    stamp = folder / f".{source.name}.stamp"
    wanted = fingerprint(source, target)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{source.name}.lock") as lock:
        if layer.is_dir() and stamp.is_file() and stamp.read_text() == wanted:
            return False
        started = time.monotonic()
        label = f"layers: {target.name}/{source.name}"
        print(f"{label}: fetching {', '.join(pins(source))}", flush=True)
        unfinished = folder / f".{source.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _install(source, target, unfinished / "python", lock)
        _arrange(unfinished)
        _compile(unfinished, target)
        shutil.copyfile(source / "NOTICE", unfinished / "NOTICE")
        for path in unfinished.rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        # In this order, a kill between any two steps leaves a layer that is stale.
        stamp.unlink(missing_ok=True)
        shutil.rmtree(layer, ignore_errors=True)
        unfinished.rename(layer)
        stamp.write_text(wanted)
        megabytes = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file()) / 1e6
        print(f"{label}: built, {megabytes:.1f} MB in {time.monotonic() - started:.1f} s")
    return True


def pins(source: Path) -> list[str]:
    """Return the `name==version` of a layer's lock."""
    return re.findall(r"^\S+==\S+", (source / "requirements.txt").read_text(), re.MULTILINE)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold a lock between processes; yields its file descriptor."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _install(source: Path, target: Target, folder: Path, lock: int) -> None:
    """Unpack a layer's locked wheels. Raises BuildError."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
    only = ["--only-binary", ":all:", "--no-deps", "--require-hashes", *target.pip]
    what = ["--target", str(folder), "--requirement", str(source / "requirements.txt")]
    # pip inherits the lock: should it outlive a killed build, then the next build waits for it.
    done = subprocess.run(  # noqa: S603 (nothing of the command comes from outside)
        [*pip, *only, *what], capture_output=True, text=True, check=False, pass_fds=(lock,)
    )
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise BuildError(f"{sys.executable} has no pip: install pip for it, or delete .venv")
    lines = done.stderr.splitlines()
    errors = [n for n, line in enumerate(lines) if line.startswith("ERROR")]
    said = "\n".join(f"  pip: {line}" for line in lines[errors[0] if errors else -3 :][:8])
    raise BuildError(
        f"{target.name}/{source.name} needs {', '.join(pins(source))}, and pip failed:\n"
        f"{said}\n  {_advise(done.stderr)} Layers that are built stay."
    )


def _advise(said: str) -> str:
    if "DO NOT MATCH THE HASHES" in said:
        return "Do not use these files. If requirements.in was changed, lock it again."
    if "Retrying" in said:
        return "The package index did not answer. Check the network (HTTPS_PROXY, PIP_INDEX_URL)."
    return "There may be no wheel of them for this machine and Python (3.11 to 3.13 are tried)."


def _arrange(layer: Path) -> None:
    """Give a layer its final shape: the binary where AWS puts it on PATH, nothing unused."""
    python = layer / "python"
    for binary in python.glob("imageio_ffmpeg/binaries/ffmpeg-*"):
        (layer / "bin").mkdir()
        binary.rename(layer / "bin" / "ffmpeg")
    unused = [
        path
        for package, patterns in UNUSED.items()
        for base in ([python] if package == "*" else python.glob(package))
        for pattern in patterns
        for path in ([base] if pattern == "." else base.glob(pattern))
    ]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _compile(layer: Path, target: Target) -> None:
    """Add the bytecode, a third of what a cold start would compile each time.

    Layers are read-only where they run. Unchecked, because zipping does not keep the dates that
    Python would compare; `/opt` is where tracebacks should say that the code lies.
    """
    interpreter = find_interpreter(target.version)
    if not interpreter:
        print(f"layers: no python{target.version} here: cold starts will compile what they import")
        return
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(layer), "-p", "/opt"]
    compiled = subprocess.run(  # noqa: S603 (nothing of the command comes from outside)
        [interpreter, "-m", "compileall", *options, str(layer / "python")],
        capture_output=True,
        text=True,
        check=False,
    )
    if compiled.returncode:
        raise BuildError(f"{target.name}/{layer.name} does not compile:\n{compiled.stdout}")


@cache
def find_interpreter(version: str) -> str | None:
    """Return a Python of this version that runs, so that its bytecode can be made, or None."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    found = shutil.which(f"python{version}")
    # A version manager's shim may exist and refuse.
    works = found and subprocess.run([found, "-I", "-c", ""], capture_output=True).returncode == 0  # noqa: S603
    return found if works else None


def main(argv: Sequence[str] | None = None) -> int:
    """Build the layers that are named, or all. Returns the exit code."""
    known = sorted(lock.parent.name for lock in SOURCES.glob("*/requirements.txt"))
    parser = argparse.ArgumentParser(description="Build stale Lambda layers.")
    parser.add_argument("--target", default=HOST, help="host, arm64-py3.13, x86_64-py3.13, …")
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=f"of {', '.join(known)}")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.layers) - set(known):
        parser.error(f"expected one of {', '.join(known)} for LAYER, received {unknown.pop()}")
    try:
        target = parse_target(arguments.target)
    except ValueError as exc:
        parser.error(str(exc))
    try:
        for name in arguments.layers or known:
            build_layer(SOURCES / name, target)
    except BuildError as exc:
        print(f"layers: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
