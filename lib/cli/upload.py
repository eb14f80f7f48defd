"""Send files to a stage's uploads bucket."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.exceptions import S3UploadFailedError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lib.adapters.aws.s3 import PRESET
from lib.cli.arguments import CommandError
from lib.cli.printable import printable
from lib.cli.tables import describe_bytes
from lib.domain.keys import asset_id
from lib.domain.ports import Catalog

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 4
"""Files; each large one goes in parts, which boto3 sends ten at a time."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that was sent. `version_before` is what the catalog knew of its key until then."""

    path: Path
    key: str
    asset_id: str
    version_before: str | None
    sent_at: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where files are sent: the uploads bucket, and the catalog that will know of them."""

    client: S3Client
    bucket: str
    catalog: Catalog


def send(
    keyed: dict[str, Path], to: Destination, console: Console, preset: str | None = None
) -> list[Upload]:
    """Upload files, several at once, with a bar for each on a terminal, else with a line for each.

    `preset` is asked for in the files' metadata. Raises CommandError, and botocore's errors.
    """
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_interactive,
        transient=True,
    )

    def send_one(key: str, path: Path) -> Upload:
        identity = asset_id(to.bucket, key)
        known = to.catalog.get(identity)
        size = path.stat().st_size
        bar = bars.add_task(printable(key), total=size)
        try:
            to.client.upload_file(
                str(path),
                to.bucket,
                key,
                ExtraArgs={"Metadata": {PRESET: preset}} if preset else {},
                Callback=lambda sent: bars.advance(bar, sent),
            )
        except S3UploadFailedError as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"{path}: {exc.strerror}") from exc
        if not console.is_interactive:
            sent = f"uploaded {printable(key)} ({describe_bytes(size)})"
            console.print(sent, markup=False, emoji=False, highlight=False, soft_wrap=True)
        before = known.source.version_id if known else None
        return Upload(path, key, identity, before, time.time())

    with bars, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send_one, keyed.keys(), keyed.values()))
