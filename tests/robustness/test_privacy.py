"""What a child of the same user can read of its parent, with and without `set_undumpable`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "AKIAIOSFODNN7EXAMPLE"
SCRIPT = """
import ctypes, json, os, sys
from lib.adapters.sandbox.lockdown import drop_root
from lib.process_limits import PR_SET_DUMPABLE, set_undumpable

drop_root()  # root may read everything
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as a program is that was started by its user
if sys.argv[1] == "hidden":
    set_undumpable()
parent, secret = os.getpid(), ctypes.create_string_buffer(os.environ["SECRET"].encode())
read_end, write_end = os.pipe()
if os.fork() == 0:
    found = {}
    for name, start in (("environ", 0), ("maps", 0), ("mem", ctypes.addressof(secret))):
        try:
            with open(f"/proc/{parent}/{name}", "rb", buffering=0) as file:
                file.seek(start)
                found[name] = file.read(65536).decode("latin-1")
        except OSError as exc:
            found[name] = type(exc).__name__
    os.write(write_end, json.dumps({name: text[:4000] for name, text in found.items()}).encode())
    os._exit(0)
os.wait()
print(os.read(read_end, 65536).decode())
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")


def read_parent(how: str) -> dict[str, str]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, how],
        cwd=Path(__file__).parents[2],
        env={"SECRET": SECRET},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(run.stdout)
    return found


def test_a_child_reads_its_parents_secrets_where_nothing_is_done():
    """It fails where the other test would prove nothing."""
    found = read_parent("open")
    assert SECRET in found["environ"]
    assert "[heap]" in found["maps"]


def test_a_child_reads_nothing_of_a_parent_that_hides():
    assert read_parent("hidden") == {
        "environ": "PermissionError",
        "maps": "PermissionError",
        "mem": "PermissionError",
    }


RENDER = """
import ctypes, sys
from pathlib import Path
from lib.cli.render import render_files
(rendered,) = render_files([Path(sys.argv[1])], Path(sys.argv[2]), None)
print(rendered.status, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_media_render_hides_a_developers_credentials_too(tmp_path: Path):
    photo = Path(__file__).parents[1] / "media" / "rocket-alpha.png"
    run = subprocess.run(
        [sys.executable, "-c", RENDER, photo, tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["READY", "0"], "PR_GET_DUMPABLE"
