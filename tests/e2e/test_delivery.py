"""Stable addresses on the local stage, as a browser without any credentials asks for them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import quote, urljoin, urlsplit

import pytest

from lib.domain.asset import AssetStatus
from lib.domain.manifest import image_sources
from tests.e2e.deployed import wait_for
from tests.e2e.test_samples import MEDIA

PHOTO = "delivery/été 100%25 & #1+2.jpg"
CLIP = "delivery/clip.mov"
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
ORIGIN = "http://localhost:3000"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


STAY = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)
FOLLOW = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(opener, address, **headers):
    """Return the status, the headers, the body, and the address that answered."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read(), answer.url
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.status, answer.headers, answer.read(), answer.url


@pytest.fixture(scope="module")
def assets(deployed):
    versions = {
        PHOTO: deployed.upload(PHOTO, MEDIA / "hubble.jpg"),
        CLIP: deployed.upload(CLIP, MEDIA / "phone clip.mov"),
    }
    return {key: deployed.wait(key, version) for key, version in versions.items()}


@pytest.fixture(scope="module")
def address(deployed, assets):
    return lambda key, rest="": f"{deployed.outputs['DeliveryUrl']}/m/{quote(key)}{rest}"


@pytest.mark.parametrize(
    ("rest", "accept", "name"),
    [
        ("?w=400", "image/webp,*/*;q=0.8", "640.webp"),
        ("?w=9999", "*/*", "1000.jpg"),
        ("?box=thumb", "*/*", "thumb.jpg"),
        ("/manifest.json", "*/*", "manifest.json"),
    ],
)
def test_a_stable_address_leads_to_the_best_rendition(address, rest, accept, name):
    status, headers, _, _ = get(STAY, address(PHOTO, rest), Accept=accept)
    assert status == 302
    assert headers["Location"].endswith(f"/{name}")
    assert headers["Vary"] == "Accept"
    assert headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(("rest", "width"), [("", 1000), ("?w=400", 640)])
def test_who_knows_all_formats_gets_the_one_that_a_page_would_show(assets, address, rest, width):
    """Which of them is worth its place is the encoders' affair."""
    best = image_sources(assets[PHOTO].renditions)[0]
    [key] = [each.key for each in best.renditions if each.width == width]
    _, headers, _, _ = get(STAY, address(PHOTO, rest), Accept=CHROME)
    assert headers["Location"].endswith(f"/{key}")


def test_what_it_leads_to_is_there_for_everybody_and_never_changes(address):
    status, headers, body, landed = get(FOLLOW, address(PHOTO, "?w=320"), Origin=ORIGIN)
    assert status == 200
    assert landed.endswith("/320.jpg")
    assert headers["Content-Type"] == "image/jpeg"
    assert "immutable" in headers["Cache-Control"]
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert body.startswith(b"\xff\xd8\xff")


def test_a_stream_plays_from_where_it_leads(address):
    """As a player does: every address in a playlist is relative to where it was found."""
    status, headers, body, master = get(FOLLOW, address(CLIP, "/hls.m3u8"), Origin=ORIGIN)
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.mpegurl")
    rungs = _addresses(body, master)
    assert rungs
    _, _, playlist, rung = get(FOLLOW, rungs[0])
    segments = _addresses(playlist, rung)
    assert segments
    status, _, segment, _ = get(FOLLOW, segments[0])
    assert status == 200
    assert segment[4:8] in (b"styp", b"moof", b"sidx", b"prft", b"emsg")


def _addresses(playlist, base):
    lines = playlist.decode().splitlines()
    return [urljoin(base, each) for each in lines if each and not each.startswith("#")]


def test_a_video_is_its_plain_file_and_its_poster(address):
    status, headers, _, _ = get(FOLLOW, address(CLIP))
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    status, headers, _, _ = get(FOLLOW, address(CLIP, "?poster&w=100"))
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    ("key", "rest", "status", "code"),
    [
        ("delivery/none.jpg", "", 404, "NOT_FOUND"),
        (PHOTO, "/hls.m3u8", 404, "NOT_FOUND"),
        (PHOTO, "?box=none", 404, "NOT_FOUND"),
        (PHOTO, "?w=wide", 400, "INVALID_REQUEST"),
    ],
)
def test_what_is_not_there_is_a_problem(address, key, rest, status, code):
    answered, headers, body, _ = get(STAY, address(key, rest))
    assert answered == status
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["code"] == code


def test_a_new_version_shows_at_the_same_address_and_a_removed_one_is_gone(deployed, address):
    key = "delivery/changing.jpg"
    deployed.wait(key, deployed.upload(key, MEDIA / "portrait-gps.jpg"))
    first = get(STAY, address(key))[1]["Location"]
    version = deployed.upload(key, MEDIA / "hubble.jpg")
    assert deployed.wait(key, version).status is AssetStatus.READY
    second = get(STAY, address(key))[1]["Location"]
    assert second != first
    assert second.rsplit("/", 3)[0] == first.rsplit("/", 3)[0]
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)
    wait_for(lambda: deployed.asset(key).status is AssetStatus.DELETED, "a tombstone")
    assert get(STAY, address(key))[0] == 410


def test_nothing_but_renditions_is_served(deployed, assets, address):
    landed = get(FOLLOW, address(PHOTO, "?w=320"))[3]
    folder, bucket = landed.rsplit("/", 1)[0], "/".join(landed.split("/")[:4])
    assert urlsplit(bucket).path == f"/{deployed.renditions}"
    prefix = assets[PHOTO].manifest_key.rsplit("/", 1)[0]
    for key, where in (
        ("config/secret.png", f"{bucket}/config/secret.png"),
        (f"{prefix}/work/plan.json", f"{folder}/work/plan.json"),
    ):
        deployed.s3.put_object(Bucket=deployed.renditions, Key=key, Body=b"x")
        assert get(STAY, where)[0] == 403, key
    assert get(STAY, bucket)[0] == 403, "nobody lists the bucket"
    assert get(STAY, f"{bucket}?list-type=2")[0] == 403
