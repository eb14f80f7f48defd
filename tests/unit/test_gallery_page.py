"""The gallery's page: how its files are served, and that nothing of it comes from elsewhere."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path

import pytest

from lib.entrypoints.http.web_page import WebPage
from lib.tools import ROOT

SOURCES = ROOT / "lib/web"
BUCKETS = "https://uploads.example https://renditions.example"
SETTINGS = {"auth": "none", "presets": ["default"]}
SCRIPT = "app-AB12.js"


@pytest.fixture
def page(tmp_path: Path) -> WebPage:
    (tmp_path / "index.html.gz").write_bytes(gzip.compress(b"<!doctype html>"))
    (tmp_path / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"start()"))
    (tmp_path / "secret.txt").write_text("not zipped, not served")
    return WebPage(tmp_path, SETTINGS, BUCKETS)


def ask(page, file=None, **headers):
    parameters = {"pathParameters": {"file": file}} if file else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return page.answer({"headers": named, **parameters})


def body(answer):
    return b64decode(answer["body"])


def test_the_page_itself_is_asked_for_each_time(page):
    answer = ask(page)
    assert (answer["statusCode"], body(answer)) == (200, b"<!doctype html>")
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer["headers"]["cache-control"] == "no-cache"


def test_what_has_not_changed_is_not_sent_again(page):
    etag = ask(page)["headers"]["etag"]
    again = ask(page, if_none_match=etag)
    assert (again["statusCode"], body(again)) == (304, b"")
    assert ask(page, if_none_match='"other"')["statusCode"] == 200


def test_a_file_with_a_digest_in_its_name_is_kept_for_ever(page):
    answer = ask(page, SCRIPT)
    assert answer["headers"]["cache-control"] == "public, max-age=31536000, immutable"
    assert answer["headers"]["content-type"] == "text/javascript; charset=utf-8"
    assert body(answer) == b"start()"


def test_files_are_sent_zipped_to_who_can_read_that(page):
    answer = ask(page, SCRIPT, accept_encoding="gzip, deflate, br")
    assert answer["headers"]["content-encoding"] == "gzip"
    assert answer["headers"]["vary"] == "accept-encoding"
    assert gzip.decompress(body(answer)) == b"start()"


@pytest.mark.parametrize(
    "name", ["nothing.js", "../index.html", "..%2Findex.html", "secret.txt", "/etc/passwd", "."]
)
def test_what_was_not_built_is_not_served(page, name):
    answer = ask(page, name)
    assert (answer["statusCode"], body(answer)) == (404, b"")
    assert answer["headers"]["cache-control"] == "no-store"


def test_the_page_is_told_of_its_stage(page):
    answer = ask(page, "settings.json")
    assert json.loads(body(answer)) == SETTINGS
    assert answer["headers"]["cache-control"] == "no-cache"


@pytest.mark.parametrize("file", [None, SCRIPT, "nothing.js"])
def test_every_answer_says_what_the_page_may_do(page, file):
    headers = ask(page, file)["headers"]
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {BUCKETS}"
    assert policy["img-src"] == f"'self' data: blob: {BUCKETS}"
    assert policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_or_style_within_itself():
    page = (SOURCES / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]


def test_nothing_of_the_page_is_made_of_markup_or_comes_from_elsewhere():
    sources = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.iterdir()}
    for name, text in sources.items():
        assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|setHTML", text), (
            name
        )
        others = set(re.findall(r"https?://[\w.-]+", text))
        assert others <= {"https://www.openstreetmap.org", "http://www.w3.org"}, name


def test_the_page_is_small():
    lines = sum(len(path.read_bytes().splitlines()) for path in SOURCES.iterdir())
    assert lines <= 1500
