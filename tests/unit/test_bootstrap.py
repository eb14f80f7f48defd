"""What `npm run` says on a machine that lacks something, tried in a copy of the project."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("requirements.lock", "package-lock.json", "lib/local/uv.txt", "lib/local/emulator.txt")
NODE = shutil.which("node")

OLD = "#!/bin/sh\necho 3 8\n"
BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
WITHOUT_VENV = '#!/bin/sh\n[ "$2" = venv ] && { echo no ensurepip; exit 1; }\necho 3 12\n'
# Makes environments whose Python accepts everything and says that it ran.
GOOD = """#!/bin/sh
case "$2" in
  venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; echo "$(basename "$0")" > "$3/made-by";;
  -c) echo VERSION;;
  *) echo "ran $*";;
esac
"""


@pytest.fixture
def project(tmp_path):
    for name in (*NEEDED, "lib/local/run.mjs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "mkdir", "cp", "basename"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "")
    install(tmp_path, "npm", "#!/bin/sh\nmkdir -p node_modules\necho npm >> calls\n")
    return tmp_path


def install(project: Path, name: str, script: str) -> None:
    path = project / "bin" / name
    path.write_text(script)
    path.chmod(0o755)


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE
    return subprocess.run(
        [NODE, "lib/local/run.mjs", *arguments],
        cwd=project,
        env={"PATH": str(project / "bin"), "HOME": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def good(version: str) -> str:
    return GOOD.replace("VERSION", version)


def test_refuses_python_that_is_too_old(project):
    install(project, "python3", OLD)
    done = run(project, "-V")
    assert done.returncode == 2
    assert done.stderr == (
        "setup: expected Python 3.11 or newer, best 3.13, but found none on PATH\n"
    )


def test_says_what_to_install_where_python_cannot_make_environments(project):
    install(project, "python3", WITHOUT_VENV)
    done = run(project, "-V")
    assert done.returncode == 2
    assert "no ensurepip" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_prefers_python_3_13_then_the_newest(project):
    install(project, "python3.12", good("3 12"))
    install(project, "python3.14", good("3 14"))
    install(project, "python3.13", good("3 13"))
    run(project, "-V")
    assert (project / ".venv/made-by").read_text() == "python3.13\n"


def test_skips_a_shim_that_refuses(project):
    install(project, "python3.13", BROKEN_SHIM)
    install(project, "python3.14", BROKEN_SHIM)
    install(project, "python3.12", good("3 12"))
    run(project, "-V")
    assert (project / ".venv/made-by").read_text() == "python3.12\n"
    assert (project / ".local/emulator-venv/made-by").read_text() == "python3.12\n"


def test_sets_up_once_and_says_nothing_the_second_time(project):
    install(project, "python3", good("3 11"))
    first = run(project, "-m", "something")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "ran -m something\n"
    assert "Python 3.11 environment in .venv" in first.stderr
    second = run(project, "-m", "something")
    assert (second.stdout, second.stderr) == ("ran -m something\n", "")
    assert (project / "calls").read_text() == "npm\n"


def test_installs_again_after_a_lock_changed(project):
    install(project, "python3", good("3 11"))
    run(project, "-V")
    with (project / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    again = run(project, "-V")
    assert "packages of requirements.lock" in again.stderr
    assert "environment in" not in again.stderr
    assert "package-lock" not in again.stderr


def test_takes_over_the_lock_of_a_set_up_that_was_killed(project):
    install(project, "python3", good("3 11"))
    (project / ".local").mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    (project / ".local/setup.lock").write_text(str(gone.pid))
    assert run(project, "-V").returncode == 0
    assert not (project / ".local/setup.lock").exists()


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -TERM $$", 143)])
def test_passes_on_how_python_ended(project, script, code):
    install(project, "python3", good("3 11"))
    run(project, "-V")
    python = project / ".venv/bin/python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    assert os.access(python, os.X_OK)
    assert run(project, "-V").returncode == code
