"""A back end: its users upload, it hears when a photo is ready, and shows it."""

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from standardwebhooks import Webhook, WebhookVerificationError

API_URL, SECRET = os.environ["API_URL"], os.environ["WEBHOOK_SECRET"]
PAGE = Path(__file__).with_name("page.html").read_text()
NEWEST: dict[str, dict] = {}  # the newest event of each asset; yours is a table


class Signed(httpx.Auth):
    """Signs requests by this server's role, for apiAuth: iam; the local stage needs none."""

    requires_request_body = True
    session = Session()

    def auth_flow(self, request):
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        credentials, region = self.session.get_credentials(), os.environ["AWS_REGION"]
        SigV4Auth(credentials, "execute-api", region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


api = httpx.Client(auth=Signed() if os.environ.get("API_AUTH") == "iam" else None)
app = FastAPI()


@app.post("/uploads")
def offer_upload(file: dict[str, str | int]):
    # Who asks is for your session to say; the prefix keeps what they upload apart.
    asked = {name: file.get(name) for name in ("filename", "size", "type")}
    offer = api.post(f"{API_URL}/uploads", json={**asked, "prefix": "guests"})
    return JSONResponse(offer.json(), offer.status_code)


@app.post("/hooks/media")
async def hear(request: Request):
    body = await request.body()  # the signature covers the bytes as they came
    try:
        event = Webhook(SECRET).verify(body, dict(request.headers))["data"]
    except WebhookVerificationError:
        return Response(status_code=401)
    # Events come at least once and in any order: what is older than the newest is dropped.
    if event.get("revision", 0) >= NEWEST.get(event.get("asset_id"), {}).get("revision", 1):
        NEWEST[event["asset_id"]] = event
    return Response(status_code=204)


@app.get("/events/{asset_id}")
def see(asset_id: str):
    return NEWEST.get(asset_id, {})


@app.get("/", response_class=HTMLResponse)
def show():
    images = [each for each in NEWEST.values() if each["media_type"] == "image"]
    ready = [each for each in images if each["status"] in ("READY", "PARTIAL")]
    pictures = [f'<img alt="" loading="lazy" src="{escape(address(each))}">' for each in ready]
    return PAGE.replace("<!-- pictures -->", "\n".join(pictures))


def address(event):
    """One stable address, behind which is the best rendition; or one that opens for an hour."""
    if os.environ.get("DELIVERY_AUTH") != "signed":
        return f"{os.environ['DELIVERY_URL']}/m/{quote(event['key'])}?w=640"
    asset = f"{API_URL}/assets/{event['asset_id']}"
    return api.get(asset).json()["preview"] + api.post(f"{asset}/grant", json={}).json()["query"]
