"""What stock Uppy asks for, in the words of its versions 5 and 6, and what it is answered."""

import json

import pytest

from lib.application.doors.multipart import find_upload
from lib.application.doors.refusals import RefusalCode, Refused
from lib.application.doors.uploads import Intake
from lib.domain.caller import Caller
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.keys import asset_id
from lib.entrypoints.http import companion
from lib.entrypoints.http.fields import read_query
from lib.entrypoints.http.request import Request
from lib.entrypoints.http.uploads import post_upload
from tests.support.fakes import UPLOADS, ManualClock
from tests.support.upload_desk import LEAST_PART, MemoryUploadDesk
from tests.support.world import PRESETS

MINE = Caller("mine")
KEPT = {"name": "a b.jpg", "type": "image/jpeg", "relativePath": None}
"""What Uppy keeps of each file, and sends."""


@pytest.fixture
def desk():
    return MemoryUploadDesk()


@pytest.fixture
def intake(desk):
    return Intake(desk, lambda: PRESETS, ManualClock(1_800_000_000))


def refused(call, *arguments):
    with pytest.raises(Refused) as raised:
        call(*arguments)
    return raised.value.code


def params(intake, query):
    return companion.get_params(Request(MINE, query=query), intake).body


def begin_by(intake, body):
    return companion.begin_multipart(Request(MINE, body=body), intake)


def begin(intake, metadata=None, mime="image/jpeg"):
    body = {"filename": "a b.jpg", "metadata": metadata or KEPT, "type": mime}
    return begin_by(intake, json.dumps(body)).body


def about(begun, caller=MINE, *, body="", **query):
    """Return a request about an upload that was begun."""
    number = query.pop("number", "")
    return Request(
        caller,
        params={"handle": begun["uploadId"], "number": number},
        query={"key": begun["key"]} | query,
        body=body,
    )


def test_a_form_as_uppy_asks_for_it(desk, intake):
    raw = (
        "filename=a+b.jpg&type=image%2Fjpeg&metadata%5BrelativePath%5D=null"
        "&metadata%5Bname%5D=a+b.jpg&metadata%5Btype%5D=image%2Fjpeg"
    )
    answer = params(intake, read_query(raw))
    [terms] = desk.forms
    assert (answer["method"], answer["headers"], answer["expires"]) == ("POST", {}, 900)
    assert answer["fields"]["key"] == terms.key == answer["key"]
    assert (terms.mime, terms.preset, terms.most) == ("image/jpeg", None, 100_000_000)
    assert terms.key.startswith("mine/")
    assert terms.key.endswith("/a b.jpg")
    assert answer["asset_id"] == asset_id(UPLOADS, terms.key)


def test_what_a_page_says_of_a_file_is_heard(desk, intake):
    raw = (
        "filename=a.jpg&type=&metadata[prefix]=x&metadata[preset]=default&metadata[size]=10"
        "&metadata[overwrite]=true&metadata[relativePath]=/day%201/two/a.jpg"
    )
    params(intake, read_query(raw))
    [terms] = desk.forms
    assert terms.key == "mine/x/day 1/two/a.jpg"
    assert (terms.preset, terms.least, terms.most, terms.mime) == ("default", 10, 10, None)


@pytest.mark.parametrize("nothing", ["", "null", "undefined"])
def test_what_a_page_does_not_say_is_nothing(desk, intake, nothing):
    names = ("prefix", "preset", "size", "overwrite", "relativePath")
    query = {f"metadata[{name}]": nothing for name in names}
    params(intake, {"filename": "a.jpg"} | query)
    [terms] = desk.forms
    assert terms.key.count("/") == 2
    assert (terms.preset, terms.least) == (None, 0)


@pytest.mark.parametrize("mime", ["", "undefined", "null", "what/ever type", "text", 5 * "a" * 99])
def test_a_type_that_is_none_is_not_declared(desk, intake, mime):
    params(intake, {"filename": "a.jpg", "type": mime})
    assert desk.forms[0].mime is None


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"filename": ""},
        {"filename": "a" * 10_000},
        {"filename": "a.jpg", "metadata[size]": "-1"},
        {"filename": "a.jpg", "metadata[size]": "1e9"},
        {"filename": "a.jpg", "metadata[overwrite]": "yes"},
        {"filename": "a.jpg", "metadata[prefix]": "../yours"},
        {"filename": "a.jpg", "metadata[relativePath]": "/../yours/a.jpg"},
        {"filename": "a.jpg", "metadata[relativePath]": "../yours/a.jpg"},
    ],
)
def test_a_query_that_asks_for_no_upload_is_refused(desk, intake, query):
    found = refused(params, intake, query)
    assert found is RefusalCode.INVALID_REQUEST
    assert not desk.forms


def test_an_upload_in_parts_goes_as_uppy_sends_it(desk, intake):
    begun = begin(intake, KEPT | {"preset": "default"})
    key = begun["key"]
    [under_way] = desk.under_way.values()
    assert (under_way.key, under_way.mime, under_way.preset) == (key, "image/jpeg", "default")
    signed = companion.sign_part(about(begun, number="1"), intake).body
    assert "partNumber=1" in signed["url"]
    assert signed["expires"] == 3600
    urls = companion.sign_batch(about(begun, partNumbers="1,2"), intake).body["presignedUrls"]
    assert "partNumber=2" in urls["2"]
    upload, _ = find_upload(begun["uploadId"], key, MINE)
    parts = [desk.send(upload, 1, LEAST_PART), desk.send(upload, 2, 7)]
    listed = companion.list_parts(about(begun), intake).body
    assert listed == [
        {"PartNumber": 1, "Size": LEAST_PART, "ETag": f'"{parts[0].etag}"'},
        {"PartNumber": 2, "Size": 7, "ETag": f'"{parts[1].etag}"'},
    ]
    # Of a part that this page has sent, Uppy sends the ETag bare; of a listed one as it is listed.
    body = json.dumps({"parts": [listed[0], {"PartNumber": 2, "ETag": parts[1].etag}]})
    made = companion.complete_multipart(about(begun, body=body), intake).body
    assert made["key"] == key
    assert made["asset_id"] == begun["asset_id"] == asset_id(UPLOADS, key)
    assert made["location"].endswith(key)
    assert desk.objects == {key: LEAST_PART + 7}


def test_an_upload_is_dropped(desk, intake):
    begun = begin(intake)
    assert companion.abort_multipart(about(begun), intake).body == {}
    assert not desk.under_way
    for call in (companion.abort_multipart, companion.list_parts, companion.sign_part):
        assert refused(call, about(begun, number="1"), intake) is RefusalCode.NOT_FOUND


def test_nobody_touches_what_somebody_else_has_begun(desk, intake):
    begun = begin(intake)
    [before] = desk.under_way.values()
    named = {"number": "1", "partNumbers": "1"}
    body = '{"parts": [{"PartNumber": 1, "ETag": "e"}]}'
    for stranger in (Caller("yours"), Caller("min"), Caller("mine2")):
        for call in (
            companion.list_parts,
            companion.sign_part,
            companion.sign_batch,
            companion.complete_multipart,
            companion.abort_multipart,
        ):
            asked = about(begun, stranger, body=body, **named)
            assert refused(call, asked, intake) is RefusalCode.FORBIDDEN
    assert [before] == list(desk.under_way.values())


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "1.5", "", "٣", "1e3", "000001"])
def test_a_part_has_a_number(intake, number):
    asked = about(begin(intake), number=number, partNumbers=number)
    for call in (companion.sign_part, companion.sign_batch):
        assert refused(call, asked, intake) is RefusalCode.INVALID_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"parts": []}',
        '{"parts": {}}',
        '{"parts": [1]}',
        '{"parts": [{"PartNumber": "1", "ETag": "e"}]}',
        '{"parts": [{"PartNumber": true, "ETag": "e"}]}',
        '{"parts": [{"PartNumber": 1}]}',
        '{"parts": [{"PartNumber": 1, "ETag": "\\u0000"}]}',
        json.dumps({"parts": [{"PartNumber": 1, "ETag": "e"}] * 10_001}),
    ],
)
def test_an_upload_is_completed_by_a_list_of_parts(intake, body):
    asked = about(begin(intake), body=body)
    assert refused(companion.complete_multipart, asked, intake) is RefusalCode.INVALID_REQUEST


def test_a_request_about_an_upload_says_its_key(intake):
    handle = begin(intake)["uploadId"]
    for query in ({}, {"key": ""}):
        asked = Request(MINE, params={"handle": handle}, query=query)
        assert refused(companion.list_parts, asked, intake) is RefusalCode.INVALID_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"filename": 1}',
        '{"filename": "a", "metadata": []}',
        '{"filename": "a", "metadata": {"overwrite": 0}}',
        '{"filename": "a", "metadata": {"size": true}}',
        '{"filename": "a", "metadata": {"prefix": 1}}',
    ],
)
def test_an_upload_in_parts_has_a_name(desk, intake, body):
    assert refused(begin_by, intake, body) is RefusalCode.INVALID_REQUEST
    assert not desk.under_way


def test_limits_and_presets_are_looked_at_before_a_byte_is_sent(desk, intake):
    for metadata, code in [
        ({"size": 100_000_001}, ErrorCode.LIMIT_EXCEEDED),
        ({"preset": "nope"}, ErrorCode.UNKNOWN_PRESET),
    ]:
        with pytest.raises(PermanentError) as raised:
            begin(intake, metadata)
        assert raised.value.code is code
    assert not desk.under_way


def post(intake, **fields):
    return post_upload(Request(MINE, body=json.dumps(fields)), intake).body


def test_a_form_as_a_program_asks_for_it(intake):
    answer = post(intake, filename="a.jpg", size=10, type="image/jpeg", prefix="x")
    assert answer["method"] == "POST"
    assert answer["fields"] == {"key": answer["key"]}
    assert answer["expires_at"] == "2027-01-15T08:15:00.000Z"
    assert answer["asset_id"] == asset_id(UPLOADS, answer["key"])


def test_parts_as_a_program_asks_for_them(desk, intake):
    answer = post(intake, filename="é b.mp4", size=200_000_000, type="video/mp4")
    assert (answer["method"], answer["part_size"], answer["parts"]) == ("multipart", 2**24, 12)
    path, _, query = answer["url"].partition("?")
    assert path == f"/s3/multipart/{answer['upload_id']}"
    assert read_query(query) == {"key": answer["key"]}
    asked = Request(MINE, params={"handle": answer["upload_id"]}, query=read_query(query))
    assert companion.list_parts(asked, intake).body == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"filename": "a.jpg"},
        {"filename": "a.jpg", "size": "10"},
        {"filename": "a.jpg", "size": -1},
        {"filename": "a.jpg", "size": 10, "acl": "public-read"},
        {"filename": "a.jpg", "size": 10, "overwrite": "true"},
        {"filename": "a.jpg", "size": 10, "type": ""},
    ],
)
def test_what_a_program_asks_for_is_held_to_the_letter(desk, intake, fields):
    with pytest.raises(Refused) as raised:
        post(intake, **fields)
    assert raised.value.code is RefusalCode.INVALID_REQUEST
    assert not desk.forms


def test_a_size_beyond_all_numbers_is_a_limit_that_is_exceeded(intake):
    with pytest.raises(PermanentError) as raised:
        post(intake, filename="a.jpg", size=10**400)
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED
