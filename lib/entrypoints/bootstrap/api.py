"""Wire the HTTP API."""

from __future__ import annotations

from lib import presets
from lib.adapters.aws.clients import client
from lib.adapters.aws.s3_uploads import S3UploadDesk
from lib.application.doors.uploads import Intake
from lib.entrypoints.http.request import Route
from lib.entrypoints.http.routes import upload_routes
from lib.entrypoints.settings import ApiSettings


def make_routes(settings: ApiSettings) -> tuple[Route, ...]:
    """Return all that the API answers."""
    intake = Intake(
        S3UploadDesk(client("s3"), settings.uploads_bucket), presets.load(presets.PACKAGED)
    )
    return upload_routes(intake)
