"""Let somebody see the renditions of one asset for a while, where the CDN serves signed requests.

One grant is for everything below the asset's prefix, of every version, so that one cookie does for
all segments of a stream. The format is CloudFront's custom policy:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-setting-signed-cookie-custom-policy.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lib.application.doors.refusals import invalid
from lib.domain.clock import DAY_SECONDS, Clock, to_iso
from lib.domain.keys import is_asset_id

DEFAULT_SECONDS = 3600
LONGEST_SECONDS = 7 * DAY_SECONDS
"""What is granted can't be taken back, but with the key."""

FOR_ADDRESSES = str.maketrans("+=/", "-_~")
"""What CloudFront has in place of what means something in a URL or a cookie."""

Sign = Callable[[bytes], bytes]
"""RSA, PKCS #1 v1.5, over SHA-1: what CloudFront verifies."""


@dataclass(frozen=True, slots=True)
class Granter:
    """Who grants: the CDN's address, the id of the key that it trusts, and what signs with it."""

    url: str
    key_pair_id: str
    sign: Sign
    clock: Clock

    def grant(self, asset_id: str, seconds: int = DEFAULT_SECONDS) -> Grant:
        """Grant the renditions of one asset, from now on. Raises Refused(INVALID_REQUEST)."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise invalid(f"expected 1 to {LONGEST_SECONDS} for seconds but received {seconds}")
        if not is_asset_id(asset_id):  # a `*` in it would be one of the policy
            raise invalid("expected the id of an asset")
        expires = int(self.clock()) + seconds
        policy = _policy(f"{self.url}/{asset_id}/*", expires)
        return Grant(
            f"{self.url}/{asset_id}/",
            to_iso(expires),
            {
                "Policy": _encoded(policy),
                "Signature": _encoded(self.sign(policy)),
                "Key-Pair-Id": self.key_pair_id,
            },
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What opens everything below `url` until `expires_at`, ISO UTC."""

    url: str
    expires_at: str
    parameters: Mapping[str, str]

    @property
    def query(self) -> str:
        """Return what is put behind the address of a single rendition."""
        return "?" + "&".join(f"{name}={value}" for name, value in self.parameters.items())

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies that open all of it, for the path of `url`."""
        return {f"CloudFront-{name}": value for name, value in self.parameters.items()}

    def to_values(self) -> dict[str, object]:
        """Return what the API answers."""
        return {
            "expires_at": self.expires_at,
            "url": self.url,
            "query": self.query,
            "cookies": self.cookies,
        }


def _policy(resource: str, expires: int) -> bytes:
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    statement = {"Resource": resource, "Condition": condition}
    return json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii").translate(FOR_ADDRESSES)
