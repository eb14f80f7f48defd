"""The function at the edge, run by Node: what is left of a request is its cache key."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

from lib.entrypoints.http.accept import understood
from lib.entrypoints.http.deliveries import read_request
from lib.presets.loader import load
from tests.unit.test_accept import RECORDED

ROOT = Path(__file__).resolve().parents[2]
RUN = """
const { normalizeRequest } = require(process.argv[1]);
const run = async () => {
  const code = await normalizeRequest();
  const { handler } = { handler: new Function(`${code}; return handler;`)() };
  const requests = JSON.parse(require('node:fs').readFileSync(0));
  const answers = requests.map((request) => handler({ version: '1.0', request }));
  console.log(JSON.stringify({ code, answers }));
};
run();
"""


def run_node(requests):
    done = subprocess.run(
        ["node", "-e", RUN, ROOT / "resources" / "delivery.js"],
        cwd=ROOT,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def request(accept=None, **query):
    headers = {"host": {"value": "media.example"}}
    if accept is not None:
        headers["accept"] = {"value": accept}
    querystring = {name: {"value": value} for name, value in query.items()}
    return {"method": "GET", "uri": "/m/a.jpg", "headers": headers, "querystring": querystring}


ACCEPTED = [each["accept"] for each in RECORDED] + [
    "image/avif;q=0.5,image/webp",
    "image/avif;q=0,image/webp",
    "image/webp;q=0.9,image/jpeg",
    "IMAGE/AVIF ; Q=0.5",
    "image/avif;q=high",
    "image/avif;q=.5",
    "image/avif;q=1.",
    "image/avif;q=9",
    "image/avif,image/webp;q=9",
    "constructor,__proto__;q=1,toString",
    ",,;;,=",
]
WIDTHS = ["1", "320", "321", "640", "1900", "1920", "9999", "0", "", "-1", "1e3", "abc", "123456"]
QUERIES = [
    {"w": "640", "v": "1", "utm_source": "x"},
    {"box": "thumb", "poster": "yes"},
    {"poster": ""},
    {"Policy": "p", "Signature": "s"},
]


@cache
def ran():
    requests = [
        *(request(accept) for accept in ACCEPTED),
        *(request(w=width) for width in WIDTHS),
        *(request(**query) for query in QUERIES),
        request(),
        request()
        | {
            "headers": {
                "accept": {
                    "value": "b",
                    "multiValue": [{"value": "image/webp"}, {"value": "image/avif"}],
                }
            }
        },
    ]
    return run_node(requests)


def answers(start, count):
    return ran()["answers"][start : start + count]


def test_the_code_is_small_enough_for_cloudfront():
    assert len(ran()["code"].encode()) <= 10_240


def test_the_code_has_the_widths_of_every_preset():
    [written] = re.findall(r"^const WIDTHS = (\[.*\]);$", ran()["code"], re.MULTILINE)
    widths = {w for each in load(ROOT / "presets.toml").by_name.values() for w in each.image.widths}
    assert json.loads(written) == sorted(widths)


def test_what_is_accepted_is_one_of_three_and_is_read_as_the_header_itself():
    """By the function behind it: what is sent is what that one would have read."""
    left = [each["headers"]["accept"]["value"] for each in answers(0, len(ACCEPTED))]
    assert set(left) == {"*/*", "image/webp", "image/avif,image/webp"}
    assert [understood(each) for each in left] == [understood(each) for each in ACCEPTED]


def test_who_sends_no_accept_is_sent_what_everybody_knows():
    at = len(ACCEPTED) + len(WIDTHS) + len(QUERIES)
    assert answers(at, 1)[0]["headers"]["accept"] == {"value": "*/*"}


def test_a_header_that_is_sent_in_parts():
    at = len(ACCEPTED) + len(WIDTHS) + len(QUERIES) + 1
    assert answers(at, 1)[0]["headers"]["accept"] == {"value": "image/avif,image/webp"}


def test_widths_are_rounded_up_to_what_is_made():
    left = [each["querystring"]["w"]["value"] for each in answers(len(ACCEPTED), len(WIDTHS))]
    rounded = ["320", "320", "640", "640", "1920", "1920", "1920"]
    assert left == rounded + ["invalid"] * (len(WIDTHS) - len(rounded))


def test_what_no_answer_depends_on_is_left_out():
    left = [each["querystring"] for each in answers(len(ACCEPTED) + len(WIDTHS), len(QUERIES))]
    assert left == [
        {"w": {"value": "640"}},
        {"box": {"value": "thumb"}, "poster": {"value": ""}},
        {"poster": {"value": ""}},
        {},
    ]


def test_nothing_else_of_a_request_changes():
    asked, [left] = request("a", w="1"), answers(0, 1)
    assert (left["uri"], left["method"]) == (asked["uri"], asked["method"])
    assert left["headers"]["host"] == {"value": "media.example"}


@pytest.mark.parametrize(
    "word", ["require(", "import ", "process.", "fetch(", "setTimeout", "=>\n"]
)
def test_the_code_uses_what_cloudfront_has(word):
    assert word not in ran()["code"]


@pytest.mark.parametrize(
    "key", ["albums/été 1.jpg", "a+b (1).jpg", "100%25~7E.jpg", "!*'~;=@&.jpg"]
)
def test_a_path_is_signed_and_verified_as_the_same(key):
    """Of other characters CloudFront's signature and the function URL's reading of it differ."""
    sent = "/m/" + quote(key, safe="/!*'()+;=@&~")
    [answer] = run_node([request() | {"uri": sent}])["answers"]
    assert re.fullmatch("/m/[A-Za-z0-9._~/-]+", answer["uri"])
    assert read_request({"routeKey": "$default", "rawPath": answer["uri"]}).path == key
