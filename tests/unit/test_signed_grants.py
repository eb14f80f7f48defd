"""`POST /assets/{id}/grant`."""

import pytest

from lib.application.doors.grant import Granter
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.asset import Asset, AssetStatus
from lib.domain.caller import Caller
from lib.domain.events import Source
from lib.domain.keys import asset_id
from lib.entrypoints.http.grants import grant_routes
from lib.entrypoints.http.request import Request

OWN = Asset(
    asset_id("uploads", "ann/a.jpg"),
    Source("uploads", "ann/a.jpg", "v1", "etag", 9),
    "1",
    AssetStatus.READY,
    "",
    "",
)


def find(identity, caller):
    if identity != OWN.asset_id or not caller.owns(OWN.source.key):
        raise Refused(RefusalCode.NOT_FOUND, "there is no such asset")
    return OWN


GRANTER = Granter("https://media.example.com", "K1", lambda message: b"signed", lambda: 1000.0)


def answer(body="", identity=OWN.asset_id, caller=None):
    [route] = grant_routes(find, GRANTER)
    assert (route.method, route.rule) == ("POST", "/assets/<asset_id>/grant")
    return route.answer(Request(caller or Caller(), params={"asset_id": identity}, body=body))


def test_a_grant_of_the_callers_asset():
    granted = answer('{"seconds": 60}')
    assert granted.status == 200
    assert granted.body["url"] == f"https://media.example.com/{OWN.asset_id}/"
    assert granted.body["expires_at"] == "1970-01-01T00:17:40.000Z"
    assert set(granted.body["cookies"]) == {
        "CloudFront-Policy",
        "CloudFront-Signature",
        "CloudFront-Key-Pair-Id",
    }


def test_an_hour_where_nothing_is_said():
    for body in ("", "{}", '{"seconds": null}'):
        assert answer(body).body["expires_at"] == "1970-01-01T01:16:40.000Z"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('{"seconds": 0}', "seconds"),
        ('{"seconds": 1e9}', "seconds"),
        ('{"seconds": "60"}', "seconds"),
        ('{"seconds": true}', "seconds"),
        ('{"path": "*"}', "path"),
        ("[]", "object"),
        ("x", "JSON"),
    ],
)
def test_a_wish_that_is_none(body, word):
    with pytest.raises(Refused, match=word) as refused:
        answer(body)
    assert refused.value.code is RefusalCode.INVALID_REQUEST


def test_nobody_opens_what_belongs_to_others():
    with pytest.raises(Refused) as refused:
        answer(caller=Caller("bob"))
    assert refused.value.code is RefusalCode.NOT_FOUND
