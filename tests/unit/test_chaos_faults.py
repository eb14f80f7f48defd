"""What a run on the stage does, drawn from its seed: the plan, and what becomes of a call."""

import json
from collections import Counter
from urllib.parse import quote

import pytest

from lib.domain.keys import asset_id
from tests.robustness.chaos import plan
from tests.robustness.chaos.calls import Call, Message, refuse
from tests.robustness.chaos.faults import Breakdown, Faults, Verdict
from tests.robustness.chaos.invocations import assets_in
from tests.robustness.chaos.plan import Deed, Fault, Options

SIGNED = "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/{}/aws4_request, SignedHeaders=host"


def options(seed=1, *faults):
    return Options(seed, 50, 60.0, frozenset(faults))


def call(service="s3", identity="one", writes=True):
    return Call(service, "PutObject", writes, identity, "")


def request(line, service, body=b"", **headers):
    lines = [line, f"Authorization: {SIGNED.format(service)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Message("\r\n".join([*lines, "", ""]).encode(), body)


def test_a_seed_draws_the_same_plan_each_time_and_another_one_another():
    assert plan.draw(options(1, *Fault)) == plan.draw(options(1, *Fault))
    assert plan.draw(options(1, *Fault)) != plan.draw(options(2, *Fault))


def test_without_faults_users_alone_do_something():
    drawn = plan.draw(options())
    deeds = Counter(each.deed for each in drawn.steps)
    assert (deeds[Deed.PUT], drawn.share) == (50, 0.0)
    assert all(each.key for each in drawn.steps)


@pytest.mark.parametrize(
    ("fault", "deed"),
    [
        (Fault.KILLS, Deed.KILL),
        (Fault.STOPS, Deed.FREEZE_ALL),
        (Fault.OUTAGES, Deed.OUTAGE),
        (Fault.REPEATS, Deed.REPEAT_EVENT),
        (Fault.POISON, Deed.POISON),
    ],
)
def test_each_fault_adds_its_deeds(fault, deed):
    assert deed in {each.deed for each in plan.draw(options(1, fault)).steps}
    others = frozenset(Fault) - {fault}
    assert deed not in {each.deed for each in plan.draw(options(1, *others)).steps}


def judged(faults, calls, attempts=3):
    return [
        tuple(faults.judge(call(identity=str(number))) for _ in range(attempts))
        for number in range(calls)
    ]


def test_the_same_seed_gives_the_same_faults_and_all_kinds_of_them():
    first, second = Faults(7, 0.5, active=True), Faults(7, 0.5, active=True)
    assert judged(first, 200) == judged(second, 200)
    assert len(first.counts) == 5


def test_an_attempt_after_a_lost_reply_is_served_or_refused_for_good():
    faults = Faults(7, 1.0, active=True)
    lost = [each for each in judged(faults, 300) if each[0].loses_reply]
    later = Counter(bool(each[1].refusal) for each in lost)
    assert set(later) == {True, False}
    assert all(each[1] == each[2] for each in lost)
    assert not any(each[1].loses_reply for each in lost)


def test_nothing_fails_before_the_load_or_after_it():
    faults = Faults(7, 1.0)
    faults.break_down(Breakdown("s3", 60, False, 503, "SlowDown"))
    assert faults.judge(call()) == Verdict()


def test_an_outage_refuses_what_it_is_about_alone():
    faults = Faults(7, 0.0, active=True)
    faults.break_down(Breakdown("s3", 60, True, 503, "SlowDown"))
    assert faults.judge(call()).refusal == (503, "SlowDown")
    assert faults.judge(call(writes=False)) == Verdict()
    assert faults.judge(call("dynamodb")) == Verdict()


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (request("PUT /b/k HTTP/1.1", "s3"), ("s3", "PutObject", True)),
        (request("GET /b/k?versionId=1 HTTP/1.1", "s3"), ("s3", "GetObject", False)),
        (request("GET /b?list-type=2 HTTP/1.1", "s3"), ("s3", "ListObjects", False)),
        (request("POST /b?delete HTTP/1.1", "s3"), ("s3", "DeleteObjects", True)),
        (
            request("POST / HTTP/1.1", "dynamodb", x_amz_target="DynamoDB_20120810.UpdateItem"),
            ("dynamodb", "UpdateItem", True),
        ),
        (
            request("POST / HTTP/1.1", "dynamodb", x_amz_target="DynamoDB_20120810.GetItem"),
            ("dynamodb", "GetItem", False),
        ),
        (
            request("POST / HTTP/1.1", "sns", b"Action=Publish&TopicArn=x"),
            ("sns", "Publish", True),
        ),
    ],
)
def test_a_signed_request_says_which_call_it_is(heard, expected):
    found = Call.of(heard)
    assert (found.service, found.operation, found.writes) == expected


def test_a_presigned_url_says_which_service_it_is_for():
    scope = quote("KEY/20260101/us-east-1/s3/aws4_request", safe="")
    found = Call.of(Message(f"GET /b/k?X-Amz-Credential={scope} HTTP/1.1\r\n\r\n".encode(), b""))
    assert (found.service, found.operation, found.id) == ("s3", "GetObject", "")


@pytest.mark.parametrize("service", ["s3", "sns", "sqs", "dynamodb", "states"])
def test_a_refusal_is_a_whole_response(service):
    head, _, body = refuse(service, 503, "SlowDown").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"content-length: {len(body)}".encode() in head
    assert b"SlowDown" in body


def test_an_event_of_any_function_names_its_assets():
    message = {"schema": 1, "bucket": "b", "key": "a c.jpg"}
    s3 = {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "a+c.jpg"}}}]}
    queue = {"Records": [{"body": json.dumps(message)}, {"body": "poison"}]}
    stream = {"Records": [{"dynamodb": {"Keys": {"pk": {"S": asset_id("b", "a c.jpg")}}}}]}
    again = {"Records": [{"body": json.dumps({"requestPayload": s3})}]}
    for event in (s3, queue, stream, again, {"event": message}):
        assert list(assets_in(event)) == [asset_id("b", "a c.jpg")]
