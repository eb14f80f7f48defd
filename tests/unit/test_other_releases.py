"""What another release left in the catalog is read, told and swept as far as it is known."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from rich.console import Console

from lib.adapters.aws.dynamodb_items import read_changes, readable_assets, to_attribute
from lib.application.notify import notify
from lib.application.sweep import sweep
from lib.cli.arguments import CommandError
from lib.cli.html import element
from lib.cli.tables import asset_json, asset_panel, asset_table
from lib.domain.asset import Change
from lib.domain.errors import MediaError
from lib.domain.events import Source
from lib.domain.keys import asset_id, manifest_key, rendition_key, version_prefix
from lib.domain.renditions import Rendition, RenditionKind
from lib.domain.serialized import rendition_to_values, source_to_values
from lib.domain.serialized_probe import probe_to_values
from tests.support.fakes import UPLOADS, MemoryExecutions, MemoryRenditions, RecordingAssetEvents
from tests.unit.test_serialized import FAILURE, VIDEO

MUST_HAVE = ("pk", "bucket", "key", "version_id", "sequencer", "status")
"""Attributes without which nothing is known of an entry."""


def source(version: int) -> Source:
    return Source(UPLOADS, "a.jpg", f"v{version}", "etag", 1)


def sequencer(version: int) -> str:
    return f"{version:016X}"


def listed(version: int) -> list[str]:
    """Return the keys of what is live of a version."""
    return [
        manifest_key(source(version), sequencer(version), "recipe"),
        rendition_key(source(version), sequencer(version), "recipe", "320.webp"),
    ]


def entry(version: int = 2, status: str = "READY", live: int | None = 2) -> dict[str, Any]:
    """Return an item's plain values, with all that a release may have written."""
    values: dict[str, Any] = {
        "pk": asset_id(UPLOADS, "a.jpg"),
        **source_to_values(source(version)),
        "sequencer": sequencer(version),
        "sequencer_length": 16,
        "status": status,
        "created_at": "2027-01-15T08:00:00.000Z",
        "updated_at": "2027-01-15T08:00:00.000Z",
        "media_type": "image",
        "mime": "image/jpeg",
        "attempts": 1,
        "abandoned": 1,
        "lease_token": "token",
        "lease_expires_at": "2027-01-15T08:00:00.000Z",
        "execution": "an-execution",
        "estimate_ms": 7,
        "progress": 7,
        "processed_ms": 7,
        "expires_at": 7,
        "error": {"code": FAILURE.code, "message": FAILURE.message, "permanent": True},
    }
    if live is None:
        return values
    manifest, image = listed(live)
    rendition = Rendition("320.webp", RenditionKind.IMAGE, "image/webp", image, 320, 200, bytes=9)
    return {
        **values,
        "preset": "default",
        "recipe": "recipe",
        "probe": probe_to_values(VIDEO),
        "placeholder": {"thumbhash": "m8QJFwaHd4dfeHdwh3h3h4eHCHiI", "color": "#a0b1c2"},
        "renditions": [rendition_to_values(rendition)],
        "manifest_key": manifest,
        "live_version_id": f"v{live}",
    }


def image(values: dict[str, Any]) -> Any:
    return to_attribute(values)["M"]


def read(*images: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> list[Change]:
    """Read records of old and new images. Raises MediaError where one can't be."""

    def refuse(unreadable: MediaError) -> None:
        raise unreadable

    records = [
        {
            "dynamodb": {
                name: image(values)
                for name, values in (("OldImage", old), ("NewImage", new))
                if values
            }
        }
        for old, new in images
    ]
    return read_changes({"Records": records}, refuse)


def stored() -> MemoryRenditions:
    return MemoryRenditions({key: b"" for version in (1, 2, 3) for key in listed(version)})


def swept(old: dict[str, Any], new: dict[str, Any]) -> set[int]:
    """Return the versions of which sweep leaves what is stored."""
    renditions = stored()
    sweep(read((old, new)), renditions, MemoryExecutions())
    return {version for version in (1, 2, 3) if set(listed(version)) <= set(renditions.objects)}


KINDS: tuple[Any, ...] = ("later", 7, 0.5, True, {"a": 1}, ["a"], [{"a": 1}], [], {})
"""What another release may have in place of a value."""


def others(values: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies, each with one value missing, or something else in its place; and its name."""
    places = values.items() if isinstance(values, dict) else enumerate(values)
    for name, value in places:
        missing = deepcopy(values)
        del missing[name]
        yield str(name), missing
        for kind in KINDS:
            changed = deepcopy(values)
            changed[name] = kind
            yield str(name), changed
        if isinstance(value, (dict, list, tuple)):
            for inner, changed_inner in others(list(value) if isinstance(value, tuple) else value):
                changed = deepcopy(values)
                changed[name] = changed_inner
                yield f"{name}.{inner}", changed


def test_whatever_another_release_wrote_stops_neither_sweep_nor_notify_nor_people() -> None:
    tried, after = 0, entry(3, "PROCESSING")
    for name, changed in others(entry() | {"later": {"a": 1}}):
        must = name in MUST_HAVE and not isinstance(changed.get(name), str)
        tried += 1
        if must:
            with pytest.raises(MediaError, match=f"expected .*{name} in "):
                read((changed, after))
            assert list(readable_assets([image(changed)])) == []
            continue
        changes = read((entry(1, "PROCESSING", 1), changed), (changed, after))
        sweep(changes, stored(), MemoryExecutions())
        notify(changes, RecordingAssetEvents())
        [asset] = readable_assets([image(changed)])
        with Console(quiet=True).capture():
            Console(quiet=True).print(asset_table([asset]), asset_panel(asset))
        assert asset_json(asset).startswith("{")
        try:
            assert element(asset).startswith("<picture>")
        except CommandError:
            assert name.startswith("renditions")
    assert tried > 500


@pytest.mark.parametrize("record", [{}, {"dynamodb": {}}, {"eventName": "REMOVE"}])
def test_a_record_without_images_says_nothing(record: dict[str, Any]) -> None:
    changes = read_changes({"Records": [record]}, lambda _: None)
    assert sweep(changes, stored(), MemoryExecutions()) == 0
    assert notify(changes, RecordingAssetEvents()) == 0


def test_what_is_none_of_ours_is_told_and_left_out_and_the_rest_is_read() -> None:
    told: list[MediaError] = []
    ours = {"dynamodb": {"NewImage": image(entry())}}
    cursor = {"dynamodb": {"NewImage": image({"pk": "a-cursor", "at": 7})}}
    nameless = {"dynamodb": {"OldImage": image({"at": 7}), "NewImage": image(entry())}}
    changes = read_changes({"Records": [cursor, ours, nameless, ours]}, told.append)
    assert [each.new is not None for each in changes] == [True, True]
    assert [each.message for each in told] == [
        "expected bucket in a source but it is missing",
        "expected pk in an item of the catalog but it is missing",
    ]


def test_a_status_that_is_not_known_keeps_all_that_the_entry_refers_to() -> None:
    archived = entry(2, "ARCHIVED", 1)
    assert swept(entry(2, "PROCESSING", 1), archived) == {1, 2, 3}
    assert swept(archived, entry(3, "RECEIVED", 1)) == {1, 3}
    assert swept(entry(2, "ARCHIVED", 2), entry(3, "READY", 3)) == {3, 1}
    assert swept(entry(2, "ARCHIVED", 2), entry(3, "DELETED", None)) == {1, 3}


def test_a_status_that_is_not_known_is_not_told() -> None:
    events = RecordingAssetEvents()
    assert notify(read((entry(2, "PROCESSING"), entry(2, "ARCHIVED"))), events) == 0
    assert notify(read((entry(2, "ARCHIVED"), entry(2, "READY"))), events) == 1


@pytest.mark.parametrize(("permanent", "left"), [(True, {1, 3}), (False, {1, 2, 3})])
def test_whether_a_failure_that_is_not_known_is_final_says_what_was_stored(
    permanent: bool, left: set[int]
) -> None:
    why = {"code": "QUARANTINED", "message": "by a later release", "permanent": permanent}
    failed = entry(2, "FAILED", 1) | {"error": why}
    assert swept(entry(2, "PROCESSING", 1), failed) == left
    events = RecordingAssetEvents()
    notify(read((entry(2, "PROCESSING", 1), failed)), events)
    assert [each["error"] for each in events.published] == [why]


def test_a_medium_and_a_kind_that_are_not_known_keep_their_names() -> None:
    values = entry() | {"media_type": "model"}
    values["renditions"][0]["kind"] = "hologram"
    [asset] = readable_assets([image(values)])
    assert '"media_type": "model"' in asset_json(asset)
    assert '"kind": "hologram"' in asset_json(asset)
    assert version_prefix(asset.source, asset.sequencer) == version_prefix(source(2), sequencer(2))
    events = RecordingAssetEvents()
    notify(read((entry(1, "PROCESSING"), values)), events)
    assert [each["media_type"] for each in events.published] == ["model"]
