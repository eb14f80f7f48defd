"""`npm run demo`, as a newcomer runs it."""

import os
import subprocess
from pathlib import Path

import pytest

from lib.local import emulator, listeners

SAMPLES = emulator.ROOT / "tests/media"
FILES = ("rocket-alpha.png", "not-a-photo.jpg")
OUT_OF_REACH = {
    "AWS_PROFILE": "the user's",
    "AWS_ACCESS_KEY_ID": "the user's",
    "AWS_SECRET_ACCESS_KEY": "the user's",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
    "AWS_REGION": "mars-north-1",
}
"""AWS settings with which nothing could work."""


def run_demo(*arguments: str | Path | int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "run", "-s", "demo", "--", *map(str, arguments)],
        cwd=emulator.ROOT,
        env=os.environ | OUT_OF_REACH,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(emulator.find() is not None, reason="an emulator that was kept is in use")
def test_the_demo_from_nothing_to_a_table_without_the_users_aws():
    port = listeners.any_free()
    done = run_demo(*(SAMPLES / name for name in FILES), "--port", port)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert "READY" in rows["rocket-alpha.png"]
    assert "text: not supported" in done.stdout
    made = emulator.FOLDER / "renditions/rocket-alpha.png"
    assert {path.suffix for path in made.iterdir()} == {".avif", ".webp", ".jpg", ".json"}
    assert listeners.is_free(port)
    assert emulator.find() is None


def test_the_demo_names_a_file_that_is_missing():
    done = run_demo("no such file.jpg")
    assert done.returncode == 2
    assert done.stderr == "demo: no such file.jpg is not there\n"
