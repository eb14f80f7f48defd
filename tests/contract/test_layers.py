"""What is locked, noticed and shipped for each layer, and the ffmpeg that comes out of it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from layers import build

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(lock.parent for lock in (ROOT / "layers").glob("*/requirements.txt"))

of_each_layer = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)


def names_and_versions(pins: list[str]) -> dict[str, str]:
    """Return version by normalised name."""
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in (pin.split("==") for pin in pins)
    }


@of_each_layer
def test_every_locked_version_is_the_one_that_is_asked_for(source):
    asked = re.findall(r"^[\w-]+==\S+", (source / "requirements.in").read_text(), re.MULTILINE)
    assert asked
    assert names_and_versions(asked).items() <= names_and_versions(build.pins(source)).items()


@of_each_layer
def test_every_locked_version_is_the_one_that_the_tests_run_with(source):
    with (ROOT / "pyproject.toml").open("rb") as file:
        dependencies = tomllib.load(file)["project"]["dependencies"]
    lock = (ROOT / "requirements.lock").read_text()
    ours = names_and_versions(
        [pin for pin in dependencies if "==" in pin]
        + re.findall(r"^[\w.-]+==[^\s\\;]+", lock, re.MULTILINE)
    )
    locked = names_and_versions(build.pins(source))

    shared = ours.keys() & locked.keys()
    assert shared
    assert {name: locked[name] for name in shared} == {name: ours[name] for name in shared}


@of_each_layer
def test_every_locked_version_has_hashes(source):
    entries = re.split(r"\n(?=\S)", (source / "requirements.txt").read_text().strip())
    assert len(entries) == len(build.pins(source))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)


@of_each_layer
def test_the_notice_names_every_package_with_its_version(source):
    notice = (source / "NOTICE").read_text()
    missing = [pin for pin in build.pins(source) if pin.split("==")[1] not in notice]
    assert missing == []


def test_every_layer_of_serverless_yml_has_a_source():
    written = [ROOT / "serverless.yml", *(ROOT / "resources").glob("*.yml")]
    declared = re.findall(
        r"path: \.build/layers/\$\{param:layers\}/(\w+)",
        "".join(each.read_text() for each in written),
    )
    assert sorted(declared) == [source.name for source in SOURCES]


def test_git_holds_no_binary_of_a_layer():
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "layers"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in names.split("\0") if name]

    assert ROOT / "layers" / "build.py" in files
    assert [file for file in files if b"\0" in file.read_bytes()] == []
    ignored = ["git", "check-ignore", "-q", ".build/layers/host/ffmpeg/bin/ffmpeg"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


@pytest.fixture(scope="module")
def ffmpeg():
    build.build_layer(ROOT / "layers" / "ffmpeg", build.parse_target("host"))
    return build.OUTPUT / "host" / "ffmpeg" / "bin" / "ffmpeg"


def test_it_runs_and_is_the_version_that_the_notice_names(ffmpeg):
    said = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True)
    notice = (ROOT / "layers" / "ffmpeg" / "NOTICE").read_text()
    named = re.search(r"FFmpeg ([\d.]+)(?s:.*), commit (\w+)", notice)
    assert named
    version, commit = named.groups()

    assert said.stdout.startswith(f"ffmpeg version n{version}-")
    assert commit in said.stdout.splitlines()[0]


@pytest.mark.parametrize("encoder", ["libx264", "aac", "mjpeg"])
def test_it_has_the_encoders_that_renditions_need(ffmpeg, encoder):
    said = subprocess.run(
        [ffmpeg, "-hide_banner", "-encoders"], capture_output=True, text=True, check=True
    )
    assert re.search(rf"^ [VA]\S+ {encoder} ", said.stdout, re.MULTILINE)
