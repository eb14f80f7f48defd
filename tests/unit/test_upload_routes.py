"""Uploads as API Gateway brings them in: what is decoded there, who calls, and what is answered."""

import base64
import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from lib.adapters.telemetry import Telemetry
from lib.application.doors.uploads import Intake
from lib.domain.caller import tenant_of
from lib.entrypoints.http.app import make_handler
from lib.entrypoints.http.routes import upload_routes
from tests.support.fakes import ManualClock
from tests.support.upload_desk import MemoryUploadDesk
from tests.support.world import PRESETS


class Gateway:
    """An HTTP API before the function: payload version 2.0, with a token's claims, if any."""

    def __init__(self, tenant_claim=""):
        self.desk = MemoryUploadDesk()
        intake = Intake(self.desk, lambda: PRESETS, ManualClock())
        self.handler = make_handler(upload_routes(intake), tenant_claim, Telemetry("test"))

    def call(self, method, path, query="", fields=None, *, claims=None, body=None, encoded=False):
        """Call a path, which API Gateway has decoded, with a query as it was sent."""
        if fields is not None:
            body = json.dumps(fields)
        if encoded:
            body = base64.b64encode(body.encode()).decode()
        context = {"http": {"method": method, "path": path}, "stage": "$default"}
        if claims is not None:
            context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"content-type": "application/json"},
            "requestContext": context,
            "isBase64Encoded": encoded,
        }
        answer = self.handler(event if body is None else event | {"body": body}, CONTEXT)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        assert headers["cache-control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])

    def begin(self, sub):
        fields = {"filename": "a.mp4", "type": "video/mp4", "metadata": {}}
        status, begun = self.call("POST", "/s3/multipart", fields=fields, claims={"sub": sub})
        assert status in (200, 201)
        return begun["uploadId"], begun["key"]


CONTEXT = SimpleNamespace(
    function_name="api",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:api",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 20_000,
)


@pytest.fixture
def open_gateway():
    return Gateway()


@pytest.fixture
def gateway():
    return Gateway("sub")


def test_each_path_of_an_upload_is_answered(open_gateway):
    call = open_gateway.call
    status, begun = call("POST", "/s3/multipart", fields={"filename": "a+b é.mp4"})
    assert status in (200, 201)
    query = "key=" + quote(begun["key"], safe="")
    path = f"/s3/multipart/{begun['uploadId']}"
    assert call("GET", path, query) == (200, [])
    status, signed = call("GET", f"{path}/3", query)
    assert "partNumber=3" in signed["url"]
    status, signed = call("GET", f"{path}/batch", f"{query}&partNumbers=1%2C2")
    assert (status, list(signed["presignedUrls"])) == (200, ["1", "2"])
    status, problem = call("POST", f"{path}/complete", query, {"parts": []})
    assert (status, problem["code"]) == (400, "INVALID_REQUEST")
    assert call("DELETE", path, query) == (200, {})
    status, problem = call("GET", path, query)
    assert (status, problem["code"]) == (404, "NOT_FOUND")
    assert call("GET", "/s3/params", "filename=a.jpg&type=image%2Fjpeg")[0] == 200
    assert call("POST", "/uploads", fields={"filename": "a.jpg", "size": 1})[0] == 201


def test_a_body_in_base64_is_read(open_gateway):
    status, _ = open_gateway.call(
        "POST", "/uploads", body='{"filename": "é.jpg", "size": 1}', encoded=True
    )
    assert status == 201
    assert open_gateway.desk.forms[0].key.endswith("/é.jpg")


def test_a_key_is_decoded_once(open_gateway):
    _, begun = open_gateway.call("POST", "/s3/multipart", fields={"filename": "a%20b+c.mp4"})
    path = f"/s3/multipart/{begun['uploadId']}"
    assert begun["key"].endswith("/a%20b+c.mp4")
    assert open_gateway.call("GET", path, "key=" + quote(begun["key"], safe=""))[0] == 200
    assert open_gateway.call("GET", path, "key=" + begun["key"])[0] == 404


def test_a_request_that_is_too_long_is_refused_unless_it_lists_parts(open_gateway):
    long = {"filename": "a.jpg", "size": 1, "prefix": "a" * 70_000}
    status, problem = open_gateway.call("POST", "/uploads", fields=long)
    assert (status, problem["code"]) == (413, "PAYLOAD_TOO_LARGE")
    _, begun = open_gateway.call("POST", "/s3/multipart", fields={"filename": "a.mp4"})
    path = f"/s3/multipart/{begun['uploadId']}/complete"
    parts = [{"PartNumber": each, "ETag": "e" * 32} for each in range(1, 10_001)]
    status, problem = open_gateway.call("POST", path, f"key={begun['key']}", {"parts": parts})
    assert (status, problem["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    "sub", ["ada", "auth0|5f7", "../eve", "a/b", "..", "%2e%2e", "josé@example.com", "~", "\u202e"]
)
def test_a_tenant_uploads_below_its_own_segment(gateway, sub):
    fields = {"filename": "../../eve/a.jpg", "size": 1, "prefix": "x"}
    status, offered = gateway.call("POST", "/uploads", fields=fields, claims={"sub": sub})
    assert status == 201
    assert offered["key"].startswith(f"{tenant_of(sub)}/x/")
    assert offered["key"].split("/")[-1] == "a.jpg"


@pytest.mark.parametrize(
    "claims", [None, {}, {"sub": ""}, {"sub": None}, {"sub": ["ada"]}, {"SUB": "ada"}]
)
def test_who_is_nobody_uploads_nothing(gateway, claims):
    calls = [
        ("POST", "/uploads", "", {"filename": "a.jpg", "size": 1}),
        ("GET", "/s3/params", "filename=a.jpg", None),
        ("POST", "/s3/multipart", "", {"filename": "a.jpg"}),
        ("DELETE", "/s3/multipart/o.upload-1", "key=ada%2Fa.jpg", None),
    ]
    for method, path, query, fields in calls:
        status, problem = gateway.call(method, path, query, fields, claims=claims)
        assert (status, problem["code"]) == (403, "FORBIDDEN")
    assert not gateway.desk.forms
    assert not gateway.desk.under_way


ESCAPES = [
    "ada/{rest}",
    "eve/../ada/{rest}",
    "eve%2F..%2Fada/{rest}",
    "eve/%2e%2e/ada/{rest}",
    "eve/..%2Fada/{rest}",
    "eve/..%5Cada%5C{rest}",
    "./ada/{rest}",
    "/ada/{rest}",
    "eve//../ada/{rest}",
    "ADA/{rest}",
    "ada\0/{rest}",
    "{rest}",
    "eve",
    "eve/",
    "",
]


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_key_reaches_what_another_tenant_has_begun(gateway, escape):
    handle, key = gateway.begin("ada")
    begun = dict(gateway.desk.under_way)
    tried = escape.format(rest=key.removeprefix("ada/"))
    once = quote(tried, safe="")
    for query in {once, tried.replace("\0", "%00"), quote(once, safe="")}:
        for method, rest, fields in [
            ("GET", "", None),
            ("GET", "/1", None),
            ("POST", "/complete", {"parts": [{"PartNumber": 1, "ETag": "e"}]}),
            ("DELETE", "", None),
        ]:
            status, problem = gateway.call(
                method,
                f"/s3/multipart/{handle}{rest}",
                f"key={query}",
                fields,
                claims={"sub": "eve"},
            )
            assert status in (400, 403), (query, problem)
    assert gateway.desk.under_way == begun


def test_a_key_that_is_given_twice_is_refused(gateway):
    handle, key = gateway.begin("ada")
    status, _ = gateway.call(
        "GET", f"/s3/multipart/{handle}", f"key=eve%2Fa&key={key}", claims={"sub": "eve"}
    )
    assert status == 400


def test_another_upload_of_ones_own_does_not_open_that_of_another(gateway):
    handle, _ = gateway.begin("ada")
    _, mine = gateway.begin("eve")
    for method in ("GET", "DELETE"):
        status, problem = gateway.call(
            method, f"/s3/multipart/{handle}", f"key={mine}", claims={"sub": "eve"}
        )
        assert (status, problem["code"]) == (404, "NOT_FOUND")
    assert len(gateway.desk.under_way) == 2
