"""What a child says is read as an attacker's: it fills what is planned, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import presets
from lib.adapters.sandbox import responses
from lib.adapters.sandbox.protocol import LONGEST_TEXT
from lib.adapters.sandbox.responses import PlannedRenditions
from lib.adapters.sandbox.untrusted import InvalidResponseError
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.media import ImageProbe, MediaWarning, WarningCode
from lib.imaging.variants import plan_variants
from tests.support.images import photo, save

PRESET = replace(
    presets.load(presets.PACKAGED).named(None).image,
    widths=(64,),
    boxes=(),
    formats=("avif", "jpeg"),
)
PROBE = ImageProbe(width=120, height=80)
AVIF, JPEG, WEBP = (save(photo((64, 43)), each) for each in ("avif", "jpeg", "webp"))


@pytest.fixture
def expected() -> PlannedRenditions:
    return PlannedRenditions(plan_variants(PROBE, PRESET), PRESET)


def head(name: str, **more: object) -> dict[str, object]:
    return {"what": "made", "name": name, "quality": 65, **more}


FAILED = {"code": "ENCODE_FAILED", "message": "no"}


def test_each_is_told_of_once_in_its_planned_size(expected):
    made = expected.read(head("64.avif", width=9999, mime="text/html"), AVIF)
    assert (made.name, made.mime, made.width, made.height) == ("64.avif", "image/avif", 64, 43)
    with pytest.raises(InvalidResponseError):
        expected.read(head("64.avif"), AVIF)
    assert set(expected.missing) == {"64.jpg"}


def test_a_fallback_may_come_only_where_one_failed(expected):
    with pytest.raises(InvalidResponseError):
        expected.read(head("64.webp"), WEBP)
    failed = expected.read(head("64.avif", error=FAILED), b"")
    assert failed.error
    assert failed.error.code is ErrorCode.ENCODE_FAILED
    instead = expected.read(head("64.webp"), WEBP)
    assert (instead.name, instead.instead_of) == ("64.webp", "64.avif")
    with pytest.raises(InvalidResponseError):
        expected.read(head("64.webp"), WEBP)


def test_a_fallback_of_a_fallback_may_come_where_that_failed_too():
    preset = replace(PRESET, formats=("avif",), fallback={"avif": "webp", "webp": "jpeg"})
    expected = PlannedRenditions(plan_variants(PROBE, preset), preset)
    expected.read(head("64.avif", error=FAILED), b"")
    with pytest.raises(InvalidResponseError):
        expected.read(head("64.jpg"), JPEG)
    expected.read(head("64.webp", error=FAILED), b"")
    assert expected.read(head("64.jpg"), JPEG).instead_of == "64.webp"
    with pytest.raises(InvalidResponseError):
        expected.read(head("64.webp"), WEBP)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("../manifest.json", JPEG),
        ("640.jpg", JPEG),
        ("64.jpg", b""),
        ("64.jpg", AVIF),
        ("64.jpg", b"<script>alert(1)</script>"),
        ("64.jpg", JPEG + bytes(200_000)),
        (None, JPEG),
        (["64.jpg"], JPEG),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_other_names_formats_and_lengths_are_nonsense(expected, name, body):
    with pytest.raises(InvalidResponseError):
        expected.read(head(name), body)


def test_only_a_decoders_own_errors_are_believed():
    for code in ErrorCode:
        told = {"code": code, "message": "a\x1b[31mb\n" + "c" * 1000}
        if code not in responses.OWN_CODES:
            with pytest.raises(InvalidResponseError):
                responses.read_error(told)
            continue
        error = responses.read_error(told)
        late = code is ErrorCode.DEADLINE_NEAR
        assert isinstance(error, TransientError if late else PermanentError)
        assert error.message.startswith("a [31mb c")
        assert len(error.message) == LONGEST_TEXT


def test_no_pace_is_believed_that_would_stop_all_others():
    told = responses.read_measured({"measured": {"avif": 1e9, "webp": 0, "jpeg": 0.05}})
    assert told == {"avif": responses.SLOWEST, "webp": responses.FASTEST, "jpeg": 0.05}
    nonsense: list[dict[str, Any]] = [
        {"measured": {"gif": 1}},
        {"measured": {"avif": float("inf")}},
        {"measured": []},
        {},
    ]
    for wrong in nonsense:
        with pytest.raises(InvalidResponseError):
            responses.read_measured(wrong)


def opened(**probe: object) -> dict[str, Any]:
    shown = {"thumbhash": "m8QJFwA=", "color": "#a0b1c2"}
    return {"probe": {"width": 6, "height": 4, **probe}, "size": [6, 4], "placeholder": shown}


def test_what_to_know_of_a_source_is_one_of_our_own_warnings():
    cut = {"code": "INCOMPLETE", "message": "3 of 4 \n lines"}
    probe, _, _ = responses.read_opened(opened(complete=False, warnings=[cut]), "jpeg")
    assert probe.warnings == (MediaWarning(WarningCode.INCOMPLETE, "3 of 4   lines"),)
    assert probe.complete is False
    nonsense: list[Any] = [[cut | {"code": "FINE"}], [cut] * 17, ["INCOMPLETE"], "INCOMPLETE", [{}]]
    for wrong in nonsense:
        with pytest.raises(InvalidResponseError):
            responses.read_opened(opened(warnings=wrong), "jpeg")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("probe", "size", "placeholder", "name", "error", "measured", "looks", "quality", "code")
HEADS = st.dictionaries(st.sampled_from(NAMES), ANYTHING)
READERS: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda told: responses.read_opened(told, "jpeg"),
    lambda told: PlannedRenditions(plan_variants(PROBE, PRESET), PRESET).read(told, JPEG),
    lambda told: PlannedRenditions(plan_variants(PROBE, PRESET), PRESET).read(
        {**told, "name": "64.jpg"}, JPEG
    ),
    responses.read_error,
    responses.read_measured,
    responses.read_size,
    lambda told: responses.read_looks(told, 1),
)


@settings(max_examples=300, deadline=None)
@given(HEADS)
def test_whatever_is_said_is_read_or_is_nonsense(told):
    for read in READERS:
        try:
            read(told)
        except InvalidResponseError:
            continue
