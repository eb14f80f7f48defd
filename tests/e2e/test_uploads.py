"""Uploads through the HTTP API of the local stage, as browsers and programs send them."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from lib.adapters.aws.clients import client
from lib.adapters.aws.s3_uploads import S3UploadDesk
from lib.application.doors.ports import FormTerms
from lib.domain.asset import AssetStatus
from tests.e2e.deployed import Deployed
from tests.support.api_calls import Answer, Api, send, send_form
from tests.support.images import photo, save

LEAST_PART = 5 * 2**20
TEXT = b"just words\n"
"""Ends as REJECTED at once: most of what is asked here is asked before that."""


@pytest.fixture(scope="module")
def api(deployed: Deployed) -> Api:
    return Api(deployed.outputs["ApiUrl"])


def sent(offered: Any, content: bytes, **changes: str) -> Answer:
    fields = offered["fields"] | {name.replace("__", "-"): text for name, text in changes.items()}
    return send_form(offered["url"], fields, content)


def keys_below(deployed: Deployed, prefix: str) -> list[str]:
    """Return every key that there is, also of what has gone, in the bucket and in the catalog."""
    listed = deployed.s3.list_object_versions(Bucket=deployed.uploads, Prefix=prefix)
    return [each["Key"] for each in listed.get("Versions", [])]


def test_a_photo_that_is_sent_by_a_form_becomes_an_asset(deployed, api):
    content = save(photo(), "JPEG")
    digest = hashlib.sha256(content).hexdigest()
    offered = api.offer(
        "été 1+1 & שלום.jpg", len(content), type="image/jpeg", prefix="form", sha256=digest,
        preset="default",
    )  # fmt: skip
    answer = sent(offered, content)
    assert answer.status == 201, answer.body
    assert b"<Location>" in answer.body
    version = deployed.s3.head_object(Bucket=deployed.uploads, Key=offered["key"])
    assert version["ContentType"] == "image/jpeg"
    assert version["Metadata"] == {"preset": "default"}
    begun = (AssetStatus.RECEIVED, AssetStatus.PROCESSING, AssetStatus.READY)
    asset = deployed.wait(offered["key"], version["VersionId"], *begun)
    assert (asset.asset_id, asset.mime) == (offered["asset_id"], "image/jpeg")


def test_a_film_that_is_sent_in_parts_becomes_one_object(deployed, api):
    upload = api.begin("film é.mp4", prefix="parts", relativePath="/day 1/film é.mp4")
    assert upload.key.startswith("parts/day 1/")
    first = upload.send(1, bytes(LEAST_PART))
    listed = upload.call("GET").json
    assert [(each["PartNumber"], each["Size"]) for each in listed] == [(1, LEAST_PART)]
    urls = upload.call("GET", "/batch", query="&partNumbers=2,3").json["presignedUrls"]
    second = send("PUT", urls["2"], TEXT)
    assert deployed.asset(upload.key) is None, "half of it is no asset"
    parts = [first, {"PartNumber": 2, "ETag": second.headers["etag"]}]
    made = upload.complete(*parts)
    assert made.status == 200, made.body
    assert made.json["key"] == upload.key
    assert upload.complete(*parts).json == made.json, "its answer can be lost"
    head = deployed.s3.head_object(Bucket=deployed.uploads, Key=upload.key)
    assert head["ContentLength"] == LEAST_PART + len(TEXT)
    asset = deployed.wait(upload.key, head["VersionId"])
    assert asset.asset_id == made.json["asset_id"]


def test_a_large_file_is_offered_in_parts(api):
    offered = api.offer("film.mp4", 200_000_000, type="video/mp4")
    assert (offered["method"], offered["parts"]) == ("multipart", 12)
    assert api.call("GET", offered["url"]).json == []
    assert api.call("DELETE", offered["url"]).json == {}
    assert api.call("GET", offered["url"]).code == "NOT_FOUND"


def test_a_form_takes_what_it_was_signed_for_and_nothing_else(deployed, api):
    digest = hashlib.sha256(TEXT).hexdigest()
    offered = api.offer(
        "a.txt", len(TEXT), type="text/plain", prefix="strict", sha256=digest, preset="default"
    )
    policy = json.loads(base64.b64decode(offered["fields"]["policy"]))
    policy["conditions"] = [
        {"key": "yours/a.txt"} if "key" in each else each for each in policy["conditions"]
    ]
    tampered = base64.b64encode(json.dumps(policy).encode()).decode()
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for content, changes, status in [
        (TEXT + b"!", {}, 400),
        (TEXT[:-1], {}, 400),
        (b"just wordz\n", {}, 400),
        (TEXT, {"key": "yours/a.txt"}, 403),
        (TEXT, {"key": offered["key"] + "/../../b.txt"}, 403),
        (TEXT, {"Content__Type": "text/html"}, 403),
        (TEXT, {"x__amz__meta__preset": "other"}, 403),
        (TEXT, {"x__amz__meta__more": "more"}, 403),
        (TEXT, {"acl": "public-read"}, 403),
        (TEXT, {"x__amz__checksum__sha256": other}, 403),
        (TEXT, {"key": "yours/a.txt", "policy": tampered}, 403),
        (TEXT, {"x__amz__signature": "0" * 64}, 403),
    ]:
        answer = sent(offered, content, **changes)
        assert answer.status == status, (changes, answer.body)
    assert keys_below(deployed, "strict/") + keys_below(deployed, "yours/") == []
    assert sent(offered, TEXT).status == 201


def test_a_form_that_has_expired_takes_nothing(deployed):
    desk = S3UploadDesk(client("s3"), deployed.uploads)
    form = desk.sign_form(FormTerms("late/a.txt", 0, 100, seconds=-5))
    answer = send_form(form.url, form.fields, TEXT)
    assert answer.status == 403, answer.body
    assert keys_below(deployed, "late/") == []


def test_what_is_above_a_limit_is_refused_before_and_after_it_is_sent(deployed, api):
    answer = api.call(
        "POST", "/uploads", {"filename": "a.jpg", "size": 100_000_001, "type": "image/jpeg"}
    )
    assert (answer.status, answer.code) == (413, "LIMIT_EXCEEDED")
    assert "100 MB for an image" in answer.json["detail"]
    upload = api.begin("huge.jpg", "image/jpeg", prefix="huge")
    part = upload.send(1, bytes(100_000_001))
    answer = upload.complete(part)
    assert (answer.status, answer.code) == (413, "LIMIT_EXCEEDED")
    assert upload.call("GET").code == "NOT_FOUND", "it is dropped"
    assert keys_below(deployed, "huge/") == []
    assert deployed.asset(upload.key) is None


def test_an_upload_in_parts_is_what_was_declared(deployed, api):
    upload = api.begin("a.mp4", prefix="declared", size=len(TEXT))
    answer = upload.complete(upload.send(1, TEXT + b"!"))
    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert upload.complete(upload.send(1, TEXT)).status == 200


def test_parts_that_do_not_fit_are_clear_problems(deployed, api):
    upload = api.begin("a.mp4", prefix="unfit")
    one, two = upload.send(1, TEXT), upload.send(2, TEXT)
    for parts, status, code in [
        ((), 400, "INVALID_REQUEST"),
        ((two, one), 400, "INVALID_REQUEST"),
        ((one, two), 400, "INVALID_REQUEST"),  # the first is too small
        ((one | {"ETag": "0" * 32},), 409, "CONFLICT"),
        ((one | {"PartNumber": 3},), 409, "CONFLICT"),
        ((one | {"PartNumber": 0},), 400, "INVALID_REQUEST"),
        ((one | {"PartNumber": 10_001},), 400, "INVALID_REQUEST"),
    ]:
        answer = upload.complete(*parts)
        assert (answer.status, answer.code) == (status, code), (parts, answer.json)
    for number in ("0", "10001", "-1", "x", "1.5"):
        assert upload.call("GET", f"/{number}").code == "INVALID_REQUEST", number
    assert upload.call("DELETE").json == {}
    for call in (upload.call("GET"), upload.call("GET", "/1"), upload.call("DELETE")):
        assert (call.status, call.code) == (404, "NOT_FOUND")
    assert upload.complete(one).code == "NOT_FOUND"
    assert keys_below(deployed, "unfit/") == []
    assert deployed.asset(upload.key) is None


def test_an_unknown_upload_is_not_found(api):
    upload = api.begin("a.mp4", prefix="unknown")
    strangers = [
        replace(upload, upload_id="s.nothing"),
        replace(upload, upload_id="nothing"),
        replace(upload, key="unknown/other.mp4"),
    ]
    for stranger in strangers:
        for method, rest in [("GET", ""), ("GET", "/1"), ("DELETE", "")]:
            answer = stranger.call(method, rest)
            assert (answer.status, answer.code) == (404, "NOT_FOUND"), (stranger, rest)
        assert stranger.complete({"PartNumber": 1, "ETag": "e"}).code == "NOT_FOUND"
    assert upload.call("DELETE").status == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"filename": "a" * 10_000, "size": 1}, "INVALID_REQUEST"),
        ({"filename": "", "size": 1}, "INVALID_REQUEST"),
        ({"filename": "..", "size": 1}, "INVALID_REQUEST"),
        ({"filename": "a%00.jpg", "size": 1}, "INVALID_REQUEST"),
        ({"filename": "a.jpg"}, "INVALID_REQUEST"),
        ({"filename": "a.jpg", "size": 1, "prefix": "../x"}, "INVALID_REQUEST"),
        ({"filename": "a.jpg", "size": 1, "more": 1}, "INVALID_REQUEST"),
        ({"filename": "a.jpg", "size": 1, "preset": "nope"}, "UNKNOWN_PRESET"),
        ([], "INVALID_REQUEST"),
    ],
)
def test_what_is_no_upload_is_a_clear_problem(api, fields, code):
    answer = api.call("POST", "/uploads", fields)
    assert (answer.status, answer.code) == (400, code)


def test_stock_uppys_form_takes_the_file(deployed, api):
    answer = api.params("a.txt", prefix="uppy", name="a.txt", relativePath="null")
    assert answer.status == 200, answer.body
    assert sent(answer.json, TEXT).status == 201
    version = deployed.s3.head_object(Bucket=deployed.uploads, Key=answer.json["key"])["VersionId"]
    asset = deployed.wait(answer.json["key"], version)
    assert (asset.status, asset.asset_id) == (AssetStatus.REJECTED, answer.json["asset_id"])


def test_two_uploads_of_one_key_at_once_are_two_whole_versions_and_one_outcome(deployed, api):
    contents = [bytes([each]) * 1000 for each in b"ab"]
    offers = [api.offer("same.txt", 1000, prefix="twice", overwrite=True) for _ in contents]
    assert offers[0]["key"] == offers[1]["key"] == "twice/same.txt"
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(sent, offers, contents))
    assert [each.status for each in answers] == [201, 201]
    listed = deployed.s3.list_object_versions(Bucket=deployed.uploads, Prefix="twice/")["Versions"]
    etags = {hashlib.md5(each, usedforsecurity=False).hexdigest() for each in contents}
    assert {each["ETag"].strip('"') for each in listed} == etags
    [latest] = [each for each in listed if each["IsLatest"]]
    asset = deployed.wait("twice/same.txt", latest["VersionId"])
    assert asset.source.etag == latest["ETag"].strip('"')
    assert asset.status is AssetStatus.REJECTED


def test_a_parts_url_is_good_for_its_part_alone(api):
    upload = api.begin("a.mp4", prefix="url")
    url = upload.call("GET", "/1").json["url"]
    for changed in (
        url.replace("partNumber=1", "partNumber=2"),
        url.replace(urlsplit(url).path, urlsplit(url).path + ".jpg"),
        url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
    ):
        assert changed != url
        assert send("PUT", changed, TEXT).status == 403
    assert send("GET", url).status == 403
    assert upload.call("GET").json == []
    assert upload.call("DELETE").status == 200
