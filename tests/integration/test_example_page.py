"""The page of the examples with a back end: it ends its waiting, and says what went wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PAGE = (EXAMPLES / "express" / "page.html").read_text("utf-8")

BROWSER = """
const [script, { offer, sent, events }] = JSON.parse(require("node:fs").readFileSync(0));
const seen = [], said = [];
const answers = { "/uploads": () => offer, "/events/a1": () => events.shift() };
const fetch = async (path, { body } = {}) => {
  seen.push(path);
  if (body instanceof FormData) {
    seen.push([...body.keys()]);
    return sent;
  }
  return { json: async () => answers[path]() };
};
sent.text = async () => sent.body;
const names = ["fetch", "alert", "location", "setTimeout"];
const page = { reload: () => said.push("reload") }, wait = (go) => go();
const make = new Function(...names, script + "; return send;");
const send = make(fetch, (text) => said.push(text), page, wait);
const shown = () => console.log(JSON.stringify([seen, said]));
send(new File(["bytes"], "a.jpg")).then(shown);
"""
OFFER = {"method": "POST", "url": "https://s3/", "fields": {"key": "a.jpg"}, "asset_id": "a1"}
WAITS: list[dict[str, Any]] = [{}, {"status": "RECEIVED"}]
SENT = ["/uploads", "https://s3/", ["key", "file"]]


def choose(
    offer: dict[str, Any], events: tuple[dict[str, Any], ...] = (), **sent: Any
) -> tuple[list[Any], list[str]]:
    """Choose a file on the page, and return what it asked and what it said."""
    script = PAGE.partition("<script>")[2].partition("</script>")[0]
    told = {"offer": offer, "events": [*WAITS, *events], "sent": sent or {"ok": True}}
    done = subprocess.run(
        ["node", "-e", BROWSER],
        input=json.dumps([script, told]),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    seen, said = json.loads(done.stdout)
    return seen, said


def test_both_back_ends_have_the_same_page():
    assert (EXAMPLES / "fastapi" / "page.html").read_text("utf-8") == PAGE


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"status": "READY"}, "reload"),
        ({"status": "PARTIAL", "error": {"message": "one width"}}, "reload"),
        ({"status": "REJECTED", "error": {"message": "no image"}}, "no image"),
        ({"status": "FAILED", "error": None}, "FAILED"),
        ({"status": "DELETED"}, "DELETED"),
    ],
)
def test_the_page_waits_until_the_asset_has_ended(event, said):
    assert choose(OFFER, (event,)) == ([*SENT, *["/events/a1"] * 3], [said])


def test_what_s3_refuses_is_shown():
    seen, said = choose(OFFER, ok=False, body="<Message>too large</Message>")
    assert (seen, "too large" in said[0]) == (SENT, True)


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ({"method": "multipart", "url": "s3/multipart/u1", "fields": {}}, "uppy"),
        ({"code": "LIMIT_EXCEEDED", "detail": "expected at most 5 MB"}, "at most 5 MB"),
    ],
)
def test_a_file_that_no_form_is_offered_for_is_not_sent(offer, why):
    seen, said = choose(offer)
    assert (seen, why in said[0]) == (["/uploads"], True)
