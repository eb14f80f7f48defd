"""The packaged template of every stage: those in serverless.yml, and one that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.stack import TEMPLATE, Stack, read_stack

LONGEST = "feature-images-and-films"
"""As long as a stage may be called. Packaged with all that a stage may ask for, far away."""

PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv9eU+hZiSDdUs1x6J95ZvapDYMxBP+0zTM1Q"
    "PShrC9KTwRBhtbQXH7yTgAObq2UjZlSXQtXP+79ViNdNxl76stBOKuzoZbYOGN8KgF7PjWQCjuAIfcoO"
    "Mm2PlS0CVu7sMNcJO98KBZiyWZCeodGhpLPoTXKRZwrLajO7/JBs245s+PwJ6938HKBz5lS9AZ/OhQ/n"
    "s/p9vN2m4lq3iqp+9a0FjMQtt0YUR1oon8oXLgbLCDdQ5fsSYZWSrl2eH5Quqd0uHSY+hJdf8kXXKeQD"
    "fglAh5bWp0Kio1QoB/70NkfPHbIy7D4Bui7iCn7dNMz8kGEIVqcviEsFy64/ixn06QIDAQAB"
)
"""Nobody has the private one."""

STAGES = {
    "local": (),
    "dev": (),
    "prod": (),
    LONGEST: (
        *("--region", "ap-southeast-1"),
        *("--param", "architecture=x86_64"),
        *("--param", "tags=team=media, cost-center=42"),
        *("--param", "reservedConcurrency=10"),
        *("--param", "subnets=subnet-0123456789abcdef0,subnet-0123456789abcdef1"),
        *("--param", "securityGroups=sg-0123456789abcdef0"),
        *("--param", "webhookUrl=https://hooks.example.com/media"),
        *("--param", "webhookProgress=true"),
        *("--param", "api=true"),
        *("--param", "apiAuth=jwt"),
        *("--param", "jwtIssuer=https://id.example.com"),
        *("--param", "jwtAudience=web, app"),
        *("--param", "tenantClaim=sub"),
        *("--param", "gallery=true"),
        *("--param", "corsOrigins=https://a.example.com, https://b.example.com"),
        *("--param", "delivery=true"),
        *("--param", "deliveryAuth=signed"),
        *("--param", f"deliveryPublicKey={PUBLIC_KEY}"),
        *("--param", "domain=media.example.com"),
        *("--param", "certificateArn=arn:aws:acm:us-east-1:000000000000:certificate/0a1b2c3d"),
    ),
}


@pytest.fixture(scope="session")
def stack_of(package: Callable[..., Path]) -> Callable[[str], Stack]:
    """Return a function from a stage to its stack."""

    @cache
    def read(stage: str) -> Stack:
        options = STAGES[stage]
        region = options[1] if options else "us-east-1"
        return read_stack(package(stage, *options), stage, region)

    return read


@pytest.fixture(scope="session", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def stack(stack_of: Callable[[str], Stack], stage: str) -> Stack:
    return stack_of(stage)


@pytest.fixture(scope="session")
def template_file(stack: Stack) -> Path:
    return stack.folder / TEMPLATE


@pytest.fixture(scope="session")
def template(template_file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(template_file.read_text())
    return found


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found
