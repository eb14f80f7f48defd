"""Leave this process the system calls that computing needs, by a seccomp filter: seccomp(2).

The rest fail with EPERM: no file, no socket, no process, no code that was not loaded before.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

CALLS: dict[str, tuple[int, int]] = {
    "futex": (202, 98),
    "munmap": (11, 215),
    "madvise": (28, 233),
    "read": (0, 63),
    "write": (1, 64),
    "recvfrom": (45, 207),
    "sendto": (44, 206),
    "brk": (12, 214),
    "mremap": (25, 216),
    "sched_yield": (24, 124),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "rt_sigprocmask": (14, 135),
    "rt_sigaction": (13, 134),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "set_tid_address": (218, 96),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "gettid": (186, 178),
    "getpid": (39, 172),
    "sched_getaffinity": (204, 123),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "ppoll": (271, 73),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_getres": (229, 114),
    "restart_syscall": (219, 128),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
}
"""Allowed: numbers for x86-64 (asm/unistd_64.h) and arm64 (asm-generic/unistd.h), busy ones first.
They can use what is open, which is one socket to the parent."""

MMAP, MPROTECT, CLONE, CLONE3, TGKILL, PRLIMIT = (
    *((9, 222), (10, 226), (56, 220), (435, 435)),
    *((234, 131), (302, 261)),
)
POLL_X86 = 7

PROT_EXEC = 0x4
CLONE_THREAD = 0x1_0000
OWN = 0
EPERM, ENOSYS = 1, 38

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine → column of the tables, AUDIT_ARCH of linux/audit.h."""

LOAD, JUMP_IF_EQUAL, JUMP_IF_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
"""Classic BPF: linux/bpf_common.h."""

NUMBER, ARCHITECTURE, FIRST_ARGUMENT, ARGUMENT_BYTES = 0, 4, 16, 8
"""Offsets in struct seccomp_data; of an argument the low half is looked at."""

KILL, FAIL, ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

Instruction = tuple[int, int, int, int]
"""Code, instructions to skip where a comparison holds and where not, operand."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of one system call by the low half of an argument."""

    number: int
    argument: int
    compare: int
    operand: int
    if_so: int
    if_not: int


def compile_filter(machine: str, pid: int) -> list[Instruction]:
    """Return the filter for a machine (`platform.machine()`) and the process of a number.

    Raises KeyError for a machine that is not in the table.
    """
    column, architecture = ARCHITECTURES[machine]
    no = FAIL | EPERM
    rules = [
        Rule(MMAP[column], 2, JUMP_IF_ANY_BIT, PROT_EXEC, no, ALLOW),
        Rule(MPROTECT[column], 2, JUMP_IF_ANY_BIT, PROT_EXEC, no, ALLOW),
        Rule(CLONE[column], 0, JUMP_IF_ANY_BIT, CLONE_THREAD, ALLOW, no),
        Rule(TGKILL[column], 0, JUMP_IF_EQUAL, pid, ALLOW, no),  # abort(3)
        Rule(PRLIMIT[column], 0, JUMP_IF_EQUAL, OWN, ALLOW, no),  # its own it can only lower
    ]
    allowed = [numbers[column] for numbers in CALLS.values()]
    if machine == "x86_64":
        allowed.append(POLL_X86)
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        *(step for rule in rules for step in _compile(rule)),
        *(step for number in allowed for step in _return_for(number, ALLOW)),
        # Its flags lie where a filter cannot look: the C library goes on with clone.
        *_return_for(CLONE3[column], FAIL | ENOSYS),
        (RETURN, 0, 0, no),
    ]


def _return_for(number: int, action: int) -> list[Instruction]:
    return [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, action)]


def _compile(rule: Rule) -> list[Instruction]:
    return [
        (JUMP_IF_EQUAL, 0, 4, rule.number),
        (LOAD, 0, 0, FIRST_ARGUMENT + ARGUMENT_BYTES * rule.argument),
        (rule.compare, 0, 1, rule.operand),
        (RETURN, 0, 0, rule.if_so),
        (RETURN, 0, 0, rule.if_not),
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def assemble(steps: Sequence[Instruction]) -> bytes:
    """Return instructions as struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def install_filter() -> bool:
    """Install the filter in this thread and those it starts, for good.

    False where the kernel does not take it, or its machine is not in the table. The process has
    given up new privileges before.
    """
    if platform.system() != "Linux" or platform.machine() not in ARCHITECTURES:
        return False
    steps = compile_filter(platform.machine(), os.getpid())
    program = _Program(len(steps), assemble(steps))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return bool(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
