"""HTTP APIs of the emulator: open to the stage's pages, and signed where IAM decides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import REGION
from lib.tools.emulator.lifecycle import Emulator
from tests.support.apis import call, make_api, make_function
from tests.support.signed import client

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

PAGE = "http://localhost:3000"
FOREIGN = "http://evil.test"
ROUTES = {
    "GET /open/{id}": "NONE",
    "POST /open": "NONE",
    "GET /by-key/{key+}": "NONE",
    "GET /iam": "AWS_IAM",
    "GET /iam/{key+}": "AWS_IAM",
    "ANY /iam/deep/{key+}": "AWS_IAM",
}


@pytest.fixture(scope="module")
def base(running: Emulator) -> str:
    """Return the path of an API whose CORS names a page."""
    routes = {route: {"AuthorizationType": auth} for route, auth in ROUTES.items()}
    cors = {"AllowOrigins": [PAGE], "AllowMethods": ["GET"], "MaxAge": 60}
    return make_api(running, make_function(running), routes, cors)


def sign(running: Emulator, key: Credentials, target: str) -> dict[str, str]:
    host = f"localhost:{running.port}"
    request = AWSRequest("GET", f"http://{host}{target}", headers={"Host": host})
    SigV4Auth(key, "execute-api", REGION).add_auth(request)
    return dict(request.headers.items())


def test_an_open_route_is_open_to_the_stages_pages(running, base):
    own = f"http://localhost:{running.port}"
    for headers in (
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": own, "Sec-Fetch-Site": "same-origin"},
        {"Origin": PAGE, "Sec-Fetch-Site": "same-site"},
        {"Referer": f"{PAGE}/", "Sec-Fetch-Site": "same-site"},
        {"Host": f"127.0.0.1:{running.port}", "Origin": own, "Sec-Fetch-Site": "cross-site"},
    ):
        answer = call(running, "GET", f"{base}/open/1", headers)
        assert answer.status == 200, (headers, answer.body)
        allowed = PAGE if headers.get("Origin") == PAGE else None
        assert answer.headers["Access-Control-Allow-Origin"] == allowed


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Origin": "http://localhost:3001"},
        {"Origin": f"{PAGE}.evil.test"},
        {"Origin": "https://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Referer": FOREIGN},
        {"Host": "rebound.test:{port}"},
        {"Host": "rebound.test:{port}", "Origin": "http://rebound.test:{port}"},
        {"Origin": "http://rebound.test:{port}"},
    ],
)
def test_no_other_page_gets_at_an_api(running, base, headers):
    told = {name: text.format(port=running.port) for name, text in headers.items()}
    for method, target in (("GET", "/open/1"), ("POST", "/open"), ("OPTIONS", "/open/1")):
        answer = call(running, method, base + target, told)
        assert answer.status == 403
        assert "requestContext" not in answer.body
        assert not answer.opened_to_pages


def test_a_preflight_is_the_apis(running, base):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    for target in ("/iam", "/iam/deep/x"):
        answer = call(running, "OPTIONS", base + target, asked)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, PAGE)
    assert call(running, "OPTIONS", "/_aws/execute-api/ffffffff/$default/x", asked).status == 403


def test_an_api_of_a_stack_has_its_cors(running, key):
    cors = {"AllowOrigins": [PAGE], "AllowMethods": ["GET"], "MaxAge": 60}
    properties = {"Name": "stack", "ProtocolType": "HTTP", "CorsConfiguration": cors}
    template = {
        "Resources": {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": properties}},
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
    }
    stacks = client(running, "cloudformation", key)
    stacks.create_stack(StackName="cors", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(
        StackName="cors", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    (made,) = stacks.describe_stacks(StackName="cors")["Stacks"]
    target = f"/_aws/execute-api/{made['Outputs'][0]['OutputValue']}/$default/x"
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    answer = call(running, "OPTIONS", target, asked)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, PAGE)
    assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    assert call(running, "OPTIONS", target, asked | {"Origin": FOREIGN}).status == 403


def test_a_route_of_iam_wants_a_good_signature_by_whom_it_lets(running, key, base):
    target = f"{base}/iam"
    answer = call(running, "GET", target, sign(running, key, target))
    assert answer.status == 200
    assert json.loads(answer.body)["requestContext"]["authorizer"]["iam"]["userArn"]
    stranger = client(running, "sts", key).assume_role(
        RoleArn="arn:aws:iam::000000000000:role/echo", RoleSessionName="any"
    )["Credentials"]
    session = Credentials(
        stranger["AccessKeyId"], stranger["SecretAccessKey"], stranger["SessionToken"]
    )
    for headers in (
        {},
        {"Authorization": "Bearer any"},
        {"Authorization": "AWS test:any"},
        sign(running, Credentials(key.access_key, "wrong"), target),
        sign(running, Credentials("test", "test"), target),
        sign(running, Credentials("000000000000", key.secret_key), target),
        sign(running, session, target),
    ):
        refused = call(running, "GET", target, headers)
        assert refused.status == 403
        assert refused.headers["Content-Type"].startswith("application/")
        assert "message" in json.loads(refused.body) or "Message" in refused.body
    told = call(running, "GET", target, {"Origin": PAGE})
    assert (told.status, told.headers["Access-Control-Allow-Origin"]) == (403, PAGE)
    key_in_path = f"{base}/iam/a%2Fb%20c"
    for same in (key_in_path, f"{base}//iam/x", f"{base}/iam%2Fx", f"{base}/i%61m/%252e"):
        assert call(running, "GET", same).status == 403, same
    assert call(running, "GET", key_in_path, sign(running, key, key_in_path)).status == 200


def test_an_open_route_takes_no_keys_name_for_who_asks(running, key, base):
    target = f"{base}/open/1"
    claims = "Credential=test/20300101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
    for headers, query in (
        ({"Authorization": f"AWS4-HMAC-SHA256 {claims}"}, ""),
        ({"Authorization": "AWS test:any"}, ""),
        ({"Authorization": f"Bearer any, {claims}"}, ""),
        ({"X-Amz-Target": "DynamoDB_20120810.ListTables"}, ""),
        ({}, "?AWSAccessKeyId=test&Signature=0&Expires=1"),
        ({}, "?x-amz-credential=test"),
        ({}, "?Action=ListRoles&X-Amz-Credential=test/20300101/us-east-1/iam/aws4_request"),
    ):
        for method in ("GET", "OPTIONS"):
            answer = call(running, method, target + query, headers)
            assert answer.status == 403, (headers, query)
    assert call(running, "GET", target, {"Authorization": "Bearer any"}).status == 200
    assert call(running, "GET", target, sign(running, key, target)).status == 200


def test_a_path_arrives_as_api_gateway_hands_it_on(running, base):
    def event(target: str) -> dict[str, Any]:
        return dict(json.loads(call(running, "GET", base + target).body))

    assert event("/open/1?a=1&a=2&b=%20")["queryStringParameters"] == {"a": "1,2", "b": " "}
    assert event("/open/%C3%A9%20x+y")["pathParameters"] == {"id": "é x+y"}
    greedy = event("/by-key/a/b%2Fc%3F")
    assert (greedy["rawPath"], greedy["pathParameters"]) == ("/by-key/a/b/c?", {"key": "a/b/c?"})
    assert event("/open/a%252Fb")["rawPath"] == "/open/a%252Fb"
    assert call(running, "GET", f"{base}/open/a%2Fb").status == 404
    encoded = base.replace("$", "%24")
    assert json.loads(call(running, "GET", f"{encoded}/open/1").body)["rawPath"] == "/open/1"


def test_what_has_no_route_is_not_found(running, base):
    for method, target in (("GET", "/nothing"), ("HEAD", "/open/1"), ("DELETE", "/open/1")):
        assert call(running, method, base + target).status == 404


def test_bodies_are_text_or_base64(running, base):
    binary = {"Content-Type": "application/octet-stream"}
    event = json.loads(call(running, "POST", f"{base}/open", binary, b"\xff\x00").body)
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)
    text = {"Content-Type": "application/json"}
    event = json.loads(call(running, "POST", f"{base}/open", text, b"{}").body)
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)


def test_functions_urls_and_old_paths_are_closed_to_the_unsigned(running, key, base):
    made = client(running, "lambda", key).create_function_url_config(
        FunctionName="echo", AuthType="NONE"
    )
    url = made["FunctionUrl"].split("/")[2].split(".")[0]
    api = base.split("/")[3]
    for target in (
        f"/_aws/lambda-url/{url}/",
        f"/restapis/{api}/$default/_user_request_/open/1",
        f"{base}/@connections/any",
    ):
        assert "npm run demo -- --keep" in call(running, "GET", target).body  # the filter says it
        assert call(running, "GET", target, {"Origin": PAGE}).status == 403
