"""Where an upload goes, whatever its name is: below what belongs to the caller, nowhere else."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.application.doors.refusals import RefusalCode, Refused
from lib.application.doors.upload_keys import LONGEST_KEY, make_key, require_key
from lib.domain.caller import Caller

ANYBODY, MINE = Caller(), Caller("mine")
NFD = unicodedata.normalize("NFD", "é")
CLIMBS = [
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "%25252e%25252e",
    "..%2f..%2fyours%2fa.jpg",
    "..%252f..%252fyours%252fa.jpg",
    "..%5c..%5cyours%5ca.jpg",
    "a%00.jpg",
    "a\0.jpg",
    "a\n.jpg",
    "a\x7f.jpg",
    "a\u2028.jpg",
    "a\ud800.jpg",
    "a\uffff.jpg",
    "${filename}",
    "a${filename}.jpg",
]


def refused(call, *arguments, **options):
    with pytest.raises(Refused) as raised:
        call(*arguments, **options)
    return raised.value.code


def test_a_key_is_the_prefix_twelve_random_characters_and_the_name():
    assert re.fullmatch(r"[\w-]{12}/a\.jpg", make_key(ANYBODY, "a.jpg"))
    assert re.fullmatch(r"mine/x/y/[\w-]{12}/a\.jpg", make_key(MINE, "a.jpg", "x/y"))
    assert make_key(MINE, "a.jpg") != make_key(MINE, "a.jpg")


def test_an_upload_that_may_overwrite_keeps_its_name():
    assert make_key(MINE, "a.jpg", "x", overwrite=True) == "mine/x/a.jpg"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("/etc/passwd", "passwd"),
        ("../../yours/a.jpg", "a.jpg"),
        ("..\\..\\yours\\a.jpg", "a.jpg"),
        (f"{NFD}t{NFD}.jpg", "été.jpg"),
        ("100% + 1 $5 '\"<b>&.jpg", "100% + 1 $5 '\"<b>&.jpg"),
        ("a%20b.jpg", "a%20b.jpg"),
        ("\u202egpj.exe", "\u202egpj.exe"),
        ("שלום.jpg", "שלום.jpg"),
        (".hidden", ".hidden"),
        ("...", "..."),
    ],
)
def test_the_last_segment_of_a_filename_is_its_name(filename, name):
    assert make_key(MINE, filename, overwrite=True) == f"mine/{name}"


@pytest.mark.parametrize("name", ["", "a/", *CLIMBS])
def test_a_filename_that_could_be_read_as_a_path_is_refused(name):
    assert refused(make_key, MINE, name) is RefusalCode.INVALID_REQUEST


@pytest.mark.parametrize("prefix", ["/", "/x", "x/", "x//y", "x\\y", "x/../..", *CLIMBS])
def test_a_prefix_is_made_of_names(prefix):
    assert refused(make_key, MINE, "a.jpg", prefix) is RefusalCode.INVALID_REQUEST


def test_a_key_is_no_longer_than_s3_takes():
    room = LONGEST_KEY - len("mine/")
    assert len(make_key(MINE, "a" * room, overwrite=True)) == LONGEST_KEY
    assert refused(make_key, MINE, "a" * (room + 1), overwrite=True) is RefusalCode.INVALID_REQUEST
    assert refused(make_key, MINE, "é" * 600) is RefusalCode.INVALID_REQUEST
    assert refused(make_key, MINE, "a" * 10_000) is RefusalCode.INVALID_REQUEST
    assert refused(make_key, MINE, "%25" * 10_000) is RefusalCode.INVALID_REQUEST


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_key_leaves_the_callers_prefix(filename, prefix):
    try:
        key = make_key(MINE, filename, prefix)
    except Refused:
        return
    for _ in range(5):
        assert key.startswith("mine/")
        assert not {"", ".", ".."} & set(re.split(r"[/\\]", key))
        key = unquote(key)


@pytest.mark.parametrize("key", ["yours/a.jpg", "min/a.jpg", "minE/a.jpg", "mine2/a.jpg", "mine"])
def test_a_key_of_somebody_else_is_forbidden(key):
    assert refused(require_key, MINE, key) is RefusalCode.FORBIDDEN


@pytest.mark.parametrize(
    "key",
    [
        "",
        "mine/",
        "/mine/a.jpg",
        "mine//a.jpg",
        "mine/../yours/a.jpg",
        "mine/%2e%2e/yours/a.jpg",
        "mine/..%2fyours/a.jpg",
        "mine/..\\yours/a.jpg",
        "mine/a\0.jpg",
        "mine/" + "a" * LONGEST_KEY,
    ],
)
def test_a_key_that_could_be_read_as_another_is_refused(key):
    assert refused(require_key, MINE, key) is RefusalCode.INVALID_REQUEST


def test_a_key_below_the_callers_prefix_is_theirs():
    assert require_key(MINE, "mine/x/a b+c%.jpg") == "mine/x/a b+c%.jpg"
    assert require_key(ANYBODY, "yours/a.jpg") == "yours/a.jpg"
