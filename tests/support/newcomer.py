"""A copy of what `npm run` needs, with stand-ins for Python and npm that install nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = tuple(str(path.relative_to(ROOT)) for path in (ROOT / "lib/tools").glob("*.mjs"))
LOCKS = ("requirements.lock", "package-lock.json", "lib/tools/uv.txt", "lib/tools/emulator.txt")
SHELL_TOOLS = ("sh", "mkdir", "cp", "basename", "dirname", "sleep", "touch", "rm")

PYTHON = """#!/bin/sh
reach() { echo $$ >> "$HOME/reached-$1"; if [ "$STOP_AT" = "$1" ]; then sleep 60; fi; }
here=$(dirname "$0")
case "$2" in
  venv)
    mkdir -p "$3/bin"; cp "$0" "$3/bin/python"
    reach venv
    basename "$0" > "$3/made-by";;
  -c) echo VERSION;;
  pip)
    [ -e "$here/../made-by" ] || { echo "No module named pip"; exit 1; }
    touch "$here/../half"
    reach pip
    rm "$here/../half";;
  *) echo "ran $*";;
esac
"""
"""Makes environments whose Python takes everything and says that it ran."""

NPM = """#!/bin/sh
mkdir -p node_modules
rm -f node_modules/whole
echo $$ >> "$HOME/reached-npm"
if [ "$STOP_AT" = npm ]; then sleep 60; fi
touch node_modules/whole
"""


class Newcomer:
    """A folder with the project's set-up, and only what is installed there on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (*LOCKS, *SCRIPTS):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "bin").mkdir()
        for tool in SHELL_TOOLS:
            (folder / "bin" / tool).symlink_to(shutil.which(tool) or "")
        self.install("npm", NPM)

    def install(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def install_python(self, name: str = "python3", version: str = "3 11") -> None:
        self.install(name, PYTHON.replace("VERSION", version))

    def environment(self, **settings: str) -> dict[str, str]:
        return {"PATH": str(self.folder / "bin"), "HOME": str(self.folder), **settings}

    def run(
        self, *arguments: str, user: int | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**settings),
            user=user,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start it as a terminal would: in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [shutil.which("node") or "node", "lib/tools/run.mjs", *arguments]

    def reached(self, step: str) -> list[int]:
        """Return the process ids of a step's runs that began."""
        path = self.folder / f"reached-{step}"
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
