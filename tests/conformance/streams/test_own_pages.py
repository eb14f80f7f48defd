"""In a browser: pages of the local stage upload and see, and foreign ones only show pictures."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from lib.tools.emulator.request_filter import HEALTH
from tests.conformance.streams.browser import Browser
from tests.conformance.streams.conftest import FOLDER
from tests.conformance.streams.server import serve
from tests.conformance.streams.test_local_pages import Target, make_function


@pytest.fixture
def own(emulator: Any) -> Target:
    state = emulator.state
    return Target(state.port, state.access_key, state.secret_key)


@pytest.fixture
def addresses(own: Target, tmp_path: Any) -> dict[str, Any]:
    """Return what a page of the stage knows: an API, and a bucket whose CORS names the page."""
    s3 = own.client("s3", signature_version="s3v4")
    bucket = f"own-pages-{tmp_path.name[-10:].strip('_').replace('_', '-')}"
    s3.create_bucket(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    rule = {
        "AllowedOrigins": [f"http://localhost:{own.port}"],
        "AllowedMethods": ["GET", "PUT", "POST"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    allowed = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/public/*",
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    picture = io.BytesIO()
    Image.new("RGB", (7, 5)).save(picture, "PNG")
    for key in ("public/a.png", "hidden.png"):
        s3.put_object(Bucket=bucket, Key=key, Body=picture.getvalue(), ContentType="image/png")
    name = {"Bucket": bucket, "Key": "put.txt"}
    hidden = {"Bucket": bucket, "Key": "hidden.png"}
    posted = s3.generate_presigned_post(bucket, "form.txt")
    base = f"http://127.0.0.1:{own.port}/{bucket}"
    return {
        "api": make_api(own, tmp_path / "mark"),
        "bucket": base,
        "fields": posted["fields"],
        "put": s3.generate_presigned_url("put_object", Params=name),
        "picture": f"{base}/public/a.png",
        "hidden": f"{base}/hidden.png",
        "presigned": s3.generate_presigned_url("get_object", Params=hidden),
    }


def make_api(own: Target, mark: Any) -> str:
    """Return the address of an API whose function leaves a mark."""
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": policy})
    iam = own.client("iam")
    role = iam.create_role(RoleName=mark.parent.name, AssumeRolePolicyDocument=trust)
    made = own.client("lambda").create_function(
        FunctionName=mark.parent.name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="intruder.handler",
        Code={"ZipFile": make_function(mark)},
    )
    apis = own.client("apigatewayv2")
    api = apis.create_api(Name="own", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=made["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    apis.create_route(ApiId=api, RouteKey="ANY /x", Target=f"integrations/{integration}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"http://localhost:{own.port}/_aws/execute-api/{api}/$default/x"


def visit(browser: Browser, page: str, addresses: dict[str, Any]) -> dict[str, Any]:
    module = (FOLDER / "visit.mjs").read_text()
    imported = f"import(URL.createObjectURL(new Blob([{module!r}], {{type: 'text/javascript'}})))"
    done = browser.evaluate(page, f"{imported}.then(m => m.visit({json.dumps(addresses)}))")
    assert isinstance(done, dict)
    return done


def test_a_page_of_the_stage_uploads_and_sees(browser, own, addresses, tmp_path):
    bucket = {"Bucket": addresses["bucket"].rpartition("/")[2]}
    done = visit(browser, f"http://localhost:{own.port}{HEALTH}", addresses)
    etag = own.client("s3").head_object(**bucket, Key="put.txt")["ETag"]
    assert done == {
        "call": 200,
        "simple": "basic",
        "get": "basic",
        "put": etag,
        "form": 204,
        "read": "image/png",
        "picture": "7 px",
        "presigned": "7 px",
        "hidden": "blocked",
    }
    assert own.client("s3").head_object(**bucket, Key="form.txt")["ContentLength"] == 4
    assert (tmp_path / "mark").exists()


def test_a_foreign_page_only_shows_what_is_public_or_presigned(browser, own, addresses, tmp_path):
    bucket = {"Bucket": addresses["bucket"].rpartition("/")[2]}
    with serve(FOLDER) as address:
        pages = [
            f"{address}/player.html",
            f"{address}/player.html".replace("127.0.0.1", "localhost"),
        ]
        seen = [visit(browser, page, addresses) for page in pages]
    for done in seen:
        shown = {name for name, outcome in done.items() if outcome == "7 px"}
        assert shown == {"picture", "presigned"}
        assert {done[name] for name in ("call", "put", "form", "read", "hidden")} == {"blocked"}
    listed = own.client("s3").list_objects_v2(**bucket)["Contents"]
    assert [each["Key"] for each in listed] == ["hidden.png", "public/a.png"]
    assert not (tmp_path / "mark").exists()
