"""HTTP APIs of an emulator whose function answers with the event that it gets."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from lib.tools.emulator.lifecycle import Emulator
from tests.support.signed import Answer, client, root, send

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


def make_function(running: Emulator) -> str:
    """Return the ARN of a function that answers with its event; its role may do nothing."""
    key = root(running)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as code:
        code.writestr("echo.py", ECHO)
    trusted = {"Service": "lambda.amazonaws.com", "AWS": "*"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    role = client(running, "iam", key).create_role(
        RoleName="echo",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )["Role"]["Arn"]
    made = client(running, "lambda", key).create_function(
        FunctionName="echo",
        Runtime="python3.13",
        Role=role,
        Handler="echo.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    return str(made["FunctionArn"])


def make_api(
    running: Emulator,
    function: str,
    routes: Mapping[str, Mapping[str, str]],
    cors: Mapping[str, Any] = {},
) -> str:
    """Return the path of an API: `routes` has each route's key, and who may use it."""
    apis = client(running, "apigatewayv2", root(running))
    api = apis.create_api(Name="echo", ProtocolType="HTTP", CorsConfiguration=dict(cors))["ApiId"]
    integration = apis.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    for route, auth in routes.items():
        named = dict(auth)
        if "Issuer" in named:
            jwt = {"Issuer": named.pop("Issuer"), "Audience": [named.pop("Audience")]}
            named["AuthorizerId"] = apis.create_authorizer(
                ApiId=api,
                AuthorizerType="JWT",
                IdentitySource=["$request.header.Authorization"],
                Name="tokens",
                JwtConfiguration=jwt,
            )["AuthorizerId"]
        apis.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration}", **named)
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"/_aws/execute-api/{api}/$default"


def call(
    running: Emulator,
    method: str,
    target: str,
    headers: Mapping[str, str] = {},
    body: bytes = b"",
) -> Answer:
    """Send a request as a page of the stage would name its host."""
    host = {"Host": f"localhost:{running.port}"}
    return send(running, method, target, host | dict(headers), body)
