"""The examples of docs/examples on the local stage: from a file to its picture on their page."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
import pytest

from tests.conformance.streams.browser import browsing, find_browser
from tests.e2e.deployed import FUNCTIONS, Deployed, wait_for
from tests.e2e.webhooks import EVERYTHING, NOTHING, tell_webhook
from tests.support.api_calls import Api, send, send_form
from tests.support.examples import EXPRESS, FASTAPI, PORTS, UPPY, command_of, running
from tests.support.signed_delivery import PREVIEW, QUERY, answering, sign

PHOTO = Path(__file__).parents[1] / "media" / "hubble.jpg"
SECRET = "whsec_" + base64.b64encode(b"a secret of the examples").decode()

CHOOSE = """(async () => {
  const pause = () => new Promise((done) => setTimeout(done, 50));
  while (document.readyState !== "complete") await pause();
  const input = document.querySelector("input"), chosen = new DataTransfer();
  const bytes = Uint8Array.from(atob(%s), (each) => each.charCodeAt(0));
  chosen.items.add(new File([bytes], %s, { type: "image/jpeg" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
  for (;;) {
    const shown = document.querySelector("li img");
    if (shown?.complete && shown.naturalWidth) return [shown.currentSrc, shown.naturalWidth];
    await pause();
  }
})()"""
"""Chooses a file as a person does, and waits for its picture."""


@pytest.fixture(scope="module")
def start() -> Callable[[Path], list[str]]:
    """Return what installs an example, or passes its test over where that can't be done."""

    def install(example: Path) -> list[str]:
        try:
            return command_of(example)
        except (OSError, subprocess.SubprocessError) as error:
            return _give_up(f"{example.name} can be installed ({error})")

    return install


def _give_up(what: str) -> NoReturn:
    message = f"this test needs that {what}"
    if os.environ.get("CONFORMANCE_REQUIRED"):
        pytest.fail(message)
    pytest.skip(message)


def test_a_page_with_stock_uppy_shows_the_photo_that_was_chosen(deployed: Deployed, start) -> None:
    path = find_browser()
    if not path:
        _give_up("chromium is installed, or CHROMIUM_PATH set")
    name = f"{uuid4().hex[:8]} ü.jpg"
    chosen = [json.dumps(base64.b64encode(PHOTO.read_bytes()).decode()), json.dumps(name)]
    settings = {"API_URL": deployed.outputs["ApiUrl"]}
    with running(UPPY, start(UPPY), settings) as address, browsing(path) as browser:
        source, width = browser.evaluate(address, CHOOSE % tuple(chosen))
    assert source.startswith(deployed.outputs["RenditionsUrl"])
    assert width > 100


@pytest.fixture
def told(deployed: Deployed, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Have the stage's webhook post to an example's server, and return the example."""
    example: Path = request.param
    parameter = deployed.outputs["WebhookSecret"]
    boto3.client("ssm").put_parameter(
        Name=parameter, Value=SECRET, Type="SecureString", Overwrite=True
    )
    url = f"http://127.0.0.1:{PORTS[example]}/hooks/media"
    with deployed.reconfigured("webhook", WEBHOOK_URL=url, WEBHOOK_DELAYS="1"):
        tell_webhook(deployed.emulator.environment, EVERYTHING)
        yield example
        tell_webhook(deployed.emulator.environment, NOTHING)


def settings_of(deployed: Deployed, **more: str) -> dict[str, str]:
    outputs = deployed.outputs
    urls = {"API_URL": outputs["ApiUrl"], "DELIVERY_URL": outputs["DeliveryUrl"]}
    return {**urls, "WEBHOOK_SECRET": SECRET, **more}


def offer(address: str, name: str) -> Any:
    """Ask an example's server, as its page does, how a photo may be sent."""
    fields = {"filename": name, "size": PHOTO.stat().st_size, "type": "image/jpeg"}
    answer = Api(address).call("POST", "/uploads", fields)
    assert answer.status == 201, answer.body
    return answer.json


@pytest.mark.parametrize("told", [EXPRESS, FASTAPI], indirect=True, ids=lambda each: each.name)
def test_a_back_end_shows_what_its_users_uploaded_once_it_is_told(
    deployed: Deployed, told: Path, start
) -> None:
    with running(told, start(told), settings_of(deployed)) as address:
        name = uuid4().hex
        offered = offer(address, f"{name} & ü.jpg")
        assert offered["key"].startswith("guests/")
        assert send_form(offered["url"], offered["fields"], PHOTO.read_bytes()).status == 201

        def shown() -> str | None:
            page = send("GET", address).body.decode()
            # What others uploaded may be told of too.
            return next(iter(re.findall(rf'<img [^>]*src="([^"]+{name}[^"]+)"', page)), None)

        source = wait_for(shown, "the picture on the page")
        known = send("GET", f"{address}/events/{offered['asset_id']}").json
        assert (known["key"], known["status"]) == (offered["key"], "READY")
    assert source.startswith(deployed.outputs["DeliveryUrl"] + "/m/guests/")
    with urlopen(Request(source, headers={"Accept": "image/avif,image/*"}), timeout=30) as picture:
        assert picture.headers["Content-Type"] == "image/avif"
        assert picture.read(12)[4:12] == b"ftypavif"


@pytest.fixture(scope="module")
def signed_only(deployed: Deployed) -> Iterator[str]:
    """Return the address of the API as it is with `apiAuth: iam`."""
    apis = boto3.client("apigatewayv2")
    api = apis.create_api(Name="signed", ProtocolType="HTTP")["ApiId"]
    function = deployed.functions.get_function_configuration(FunctionName=f"{FUNCTIONS}api")
    integration = apis.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    apis.create_route(
        ApiId=api,
        RouteKey="POST /uploads",
        Target=f"integrations/{integration}",
        AuthorizationType="AWS_IAM",
    )
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    before, _, _ = deployed.outputs["ApiUrl"].rpartition("/execute-api/")
    yield f"{before}/execute-api/{api}/$default"
    apis.delete_api(ApiId=api)


@pytest.mark.parametrize("example", [EXPRESS, FASTAPI], ids=lambda each: each.name)
def test_a_back_end_signs_its_requests_where_the_api_asks_for_it(
    deployed: Deployed, signed_only: str, start, example: Path
) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
    role = {name: deployed.emulator.environment[name] for name in keys}
    unsigned = settings_of(deployed, **role) | {"API_URL": signed_only}
    with running(example, start(example), unsigned) as address:
        fields = {"filename": "a.jpg", "size": 1}
        assert Api(address).call("POST", "/uploads", fields).status == 403
    with running(example, start(example), {**unsigned, "API_AUTH": "iam"}) as address:
        assert offer(address, "a.jpg")["method"] == "POST"


@pytest.mark.parametrize("example", [EXPRESS, FASTAPI], ids=lambda each: each.name)
def test_a_back_end_grants_what_is_private_and_believes_only_what_is_signed(
    start, example: Path
) -> None:
    ready = {"id": "evt_2", "type": "asset.ready", "asset_id": "a1", "revision": 2}
    ready |= {"key": "guests/a.jpg", "media_type": "image", "status": "READY"}
    older = {**ready, "id": "evt_1", "type": "asset.received", "revision": 1, "status": "RECEIVED"}
    gone = {**ready, "id": "evt_3", "type": "asset.deleted", "revision": 3, "status": "DELETED"}
    with answering() as api:
        settings = {"API_URL": api, "DELIVERY_AUTH": "signed", "WEBHOOK_SECRET": SECRET}
        with running(example, start(example), settings) as address:
            hook = f"{address}/hooks/media"
            body, headers = sign(SECRET, ready)
            assert send("POST", hook, body + b" ", headers).status == 401
            assert send("POST", hook, body).status == 401
            assert send("GET", f"{address}/events/a1").json == {}
            sound = {**ready, "id": "evt_0", "asset_id": "a2", "media_type": "audio"}
            for event in (ready, ready, older, sound):
                assert send("POST", hook, *sign(SECRET, event)).status == 204
            assert send("GET", f"{address}/events/a1").json == ready
            page = send("GET", address).body.decode()
            assert re.findall(r'src="([^"]+)"', page) == [html.escape(PREVIEW + QUERY)]
            test = {"id": "evt_test", "type": "webhook.test"}
            assert send("POST", hook, *sign(SECRET, test)).status == 204
            assert send("POST", hook, *sign(SECRET, gone)).status == 204
            assert "<img" not in send("GET", address).body.decode()
