"""Uploads with tokens: who is let in, and that nobody leaves the keys that are theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest

from tests.e2e.deployed import FUNCTIONS, Deployed, wait_for
from tests.support.api_calls import Api, Parts, send_form
from tests.support.tokens import AUDIENCE, Issuer, encode, issuing

TEXT = b"just words\n"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture(scope="module")
def enter(deployed: Deployed, issuer: Issuer) -> Iterator[Callable[[str], Api]]:
    """Return the API as whoever holds a token has it; `sub` names the tenant."""
    apis = boto3.client("apigatewayv2")
    api = apis.create_api(Name="tenants", ProtocolType="HTTP")["ApiId"]
    function = deployed.functions.get_function_configuration(FunctionName=f"{FUNCTIONS}api")
    integration = apis.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    authorizer = apis.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        Name="tokens",
        JwtConfiguration={"Issuer": issuer.url, "Audience": [AUDIENCE]},
    )["AuthorizerId"]
    for route in ("POST /uploads", "ANY /s3/{proxy+}", "ANY /assets", "ANY /assets/{proxy+}"):
        apis.create_route(
            ApiId=api,
            RouteKey=route,
            Target=f"integrations/{integration}",
            AuthorizationType="JWT",
            AuthorizerId=authorizer,
        )
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    before, _, _ = deployed.outputs["ApiUrl"].rpartition("/execute-api/")
    url = f"{before}/execute-api/{api}/$default"
    with deployed.reconfigured("api", TENANT_CLAIM="sub"):
        yield lambda token: Api(url, {"Authorization": f"Bearer {token}"} if token else {})
    apis.delete_api(ApiId=api)


def test_a_tenant_uploads_below_its_own_segment(deployed, enter, issuer):
    ada = enter(issuer.give(sub="ada@example.com"))
    offered = ada.offer("../../eve/a.txt", len(TEXT), prefix="x")
    assert offered["key"].startswith("ada~40example~2Ecom/x/")
    answer = send_form(offered["url"], offered["fields"], TEXT)
    assert answer.status == 201, answer.body
    stolen = offered["fields"] | {"key": "eve/a.txt"}
    assert send_form(offered["url"], stolen, TEXT).status == 403
    for sub, segment in [
        ("..", "~2E~2E"),
        ("a/b", "a~2Fb"),
        ("\u00e9", "~C3~A9"),
        ("e\u0301", "e~CC~81"),
    ]:
        key = enter(issuer.give(sub=sub)).offer("a.txt", 1)["key"]
        assert key.startswith(f"{segment}/")


def test_nobody_touches_what_another_tenant_has_begun(enter, issuer):
    ada = enter(issuer.give(sub="ada")).begin("a.mp4")
    eve = enter(issuer.give(sub="eve"))
    part = ada.send(1, TEXT)
    rest = ada.key.removeprefix("ada/")
    for key in (
        ada.key,
        f"eve/../ada/{rest}",
        f"eve/%2e%2e/ada/{rest}",
        f"eve/..%2fada/{rest}",
        f"eve/..\\ada\\{rest}",
        f"/ada/{rest}",
        f"./ada/{rest}",
    ):
        stranger = Parts(eve, ada.upload_id, key)
        calls = [
            stranger.call("GET"),
            stranger.call("GET", "/1"),
            stranger.call("GET", "/batch", query="&partNumbers=1"),
            stranger.complete(part),
            stranger.call("DELETE"),
        ]
        assert {each.status for each in calls} <= {400, 403}, key
        assert {each.code for each in calls} <= {"INVALID_REQUEST", "FORBIDDEN"}
    own = replace(eve.begin("b.mp4"), upload_id=ada.upload_id)
    assert own.call("GET").code == own.call("DELETE").code == "NOT_FOUND"
    assert [each["PartNumber"] for each in ada.call("GET").json] == [1], "it is still there"
    assert ada.call("DELETE").status == 200


def test_nobody_sees_or_touches_an_asset_of_another_tenant(deployed, enter, issuer):
    ada, eve = (enter(issuer.give(sub=each)) for each in ("ada", "eve"))
    offered = ada.offer("a.txt", len(TEXT), prefix="secret")
    assert send_form(offered["url"], offered["fields"], TEXT).status == 201
    identity, key = offered["asset_id"], offered["key"]
    found = wait_for(lambda: (x := ada.call("GET", f"/assets/{identity}")).status == 200 and x, key)
    assert found.json["key"] == key
    rest = key.removeprefix("ada/")
    for path in (
        f"/assets/{identity}",
        f"/assets/{identity.upper()}",
        *(
            f"/assets/by-key/{each}"
            for each in (
                key,
                f"eve/../{key}",
                f"eve/%2e%2e/{key}",
                f"eve/..%2f{key}",
                f"..%2f{key}",
                f"%2f{key}",
                f"ada%2f{rest}",
                f"ada%252f{rest}",
            )
        ),
    ):
        answer = eve.call("GET", path)
        assert (answer.status, answer.code) == (404, "NOT_FOUND"), path
    for method, path in (("DELETE", ""), ("POST", "/retry")):
        answer = eve.call(method, f"/assets/{identity}{path}")
        assert (answer.status, answer.code) == (404, "NOT_FOUND"), method
    for query in ("", "?prefix=../ada", "?prefix=ada/", "?q=secret", "?prefix=/", "?q=ada"):
        assert eve.call("GET", f"/assets{query}").json["assets"] == [], query
    listed = wait_for(lambda: ada.call("GET", "/assets?prefix=secret/").json["assets"], "a list")
    assert [each["key"] for each in listed] == [key]
    second = ada.offer("b.txt", len(TEXT), prefix="secret")
    send_form(second["url"], second["fields"], TEXT)
    cursor = wait_for(lambda: ada.call("GET", "/assets?limit=1").json["cursor"], "a second page")
    answer = eve.call("GET", f"/assets?limit=1&cursor={cursor}")
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert ada.call("GET", f"/assets/{identity}").json["status"] != "DELETED"


def test_no_other_token_opens_anything(enter, issuer):
    header, claims, signature = issuer.give().split(".")
    other = encode(claims.encode())
    now = int(time.time())
    for token in (
        "",
        f"{header}.{claims}.",
        f"{header}.{other}.{signature}",
        issuer.give(exp=now - 1),
        issuer.give(aud="other"),
        issuer.give(iss="https://evil.example.com"),
    ):
        api = enter(token)
        for method, path, fields in [
            ("POST", "/uploads", {"filename": "a.txt", "size": 1}),
            ("GET", "/s3/params?filename=a.txt", None),
            ("POST", "/s3/multipart", {"filename": "a.txt"}),
            ("DELETE", "/s3/multipart/o.x?key=ada%2Fa.txt", None),
            ("GET", "/assets", None),
            ("DELETE", f"/assets/{'0' * 32}", None),
        ]:
            assert api.call(method, path, fields).status == 401, (token, path)


def test_a_token_without_the_tenants_claim_opens_nothing(enter, issuer):
    answer = enter(issuer.give(sub="")).call("POST", "/uploads", {"filename": "a", "size": 1})
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
