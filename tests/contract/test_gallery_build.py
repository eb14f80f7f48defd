"""The gallery's page as it is built: whole, the same each time, under licences that are named."""

from __future__ import annotations

import gzip
import re
import subprocess

import pytest

from lib.entrypoints.http.web_page import INDEX, LICENCES, PACKAGED
from lib.tools import ROOT

KB = 1000
MOST = (
    300 * KB
)  # zipped, all of it; streams and enlarged pictures load half of it when they are asked for
FIRST = 60 * KB  # zipped, what the grid needs
PERMITTED = {"MIT", "Apache-2.0", "ISC"}
HASHED = re.compile(r"[\w.]+-[\w]{8}\.(js|css|svg)")


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    """Return the zipped files by their names."""
    subprocess.run(["node", "lib/tools/build_web.mjs"], cwd=ROOT, check=True, timeout=60)
    return {path.name.removesuffix(".gz"): path.read_bytes() for path in PACKAGED.glob("*.gz")}


def test_only_files_that_can_be_kept_for_ever_have_digests_in_their_names(built):
    others = {name for name in built if not HASHED.fullmatch(name)}
    assert others == {INDEX, LICENCES}


def test_all_that_the_page_names_was_built(built):
    index = gzip.decompress(built[INDEX]).decode()
    named = re.findall(r'(?:href|src)="gallery/([^"]+)"', index)
    assert {name.rpartition(".")[2] for name in named} == {"js", "css", "svg"}
    scripts = b"".join(gzip.decompress(built[name]) for name in built if name.endswith(".js"))
    chunks = re.findall(rb'(?:from|import)\(?"\./([^"]+)"', scripts)
    assert chunks
    assert {*named, *(name.decode() for name in chunks)} <= set(built)


def test_the_same_source_makes_the_same_files(built):
    subprocess.run(["node", "lib/tools/build_web.mjs"], cwd=ROOT, check=True, timeout=60)
    again = {path.name.removesuffix(".gz"): path.read_bytes() for path in PACKAGED.glob("*.gz")}
    assert again == built


def test_the_page_is_light(built):
    assert sum(map(len, built.values())) < MOST
    first = [name for name in built if name.startswith(("app-", "index", "chunk-"))]
    assert sum(len(built[name]) for name in first) < FIRST


def test_what_is_in_the_page_has_a_licence_and_its_text(built):
    text = gzip.decompress(built[LICENCES]).decode()
    parts = [part.strip() for part in text.split("-" * 72)]
    told = [re.match(r"(\S+) [\d.]+: (\S+)\n*(.*)", part, re.DOTALL) for part in parts]
    found = {match[1]: match for match in told if match}
    assert len(found) == len(parts)
    assert {"@uppy/core", "@uppy/aws-s3", "hls.js", "photoswipe"} <= set(found)
    assert {match[2] for match in found.values()} <= PERMITTED
    without_text = {name for name, match in found.items() if not match[3]}
    assert without_text <= {"mime-match", "wildcard"}, "which publish none"


def test_what_the_page_is_made_of_is_named_in_the_notice(built):
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8").lower()
    text = gzip.decompress(built[LICENCES]).decode()
    names = re.findall(r"^(?:@(\w+)/)?(\S+) [\d.]+: ", text, re.MULTILINE)
    assert names
    for scope, name in names:
        assert (scope or name).lower() in notice, name
