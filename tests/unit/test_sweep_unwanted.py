"""What is deleted of an upload that is not wanted any more, and what of it is live and stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.sweep import delete_unwanted, is_live
from lib.domain.asset import Asset, AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key, work_key
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.catalog_cases import record
from tests.support.fakes import MemoryRenditions, MemorySources, received

SOURCES = MemorySources()
OLD = received(SOURCES.upload("a.jpg", b"old"))
NEW = received(SOURCES.upload("a.jpg", b"new"))
RECIPE, OTHER = "0123456789ab", "ba9876543210"


def keys(event: UploadEvent, recipe: str = RECIPE) -> list[str]:
    """Return the keys of a manifest, of a rendition and of a work file."""
    place = (event.source, event.sequencer, recipe)
    return [manifest_key(*place), rendition_key(*place, "320.avif"), work_key(*place, "plan.json")]


@pytest.fixture
def renditions() -> MemoryRenditions:
    every = keys(OLD) + keys(OLD, OTHER) + keys(NEW)
    return MemoryRenditions(dict.fromkeys(every, b""))


def catalog_with(live: str | None) -> MemoryCatalog:
    """Return a catalog in which the older upload is live, or not, and the newer is known."""
    catalog = MemoryCatalog()
    if live:
        catalog.receive(OLD)
        catalog.claim(OLD, lease_seconds=60, token="token")
        listed = Rendition("320.avif", RenditionKind.IMAGE, "image/avif", key=keys(OLD)[1])
        ready = Outcome(AssetStatus.READY, manifest_key=live, renditions=(listed,))
        catalog.commit(OLD, "token", ready)
    record(catalog, NEW)
    return catalog


def left(renditions: MemoryRenditions) -> set[str]:
    return set(renditions.objects)


def test_all_below_an_uploads_prefix_goes_where_it_is_not_live(
    renditions: MemoryRenditions,
) -> None:
    delete_unwanted(OLD, renditions, catalog_with(live=None))
    assert left(renditions) == set(keys(NEW))


def test_what_is_live_stays_without_its_work_files(renditions: MemoryRenditions) -> None:
    manifest, rendition, _ = keys(OLD)
    delete_unwanted(OLD, renditions, catalog_with(live=manifest))
    assert left(renditions) == {manifest, rendition, *keys(NEW)}


def test_where_somebody_deleted_the_entry_nothing_goes(renditions: MemoryRenditions) -> None:
    before = left(renditions)
    delete_unwanted(OLD, renditions, MemoryCatalog())
    assert left(renditions) == before


@pytest.mark.parametrize("working", [False, True])
def test_while_an_upload_may_still_finish_nothing_of_it_goes(
    renditions: MemoryRenditions, working: bool
) -> None:
    catalog, before = catalog_with(live=keys(OLD)[0]), left(renditions)
    if working:
        catalog.claim(NEW, lease_seconds=60)
    delete_unwanted(NEW, renditions, catalog)
    assert left(renditions) == before


def test_what_failed_for_good_goes_and_what_a_redrive_goes_on_with_stays(
    renditions: MemoryRenditions,
) -> None:
    catalog, before = catalog_with(live=None), left(renditions)
    for code, expected in (
        (ErrorCode.EXHAUSTED, before),
        (ErrorCode.CORRUPT_MEDIA, before - set(keys(NEW))),
    ):
        token = catalog.claim(NEW, lease_seconds=60).lease_token
        assert token
        catalog.commit(NEW, token, Outcome(AssetStatus.FAILED, error=Failure(code, "")))
        delete_unwanted(NEW, renditions, catalog)
        assert left(renditions) == expected


PLACE = (OLD.source, OLD.sequencer, RECIPE)


def listed(kind: RenditionKind, name: str) -> Rendition:
    return Rendition(name, kind, "", key=rendition_key(*PLACE, name))


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("manifest.json", True),
        ("320.avif", True),
        ("640.avif", False),
        ("hls.m3u8", True),
        ("h264-720/playlist.m3u8", True),
        ("h264-720/init.mp4", True),
        ("h264-720/0.m4s", True),
        ("h264-480/0.m4s", False),
        ("storyboard.vtt", True),
        ("storyboard-0.jpg", True),
        ("storyboard-12.jpg", True),
        ("storyboard-0.avif", False),
        ("en.vtt", True),
        ("en/playlist.m3u8", True),
        ("de/playlist.m3u8", False),
        ("work/plan.json", False),
        ("320.avif/more", False),
    ],
)
def test_live_is_what_the_manifest_lists_with_its_parts(name: str, live: bool) -> None:
    asset = Asset(
        "",
        NEW.source,
        "",
        AssetStatus.RECEIVED,
        "",
        "",
        manifest_key=manifest_key(*PLACE),
        renditions=(
            listed(RenditionKind.IMAGE, "320.avif"),
            Rendition("640.avif", RenditionKind.IMAGE, "", error=Failure(ErrorCode.EXHAUSTED, "")),
            listed(RenditionKind.STREAM, "hls.m3u8"),
            listed(RenditionKind.RUNG, "h264-720/playlist.m3u8"),
            listed(RenditionKind.STORYBOARD, "storyboard.vtt"),
            listed(RenditionKind.SUBTITLES, "en.vtt"),
        ),
    )
    assert is_live(rendition_key(*PLACE, name), asset) is live
    assert not is_live(rendition_key(OLD.source, OLD.sequencer, OTHER, name), asset)
    assert not is_live(rendition_key(*PLACE, name), replace(asset, manifest_key=None))
    assert not is_live(rendition_key(*PLACE, name), None)


@pytest.mark.parametrize(
    ("name", "live"),
    [("hologram.bin", True), ("hologram/0.bin", True), ("0.bin", True), ("work/plan.json", False)],
)
def test_what_may_be_a_part_of_another_releases_kind_is_live(name: str, live: bool) -> None:
    place = manifest_key(*PLACE)
    hologram = listed(RenditionKind("hologram"), "hologram.bin")
    asset = Asset("", NEW.source, "", AssetStatus.RECEIVED, "", "", manifest_key=place)
    asset = replace(asset, renditions=(hologram,))
    assert is_live(rendition_key(*PLACE, name), asset) is live
    assert not is_live(rendition_key(OLD.source, OLD.sequencer, OTHER, name), asset)
