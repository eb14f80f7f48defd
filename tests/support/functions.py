"""Which functions a stage has, by the names that serverless.yml gives them."""

from __future__ import annotations

CORE = (
    "dispatch",
    "encodeRange",
    "failVideo",
    "notify",
    "packageVideo",
    "planVideo",
    "processImage",
    "processVideo",
    "reconcile",
    "sweep",
)
PARTS = {
    "local": ("api", "deliver", "gallery"),
    "dev": ("api",),
    "prod": (),
}
"""What is optional, and on by default; see resources/parts.js."""

ALL_PARTS = ("api", "deliver", "gallery", "webhook")


def functions_of(stage: str) -> tuple[str, ...]:
    """Return the functions of a stage; one that serverless.yml does not name has all parts on."""
    return (*CORE, *PARTS.get(stage, ALL_PARTS))
