"""Every key that the pipeline spells."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.events import Source
from lib.domain.keys import (
    asset_id,
    decode_event_key,
    execution_name,
    manifest_key,
    next_sequencer,
    pad_sequencer,
    prefix_of,
    rendition_key,
    version_prefix,
    version_tag,
    work_key,
)

SOURCE = Source("uploads", "photos/été 1+1.v2.jpg", "v1", "etag", 10)
SEQUENCER = "0062E99A88DC407460"
RECIPE = "0123456789ab"
hexes = st.text("0123456789abcdefABCDEF", min_size=1, max_size=40)


def test_an_asset_id_stays_what_it_is() -> None:
    # Catalogues and URLs in use depend on these 32 digits.
    assert asset_id("uploads", "photos/a.jpg") == "3deeac72d1f3f874bb01a47db3eb35ca"


def test_an_asset_id_is_of_one_bucket_and_key() -> None:
    ids = {asset_id(bucket, key) for bucket in ("a", "b") for key in ("x", "X", "x ", "é")}
    assert len(ids) == 8


def test_a_rendition_key_says_asset_version_recipe_and_name() -> None:
    key = rendition_key(SOURCE, SEQUENCER, RECIPE, "w320.avif")
    asset, tag, recipe, name = key.split("/")
    assert asset == asset_id("uploads", SOURCE.key)
    assert tag == version_tag(SOURCE, SEQUENCER)
    assert (recipe, name) == (RECIPE, "w320.avif")
    assert manifest_key(SOURCE, SEQUENCER, RECIPE) == f"{asset}/{tag}/{RECIPE}/manifest.json"


def test_a_rendition_key_stays_what_it_is() -> None:
    # Renditions that are stored, and executions that run, are found by these names.
    version = "9e193dc1b0d6b2215e385b61bd8a88c7/4adebf2442b8"
    assert version_prefix(SOURCE, SEQUENCER) == f"{version}/"
    assert rendition_key(SOURCE, SEQUENCER, RECIPE, "320.avif") == f"{version}/{RECIPE}/320.avif"
    assert work_key(SOURCE, SEQUENCER, RECIPE, "plan.json") == f"{version}/{RECIPE}/work/plan.json"
    execution = version.replace("/", "-")
    assert execution_name(SOURCE, SEQUENCER) == execution_name(SOURCE, SEQUENCER, 1) == execution
    assert execution_name(SOURCE, SEQUENCER, 2) == f"{execution}-2"


def test_a_rendition_key_is_safe_in_a_url_whatever_the_source_is_called() -> None:
    key = rendition_key(replace(SOURCE, key="../a?b#c%\n"), SEQUENCER, RECIPE, "w320.avif")
    assert quote_plus(key, safe="/") == key


def test_uploads_of_one_key_share_no_prefix() -> None:
    again = replace(SOURCE, version_id="v2")
    prefixes = {
        version_prefix(SOURCE, SEQUENCER),
        version_prefix(again, SEQUENCER),
        version_prefix(SOURCE, "0062E99A88DC407461"),
    }
    assert len(prefixes) == 3
    assert all(prefix.endswith("/") for prefix in prefixes)


def test_a_prefix_is_the_same_by_the_stored_sequencer() -> None:
    assert version_prefix(SOURCE, pad_sequencer(SEQUENCER)) == version_prefix(SOURCE, SEQUENCER)


def test_the_prefix_of_a_key_is_its_versions() -> None:
    prefix = version_prefix(SOURCE, SEQUENCER)
    assert prefix_of(rendition_key(SOURCE, SEQUENCER, RECIPE, "w320.avif")) == prefix
    assert prefix_of(manifest_key(SOURCE, SEQUENCER, RECIPE)) == prefix


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("a.jpg", "a.jpg"),
        ("a+b%2Bc.jpg", "a b+c.jpg"),
        ("%C3%A9t%C3%A9/a.jpg", "été/a.jpg"),
        ("100%25.jpg", "100%.jpg"),
        ("100%2525.jpg", "100%25.jpg"),
    ],
)
def test_an_events_key_is_decoded_once(encoded: str, key: str) -> None:
    assert decode_event_key(encoded) == key


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_key_survives_an_event(key: str) -> None:
    assert decode_event_key(quote_plus(key, safe="/")) == key


def test_a_padded_sequencer_stays_what_it_is() -> None:
    # Stored ones are compared with those of events to come.
    assert pad_sequencer("00e9") == "00E9" + 60 * "0"


@given(hexes, hexes)
def test_padded_sequencers_of_one_length_compare_as_numbers(one: str, other: str) -> None:
    other = other.rjust(len(one), "0")[: len(one)]
    assert (pad_sequencer(one) < pad_sequencer(other)) == (int(one, 16) < int(other, 16))
    assert (pad_sequencer(one) == pad_sequencer(other)) == (int(one, 16) == int(other, 16))


@given(hexes)
def test_padding_twice_changes_nothing(sequencer: str) -> None:
    assert pad_sequencer(pad_sequencer(sequencer)) == pad_sequencer(sequencer)


@pytest.mark.parametrize(
    ("event", "recorded", "expected"),
    [
        ("0062E9", "0062E8", "0062E9"),
        ("0062e9", "0062E8", "0062e9"),
        ("0062E8", "0062E8", "0062E9"),
        ("0062E7", "0062E8", "0062E9"),
        ("0062E800", "0062E8", "0062E9"),  # the same name once both are padded
        ("0062E801", "0062E8", "0062E801"),
        ("00", "0062E8", "0062E9"),
        ("0062E8", "0062E8FF", "0062E900"),
        ("0", "FF", "FF1"),
        ("FF1", "FF1", "FF2"),
    ],
)
def test_the_name_of_a_recording_is_greater_than_the_one_before(event, recorded, expected):
    name = next_sequencer(event, recorded)
    assert name == expected
    assert pad_sequencer(name) > pad_sequencer(recorded)
