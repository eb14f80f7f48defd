"""sharp, the image library of Node, doing the same work: the peer of the image bench."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.imaging.variants import Target
from lib.presets import Fit
from tests.bench.process import Cost, measure

FOLDER = Path(__file__).with_name("sharp")
SECONDS = 300

Options = Mapping[str, int | str | bool]
"""Of sharp's output functions: quality, effort, …"""


class PeerError(Exception):
    """The peer cannot be installed here."""


def install() -> None:
    """Install sharp beside its script, as its lock file says. Raises PeerError."""
    npm = shutil.which("npm")
    if not npm:
        raise PeerError("sharp: npm is not installed")
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(
        [npm, "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise PeerError(f"sharp: npm ci failed in {FOLDER}: {done.stderr.strip()}")


def render(
    source: Path,
    targets: Sequence[Target],
    options: Mapping[str, Options],
    folder: Path | None = None,
    *,
    placeholder: bool = True,
) -> Cost:
    """Make targets with options by format in a process of its own, with a thread for each core."""
    job = {
        "source": str(source),
        "outputs": [
            {
                "name": target.name,
                "width": target.width,
                "height": target.height,
                "fit": "cover" if target.fit is Fit.COVER else "fill",
                "format": target.format,
                "options": options.get(target.format, {}),
            }
            for target in targets
        ],
        "placeholder": placeholder,
        "folder": str(folder) if folder else None,
    }
    threads = str(len(os.sched_getaffinity(0)))
    return measure(["node", FOLDER / "render.mjs", json.dumps(job)], UV_THREADPOOL_SIZE=threads)
