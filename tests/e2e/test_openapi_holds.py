"""docs/openapi.yaml against the local stage: whatever is sent, what comes back is as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.deployed import Deployed
from tests.support.api_calls import Api, send_form

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
OPERATIONS = {
    each.ok().label: each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
"""Of each operation and mode: some 200 requests."""

OF_ONE_ASSET = ("GET /assets/{assetId}", "GET /assets/by-key/{key}", "POST /assets/{assetId}/retry")
TEXT = b"just words\n"


@pytest.fixture(scope="module")
def api(deployed: Deployed) -> Api:
    return Api(deployed.outputs["ApiUrl"])


@pytest.fixture(scope="module")
def asset(deployed: Deployed, api: Api) -> Any:
    """Return an upload that is an asset."""
    offered = api.offer("a b é.txt", len(TEXT), prefix="holds")
    assert send_form(offered["url"], offered["fields"], TEXT).status == 201
    version = deployed.s3.head_object(Bucket=deployed.uploads, Key=offered["key"])["VersionId"]
    deployed.wait(offered["key"], version)
    return offered


def hold(operation: Any, mode: GenerationMode, url: str, checks: list[Any], **known: Any) -> None:
    """Send requests that are as described, or not, and look at what is answered."""
    sent = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **known))
    def each(case: Any) -> None:
        answer = case.call(base_url=url)
        sent.append(answer.status_code)
        case.validate_response(answer, checks=checks)

    each()
    assert sent


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_is_asked_as_described_is_answered_as_described(api, label):
    hold(OPERATIONS[label], GenerationMode.POSITIVE, api.url, CHECKS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_is_not_asked_as_described_is_refused_as_described(api, label):
    checks = [*CHECKS, negative_data_rejection]
    hold(OPERATIONS[label], GenerationMode.NEGATIVE, api.url, checks)


@pytest.mark.parametrize("label", OF_ONE_ASSET)
def test_what_is_told_of_an_asset_is_as_described(api, asset, label):
    known = {"assetId": asset["asset_id"], "key": asset["key"]}
    path = {name: value for name, value in known.items() if f"{{{name}}}" in label}
    hold(OPERATIONS[label], GenerationMode.POSITIVE, api.url, CHECKS, path_parameters=path)
