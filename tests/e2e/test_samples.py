"""Every sample through the deployed pipeline."""

import io
import json
import tomllib
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from lib.domain.asset import AssetStatus
from lib.video.package.streams import PLAYLIST

MEDIA = Path(__file__).parent.parent / "media"
EXPECTED = tomllib.loads((MEDIA / "expected.toml").read_text())


@pytest.fixture(scope="module")
def assets(deployed):
    """Upload all of them at once, as users do, and wait for each."""
    versions = {name: deployed.upload(f"samples/{name}", MEDIA / name) for name in EXPECTED}
    return {name: deployed.wait(f"samples/{name}", versions[name]) for name in EXPECTED}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_ends_as_expected(deployed, assets, name):
    asset, expected = assets[name], EXPECTED[name]
    assert asset.status == expected["status"], asset.error
    assert asset.media_type == expected["media_type"]
    assert (asset.error.code if asset.error else None) == expected.get("error")
    made = [each for each in asset.renditions if each.error is None]
    assert len(made) == expected["renditions"]
    for rendition in made:
        head = deployed.s3.head_object(Bucket=deployed.renditions, Key=rendition.key)
        assert head["ContentLength"] == rendition.bytes
        assert head["ContentType"] == rendition.mime
        assert head["CacheControl"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name", [name for name, each in EXPECTED.items() if each["status"] == AssetStatus.READY]
)
def test_what_is_stored_is_what_the_manifest_lists(deployed, assets, name):
    asset = assets[name]
    manifest = json.loads(deployed.fetch(asset.manifest_key))
    listed = {each["key"] for each in manifest["renditions"]}
    stored = deployed.stored(f"samples/{name}")
    assert stored >= listed | {asset.manifest_key}
    folder = PurePosixPath(asset.manifest_key).parent
    for part in map(PurePosixPath, stored - listed - {asset.manifest_key}):
        # Segments lie beside the playlist of their rung, sheets beside their storyboard.
        owner = folder / "storyboard.vtt" if part.parent == folder else part.parent / PLAYLIST
        assert str(owner) in listed
    assert manifest["source"]["key"] == f"samples/{name}"


def test_renditions_are_upright_and_tell_nothing_of_where_they_were_taken(deployed, assets):
    asset = assets["portrait-gps.jpg"]
    assert asset.probe.orientation == 6
    assert asset.probe.height > asset.probe.width
    for rendition in asset.renditions:
        image = Image.open(io.BytesIO(deployed.fetch(rendition.key)))
        assert image.size == (rendition.width, rendition.height)
        assert image.height > image.width or rendition.name.startswith("thumb.")
        assert not image.getexif()
        assert b"GPS" not in deployed.fetch(rendition.key)
