"""Run the emulator so that functions reach it through a proxy, and note each of their invocations.

The proxy's port stands in `proxy.port` in the folder above the emulator's; the notes are lines of
JSON in `invocations.jsonl` beside that. Each has `request`, `at` (seconds of the epoch) and what
happened: `begin` (with `function`, `event`, `pid`), `spawned` (a new `pid`) or `end`.

Standard library only, and ministack: this runs in the emulator's own environment.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
import time
from pathlib import Path
from typing import Any

NOTES = "invocations.jsonl"
PORT = "proxy.port"
ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "lib/tools/emulator/server.py"
ABOVE = Path("..").resolve()
AT_ONCE = 3
"""Workers of one function: each new one wants a core for a second."""


def serve_proxied_too(proxy_port: int) -> None:
    """Let the filter pass what names the proxy as its host, which is what was signed."""
    from lib.tools.emulator import request_filter

    make_filter = request_filter.filter_requests

    def make_both(served: Any, port: int, verify: Any, find_door: Any = lambda _: None) -> Any:
        direct = make_filter(served, port, verify, find_door)
        proxied = make_filter(served, proxy_port, verify, find_door)
        named = f":{proxy_port}".encode()

        async def choose(scope: Any, receive: Any, send: Any) -> None:
            host = dict(scope.get("headers", ())).get(b"host", b"")
            await (proxied if host.endswith(named) else direct)(scope, receive, send)

        return choose

    request_filter.filter_requests = make_both


def note_invocations(path: Path) -> None:
    """Append a line for each invocation's begin, its new process and its end."""
    from ministack.core import lambda_runtime

    lock = threading.Lock()
    worker = lambda_runtime.Worker
    invoke, spawn = worker.invoke, worker._spawn

    def note(request: str, **facts: Any) -> None:
        line = json.dumps({"request": request, "at": time.time()} | facts, default=str)
        with lock, path.open("a") as file:
            file.write(line + "\n")

    def spawning(self: Any) -> None:
        spawn(self)
        note(self.chaos_request, what="spawned", pid=self._proc.pid)

    def invoking(self: Any, event: Any, request_id: str, **options: Any) -> Any:
        self.chaos_request = request_id
        alive = self._proc is not None and self._proc.poll() is None
        pid = self._proc.pid if alive else None
        note(request_id, what="begin", function=self.func_name, pid=pid, event=event)
        answer: dict[str, Any] = {}
        try:
            answer = invoke(self, event, request_id, **options)
            return answer
        finally:
            error = answer.get("error", "") if answer.get("status") == "error" else ""
            failed = not answer or answer.get("status") == "error"
            note(request_id, what="end", failed=failed, error=str(error)[:200])

    worker._spawn, worker.invoke = spawning, invoking


def let_invocations_wait(at_once: int) -> None:
    """Let each function have so many workers at once; who comes then waits for one.

    As Lambda lets asynchronous invocations wait where the account's limit is reached. Here each S3
    event would have a new process, and a machine that can't start them within dispatch's time-out
    would do nothing else any more.
    """
    from ministack.services import lambda_svc

    lock = threading.Lock()
    slots: dict[str, threading.Semaphore] = {}
    acquire, release = lambda_svc.acquire_worker, lambda_svc.release_worker

    def acquiring(func_name: str, *arguments: Any, **options: Any) -> Any:
        with lock:
            free = slots.setdefault(func_name, threading.Semaphore(at_once))
        free.acquire()
        worker, how = acquire(func_name, *arguments, **options)
        if worker is None:
            free.release()
        return worker, how

    def releasing(worker: Any) -> None:
        release(worker)
        if worker is not None:
            slots[worker.func_name].release()

    lambda_svc.acquire_worker, lambda_svc.release_worker = acquiring, releasing


def main() -> None:
    """Run server.py, and put this in between when that has prepared ministack and runs it."""
    proxy_port = int((ABOVE / PORT).read_text())
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{proxy_port}"
    sys.path.append(str(ROOT))
    serve_proxied_too(proxy_port)
    run_module = runpy.run_module

    def run(mod_name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        note_invocations(ABOVE / NOTES)
        let_invocations_wait(AT_ONCE)
        return run_module(mod_name, *arguments, **options)

    runpy.run_module = run
    runpy.run_path(str(SERVER), run_name="__main__")


if __name__ == "__main__":
    main()
