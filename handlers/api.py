"""HTTP API ▸ uploads, and what became of them."""

from lib.adapters.telemetry import Telemetry
from lib.entrypoints.bootstrap.api import make_routes
from lib.entrypoints.http.app import make_handler
from lib.entrypoints.settings import ApiSettings, from_env

settings = from_env(ApiSettings)
telemetry = Telemetry(settings.stage)
handler = make_handler(make_routes(settings), settings.tenant_claim, telemetry)
