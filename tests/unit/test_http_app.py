"""The HTTP API: what AWS sends becomes a request, and what is answered is JSON or a problem."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from lib.adapters.telemetry import Telemetry
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.entrypoints.http.app import make_handler
from lib.entrypoints.http.request import Answer, Route

CONTEXT = SimpleNamespace(
    function_name="api",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:api",
    aws_request_id="1",
)


def event(path="/echo", method="GET", route=None, **changed):
    """Return an event of an HTTP API, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": route or f"{method} /{{proxy+}}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
        **changed,
    }


def call(answer, sent, claim="", rule=r"/echo.*", limit=100):
    route = Route(sent["requestContext"]["http"]["method"], rule, answer, limit)
    answered = make_handler([route], claim, Telemetry("test"))(sent, CONTEXT)
    body = answered.get("body")
    return SimpleNamespace(
        status=answered["statusCode"],
        headers={name.lower(): value for name, value in answered["headers"].items()},
        json=json.loads(body) if body else None,
    )


def echo(request):
    return Answer({"path": request.path, "body": request.body, "query": dict(request.query)})


def fail(exc):
    def raising(request):
        raise exc

    return raising


def test_an_answer_is_json_that_no_cache_keeps():
    answered = call(lambda _: Answer({"a": "é\udc80"}, 201, {"ETag": 'W/"1"'}), event())
    assert (answered.status, answered.json) == (201, {"a": "é\udc80"})
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["content-type"] == "application/json"
    assert answered.headers["etag"] == 'W/"1"'


def test_an_answer_may_say_how_long_it_is_kept_and_have_no_body():
    answered = call(lambda _: Answer(None, 304, {"Cache-Control": "private"}), event())
    assert (answered.status, answered.json) == (304, None)
    assert answered.headers["cache-control"] == "private"


@pytest.mark.parametrize(
    "key", ["a b.jpg", "100%.jpg", "%41.jpg", "a+b", "ü/ж.png", 'a"#b', "a\nb"]
)
def test_a_path_is_decoded_once_whoever_sends_it(key):
    from urllib.parse import quote

    decoded = call(echo, event(f"/echo/{key}"), rule=r"/echo/[\s\S]+")
    assert decoded.json["path"] == f"/echo/{key}"
    encoded = event(f"/echo/{quote(key)}", route="$default")
    assert call(echo, encoded, rule=r"/echo/[\s\S]+").json["path"] == f"/echo/{key}"


def test_a_query_is_decoded_once():
    sent = event(rawQueryString="key=%2541%20b%2Fc")
    assert call(echo, sent).json["query"] == {"key": "%41 b/c"}


def test_a_body_may_come_in_base64():
    body = base64.b64encode("{}ü".encode()).decode()
    assert call(echo, event(body=body, isBase64Encoded=True)).json["body"] == "{}ü"


@pytest.mark.parametrize("text", ["x" * 100, "ü" * 50])
def test_a_body_is_as_long_as_its_bytes_however_it_is_sent(text):
    encoded = base64.b64encode(text.encode()).decode()
    for sent in (event(body=text), event(body=encoded, isBase64Encoded=True)):
        assert call(echo, sent).json["body"] == text


@pytest.mark.parametrize(
    ("body", "encoded", "status", "code"),
    [
        ("x" * 101, False, 413, "PAYLOAD_TOO_LARGE"),
        ("ü" * 51, False, 413, "PAYLOAD_TOO_LARGE"),
        (base64.b64encode(b"x" * 101).decode(), True, 413, "PAYLOAD_TOO_LARGE"),
        ("x" * 100_000, True, 413, "PAYLOAD_TOO_LARGE"),
        (base64.b64encode(b"\xff\xfe").decode(), True, 400, "INVALID_REQUEST"),
        ("a", True, 400, "INVALID_REQUEST"),
    ],
)
def test_a_body_that_is_too_long_or_no_text_is_refused(body, encoded, status, code):
    answered = call(echo, event(body=body, isBase64Encoded=encoded))
    assert (answered.status, answered.json["code"]) == (status, code)


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Refused(RefusalCode.INVALID_REQUEST, "no"), 400, "INVALID_REQUEST"),
        (Refused(RefusalCode.FORBIDDEN, "no"), 403, "FORBIDDEN"),
        (Refused(RefusalCode.NOT_FOUND, "no"), 404, "NOT_FOUND"),
        (Refused(RefusalCode.CONFLICT, "no"), 409, "CONFLICT"),
        (Refused(RefusalCode.GONE, "no"), 410, "GONE"),
        (PermanentError(ErrorCode.LIMIT_EXCEEDED, "no"), 413, "LIMIT_EXCEEDED"),
        (PermanentError(ErrorCode.UNKNOWN_PRESET, "no"), 400, "UNKNOWN_PRESET"),
        (PermanentError(ErrorCode.SOURCE_GONE, "no"), 410, "SOURCE_GONE"),
        (PermanentError(ErrorCode.ENCODE_FAILED, "no"), 422, "ENCODE_FAILED"),
    ],
)
def test_what_goes_wrong_is_a_problem_with_its_code(raised, status, code):
    answered = call(fail(raised), event())
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.status == answered.json["status"] == status
    assert (answered.json["code"], answered.json["detail"]) == (code, "no")
    assert answered.json["title"]


def test_every_refusal_has_a_status():
    for code in RefusalCode:
        assert 400 <= call(fail(Refused(code, "no")), event()).status < 500


def test_who_is_told_to_wait_is_told_how_long():
    waits = TransientError(ErrorCode.THROTTLED, "slower", retry_after=2.2)
    answered = call(fail(waits), event())
    assert (answered.status, answered.headers["retry-after"]) == (503, "3")
    unknown = call(fail(TransientError(ErrorCode.SERVICE_UNAVAILABLE, "away")), event())
    assert unknown.headers["retry-after"] == "1"


def test_what_aws_says_is_told_to_the_log_alone(caplog):
    said = "User: arn:aws:sts::1:assumed-role/api is not authorized to perform: dynamodb:GetItem"
    answered = call(fail(TransientError(ErrorCode.SERVICE_UNAVAILABLE, said)), event())
    assert answered.json["code"] == "SERVICE_UNAVAILABLE"
    assert answered.json["detail"] == "try again in 1 s"
    [logged] = caplog.records
    assert logged.reason == said


def test_a_bug_tells_callers_nothing_and_the_log_everything(caplog):
    answered = call(fail(RuntimeError("the secret")), event())
    assert (answered.status, answered.json["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in json.dumps(answered.json)
    [logged] = caplog.records
    assert logged.exc_info[1].args == ("the secret",)


def test_what_no_route_answers_is_a_problem_too():
    answered = call(echo, event("/nothing"))
    assert (answered.status, answered.json["code"]) == (404, "NOT_FOUND")
    assert answered.headers["content-type"] == "application/problem+json"


def with_claims(**claims):
    sent = event()
    sent["requestContext"]["authorizer"] = {"jwt": {"claims": claims}}
    return sent


def test_a_claim_is_the_callers_folder():
    def tenant(request):
        return Answer(request.caller.tenant)

    assert call(tenant, with_claims(sub="auth0|1"), "sub").json == "auth0~7C1"
    assert call(tenant, with_claims(sub="auth0|1")).json is None


@pytest.mark.parametrize(
    "claims", [{}, {"sub": ""}, {"sub": 5}, {"other": "a"}, {"sub": "x" * 300}]
)
def test_a_token_without_the_claim_is_nobody(claims):
    answered = call(echo, with_claims(**claims), "sub")
    assert (answered.status, answered.json["code"]) == (403, "FORBIDDEN")


def test_without_any_token_there_is_nobody_either():
    assert call(echo, event(), "sub").status == 403
