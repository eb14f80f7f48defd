"""Compare the versions that the layers lock with known advisories, by pip-audit.

`python layers/advisories.py PIP_AUDIT`, the path of that program, exits 1 where there is one, and
says so where none could be looked up: what is not reachable is no reason to fail, and none to be
silent.

An advisory of a library inside a wheel (libheif, libavif) is often that library's alone:
`python layers/versions.py` tells which are inside.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAYERS = Path(__file__).parent


def main(pip_audit: str, folder: Path = LAYERS) -> int:
    """Print what is known of each locked version; return 1 where an advisory is."""
    found = False
    for lock in sorted(folder.glob("*/requirements.txt")):
        command = [pip_audit, "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        done = subprocess.run(  # noqa: S603
            [*command, "--format", "json", "--requirement", lock],
            capture_output=True,
            text=True,
            check=False,
        )
        for line, is_advisory in _lines(done.stdout):
            found = found or is_advisory
            print(f"{lock.parent.name}: {line}")
        if not done.stdout:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            print(f"{lock.parent.name}: NOT COMPARED with advisories: {last}")
    return 1 if found else 0


def _lines(report: str) -> Iterator[tuple[str, bool]]:
    """Yield what is said of each package, and whether it is an advisory."""
    dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"] if report else []
    for each in dependencies:
        if "skip_reason" in each:
            yield f"NOT COMPARED with advisories: {each['skip_reason']}", False
            continue
        named = f"{each['name']} {each['version']}"
        if not each["vulns"]:
            yield f"{named}: no known advisory", False
        for advisory in each["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "nothing yet"
            yield f"{named}: {advisory['id']}, fixed in {fixed}", True


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
