"""Requests for stable addresses, and the answers, as the two that invoke the function send them."""

import json

import pytest

from lib.application.doors.deliver import Delivery, DeliveryState, Wanted
from lib.domain.errors import ErrorCode, TransientError
from lib.entrypoints.http.deliveries import read_request, respond

KEY = "a" * 32 + "/v/r/640.avif"
FOUND = Delivery(DeliveryState.FOUND, KEY)


def by_function_url(raw_path, query=None, accept=None):
    """What a function URL sends: the path as it was asked for, no parameters in it."""
    event = {"version": "2.0", "routeKey": "$default", "rawPath": raw_path, "headers": {}}
    if query is not None:
        event["queryStringParameters"] = query
    if accept is not None:
        event["headers"]["accept"] = accept
    return event


def by_api(key):
    """What an HTTP API sends: everything decoded but `%25`."""
    return {
        "version": "2.0",
        "routeKey": "GET /m/{key+}",
        "rawPath": "/m/" + key.replace("%", "%25"),
        "headers": {"Accept": "image/webp"},
    }


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("/m/photo.jpg", "photo.jpg"),
        ("/m/albums/%C3%A9t%C3%A9%201.jpg", "albums/été 1.jpg"),
        ("/m/100%2525.jpg", "100%25.jpg"),
        ("/m/a+b.jpg", "a+b.jpg"),
        ("/m/m/m.jpg", "m/m.jpg"),
        ("/m//a", "/a"),
        ("/m/a%2Fb", "a/b"),
    ],
)
def test_a_path_is_decoded_once(raw, key):
    assert read_request(by_function_url(raw)).path == key
    assert read_request(by_api(key)).path == key


def test_what_is_wanted():
    asked = read_request(by_function_url("/m/a", {"w": "640", "box": "thumb", "poster": ""}))
    assert asked.wanted == Wanted(640, "thumb", True, ())
    assert read_request(by_function_url("/m/a")).wanted == Wanted()
    accepting = read_request(by_function_url("/m/a", accept="image/avif,*/*"))
    assert accepting.wanted.understood == ("image/avif", "image/webp")
    assert read_request(by_api("a")).wanted.understood == ("image/webp",)


def answer(delivery, query=None, base="", stale=60):
    def resolve(path, wanted):
        if isinstance(delivery, Exception):
            raise delivery
        return delivery

    return respond(by_function_url("/m/a", query), resolve, base, stale)


def test_a_redirect_that_is_kept_for_as_long_as_it_may_be_stale():
    found = answer(FOUND)
    assert found["statusCode"] == 302
    assert found["headers"] == {
        "Location": f"/{KEY}",
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept",
    }
    elsewhere = answer(FOUND, base="/renditions", stale=5)
    assert elsewhere["headers"]["Location"] == f"/renditions/{KEY}"
    assert elsewhere["headers"]["Cache-Control"] == "public, max-age=5"


def test_a_location_is_an_address():
    odd = Delivery(DeliveryState.FOUND, "a/b/c/größe\r\nX: 1?#.jpg")
    assert answer(odd)["headers"]["Location"] == "/a/b/c/gr%C3%B6%C3%9Fe%0D%0AX%3A%201%3F%23.jpg"


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (DeliveryState.UNKNOWN, 404, "NOT_FOUND"),
        (DeliveryState.MISSING, 404, "NOT_FOUND"),
        (DeliveryState.PENDING, 404, "NOT_READY"),
        (DeliveryState.DELETED, 410, "GONE"),
    ],
)
def test_a_refusal_is_a_problem(state, status, code):
    refused = answer(Delivery(state, detail="why <b>"))
    assert refused["statusCode"] == status
    assert refused["headers"]["Content-Type"] == "application/problem+json"
    assert refused["headers"]["Cache-Control"] == "public, max-age=60"
    told = json.loads(refused["body"])
    assert (told["status"], told["code"], told["detail"]) == (status, code, "why <b>")
    assert "Retry-After" not in refused["headers"]


def test_what_is_being_made_is_looked_for_again_soon():
    pending = Delivery(DeliveryState.PENDING, detail="wait", retry_seconds=2)
    headers = answer(pending)["headers"]
    assert headers["Retry-After"] == "2"
    assert headers["Cache-Control"] == "public, max-age=2"
    assert answer(pending, stale=1)["headers"]["Cache-Control"] == "public, max-age=1"


@pytest.mark.parametrize("width", ["", "0", "-1", "1.5", "abc", "１", "1,2", "65536000", "1e3"])
def test_a_width_that_is_none(width):
    refused = answer(FOUND, {"w": width})
    assert refused["statusCode"] == 400
    told = json.loads(refused["body"])
    assert told["code"] == "INVALID_REQUEST"
    assert "from 1 to 65535" in told["detail"]


def test_an_outage_is_not_kept():
    refused = answer(TransientError(ErrorCode.THROTTLED, "table arn:aws:… is throttled"))
    assert refused["statusCode"] == 503
    assert refused["headers"]["Retry-After"] == "5"
    assert "max-age=0" in refused["headers"]["Cache-Control"]
    assert "arn" not in refused["body"]
