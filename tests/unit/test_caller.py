"""Which keys belong to whom, whatever a token says and however a key is written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.caller import LONGEST_CLAIM, Caller, claim_of, tenant_of

HOSTILE = [
    "..",
    ".",
    "../b",
    "a/b",
    "a\\b",
    "a%2Fb",
    "a%252Fb",
    "~2F",
    "\0",
    "\u202eb",
    "auth0|5f7",
    "josé@example.com",
    unicodedata.normalize("NFD", "josé@example.com"),
]


@pytest.mark.parametrize("claim", HOSTILE)
def test_a_claim_becomes_one_segment_that_nothing_reads_as_a_path(claim):
    tenant = tenant_of(claim)
    assert set(tenant) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~")
    assert claim_of(tenant) == claim


def test_what_most_tokens_say_stays_as_it_is():
    sub = "5b2c8d0e-1f3a-4c6b-9d7e-8f0a1b2c3d4e"
    assert tenant_of(sub) == sub


def test_twins_by_normalisation_are_two_tenants():
    assert len({tenant_of(each) for each in HOSTILE}) == len(HOSTILE)


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()))
def test_every_claim_comes_back(claim):
    assert claim_of(tenant_of(claim)) == claim


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_claims_never_share_a_key(one, other):
    try:
        mine, yours = Caller(tenant_of(one)), Caller(tenant_of(other))
    except ValueError:  # half a character
        return
    assert mine.owns(f"{yours.prefix}a.jpg") is (one == other)


@pytest.mark.parametrize(
    "claim", ["", None, 7, True, ["a"], "[a b]", {"a": 1}, "\ud800", "a" * (LONGEST_CLAIM + 1)]
)
def test_a_claim_that_names_nobody_is_refused(claim):
    with pytest.raises(ValueError, match="claim"):
        tenant_of(claim)


@pytest.mark.parametrize(
    "key",
    ["b/x.jpg", "a", "a/", "", "ab/x.jpg", "A/x.jpg", "/a/x.jpg", "./a/x.jpg", "b/../a/x.jpg"],
)
def test_a_tenant_owns_nothing_but_what_lies_below_its_segment(key):
    assert not Caller("a").owns(key)


def test_a_caller_without_a_tenant_owns_every_key():
    assert Caller().owns("a/x.jpg")
    assert not Caller().owns("")
    assert Caller("a").owns("a/x.jpg")
