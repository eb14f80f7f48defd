"""What `sls package` wrote, and what a function sees of it on AWS: its code, its layers, boto3."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.tools import ROOT
from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import EmulatorError
from lib.tools.emulator.lifecycle import Emulator

TEMPLATE = "cloudformation-template-update-stack.json"
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
"""What Lambda's Python has besides the standard library."""

COLD_START = Path(__file__).with_name("cold_start.py")
WALL_START = Path(__file__).with_name("wall_start.py")
PHOTO = Path(__file__).parents[1] / "media" / "hubble.jpg"


@dataclass(frozen=True, slots=True)
class Package:
    """One function as it is packaged. `layers` are names; an intrinsic in `environment` is fake."""

    name: str
    handler: str
    code: Path
    layers: tuple[str, ...]
    environment: dict[str, str]


def package_service(running: Emulator, stage: str, folder: Path, *options: str) -> Path:
    """Run `sls package` for a stage into a folder; return it. Raises EmulatorError."""
    done = subprocess.run(
        [lifecycle.SLS, "package", "--stage", stage, "--package", folder, *options],
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmulatorError(f"sls package failed:\n{done.stdout}{done.stderr}")
    return folder


def read_packages(folder: Path) -> dict[str, Package]:
    """Return the packages in a folder that `sls package` wrote, by the function's name."""
    resources = json.loads((folder / TEMPLATE).read_text())["Resources"]
    packages = {}
    for resource in resources.values():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        properties = resource["Properties"]
        code = folder / _file_name(properties["Code"])
        packages[code.stem] = Package(
            code.stem,
            properties["Handler"],
            code,
            tuple(
                Path(_file_name(resources[layer["Ref"]]["Properties"]["Content"])).stem
                for layer in properties.get("Layers", [])
            ),
            {
                name: value if isinstance(value, str) else "fake"
                for name, value in properties["Environment"]["Variables"].items()
            },
        )
    return packages


def _file_name(stored: dict[str, Any]) -> str:
    return str(stored["S3Key"]).rsplit("/", 1)[-1]


def unpack(package: Package, folder: Path) -> None:
    """Unpack code to `task/` and all layers to `opt/`, in their order, as Lambda does."""
    with zipfile.ZipFile(package.code) as code:
        code.extractall(folder / "task")
    for layer in package.layers:
        with zipfile.ZipFile(package.code.with_name(f"{layer}.zip")) as zipped:
            zipped.extractall(folder / "opt")


def link_runtime(folder: Path) -> Path:
    """Fill a folder with Lambda's own packages and nothing else; return it."""
    folder.mkdir()
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        file = Path(spec.origin)
        origin = file.parent if file.name == "__init__.py" else file
        (folder / origin.name).symlink_to(origin)
    return folder


def start_cold(package: Package, unpacked: Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    """Import the handler, and all that it imports later, where there is nothing else to import."""
    return _start(package, unpacked, runtime, [COLD_START, package.handler])


def start_wall(package: Package, unpacked: Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    """Import the handler and decode a photo as it does, where there is nothing else to import."""
    return _start(package, unpacked, runtime, [WALL_START, package.handler, PHOTO])


def _start(
    package: Package, unpacked: Path, runtime: Path, script: list[str | Path]
) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, "-I", "-S", "-B", *script]
    folders = [str(unpacked / "task"), str(unpacked / "opt" / "python"), str(runtime)]
    environment = package.environment | {
        "PATH": os.defpath,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": package.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048",
    }
    return subprocess.run(
        [*command, *folders],
        cwd=unpacked / "task",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def unzipped_size(archive: Path) -> int:
    """Return the bytes that an archive unpacks to."""
    with zipfile.ZipFile(archive) as zipped:
        return sum(entry.file_size for entry in zipped.infolist())
