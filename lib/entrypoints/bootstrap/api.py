"""Wire the HTTP API."""

from __future__ import annotations

import time
from functools import cache, partial
from typing import TYPE_CHECKING

from lib.adapters.aws.clients import client, copying_client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_index import DynamoIndex
from lib.adapters.aws.s3 import S3Sources
from lib.adapters.aws.s3_links import PresignedLinks
from lib.adapters.aws.s3_originals import S3Originals
from lib.adapters.aws.s3_uploads import S3UploadDesk
from lib.adapters.aws.sns import SnsTopic
from lib.application.doors.assets import Library, find_asset
from lib.application.doors.links import BaseLinks, Links
from lib.application.doors.uploads import Intake
from lib.entrypoints.http.assets import asset_routes
from lib.entrypoints.http.request import Route
from lib.entrypoints.http.routes import upload_routes
from lib.entrypoints.settings import ApiSettings

if TYPE_CHECKING:
    from lib.presets import Presets


def make_routes(settings: ApiSettings) -> tuple[Route, ...]:
    """Return all that the API answers."""
    intake = Intake(S3UploadDesk(client("s3"), settings.uploads_bucket), read_presets)
    library = make_library(settings)
    return (
        *asset_routes(library, read_presets),
        *upload_routes(intake),
        *make_grant_routes(settings, library),
    )


def make_grant_routes(settings: ApiSettings, library: Library) -> tuple[Route, ...]:
    """Return how renditions are opened; nothing where everybody sees them."""
    if not settings.delivery_key_pair_id:
        return ()
    from lib.adapters.aws.ssm import read_secret  # few stages have grants
    from lib.adapters.rsa import signer
    from lib.application.doors.grant import Granter
    from lib.entrypoints.http.grants import grant_routes

    sign = signer(partial(read_secret, client("ssm"), settings.delivery_private_key))
    granter = Granter(settings.delivery_url, settings.delivery_key_pair_id, sign, time.time)
    return grant_routes(partial(find_asset, library=library), granter)


@cache
def read_presets() -> Presets:
    """Return the presets of the package."""
    from lib import presets  # 13 ms, which who looks at an asset need not wait for

    return presets.load(presets.PACKAGED)


def make_library(settings: ApiSettings) -> Library:
    """Return the stage's assets."""
    s3, dynamodb = client("s3"), client("dynamodb")
    return Library(
        settings.uploads_bucket,
        DynamoCatalog(dynamodb, settings.catalog_table),
        DynamoIndex(dynamodb, settings.catalog_table),
        S3Sources(s3),
        S3Originals(s3, copying_client),
        SnsTopic(client("sns"), settings.media_topic_arn),
        make_links(settings),
    )


def make_links(settings: ApiSettings) -> Links:
    """Return where renditions are served, or who signs for each where nobody serves them."""
    if settings.delivery_url:
        return BaseLinks(settings.delivery_url)
    return PresignedLinks(client("s3"), settings.renditions_bucket)
