"""The process whose children decode: it has everything imported, and meets no foreign byte.

It is a program of its own, started with an empty environment before there are credentials: a plain
fork of the function would have them in its memory. It forks a child for each image, and one ahead
of time, which has given up everything (`lockdown.py`) when the next image comes. No child sees a
second one: what takes a child over does not meet the next upload.
"""

from __future__ import annotations

import errno
import gc
import os
import pickle
import pkgutil
import signal
import socket
import time
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, replace
from importlib import import_module
from typing import Any

from PIL import Image

from lib import imaging
from lib.adapters.sandbox.lockdown import limit_cpu, lock_down
from lib.adapters.sandbox.protocol import (
    END,
    FORK,
    LONGEST_TEXT,
    OUT_OF_MEMORY,
    REQUEST,
    STATUS,
    Channel,
    ChannelError,
    Message,
)
from lib.domain.errors import ErrorCode, MediaError, PermanentError
from lib.domain.renditions import Made
from lib.imaging.in_process import InProcess, Opened
from lib.imaging.malloc import reserve
from lib.process_limits import set_undumpable

MOST_BYTES = 2**40
NO_THREAD = "can't start new thread"
"""CPython's words where there is no memory for a stack."""

RESERVED = 1 / 8
"""Of a child's memory: as much as a 12-MP photo needs, of what a small function has."""

ALSO = ("PIL.MpoImagePlugin", "encodings.latin_1", "encodings.utf_16")
"""What is imported while an image is read, by others than lib.imaging."""


def load() -> None:
    """Import all that a child may need: it will not be able to."""
    found = pkgutil.walk_packages(imaging.__path__, f"{imaging.__name__}.")
    for name in sorted({*ALSO, *(each.name for each in found)}):
        import_module(name)
    Image.preinit()  # as each `save` does


def serve(control_fd: int, memory: int) -> None:
    """Fork children as the parent asks, each with `memory` bytes at most, until it is gone."""
    set_undumpable()  # a child must not change what its siblings will be
    load()
    reserve(round(memory * RESERVED))
    gc.collect()
    gc.freeze()  # children write to fewer of the shared pages
    control = socket.socket(fileno=control_fd)
    children: set[int] = set()
    while True:
        request, passed, _, _ = socket.recv_fds(control, REQUEST.size, 1)
        if len(request) != REQUEST.size:
            break
        kind, pid = REQUEST.unpack(request)
        if kind == FORK:
            with suppress(OSError):  # the parent sees its end closed, and no child
                children.add(_fork(control, passed[0], memory))
            os.close(passed[0])
            continue
        status = _end(pid, children)
        if kind == END:
            control.sendall(STATUS.pack(status))
    for pid in tuple(children):
        _end(pid, children)


def _fork(control: socket.socket, fd: int, memory: int) -> int:
    """Return the child's number. Raises OSError where there can be none."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        control.close()
        _run_child(fd, memory)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _end(pid: int, children: set[int]) -> int:
    """Make sure that a child is over; return how it ended, as `os.waitpid` does."""
    if pid not in children:
        return 0
    children.remove(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _run_child(fd: int, memory: int) -> None:
    """Give up everything, then do for one image what the parent asks for."""
    channel = Channel(socket.socket(fileno=fd))
    holds = lock_down(fd, memory)
    channel.send(Message({"what": "ready", "pid": os.getpid(), "holds": holds}))
    with suppress(ChannelError):  # the parent needs no more
        request = channel.receive(MOST_BYTES)
        try:
            _do_task(channel, request)
        except MediaError as exc:
            channel.send(_failed(exc))
        except MemoryError:
            gc.collect()
            channel.send(_failed(_too_large(memory)))
        except ChannelError:
            raise
        except Exception as exc:  # an image did this: it would again
            if _lacks_memory(exc):
                channel.send(_failed(_too_large(memory)))
                return
            reason = f"cannot be decoded: {type(exc).__name__}: {exc}"
            failed = _failed(PermanentError(ErrorCode.CORRUPT_MEDIA, reason))
            channel.send(Message(failed.head | {"traceback": traceback.format_exc()[-4000:]}))


def _lacks_memory(exc: Exception) -> bool:
    """Tell whether an exception is how the system words that there is no memory."""
    if isinstance(exc, OSError):
        return exc.errno == errno.ENOMEM
    return isinstance(exc, RuntimeError) and str(exc) == NO_THREAD


def _do_task(channel: Channel, request: Message) -> None:
    limit_cpu(request.head["cpu_seconds"])
    ends: float = request.head["ends"]
    # The parent is trusted: this is its own task.
    task = pickle.loads(request.body)  # noqa: S301
    data = channel.receive(MOST_BYTES).body
    channel.send(Message({"what": "received"}))
    images = InProcess(request.head["measured"])

    def deadline() -> float:
        return ends - time.monotonic()

    match request.head["do"]:
        case "is_animation":
            found = images.is_animation(replace(task, data=data), deadline)
            channel.send(Message({"what": "result", "is_animation": found}))
        case "measure":
            looks = [astuple(each) for each in images.measure_stills(task, deadline)]
            channel.send(Message({"what": "result", "looks": looks}))
        case "lay_out":
            tiles, columns, rows = task
            laid = images.make_sprite_sheets(tiles, columns, rows, deadline)
            channel.send(Message({"what": "result", "size": laid.size}))
            for sheet in laid.sheets:
                channel.send(Message({"what": "sheet"}, sheet))
        case "open":
            opening = images.open(replace(task, data=data), deadline)
            del data
            with opening as opened:
                channel.send(Message({"what": "opened", **_describe(opened)}))
                while True:
                    _serve_opened(channel, opened, channel.receive(0).head, images.measured)


def _serve_opened(
    channel: Channel, opened: Opened, request: dict[str, Any], measured: Mapping[str, float]
) -> None:
    """Do the next thing with an opened image, and tell what encodes have taken by then."""
    responses: Iterable[Message]
    if request["do"] == "make":
        responses = (_made(each) for each in opened.make_renditions())
    else:
        width, height = request["size"]
        frames = opened.film_frames((width, height))
        responses = (Message({"what": "frame", "ms": ms}, pixels) for pixels, ms in frames)
    for each in responses:
        channel.send(each)
    channel.send(Message({"what": "done", "measured": measured}))


def _describe(opened: Opened) -> dict[str, Any]:
    probe = {name: value for name, value in asdict(opened.probe).items() if value not in (None, ())}
    del probe["format"]  # the parent has sniffed it
    return {"probe": probe, "placeholder": asdict(opened.placeholder), "size": opened.size}


def _made(made: Made) -> Message:
    head: dict[str, Any] = {
        "what": "made",
        "name": made.name,
        "quality": made.quality,
        "frames": made.frames,
        "duration_ms": made.duration_ms,
        "error": None,
    }
    if made.error:
        head["error"] = {"code": made.error.code, "message": made.error.message[:LONGEST_TEXT]}
    assert made.content is None or isinstance(made.content, bytes)
    return Message(head, made.content or b"")


def _failed(error: MediaError) -> Message:
    message = error.message[:LONGEST_TEXT]
    return Message({"what": "failed", "code": error.code, "message": message})


def _too_large(memory: int) -> PermanentError:
    reason = f"needs more than {memory // 1_000_000} MB of memory to decode"
    return PermanentError(ErrorCode.LIMIT_EXCEEDED, reason)
