"""What the emulator serves: requests that name this machine and come from no page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lib.tools.emulator import lifecycle
from lib.tools.emulator.refusals import Refusal
from lib.tools.emulator.request_filter import HEALTH, LOGGED, Door, filter_requests
from tests.support.signed import LIST_ROLES, ask, send, signed

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_serves_who_names_this_machine_and_signs(running, key, host):
    answer = ask(running, key, f"{host}:{running.port}")
    assert answer.status == 200, answer.body
    assert "<Roles" in answer.body


@pytest.mark.parametrize(
    "host",
    [
        "evil.test:{port}",
        "127.0.0.1.evil.test:{port}",
        "bucket.localhost:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "127.0.0.1:{port},evil.test",
        "evil@127.0.0.1:{port}",
    ],
)
def test_refuses_another_host_whatever_the_signature(running, key, host):
    answer = ask(running, key, host.format(port=running.port))
    assert answer.status in (400, 403)
    assert "<Roles" not in answer.body
    assert not answer.opened_to_pages


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://localhost:3000", "http://127.0.0.1:{port}", ""]
)
def test_refuses_every_origin_whatever_the_signature(running, key, origin):
    answer = ask(running, key, Origin=origin.format(port=running.port))
    assert (answer.status, answer.opened_to_pages) == (403, [])
    assert "<Roles" not in answer.body


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("new", 403), ("none", 200), ("same-origin", 200)],
)
def test_refuses_what_a_page_of_another_site_asks_for(running, key, site, status):
    assert ask(running, key, Sec_Fetch_Site=site).status == status


def test_no_preflight_is_answered(running):
    headers = {
        "Host": f"127.0.0.1:{running.port}",
        "Origin": "http://evil.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for asked in (headers, {"Host": headers["Host"]}):
        for target in ("/", "/bucket/key", HEALTH):
            answer = send(running, "OPTIONS", target, asked)
            assert (answer.status, answer.opened_to_pages) == (403, [])


def test_only_health_needs_no_signature(running):
    host = {"Host": f"127.0.0.1:{running.port}"}
    assert send(running, "GET", HEALTH, host).status == 200
    assert send(running, "GET", HEALTH, host | {"Origin": "http://evil.test"}).status == 403
    for method, target in (("POST", HEALTH), ("GET", f"{HEALTH}/"), ("GET", "/health")):
        assert send(running, method, target, host).status == 403


@pytest.mark.parametrize("target", ["reset", "config", "ready", "lambda-code/any", "%72eset"])
def test_the_administration_is_closed_to_everybody(running, key, target):
    host = f"127.0.0.1:{running.port}"
    answer = send(running, "POST", f"/_ministack/{target}", signed(key, host), LIST_ROLES)
    assert answer.status == 403
    assert "expected a request to AWS" in answer.body


def test_no_connection_is_upgraded():
    reached: list[str] = []
    sent: list[Any] = []

    async def served(scope, receive, send):
        reached.append(scope["type"])

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    async def verify(request, read):
        return None

    filtered = filter_requests(served, 4566, verify)
    for kind in ("lifespan", "websocket"):
        asyncio.run(filtered({"type": kind}, receive, send))
    assert reached == ["lifespan"]
    assert [each["type"] for each in sent] == ["websocket.close"]


def test_a_door_admits_its_pages_and_its_own_but_no_other_host():
    """`open` is a door that needs no signature, `signed` one that needs it; else there is none."""

    async def served(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def verify(request, read):
        signed = request.header("authorization") == "good"
        return None if signed else Refusal("AccessDenied", "not signed")

    async def admit(request, read):
        return None

    def find_door(request):
        doors = {
            "/open": Door({"http://localhost:3000"}.__contains__, verify=admit),
            "/shown": Door(set().__contains__, embedded=True, verify=admit),
            "/signed": Door({"http://localhost:3000"}.__contains__),
        }
        return doors.get(request.path)

    filtered = filter_requests(served, 4566, verify, find_door)

    def ask(path: str, method: str = "GET", **headers: str) -> int:
        sent: list[Any] = []

        async def receive():
            return {"type": "http.request"}

        async def send(message):
            sent.append(message)

        listed = {"host": "localhost:4566"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), text.encode()) for name, text in listed.items()],
        }
        asyncio.run(filtered(scope, receive, send))
        return int(sent[0]["status"])

    page = {"origin": "http://localhost:3000", "sec_fetch_site": "same-site"}
    assert ask("/signed", **page, authorization="good") == 200
    assert ask("/signed", **page) == 403
    assert ask("/", **page, authorization="good") == 403
    assert ask("/open", **page) == 200
    for own in ("http://localhost:4566", "http://127.0.0.1:4566"):
        assert ask("/open", "POST", origin=own, sec_fetch_site="cross-site") == 200
        assert ask("/", "POST", origin=own, authorization="good") == 403
    for other in ("http://localhost:3001", "http://localhost:4567", "null", "", "http://evil.test"):
        assert ask("/open", origin=other) == 403
        assert ask("/shown", origin=other) == 403
    assert ask("/open", **page | {"host": "evil.test:4566"}) == 403
    # Without an origin: what is shown is shown by anybody, the rest by who refers to it.
    foreign = {"sec_fetch_site": "cross-site"}
    assert ask("/shown", **foreign) == 200
    assert ask("/shown", "POST", **foreign) == 403
    assert ask("/open", **foreign) == 403
    assert ask("/open", **foreign, referer="http://localhost:3000/page?a=b") == 200
    assert ask("/open", **foreign, referer="http://evil.test/http://localhost:3000") == 403
    assert ask("/open", "POST", **foreign, referer="http://localhost:3000/") == 403
    assert ask("/", **foreign, referer="http://localhost:3000/", authorization="good") == 403


def test_the_log_tells_of_refusals_and_does_not_grow_without_end(capsys):
    async def served(scope, receive, send):
        raise AssertionError(scope)

    async def verify(request, read):
        return None

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        pass

    filtered = filter_requests(served, 4566, verify)
    headers = [(b"host", b"evil.test\x1b[2J")]
    scope = {"type": "http", "method": "GET", "path": "/" + "x" * 9999, "headers": headers}

    async def insist():
        for _ in range(LOGGED + 10):
            await filtered(scope, receive, send)

    asyncio.run(insist())
    said = capsys.readouterr().err.splitlines()
    assert len(said) == LOGGED
    assert said[0].startswith("refused GET '/xxx")
    assert "evil.test" in said[0]
    assert "\x1b" not in said[0]
    assert len(said[0]) < 400
