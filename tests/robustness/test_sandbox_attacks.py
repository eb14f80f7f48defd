"""Decoders behind a wall: what one that was taken over can't do, and what it can where."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.adapters.sandbox.landlock import CREATE_RULESET, VERSION
from lib.adapters.sandbox.sandbox import Sandbox
from lib.process_limits import PR_SET_DUMPABLE, set_undumpable
from tests.support.walls import (
    LINUX,
    SECRET,
    VARIANTS,
    attempt,
    planted,
    told,
    works,
)


@pytest.fixture
def parent() -> Iterator[int]:
    """This process, with a secret in its environment and in its memory, as a function is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", SECRET)
        set_undumpable()
        yield os.getpid()
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


@pytest.fixture(params=VARIANTS)
def wall(request: pytest.FixtureRequest, parent: int) -> Iterator[Sandbox]:
    with planted(request.param) as sandbox:
        yield sandbox


def closed(sandbox: Sandbox) -> bool:
    """Tell whether the kernel refuses files and network to the last child."""
    return bool(sandbox.holds["landlock"] or sandbox.holds["seccomp"])


def test_no_decoder_finds_a_credential(wall: Sandbox, parent: int):
    """Whatever the system has: rlimits and an empty environment are everywhere."""
    assert told(attempt(wall, "environment", SECRET)) == {"did": "not found"}
    assert told(attempt(wall, "read", "/proc/self/environ", SECRET)) != {"did": "found"}
    for name in ("environ", "maps", "mem"):
        assert "refused" in told(attempt(wall, "read", f"/proc/{parent}/{name}", SECRET)), name
    secret = ctypes.create_string_buffer(SECRET.encode())
    assert "refused" in told(attempt(wall, "read_memory", parent, ctypes.addressof(secret)))
    assert "refused" in told(attempt(wall, "attach", parent))


@pytest.mark.skipif(not LINUX, reason="only Linux has them")
def test_every_part_says_whether_it_holds(wall: Sandbox, request: pytest.FixtureRequest):
    assert works(wall)
    holds = wall.holds
    assert holds["rlimits"] is True
    assert holds["user"] is True
    variant = request.node.callspec.params["wall"]
    if variant in ("no landlock", "limits only"):
        assert holds["landlock"] == 0
    else:
        assert holds["landlock"] == (version if (version := landlock_version()) > 0 else 0)
    if variant in ("no seccomp", "limits only"):
        assert holds["seccomp"] is False
    else:
        assert holds["seccomp"] is Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def landlock_version() -> int:
    """Ask this kernel, which may have none."""
    call = ctypes.CDLL(None).syscall
    return int(call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def test_no_file_can_be_read_where_the_kernel_can_help(wall: Sandbox):
    found = told(attempt(wall, "read", "/etc/passwd", "root"))
    assert ("refused" in found) is closed(wall)


def test_nothing_can_be_written(wall: Sandbox, tmp_path: Path):
    tmp_path.chmod(0o777)
    path = tmp_path / "dropped"
    assert "refused" in told(attempt(wall, "write", str(path)))
    # Where only the size of files is limited, an empty one may be there.
    assert not path.exists() or (not closed(wall) and path.read_text() == "")


def test_no_connection_can_be_made_where_the_kernel_can_help(wall: Sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = told(attempt(wall, "connect", server.getsockname()[1]))
    tcp = wall.holds["seccomp"] or wall.holds["landlock"] >= 4
    assert ("refused" in found) is tcp


def test_no_program_can_be_started_where_the_kernel_can_help(wall: Sandbox):
    found = told(attempt(wall, "run", "/bin/true"))
    assert ("refused" in found) is closed(wall)


def test_the_parent_cannot_be_signalled_where_the_kernel_can_help(wall: Sandbox, parent: int):
    found = told(attempt(wall, "send_signal", parent))
    if wall.holds["seccomp"] or wall.holds["landlock"] >= 6 or os.geteuid() == 0:
        assert "refused" in found


def test_only_the_socket_is_open(parent: int):
    with open(os.devnull) as _, planted() as wall:  # noqa: PTH123
        assert told(attempt(wall, "descriptors", 256)) == {"did": "1"}
