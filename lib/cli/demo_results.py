"""What the demo makes of the outcomes: a table, files to look at, and a verdict."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group

from lib.cli.printable import as_markup
from lib.cli.tables import bold, columns, describe_bytes, describe_status, made, with_reasons
from lib.cli.watch import Followed
from lib.domain.keys import MANIFEST_NAME

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def load_expected(samples: Path) -> dict[str, dict[str, Any]]:
    """Return how each sample ends, by file name: status, media_type, renditions, error."""
    return tomllib.loads((samples / "expected.toml").read_text(encoding="utf-8"))


def failed_expectations(
    followed: Sequence[Followed], expected: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return a line for each upload that did not end as it should.

    Where nothing is expected of it, any terminal state will do.
    """
    problems = []
    for each in followed:
        if each.asset is None or not each.finished:
            state = each.asset.status if each.asset else "not received"
            problems.append(f"{each.upload.key}: expected a terminal state but it is {state}")
            continue
        outcome = {
            "status": each.asset.status,
            "media_type": each.asset.media_type,
            "renditions": len(made(each.asset)),
            "error": each.asset.error.code if each.asset.error else None,
        }
        problems.extend(
            f"{each.upload.key}: expected {wanted} for {name} but it is {outcome[name]}"
            for name, wanted in expected.get(each.upload.path.name, {}).items()
            if outcome[name] != wanted
        )
    return problems


def save_renditions(
    followed: Sequence[Followed], client: S3Client, bucket: str, folder: Path
) -> None:
    """Download what was made of each asset, segments too, in place of earlier ones.

    It lies in `folder/<asset name>/` then, as beside the manifest.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for each in followed:
        if not each.asset or not each.asset.manifest_key:
            continue
        prefix = each.asset.manifest_key.removesuffix(MANIFEST_NAME)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
            target = folder / each.upload.path.name / key.removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target))


def result_table(followed: Sequence[Followed]) -> Group:
    """Return one row an asset, and the reasons for what was refused."""
    headings = ("asset", "type", "status", "renditions", "bytes in → out", "seconds")
    rows = [bold(*headings), *map(_result_row, followed)]
    assets = (each.asset for each in followed if each.asset)
    return with_reasons(columns(rows, right=(3, 4, 5)), assets)


def _result_row(each: Followed) -> tuple[str, ...]:
    asset = each.asset
    if asset is None:
        return as_markup(each.upload.key), "", "never received"
    size = describe_bytes(asset.source.size)
    renditions = made(asset)
    total = describe_bytes(sum(rendition.bytes or 0 for rendition in renditions))
    return (
        as_markup(asset.source.key),
        asset.media_type,
        describe_status(asset.status),
        str(len(renditions) or ""),
        f"{size} → {total}" if renditions else size,
        f"{each.seconds:.1f}",
    )
