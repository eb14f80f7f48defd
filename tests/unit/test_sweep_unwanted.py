"""What is deleted of an upload that is not wanted any more, and what of it is live and stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.sweep import delete_unwanted, is_live
from lib.domain.asset import Asset, AssetStatus, Outcome
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key, version_prefix, work_key
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
        claim = catalog.claim(OLD, lease_seconds=60)
        assert claim.lease_token
        catalog.commit(OLD, claim.lease_token, Outcome(AssetStatus.READY, manifest_key=live))
    catalog.receive(NEW)
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


def test_only_what_was_written_goes_where_that_is_known(renditions: MemoryRenditions) -> None:
    before = left(renditions)
    _, written, _ = keys(OLD)
    delete_unwanted(OLD, renditions, catalog_with(live=None), [written])
    assert left(renditions) == before - {written}
    delete_unwanted(OLD, renditions, catalog_with(live=None), [])
    assert left(renditions) == before - {written}


def test_of_what_nobody_knows_nothing_is_live(renditions: MemoryRenditions) -> None:
    assert [is_live(key, None) for key in keys(OLD)] == [False] * 3
    delete_unwanted(OLD, renditions, MemoryCatalog())
    assert left(renditions) == set(keys(NEW))


def test_live_is_what_lies_where_the_live_manifest_does() -> None:
    asset = catalog_with(live=keys(OLD)[0]).get(version_prefix(OLD.source, "").split("/")[0])
    assert isinstance(asset, Asset)
    assert [is_live(key, asset) for key in keys(OLD)] == [True, True, False]
    assert [is_live(key, asset) for key in keys(OLD, OTHER) + keys(NEW)] == [False] * 6
    assert not is_live(keys(OLD)[0], replace(asset, manifest_key=None))
    assert is_live(keys(OLD)[0].replace("manifest.json", "worked.avif"), asset)
