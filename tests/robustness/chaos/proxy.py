"""Stand between the functions and the emulator: forward each call, or make it fail.

What is signed stays as it was, the Host header too: the emulator takes the proxy's name beside its
own (`emulator.py`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.robustness.chaos.calls import (
    LARGEST_HEAD,
    Call,
    Message,
    read_request,
    read_response,
    refuse,
)
from tests.robustness.chaos.faults import Faults

LOOPBACK = "127.0.0.1"
GONE = (
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    asyncio.CancelledError,  # at the end of the run; the stream's own callback can't take it
)


class Proxy:
    """A proxy before one emulator. `faults` decides about each call."""

    def __init__(self, upstream: int, faults: Faults) -> None:
        self._upstream = upstream
        self._faults = faults
        self._serving: set[asyncio.Task[None] | None] = set()
        """The event loop alone does not keep them: what waits may be collected as garbage."""
        self.calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side goes away."""
        task = asyncio.current_task()
        self._serving.add(task)
        try:
            with suppress(*GONE):
                while await self._serve_one(reader, writer):
                    await writer.drain()
        finally:
            writer.close()
            self._serving.discard(task)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await read_request(reader, writer)
        call = Call.of(request)
        verdict = self._faults.judge(call)
        self.calls += 1
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        if verdict.refusal:
            writer.write(refuse(call.service, *verdict.refusal))
            return True
        response = await self._forward(request)
        if verdict.loses_reply:
            writer.transport.abort()
            return False
        writer.write(response.head + response.body)
        return response.header("connection").lower() != "close"

    async def _forward(self, request: Message) -> Message:
        reader, writer = await asyncio.open_connection(LOOPBACK, self._upstream, limit=LARGEST_HEAD)
        try:
            writer.write(request.head + request.body)
            await writer.drain()
            return await read_response(reader, request.first.split(" ")[0])
        finally:
            writer.close()


@contextmanager
def running(port: int, upstream: int, faults: Faults) -> Iterator[Proxy]:
    """Serve on a port of loopback, in a thread, for the length of a `with` block."""
    proxy = Proxy(upstream, faults)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(proxy.serve, LOOPBACK, port, limit=LARGEST_HEAD)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    """Close the server, and break off what it still serves."""
    server.close()
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    for each in serving:
        each.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
