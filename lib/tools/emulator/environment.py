"""The environments of the emulator and of what talks to it: without the user's AWS and proxies."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lib.tools.emulator.tcp_ports import LOOPBACK

REGION = "us-east-1"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")
KEY_PREFIX = "LOCAL"
"""What an access key begins with that the emulator may see; AWS issues none like it."""

KEY_BYTES, SECRET_BYTES = 8, 30
PROXIES = frozenset({"proxy", "http_proxy", "https_proxy", "all_proxy"})
"""Variables, in either case, that name a proxy; osls obeys them whatever NO_PROXY says."""

ASIDE = "DOWNLOADS_"
"""Proxies are kept under names with this in front: `layers/plugin.js` gives them to pip."""


class EmulatorError(Exception):
    """The emulator, or a deploy to it, failed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one start of the emulator takes for its root, and nothing else does."""

    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> Credentials:
        """Return new ones that nobody can guess: 64 and 240 bits from the system."""
        return cls(
            KEY_PREFIX + secrets.token_hex(KEY_BYTES).upper(), secrets.token_urlsafe(SECRET_BYTES)
        )

    @classmethod
    def find(cls, variables: Mapping[str, str]) -> Credentials | None:
        """Return those that an environment holds, or None where it holds none of an emulator."""
        key = variables.get("AWS_ACCESS_KEY_ID", "")
        secret = variables.get("AWS_SECRET_ACCESS_KEY", "")
        return cls(key, secret) if key.startswith(KEY_PREFIX) and secret else None


def client_environment(endpoint: str, credentials: Credentials) -> dict[str, str]:
    """Return this process's environment with the emulator in place of the user's AWS settings.

    For `sls`, `aws` and boto3. Proxies are put aside: what talks to this machine needs none.
    Raises EmulatorError for an endpoint that is not on this machine.
    """
    require_loopback(endpoint)
    kept = {}
    for name, value in os.environ.items():
        if not name.startswith("AWS_"):
            kept[ASIDE + name if name.lower() in PROXIES else name] = value
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_REGION": REGION,
        # sls prints several lines about Node 20 each time.
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
        **_without_configuration(kept),
    }


def server_environment(port: int, scratch: Path) -> dict[str, str]:
    """Return the environment of the emulator, which Lambda workers inherit.

    It holds no secret: those come over the pipe of `lib/tools/emulator/server.py`.
    """
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {
        "HOME": str(scratch),
        "TMPDIR": str(scratch / "tmp"),
        "S3_DATA_DIR": str(scratch / "s3"),
        "STATE_DIR": str(scratch / "state"),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        # It serves more than the pipeline uses; what would open further ports stays off.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{scratch}/none",
        **_without_configuration({}),
    }


def require_loopback(endpoint: str) -> None:
    """Raise EmulatorError for an endpoint that is not on this machine."""
    host = urlsplit(endpoint).hostname or ""
    with suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise EmulatorError(
        f"expected an endpoint on this machine for the local stage but received {endpoint}"
    )


def _without_configuration(kept: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps an SDK from the user's files and from the system's proxies."""
    direct = kept.get("NO_PROXY") or kept.get("no_proxy") or LOOPBACK
    if LOOPBACK not in direct.split(","):
        direct += f",{LOOPBACK}"
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # macOS has proxies in no variable; Python asks for those only where it finds none of these.
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
