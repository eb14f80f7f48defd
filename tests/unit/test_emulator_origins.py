"""Which pages a stage's CORS configuration opens the emulator to: those that it names."""

from __future__ import annotations

import pytest

from lib.tools.emulator.doors import admit_named


@pytest.mark.parametrize(
    ("pattern", "origin"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:*", "http://localhost:5173"),
        ("https://app.example.com", "https://app.example.com"),
        ("https://App.example.com", "https://app.example.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_names_an_origin(pattern, origin):
    assert admit_named([pattern])(origin)
    assert admit_named(["http://other.test", pattern])(origin)


@pytest.mark.parametrize("pattern", ["*", "http://*", "https://*", "http*", "http://*:3000", ""])
def test_a_configuration_for_all_opens_nothing(pattern):
    for origin in ("http://evil.test", "http://localhost:3000", "null", ""):
        assert not admit_named([pattern])(origin)


@pytest.mark.parametrize(
    ("pattern", "origin"),
    [
        ("http://localhost:3000", "http://localhost:3001"),
        ("http://localhost:3000", "https://localhost:3000"),
        ("http://localhost:3000", "http://localhost:3000.evil.test"),
        ("http://localhost:3000", "null"),
        ("http://localhost:*", "http://localhost.evil.test"),
        ("http://localhost:*", "http://localhost:1@evil.test"),
        ("http://localhost*", "http://localhost.evil.test"),
        ("http://local*", "http://local.evil.test"),
        ("https://*.example.com", "https://example.com.evil.test"),
        ("https://*.example.com", "https://evil.test/.example.com"),
        ("https://a.example.com", "https://a-example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("http://localhost:*", "http://localhost:evil.test"),
    ],
)
def test_names_no_other(pattern, origin):
    assert not admit_named([pattern])(origin)
