"""Packages: each function starts from its zip, its layers and boto3 alone, and stays small."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from layers import build
from lib.tools import ROOT
from tests.support import packages
from tests.support.functions import functions_of

FUNCTIONS = (*functions_of("local"), "webhook")
STARTING_CHILDREN = ("encodeRange", "packageVideo", "planVideo", "processImage", "processVideo")
WITH_IMAGES = ("processImage", "processVideo")
KB, MB = 1000, 1000 * 1000
CODE_LIMIT = 400 * KB  # docs/adr/0011
UNZIPPED_LIMIT = {
    "dispatch": 12 * MB,
    "notify": 12 * MB,
    "sweep": 12 * MB,
    "processImage": 60 * MB,
    "processVideo": 250 * MB,
    "planVideo": 250 * MB,
    "encodeRange": 250 * MB,
    "packageVideo": 250 * MB,
    "failVideo": 12 * MB,
    "reconcile": 12 * MB,
    "api": 12 * MB,
    "deliver": 12 * MB,
    "webhook": 12 * MB,
    "gallery": 2 * MB,
}
TARGETS = ("host", "arm64-py3.13", "x86_64-py3.13")
AARCH64 = 183
"""`e_machine` of ELF for AArch64, a little-endian u16 at byte 18: elf.h, EM_AARCH64."""
LAMBDA_GLIBC = 34
"""glibc 2.34, of Amazon Linux 2023."""


@pytest.fixture(scope="session")
def package_folder(package):
    """The folder that `sls package --stage local` wrote, with a webhook."""
    return package("local", "--param", "webhookUrl=https://hooks.example.com/media")


@pytest.fixture(scope="session")
def by_name(package_folder):
    return packages.read_packages(package_folder)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    return packages.link_runtime(tmp_path_factory.mktemp("lambda") / "runtime")


@pytest.fixture(scope="session")
def layers_of():
    """Build a target's layers where they are stale; return their folder."""

    def build_all(target: str) -> Path:
        for source in (path.parent for path in build.SOURCES.glob("*/requirements.txt")):
            build.build_layer(source, build.parse_target(target))
        return build.OUTPUT / target

    return build_all


SIGN = """
import sys
sys.path[:] = [*sys.argv[1:3], *sys.path]
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lib.adapters.rsa import signer
pem = generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
assert len(signer(pem.decode)(b"policy")) == 256
assert sys.modules["cryptography"].__file__.startswith(sys.argv[1])
"""


def test_what_signs_needs_nothing_but_its_layer(layers_of):
    layer = layers_of(build.HOST) / "signing" / "python"
    command = [sys.executable, "-I", "-S", "-B", "-c", SIGN, layer, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def arm64_files(layers_of):
    folder = layers_of("arm64-py3.13")
    return [path for path in folder.glob("*/**/*") if path.is_file()]


def test_every_function_is_tried(by_name):
    assert sorted(by_name) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_from_its_package_alone(by_name, runtime, tmp_path, name):
    packages.unpack(by_name[name], tmp_path)
    started = packages.start_cold(by_name[name], tmp_path, runtime)
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("dispatch", "task/lib/sniff.py"),
        ("processImage", "opt/python/PIL"),
        ("processImage", "opt/python/pillow_heif"),
        ("processVideo", "opt/python/PIL"),
        ("processVideo", "opt/python/pymediainfo"),
        ("processVideo", "opt/python/past"),
        ("sweep", "opt/python/aws_lambda_powertools"),
        ("webhook", "opt/python/standardwebhooks"),
        ("webhook", "task/lib/adapters/webhook/addresses.py"),
    ],
)
def test_what_a_package_lacks_fails_its_start(by_name, runtime, tmp_path, name, missing):
    packages.unpack(by_name[name], tmp_path)
    (tmp_path / missing).rename(tmp_path / "removed")
    started = packages.start_cold(by_name[name], tmp_path, runtime)
    assert started.returncode != 0
    assert re.search(r"^(ModuleNotFound|Import)Error: ", started.stderr, re.MULTILINE)


@pytest.mark.parametrize("name", STARTING_CHILDREN)
def test_a_function_with_children_hides_from_them_and_decodes_nothing_itself(
    by_name, runtime, tmp_path, name
):
    packages.unpack(by_name[name], tmp_path)
    started = packages.start_wall(by_name[name], tmp_path, runtime)
    assert started.returncode == 0, started.stderr
    told = json.loads(started.stdout)
    assert told.get("readable", sys.platform == "linux") is False
    assert not told["pillow"]
    if name in WITH_IMAGES:
        assert {"1000.avif", "1000.webp", "1000.jpg", "thumb.avif"} <= set(told["made"])


def test_the_local_stage_runs_the_built_ffmpeg_instead_of_zipping_it(by_name, package_folder):
    binary = Path(by_name["processVideo"].environment["FFMPEG_PATH"])
    assert binary == build.OUTPUT / "host" / "ffmpeg" / "bin" / "ffmpeg"
    assert os.access(binary, os.X_OK)
    assert packages.unzipped_size(package_folder / "ffmpeg.zip") < MB


@pytest.mark.parametrize("name", FUNCTIONS)
def test_code_is_small(by_name, name):
    assert by_name[name].code.stat().st_size <= CODE_LIMIT


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_code_and_layers_fit_unzipped(by_name, layers_of, name, target):
    layers = layers_of(target)
    code = packages.unzipped_size(by_name[name].code)
    total = code + sum(packages.size_of(layers / layer) for layer in by_name[name].layers)
    assert total < UNZIPPED_LIMIT[name]


def test_every_shared_object_for_arm64_is_arm64_and_loads_with_lambdas_glibc(arm64_files):
    elves = {path: path.read_bytes() for path in arm64_files if _is_elf(path)}
    machines = {path: int.from_bytes(data[18:20], "little") for path, data in elves.items()}
    newest = {
        path: max(map(int, re.findall(rb"GLIBC_2\.(\d+)", data)), default=0)
        for path, data in elves.items()
    }

    named = " ".join(path.name for path in elves)
    codecs = ("libx265", "libavif", "libopenjp2")
    for expected in ("ffmpeg", "libmediainfo", "_imaging", "_pillow_heif", *codecs):
        assert expected in named
    # lib/imaging/decoders/openjpeg.py finds the one through the other.
    imaging = next(data for path, data in elves.items() if path.name.startswith("_imaging."))
    assert b"libopenjp2" in imaging
    assert {path for path, machine in machines.items() if machine != AARCH64} == set()
    assert {path for path, minor in newest.items() if minor > LAMBDA_GLIBC} == set()


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def test_every_wheel_for_arm64_is_for_lambdas_python_and_glibc(arm64_files):
    wheels = [path for path in arm64_files if path.name == "WHEEL"]
    tags = {
        path.parent.name: re.findall(r"^Tag: (\S+)-(\S+)-(\S+)$", path.read_text(), re.MULTILINE)
        for path in wheels
    }
    assert len(tags) == sum(
        len(build.pins(lock.parent)) for lock in build.SOURCES.glob("*/requirements.txt")
    )
    assert {name for name, each in tags.items() if not any(_loads(*tag) for tag in each)} == set()


def _loads(python: str, abi: str, platform: str) -> bool:
    """Tell whether CPython 3.13 on Lambda's arm64 takes a wheel's tag: PEP 425, PEP 600."""
    stable = re.fullmatch(r"cp3(\d+)", python)
    right_python = (python, abi) in {("py3", "none"), ("cp313", "cp313"), ("cp313", "none")} or (
        abi == "abi3" and stable is not None and int(stable[1]) <= 13
    )
    glibc = re.fullmatch(r"manylinux_2_(\d+)_aarch64", platform)
    return right_python and (
        platform in {"any", "manylinux2014_aarch64"}
        or (glibc is not None and int(glibc[1]) <= LAMBDA_GLIBC)
    )
