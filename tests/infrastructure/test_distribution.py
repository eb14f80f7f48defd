"""What AWS asks of a distribution, and no emulator checks: signed, and open to all."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs

from lib.tools import ROOT
from tests.infrastructure.conftest import LONGEST, PUBLIC_KEY
from tests.infrastructure.stack import TEMPLATE, Stack

PARTS = ("DeliverUrl", "DeliverCache", "DeliveryHeaders", "Distribution", "NormalizeRequest")


@pytest.fixture
def signed(stack_of: Callable[[str], Stack]) -> Stack:
    return stack_of(LONGEST)


def config(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.properties("Distribution")["DistributionConfig"]
    return found


def test_it_is_off_unless_a_stage_asks_for_it(stack_of: Callable[[str], Stack]) -> None:
    for stage in ("dev", "prod"):
        assert not [each for each in PARTS if each in stack_of(stage).resources], stage
        assert "DeliveryUrl" not in stack_of(stage).template["Outputs"], stage
    assert not [each for each in PARTS if each in stack_of("local").resources]
    assert {"DeliveryUrl", "RenditionsUrl"} <= stack_of("local").template["Outputs"].keys()


def test_renditions_are_signed_and_stable_addresses_are_not(signed: Stack) -> None:
    default, [stable] = config(signed)["DefaultCacheBehavior"], config(signed)["CacheBehaviors"]
    [group] = default["TrustedKeyGroups"]
    assert signed.logical_of(group) == "DeliveryKeys"
    assert "TrustedKeyGroups" not in stable
    assert stable["PathPattern"] == "/m/*"
    for behavior in (default, stable):
        assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
        assert behavior["ResponseHeadersPolicyId"]
        # CloudFront's own: GET and HEAD. Nothing else is asked of the origins.
        assert "AllowedMethods" not in behavior
    assert default["Compress"] is True
    assert config(signed)["HttpVersion"] == "http2and3"


def test_the_keys_are_those_that_were_given(signed: Stack) -> None:
    [key] = [each for _, each in signed.of_type("AWS::CloudFront::PublicKey")]
    pem = key["PublicKeyConfig"]["EncodedKey"]
    assert "".join(pem.splitlines()[1:-1]) == PUBLIC_KEY
    assert {"DeliveryKeyPairId", "DeliveryPrivateKey"} <= signed.template["Outputs"].keys()


def test_the_cache_key_is_small_and_ends_in_time(signed: Stack) -> None:
    """Within CloudFront's limits: 10 headers, 10 names of a query; none where nothing is kept."""
    policy = signed.properties("DeliverCache")["CachePolicyConfig"]
    assert policy["MinTTL"] == 0
    assert policy["DefaultTTL"] == policy["MaxTTL"] == 60
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Accept"]}
    assert key["QueryStringsConfig"]["QueryStrings"] == ["w", "box", "poster"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    function = next(
        each
        for _, each in signed.of_type("AWS::Lambda::Function")
        if each["Handler"] == "handlers/deliver.handler"
    )
    assert function["Environment"]["Variables"]["STALE_SECONDS"] == "60"
    waits = {each["ErrorCode"]: each for each in config(signed)["CustomErrorResponses"]}
    assert waits[404]["ErrorCachingMinTTL"] < 10, "what is being made is there in a moment"


def test_pages_are_named_where_cookies_are_sent(signed: Stack) -> None:
    policy = signed.properties("DeliveryHeaders")["ResponseHeadersPolicyConfig"]
    cors = policy["CorsConfig"]
    assert cors["AccessControlAllowCredentials"] is True
    origins = cors["AccessControlAllowOrigins"]["Items"]
    gallery = signed.resolve({"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]})
    assert origins == ["https://a.example.com", "https://b.example.com", gallery]
    for allowed in ("AccessControlAllowHeaders", "AccessControlAllowMethods"):
        assert "*" not in cors[allowed]["Items"], "means itself where there are credentials"
    headers = policy["SecurityHeadersConfig"]
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert "default-src 'none'" in headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert all(each["Override"] for each in headers.values())


def test_names_that_are_an_accounts_fit(signed: Stack) -> None:
    """CloudFront's: at most 64 letters, digits, `-` and `_`, 128 of a policy's."""
    named = {
        "AWS::CloudFront::OriginAccessControl": "OriginAccessControlConfig",
        "AWS::CloudFront::KeyGroup": "KeyGroupConfig",
        "AWS::CloudFront::PublicKey": "PublicKeyConfig",
    }
    names = [
        (kind, each[of]["Name"]) for kind, of in named.items() for _, each in signed.of_type(kind)
    ]
    names.append(("", signed.properties("NormalizeRequest")["Name"]))
    assert len(names) == 5
    for name in names:
        assert re.fullmatch(r"[\w-]{1,64}", name[1]), name
    assert len(set(names)) == len(names)
    policies = {
        "DeliverCache": "CachePolicyConfig",
        "DeliveryHeaders": "ResponseHeadersPolicyConfig",
    }
    named_alone = [signed.properties(each)[of]["Name"] for each, of in policies.items()]
    for name in (*(each for kind, each in names if "Key" not in kind), *named_alone):
        assert f"-{signed.region}-" in name, "a stage may be in several regions, and these are not"


NAME_KEY = """
const { nameKey } = require(process.argv[1]);
console.log(JSON.stringify(process.argv.slice(2).map((scope) => nameKey(scope, 'MIIB'))));
"""


def test_each_region_has_a_key_of_its_own() -> None:
    """Its name is an account's, too, and so is what says that it has been made."""
    script = str(ROOT / "resources" / "delivery.js")
    asked = ["node", "-e", NAME_KEY, script, "media-dev-us-east-1", "media-dev-us-east-2"]
    read = subprocess.run(asked, capture_output=True, text=True, check=True)
    one, other = json.loads(read.stdout)
    assert one != other


def test_the_certificate_is_from_where_cloudfront_takes_it(signed: Stack) -> None:
    certificate = config(signed)["ViewerCertificate"]
    assert certificate["AcmCertificateArn"].split(":")[3] == "us-east-1"
    assert signed.region != "us-east-1", "whatever the stage's region is"
    assert certificate["SslSupportMethod"] == "sni-only"
    assert config(signed)["Aliases"] == ["media.example.com"]
    assert signed.template["Outputs"]["DeliveryUrl"]["Value"] == "https://media.example.com"


def test_the_schemas_have_nothing_to_say_of_one_that_is_open(signed: Stack, tmp_path: Path) -> None:
    """Without keys, a domain and origins, as `resources/delivery.js` leaves them out."""
    template = copy.deepcopy(signed.template)
    resources = template["Resources"]
    distribution = resources["Distribution"]["Properties"]["DistributionConfig"]
    for name in ("Aliases", "ViewerCertificate"):
        distribution[name] = {"Ref": "AWS::NoValue"}
    distribution["DefaultCacheBehavior"]["TrustedKeyGroups"] = {"Ref": "AWS::NoValue"}
    headers = resources["DeliveryHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    headers["CorsConfig"] = {"Ref": "AWS::NoValue"}
    of_delivery = {
        name: each
        for name, each in resources.items()
        if each["Type"].startswith("AWS::CloudFront::")
        and each["Type"] not in ("AWS::CloudFront::PublicKey", "AWS::CloudFront::KeyGroup")
    }
    # What they refer to, and nothing else: all of it is looked at elsewhere.
    of_delivery |= {name: resources[name] for name in ("Renditions", "DeliverUrl", "HttpApi")}
    url = of_delivery["DeliverUrl"] = copy.deepcopy(of_delivery["DeliverUrl"])
    url["Properties"]["TargetFunctionArn"] = signed.arn("DeliverLambdaFunction")
    changed = tmp_path / TEMPLATE
    changed.write_text(json.dumps({"Resources": of_delivery}))
    assert [
        each.message for each in api.lint_file(changed, ManualArgs(regions=["us-east-1"]))
    ] == []


READ = """
const delivery = require(process.argv[1]);
const params = { deliveryAuth: 'public' };
const resolveVariable = async (name) => params[name.replace('param:', '')];
Promise.all(['cors', 'certificate', 'trustedKeys', 'aliases', 'url'].map(async (name) =>
  [name, await delivery[name]({ resolveVariable })]
)).then((found) => console.log(JSON.stringify(Object.fromEntries(found))));
"""
NOTHING = {"Ref": "AWS::NoValue"}


def test_a_distribution_without_params_has_cloudfronts_name_and_no_pages() -> None:
    script = ROOT / "resources" / "delivery.js"
    read = subprocess.run(["node", "-e", READ, script], capture_output=True, text=True, check=True)
    assert json.loads(read.stdout) == {
        "cors": NOTHING,
        "certificate": NOTHING,
        "trustedKeys": NOTHING,
        "aliases": NOTHING,
        "url": {"Fn::Sub": "https://${Distribution.DomainName}"},
    }
