"""What is read from a query and from JSON, and what is refused there."""

import pytest

from lib.application.doors.refusals import RefusalCode, Refused
from lib.entrypoints.http.fields import (
    read_flag,
    read_number,
    read_object,
    read_query,
    read_text,
    require_text,
)


def refused(call, *arguments):
    with pytest.raises(Refused) as raised:
        call(*arguments)
    assert raised.value.code is RefusalCode.INVALID_REQUEST
    return raised.value.detail


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        ("", {}),
        ("key=a%2Fb+c%2B%C3%A9", {"key": "a/b c+é"}),
        ("key=%252e%252e", {"key": "%2e%2e"}),
        ("key=a,b", {"key": "a,b"}),
        ("metadata[x]=1&metadata%5By%5D=", {"metadata[x]": "1", "metadata[y]": ""}),
    ],
)
def test_a_query_is_decoded_once(raw, query):
    assert read_query(raw) == query


def test_a_query_says_everything_once_and_in_utf8():
    assert "once" in refused(read_query, "key=a&key=b")
    assert "UTF-8" in refused(read_query, "key=%c0%ae")
    assert "at most" in refused(read_query, "&".join(f"k{each}=" for each in range(101)))


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, '{"a": NaN}', '{"a": 1' + "0" * 5000])
def test_a_body_is_json(body):
    assert refused(read_object, body) == "expected JSON as the body"


@pytest.mark.parametrize(
    ("body", "kind"), [("[]", "an array"), ("1", "a number"), ("null", "null")]
)
def test_a_body_is_an_object(body, kind):
    assert refused(read_object, body).endswith(kind)


def test_an_unknown_field_is_refused_by_its_name():
    assert "'\\u202esize'" in refused(read_object, '{"\u202esize": 1}', ("size", "type"))
    assert read_object('{"size": 1}', ("size", "type")) == {"size": 1}
    assert read_object('{"other": 1}') == {"other": 1}


def test_fields_have_their_types():
    fields = {"text": "a", "number": 7, "flag": True, "null": None}
    assert (read_text(fields, "text"), read_number(fields, "number")) == ("a", 7)
    assert read_flag(fields, "flag") is True
    for name in ("null", "missing"):
        assert read_text(fields, name, "default") == "default"
        assert read_number(fields, name) is None
        assert read_flag(fields, name) is False
    assert "an array" in refused(read_text, {"a": []}, "a")
    assert "true or false" in refused(read_number, {"a": True}, "a")
    assert "a number" in refused(read_number, {"a": 1.5}, "a")
    assert "text" in refused(read_flag, {"a": "true"}, "a")
    assert "missing" in refused(require_text, {"a": ""}, "a")
