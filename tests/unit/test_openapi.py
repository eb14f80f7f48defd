"""docs/openapi.yaml: valid, and of the same paths as the routes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from lib.application.doors.asset_values import asset_to_values, summary_to_values
from lib.application.doors.grant import DEFAULT_SECONDS, LONGEST_SECONDS, Granter
from lib.application.doors.links import BaseLinks
from lib.application.doors.uploads import Intake
from lib.domain.asset import AssetStatus
from lib.domain.media import MediaType
from lib.entrypoints.http.assets import QUERY, asset_routes
from lib.entrypoints.http.grants import grant_routes
from lib.entrypoints.http.routes import upload_routes
from lib.entrypoints.http.uploads import KNOWN
from tests.support.upload_desk import MemoryUploadDesk
from tests.support.world import PRESETS
from tests.unit.test_cli_html import ASSET, VIDEO

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
UPLOADS = ("/uploads", "/s3")


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(DOCUMENT.read_text())


def operations(document):
    """Yield each path's method, with what is said of it."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def without_names(path):
    return re.sub(r"\{\w+\+?\}|<\w+>|\(\?s:\.\+\)", "{}", path)


def test_it_is_valid(document):
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    assert not errors, errors[0]


def test_it_has_the_paths_of_the_routes_for_uploads(document):
    routes = upload_routes(Intake(MemoryUploadDesk(), lambda: PRESETS))
    answered = {(without_names(each.rule), each.method.lower()) for each in routes}
    described = {
        (without_names(path), method)
        for path, method, _ in operations(document)
        if path.startswith(UPLOADS)
    }
    assert described == answered


def test_it_has_the_paths_of_the_routes_for_assets(document):
    library: Any = None
    granter: Any = None
    routes = (*asset_routes(library, lambda: PRESETS), *grant_routes(library, granter))
    answered = {(without_names(each.rule), each.method.lower()) for each in routes}
    described = {
        (without_names(path), method)
        for path, method, _ in operations(document)
        if path.startswith("/assets")
    }
    assert described == answered


def test_what_is_told_of_an_asset_is_what_is_described(document):
    schemas = document["components"]["schemas"]
    described = {}
    for name in ("AssetSummary", "Asset", "Rendition"):
        described[name] = schemas[name]["properties"].keys()
    for asset in (ASSET, VIDEO):
        told = asset_to_values(asset, BaseLinks())
        assert told.keys() == described["AssetSummary"] | described["Asset"]
        assert summary_to_values(asset, BaseLinks()).keys() == described["AssetSummary"]
        for each in told["renditions"]:
            assert each.keys() == described["Rendition"]
    assert schemas["AssetSummary"]["required"] == list(described["AssetSummary"])
    assert schemas["Status"]["enum"] == list(AssetStatus)
    assert schemas["MediaType"]["enum"] == list(MediaType)


def test_a_grant_is_what_is_described(document):
    schema = document["components"]["schemas"]["Grant"]
    granter = Granter("https://a.example", "K1", lambda message: message, lambda: 0.0)
    granted = granter.grant("0" * 32)
    assert schema["properties"].keys() == granted.to_values().keys() == set(schema["required"])
    cookies = schema["properties"]["cookies"]
    assert cookies["properties"].keys() == granted.cookies.keys() == set(cookies["required"])
    asked = document["paths"]["/assets/{assetId}/grant"]["post"]["requestBody"]["content"]
    seconds = asked["application/json"]["schema"]["properties"]["seconds"]
    assert (seconds["maximum"], seconds["default"]) == (LONGEST_SECONDS, DEFAULT_SECONDS)


def test_a_list_takes_what_the_function_knows(document):
    taken = document["paths"]["/assets"]["get"]["parameters"]
    assert [each["name"] for each in taken] == list(QUERY)


def test_every_operation_has_a_name_of_its_own_and_says_what_may_go_wrong(document):
    found = list(operations(document))
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    for path, method, operation in found:
        said = operation["responses"].keys()
        assert {"401", "403", "429", "503"} <= said, (path, method)
        assert any(status.startswith("2") for status in said)
        assert operation["summary"]
        assert operation["tags"]


def test_what_is_sent_to_uploads_is_what_the_function_knows(document):
    schema = document["components"]["schemas"]["UploadRequest"]
    assert schema["additionalProperties"] is False
    assert schema["properties"].keys() == set(KNOWN)
