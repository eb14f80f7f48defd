"""The filter's program, run by a small interpreter for both processors."""

from __future__ import annotations

import struct

import pytest

from lib.adapters.sandbox import seccomp
from lib.adapters.sandbox.seccomp import ALLOW, ARCHITECTURES, CALLS, ENOSYS, EPERM, FAIL, KILL

PID = 4242
MACHINES = tuple(ARCHITECTURES)
REFUSED = {
    # asm/unistd_64.h, asm-generic/unistd.h
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "kill": (62, 129),
    "tkill": (200, 130),
    "unlinkat": (263, 35),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "prctl": (157, 167),
    "pidfd_getfd": (438, 438),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "setuid": (105, 146),
    "userfaultfd": (323, 282),
}


def judge(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return what the filter does about a system call."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    if architecture is None:
        architecture = ARCHITECTURES[machine][1]
    data = struct.pack("<iIQ6Q", number, architecture, 0, *given)
    steps = seccomp.compile_filter(machine, PID)
    at = value = 0
    while True:
        code, if_so, if_not, operand = steps[at]
        at += 1
        if code == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == seccomp.JUMP_IF_EQUAL:
            at += if_so if value == operand else if_not
        elif code == seccomp.JUMP_IF_ANY_BIT:
            at += if_so if value & operand else if_not
        else:
            assert code == seccomp.RETURN
            return operand


@pytest.mark.parametrize("machine", MACHINES)
def test_what_computing_needs_is_allowed(machine: str):
    column = ARCHITECTURES[machine][0]
    for name, numbers in CALLS.items():
        assert judge(machine, numbers[column]) == ALLOW, name


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", REFUSED)
def test_the_rest_fails(machine: str, name: str):
    assert judge(machine, REFUSED[name][ARCHITECTURES[machine][0]]) == FAIL | EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: str):
    column = ARCHITECTURES[machine][0]
    mmap, mprotect = seccomp.MMAP[column], seccomp.MPROTECT[column]
    for number in (mmap, mprotect):
        assert judge(machine, number, 0, 4096, 0b011) == ALLOW
        assert judge(machine, number, 0, 4096, 0b101) == FAIL | EPERM
    thread, process = 0x3D0F00, 0x1200011  # glibc's pthread_create and fork
    assert judge(machine, seccomp.CLONE[column], thread) == ALLOW
    assert judge(machine, seccomp.CLONE[column], process) == FAIL | EPERM
    assert judge(machine, seccomp.CLONE3[column]) == FAIL | ENOSYS
    assert judge(machine, seccomp.TGKILL[column], PID, PID, 6) == ALLOW
    assert judge(machine, seccomp.TGKILL[column], PID - 1, PID - 1, 9) == FAIL | EPERM
    assert judge(machine, seccomp.PRLIMIT[column], 0) == ALLOW
    assert judge(machine, seccomp.PRLIMIT[column], PID - 1) == FAIL | EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_the_calls_of_another_architecture_end_the_process(machine: str):
    assert judge(machine, 0, architecture=0x40000003) == KILL  # i386's


def test_numbers_of_x32_are_not_those_of_x86_64():
    assert judge("x86_64", 0x4000_0000 | CALLS["read"][0]) == FAIL | EPERM
