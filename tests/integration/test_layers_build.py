"""The layer builder's promises: stale, fresh, killed, refused. Tried on a wheel made here."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from layers import build

ROOT = Path(__file__).resolve().parents[2]
HOST = build.parse_target("host")
DEADLINE = 60.0


@pytest.fixture
def wheelhouse(tmp_path, monkeypatch):
    """A folder that is pip's only index, with the wheel of `tiny` 1.0."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    info = "tiny-1.0.dist-info"
    files = {
        "tiny/__init__.py": "VALUE = 1\n",
        "tiny/tests/test_tiny.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/LICENSE": "Do what you like.\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def source(tmp_path, wheelhouse):
    """A layer's folder that locks `tiny`."""
    folder = tmp_path / "sources" / "small"
    folder.mkdir(parents=True)
    digest = hashlib.sha256((wheelhouse / "tiny-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    (folder / "requirements.txt").write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    (folder / "NOTICE").write_text("tiny 1.0\n")
    return folder


@pytest.fixture
def output(tmp_path):
    return tmp_path / "layers"


def files_of(layer: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(layer)): path.read_bytes()
        for path in layer.rglob("*")
        if path.is_file()
    }


def start_build(source: Path, output: Path, **env: str) -> subprocess.Popen[str]:
    script = (
        "import sys; from pathlib import Path; from layers.build import build_layer, parse_target;"
        "build_layer(Path(sys.argv[1]), parse_target('host'), Path(sys.argv[2]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, source, output],
        cwd=ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_layer_holds_its_packages_licences_and_notice_and_nothing_unused(source, output):
    assert build.build_layer(source, HOST, output)

    assert set(files_of(output / "host" / "small")) == {
        "NOTICE",
        "python/tiny/__init__.py",
        f"python/tiny/__pycache__/__init__.{sys.implementation.cache_tag}.pyc",
        "python/tiny-1.0.dist-info/METADATA",
        "python/tiny-1.0.dist-info/WHEEL",
        "python/tiny-1.0.dist-info/LICENSE",
    }


def test_its_bytecode_is_believed_without_a_look_at_dates_that_zipping_loses(source, output):
    build.build_layer(source, HOST, output)
    tiny = output / "host" / "small" / "python" / "tiny"
    [compiled] = tiny.glob("__pycache__/*.pyc")
    # PEP 552: bit 0 says hash-based, bit 1 that the source is checked against it.
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01
    assert b"/opt/python/tiny/__init__.py" in compiled.read_bytes()


def test_without_a_python_of_its_version_a_layer_has_no_bytecode(source, output):
    target = replace(HOST, version="3.99")
    build.build_layer(source, target, output)
    assert not list((output / "host").glob("**/*.pyc"))


def test_two_builds_have_the_same_content(source, tmp_path):
    build.build_layer(source, HOST, tmp_path / "one")
    build.build_layer(source, HOST, tmp_path / "two")

    one, two = (files_of(tmp_path / name / "host" / "small") for name in ("one", "two"))
    assert one == two


def test_a_fresh_layer_is_left_alone_and_needs_no_network(source, output, monkeypatch):
    build.build_layer(source, HOST, output)
    before = (output / "host" / "small").stat()
    monkeypatch.setenv("PIP_FIND_LINKS", os.devnull)

    assert not build.build_layer(source, HOST, output)
    assert (output / "host" / "small").stat() == before


@pytest.mark.parametrize("name", ["requirements.txt", "NOTICE"])
def test_a_change_of_what_it_is_made_from_makes_a_layer_stale(source, output, name):
    build.build_layer(source, HOST, output)
    with (source / name).open("a") as file:
        file.write("# changed\n")

    assert build.build_layer(source, HOST, output)
    assert not build.build_layer(source, HOST, output)


def test_each_target_and_each_host_python_has_a_stamp_of_its_own(source):
    targets = [
        HOST,
        replace(HOST, identity=HOST.identity + "-other"),
        build.parse_target("arm64-py3.13"),
        build.parse_target("x86_64-py3.13"),
        build.parse_target("arm64-py3.12"),
    ]

    assert len({build.fingerprint(source, target) for target in targets}) == len(targets)


def test_a_layer_whose_folder_was_removed_is_built_again(source, output):
    build.build_layer(source, HOST, output)
    (output / "host" / "small" / "NOTICE").unlink()
    (output / "host" / "small").rename(output / "elsewhere")

    assert build.build_layer(source, HOST, output)


def test_a_killed_build_leaves_the_old_layer_and_the_next_one_starts_over(source, output):
    build.build_layer(source, HOST, output)
    before = files_of(output / "host" / "small")
    (source / "NOTICE").write_text("tiny 1.0, newer\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers
        silent.settimeout(DEADLINE)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        process = start_build(
            source, output, PIP_NO_INDEX="0", PIP_INDEX_URL=index, PIP_FIND_LINKS=""
        )
        with process, silent.accept()[0]:
            os.killpg(process.pid, signal.SIGKILL)

    assert files_of(output / "host" / "small") == before
    (output / "host" / ".small.unfinished" / "python").mkdir(parents=True, exist_ok=True)
    (output / "host" / ".small.unfinished" / "python" / "half.py").touch()

    assert build.build_layer(source, HOST, output)
    assert files_of(output / "host" / "small") == before | {"NOTICE": b"tiny 1.0, newer\n"}
    assert not (output / "host" / ".small.unfinished").exists()


@pytest.mark.parametrize("step", ["rename", "write_text"])
def test_a_build_killed_while_it_replaces_a_layer_is_stale(source, output, monkeypatch, step):
    build.build_layer(source, HOST, output)
    (source / "NOTICE").write_text("tiny 1.0, newer\n")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, die)
        with pytest.raises(KeyboardInterrupt):
            build.build_layer(source, HOST, output)
    (source / "NOTICE").write_text("tiny 1.0\n")  # what the old stamp was made from

    assert build.build_layer(source, HOST, output)


def test_of_two_builds_at_a_time_one_does_the_work(source, output):
    processes = [start_build(source, output) for _ in range(2)]
    said = [process.communicate(timeout=DEADLINE)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert sorted("built" in each for each in said) == [False, True]


def test_a_wheel_with_another_hash_is_refused(source, output):
    (source / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(build.BuildError, match=r"(?s)tiny==1\.0.*Do not use these files"):
        build.build_layer(source, HOST, output)
    assert not (output / "host" / "small").exists()


def test_a_lock_without_a_hash_is_refused(source, output):
    (source / "requirements.txt").write_text("tiny==1.0\n")

    with pytest.raises(build.BuildError, match="Hashes are required"):
        build.build_layer(source, HOST, output)


def test_an_index_that_is_down_is_named_with_the_package(source, output, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
    monkeypatch.setenv("PIP_INDEX_URL", address)

    with pytest.raises(build.BuildError, match=r"(?s)tiny==1\.0.*Check the network"):
        build.build_layer(source, HOST, output)


def test_a_package_without_a_wheel_for_the_target_is_named(source, output, wheelhouse):
    (wheelhouse / "tiny-1.0-py3-none-any.whl").unlink()

    with pytest.raises(build.BuildError, match=r"(?s)tiny==1\.0.*no wheel"):
        build.build_layer(source, HOST, output)


@pytest.mark.parametrize("target", ["", "arm64", "arm64-py2.7", "riscv-py3.13", "../host", "host "])
def test_an_unknown_target_is_refused(target):
    with pytest.raises(
        ValueError, match=r"expected host, arm64-py3\.N or x86_64-py3\.N for target"
    ):
        build.parse_target(target)


def test_an_unknown_layer_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit, match="2"):
        build.main(["nope"])
    assert "expected one of ffmpeg, imaging, mediainfo, powertools" in capsys.readouterr().err
