"""What `npm run` says on a machine that lacks something, tried in a copy of the project."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.newcomer import Newcomer

OLD = "#!/bin/sh\necho 3 8\n"
BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
WITHOUT_VENV = '#!/bin/sh\n[ "$2" = venv ] && { echo no ensurepip; exit 1; }\necho 3 12\n'
NOBODY = 65534


@pytest.fixture
def project(tmp_path):
    return Newcomer(tmp_path)


def test_refuses_python_that_is_too_old(project):
    project.install("python3", OLD)
    done = project.run("-V")
    assert done.returncode == 2
    assert done.stderr == (
        "setup: expected Python 3.11 or newer, best 3.13, but found none on PATH\n"
    )


def test_says_what_to_install_where_python_cannot_make_environments(project):
    project.install("python3", WITHOUT_VENV)
    done = project.run("-V")
    assert done.returncode == 2
    assert "no ensurepip" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_prefers_python_3_13_then_the_newest(project):
    for minor in ("12", "14", "13"):
        project.install_python(f"python3.{minor}", f"3 {minor}")
    project.run("-V")
    assert (project.folder / ".venv/made-by").read_text() == "python3.13\n"


def test_skips_a_shim_that_refuses(project):
    project.install("python3.13", BROKEN_SHIM)
    project.install("python3.14", BROKEN_SHIM)
    project.install_python("python3.12", "3 12")
    project.run("-V")
    assert (project.folder / ".venv/made-by").read_text() == "python3.12\n"
    assert (project.folder / ".local/emulator-venv/made-by").read_text() == "python3.12\n"


def test_sets_up_once_and_says_nothing_the_second_time(project):
    project.install_python()
    first = project.run("-m", "something")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "ran -m something\n"
    assert "about a minute" in first.stderr
    assert "Python 3.11 environment in .venv" in first.stderr
    second = project.run("-m", "something")
    assert (second.stdout, second.stderr) == ("ran -m something\n", "")
    assert len(project.reached("npm")) == 1


def test_installs_again_after_a_lock_changed(project):
    project.install_python()
    project.run("-V")
    with (project.folder / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    again = project.run("-V")
    assert "packages of requirements.lock" in again.stderr
    assert "emulator.txt" not in again.stderr
    assert "environment in" not in again.stderr
    assert "package-lock" not in again.stderr


def test_makes_environments_anew_in_a_folder_that_was_moved(project, tmp_path_factory):
    project.install_python()
    project.run("-V")
    moved = tmp_path_factory.mktemp("moved") / "here"
    project.folder.rename(moved)
    project.folder = moved
    again = project.run("-V")
    assert again.returncode == 0
    assert "environment in .venv" in again.stderr
    assert project.run("-V").stderr == ""


def test_npm_runs_nothing_that_a_package_brings(project):
    project.install_python()
    project.install("npm", '#!/bin/sh\nmkdir -p node_modules\necho "$*" > asked\n')
    project.run("-V")
    assert "--ignore-scripts" in (project.folder / "asked").read_text()


PIP_OFFLINE = """#!/bin/sh
case "$2" in
  venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
  -c) echo 3 12;;
  pip) echo "ERROR: Could not find a version that satisfies uv (from versions: none)"; exit 1;;
esac
"""
NPM_OFFLINE = "#!/bin/sh\necho 'npm error code ENOTFOUND'; exit 1\n"


@pytest.mark.parametrize(
    ("tool", "script", "registry", "what"),
    [
        ("python3", PIP_OFFLINE, "PyPI", "for the package uv."),
        ("npm", NPM_OFFLINE, "npm's registry", "for the packages of package-lock.json."),
    ],
)
def test_says_offline_what_is_missing_and_how_to_go_on(project, tool, script, registry, what):
    project.install_python()
    project.install(tool, script)
    done = project.run("-V")
    assert done.returncode == 2
    *_, sentence, reason = done.stderr.splitlines()
    assert f"can't reach {registry}" in sentence
    assert what in sentence
    assert "run the same command again" in sentence
    assert reason.strip() in script
    project.install("npm", "#!/bin/sh\nmkdir -p node_modules\n")
    project.install_python()
    assert project.run("-V").returncode == 0


def test_another_failure_of_pip_is_not_called_offline(project):
    project.install("python3", PIP_OFFLINE.replace("(from versions: none)", "(from versions: 1)"))
    done = project.run("-V")
    assert done.returncode == 2
    assert "online" not in done.stderr
    assert "failed:" in done.stderr


def test_a_read_only_folder_is_one_line(project):
    project.install_python()
    with tempfile.TemporaryDirectory() as elsewhere:  # pytest's folders are root's alone
        folder = Path(elsewhere) / "project"
        shutil.copytree(project.folder, folder, symlinks=True)
        Path(elsewhere).chmod(0o755)
        folder.chmod(0o555)
        project.folder = folder
        done = project.run("-V", user=NOBODY if os.geteuid() == 0 else None)
        folder.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "permission denied" in done.stderr


@pytest.mark.parametrize("module", ["lib.cli.demo", "lib.cli", "lib.tools.checks"])
def test_helps_without_installing_anything(project, module):
    done = project.run("-m", module, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("npm ")
    assert not (project.folder / ".local").exists()


def test_names_the_option_that_npm_took_for_itself(project):
    done = project.run("-m", "lib.cli.demo", npm_config_keep="true", npm_lifecycle_event="demo")
    assert done.returncode == 2
    assert "npm run demo -- --keep" in done.stderr


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -TERM $$", 143)])
def test_passes_on_how_python_ended(project, script, code):
    project.install_python()
    project.run("-V")
    (project.folder / ".venv/bin/python").write_text(f"#!/bin/sh\n{script}\n")
    assert project.run("-V").returncode == code
