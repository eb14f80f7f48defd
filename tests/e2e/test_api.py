"""Assets through the HTTP API of the local stage: what became of uploads, and what is done then."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.deployed import Deployed, wait_for
from tests.support.api_calls import Answer, Api, send, send_form
from tests.support.images import photo, save

TEXT = b"just words\n"
HOSTILE = '<script>alert(1)<_script> "quotes" & 100% + שלום é#.txt'


@pytest.fixture(scope="module")
def api(deployed: Deployed) -> Api:
    return Api(deployed.outputs["ApiUrl"])


def upload(api: Api, filename: str, content: bytes, **fields: Any) -> Any:
    offered = api.offer(filename, len(content), **fields)
    assert send_form(offered["url"], offered["fields"], content).status == 201
    return offered


def poll(api: Api, asset_id: str) -> Answer:
    """Ask as often as the API says, until nothing more happens; return the last answer."""
    known: dict[str, str] = {}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = send("GET", f"{api.url}/assets/{asset_id}", headers=known)
        if answer.status == 200 and "retry-after" not in answer.headers:
            return answer
        assert answer.status in (200, 304, 404), answer.body  # 404: S3 has not told of it yet
        known = {"If-None-Match": answer.headers["etag"]} if "etag" in answer.headers else {}
        time.sleep(min(int(answer.headers.get("retry-after", 1)), 1) / 4)
    raise AssertionError(f"{asset_id} is not finished after a minute")


@pytest.fixture(scope="module")
def done(api: Api) -> Answer:
    """Return the answer about a photo that is finished."""
    offered = upload(api, "photo é.jpg", save(photo(), "JPEG"), type="image/jpeg", prefix="api")
    return poll(api, offered["asset_id"])


def ask(api: Api, answer: Answer, method: str = "GET", rest: str = "", body: Any = None) -> Answer:
    return api.call(method, f"/assets/{answer.json['asset_id']}{rest}", body)


def known(answer: Answer) -> dict[str, Any]:
    """Return what does not depend on when it was asked for, as addresses that are signed do."""
    asset = answer.json
    assert answer.status in (200, 202), answer.body
    digests = [each["sha256"] for each in asset["renditions"]]
    return {"key": asset["key"], "asset_id": asset["asset_id"], "sha256": digests}


def test_a_finished_photo_has_addresses_that_a_page_can_use(api, done):
    asset = done.json
    assert (asset["status"], asset["media_type"], asset["preset"]) == ("READY", "image", "default")
    assert asset["bytes_saved"] > 0
    assert asset["picture"].startswith("<picture>")
    made = [each for each in asset["renditions"] if each["url"]]
    assert made
    for url, mime, size in [
        (made[0]["url"], made[0]["mime"], made[0]["bytes"]),
        (asset["preview"], "image/", None),
        (asset["manifest_url"], "application/json", None),
    ]:
        found = send("GET", url)
        assert found.status == 200, url
        assert found.headers["content-type"].startswith(mime)
        assert size in (None, len(found.body))


def test_who_knows_it_is_not_told_again(api, done):
    tag = done.headers["etag"]
    url = f"{api.url}/assets/{done.json['asset_id']}"
    for known in (tag, f'"other", {tag}', "*"):
        again = send("GET", url, headers={"If-None-Match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-cache"
    assert send("GET", url, headers={"If-None-Match": '"other"'}).status == 200


def test_a_key_finds_its_asset_however_it_is_written(api, done):
    for key in (done.json["key"], "none", f"{done.json['key']}/"):
        for path in (quote(key), quote(key, safe="")):
            answer = api.call("GET", f"/assets/by-key/{path}")
            if key == done.json["key"]:
                assert known(answer) == known(done)
            else:
                assert (answer.status, answer.code) == (404, "NOT_FOUND")


def test_assets_are_listed_the_last_changed_first_page_by_page(api, deployed):
    names = [upload(api, f"{n}.txt", TEXT, prefix="listed", overwrite=True) for n in range(5)]
    for each in names:
        poll(api, each["asset_id"])
    pages, cursor = [], ""
    while cursor is not None:
        query = f"/assets?prefix=listed/&status=REJECTED&limit=2{cursor and f'&cursor={cursor}'}"
        page = wait_for(partial(_complete, api, query), "the index to have all five")
        pages.append([each["key"] for each in page["assets"]])
        cursor = page["cursor"]
    listed = [key for page in pages for key in page]
    assert sorted(listed) == [f"listed/{n}.txt" for n in range(5)]
    changed = [deployed.asset(key).updated_at for key in listed]
    assert changed == sorted(changed, reverse=True)
    found = api.call("GET", "/assets?q=LISTED/3&limit=100").json
    assert [each["key"] for each in found["assets"]] == ["listed/3.txt"]
    other = api.call("GET", f"/assets?prefix=other/&cursor={quote('bm90IG9uZQ')}")
    assert (other.status, other.code) == (400, "INVALID_REQUEST")


def _complete(api: Api, query: str) -> Any:
    """Return a page once the index, which may lag, has all."""
    every = api.call("GET", "/assets?prefix=listed/&status=REJECTED&limit=100").json["assets"]
    return api.call("GET", query).json if len(every) == 5 else None


def test_hostile_names_are_text(api):
    offered = upload(api, HOSTILE, TEXT, prefix="hostile")
    answer = poll(api, offered["asset_id"])
    assert answer.json["key"].endswith(f"/{HOSTILE}")
    assert answer.body.isascii()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json["reason"]["code"] == "UNSUPPORTED_MEDIA"
    by_key = api.call("GET", f"/assets/by-key/{quote(answer.json['key'], safe='')}")
    assert known(by_key) == known(answer)


def test_a_retry_makes_the_same_again_once(api, done):
    first, second = (ask(api, done, "POST", "/retry") for _ in range(2))
    assert first.status == 202, first.body
    assert known(first)["sha256"] == known(done)["sha256"], "what is live stays"
    assert second.status in (202, 409)
    taken = [first.status, second.status].count(202)  # the first may be done before the second
    again = poll(api, done.json["asset_id"])
    assert (again.json["status"], again.json["version_id"]) == ("READY", done.json["version_id"])
    assert 1 <= again.json["attempts"] - done.json["attempts"] <= taken
    assert again.headers["etag"] != done.headers["etag"]


def test_another_preset_is_a_new_version(api, deployed):
    offered = upload(api, "a.txt", TEXT, prefix="preset")
    before = poll(api, offered["asset_id"]).json
    answer = ask(api, poll(api, offered["asset_id"]), "POST", "/retry", {"preset": "nope"})
    assert (answer.status, answer.code) == (400, "UNKNOWN_PRESET")
    answer = ask(api, poll(api, offered["asset_id"]), "POST", "/retry", {"preset": "default"})
    assert (answer.status, answer.json["status"]) == (202, "RECEIVED"), answer.body
    after = poll(api, offered["asset_id"]).json
    assert after["status"] == "REJECTED", "it is as it was, but asked for by another preset"
    assert after["version_id"] != before["version_id"]
    head = deployed.s3.head_object(Bucket=deployed.uploads, Key=after["key"])
    assert head["Metadata"] == {"preset": "default"}
    assert head["ContentLength"] == len(TEXT)


def test_what_is_deleted_is_gone(api):
    offered = upload(api, "a.txt", TEXT, prefix="deleted")
    answer = poll(api, offered["asset_id"])
    assert ask(api, answer, "DELETE").status == 202
    wait_for(lambda: ask(api, answer).status == 410, "the removal to be recorded")
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/retry")):
        gone = ask(api, answer, method, rest)
        assert (gone.status, gone.code) == (410, "GONE"), (method, rest)
    listed = api.call("GET", "/assets?prefix=deleted/").json["assets"]
    assert listed == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/assets/{'0' * 32}", None, 404),
        ("GET", "/assets/..%2fassets", None, 404),
        ("DELETE", f"/assets/{'0' * 32}", None, 404),
        ("POST", f"/assets/{'0' * 32}/retry", None, 404),
        ("POST", f"/assets/{'0' * 32}/retry", {"presets": 1}, 400),
        ("GET", "/assets?limit=0", None, 400),
        ("GET", "/assets?status=ready", None, 400),
        ("GET", "/assets?cursor=x", None, 400),
        ("GET", "/assets?q=%ff", None, 400),
        ("GET", "/assets?more=1", None, 400),
    ],
)
def test_what_is_not_asked_as_described_is_a_clear_problem(api, method, path, body, status):
    answer = api.call(method, path, body)
    assert answer.status == status, json.dumps(answer.json)
    assert answer.code == {400: "INVALID_REQUEST", 404: "NOT_FOUND"}[status]
