"""Hold a stage that has come to rest against what S3 says: the invariants."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lib.domain.asset import Asset, AssetStatus
from lib.domain.errors import ErrorCode
from lib.domain.keys import asset_id
from lib.domain.renditions import RenditionKind
from tests.e2e.deployed import Deployed
from tests.robustness.chaos.done import Done
from tests.robustness.chaos.invocations import Invocation
from tests.robustness.chaos.media import ENDINGS, Ending, Medium

READY = Ending(AssetStatus.READY)
KILLS_TO_GIVE_UP = 2


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold; `key` is "" where it is about none."""

    invariant: str
    key: str
    detail: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found when the stage had come to rest."""

    current: dict[str, str | None]
    """The current version of each key that was ever put; None where there is none."""
    assets: dict[str, Asset | None]
    stored: dict[str, int]
    """Bytes of each object in the renditions bucket."""
    letters: dict[str, list[str]]
    """Bodies in each failure queue."""
    running: tuple[str, ...]
    """Names of executions that have not ended."""


def find_current(deployed: Deployed, keys: Iterable[str]) -> dict[str, str | None]:
    """Return what S3 has as the current version of each key."""
    current: dict[str, str | None] = dict.fromkeys(keys)
    pages = deployed.s3.get_paginator("list_object_versions").paginate(Bucket=deployed.uploads)
    for page in pages:
        for each in page.get("Versions", []):
            if each["IsLatest"]:
                current[each["Key"]] = each["VersionId"]
    return current


def list_stored(deployed: Deployed) -> dict[str, int]:
    """Return the size of each object in the renditions bucket."""
    pages = deployed.s3.get_paginator("list_objects_v2").paginate(Bucket=deployed.renditions)
    return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}


def judge(
    facts: Facts, done: Done, invocations: list[Invocation], deployed: Deployed
) -> Iterator[Broken]:
    """Yield each invariant that is broken, and where."""
    media = {each.version_id: {each.medium} for each in done.uploads}
    kills = count_kills(invocations)
    for key, version in facts.current.items():
        struck = kills[asset_id(deployed.uploads, key)]
        kinds = media.get(version or "", done.sent.get(key, set()))
        yield from judge_entry(key, facts.assets[key], version, kinds, struck)
    yield from judge_bucket(facts, deployed)
    yield from judge_letters(facts.letters, done.poison)
    for name in facts.running:
        yield Broken("no execution runs", "", name)


def count_kills(invocations: list[Invocation]) -> Counter[str]:
    """Return how many workers ended, or stood still, while they had each asset."""
    counted: Counter[str] = Counter()
    for each in invocations:
        if each.killed or each.struck:
            counted.update(each.assets)
    return counted


def judge_entry(
    key: str,
    asset: Asset | None,
    version: str | None,
    media: set[Medium],
    kills: int,
) -> Iterator[Broken]:
    """Yield what is wrong with a key's entry, by the version that is current.

    `media`: what that version may be; more than one where the reply to its upload was lost.
    """
    if asset is None:
        yield Broken("nothing is lost", key, "there is no entry")
        return
    found = f"{asset.status} {asset.error.code if asset.error else ''} {asset.source.version_id}"
    if version is None:
        if asset.status is not AssetStatus.DELETED:
            yield Broken("what is gone is DELETED", key, f"there is no version, but it is {found}")
        return
    if asset.source.version_id != version:
        yield Broken("the newest version wins", key, f"{version} is current, but it is {found}")
        return
    if not asset.status.terminal:
        yield Broken("each upload ends", key, f"it is {found}")
        return
    expected = {ENDINGS.get(each, READY) for each in media}
    ended = Ending(asset.status, asset.error.code if asset.error else None)
    gave_up = Ending(AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED)
    if ended not in expected and not (ended == gave_up and kills >= KILLS_TO_GIVE_UP):
        detail = f"{', '.join(media)} with {kills} kills is {found}: {asset.error}"
        yield Broken("each upload ends in its true state", key, detail)


def judge_bucket(facts: Facts, deployed: Deployed) -> Iterator[Broken]:
    """Yield what is missing from the renditions bucket, or differs, and what nobody lists."""
    by_asset: defaultdict[str, set[str]] = defaultdict(set)
    for key in facts.stored:
        by_asset[key.split("/")[0]].add(key)
    for key, asset in facts.assets.items():
        identity = asset_id(deployed.uploads, key)
        left = by_asset.pop(identity, set())
        if asset is None or asset.manifest_key is None:
            listed: set[str] = set()
        else:
            listed = {each for each in left if is_live(each, asset)}
            yield from judge_live(key, asset, facts.stored, deployed)
        for orphan in sorted(left - listed):
            yield Broken("the bucket holds what is live alone", key, orphan)
    for orphan in sorted(each for group in by_asset.values() for each in group):
        yield Broken("the bucket holds what is live alone", "", orphan)


def is_live(stored: str, asset: Asset) -> bool:
    """Tell whether an object is an asset's manifest, a listed rendition, or a part of one."""
    folder = (asset.manifest_key or "").removesuffix("manifest.json")
    if stored == asset.manifest_key or stored in {each.key for each in asset.renditions}:
        return True
    name = stored.removeprefix(folder)
    if name == stored:
        return False
    for each in asset.renditions:
        if each.kind is RenditionKind.RUNG and name.startswith(each.name.rsplit("/", 1)[0] + "/"):
            return True
        if each.kind in (RenditionKind.STORYBOARD, RenditionKind.SUBTITLES):
            stem = each.name.rsplit(".", 1)[0]
            if name.startswith((f"{stem}-", f"{stem}.", f"{stem}/")):
                return True
    return False


def judge_live(
    key: str, asset: Asset, stored: dict[str, int], deployed: Deployed
) -> Iterator[Broken]:
    """Yield which of an asset's renditions are missing or are not what the entry says."""
    invariant = "what is listed is there"
    if asset.manifest_key not in stored:
        yield Broken(invariant, key, f"no manifest {asset.manifest_key}")
        return
    names = {each["name"] for each in json.loads(deployed.fetch(asset.manifest_key))["renditions"]}
    if names != {each.name for each in asset.renditions}:
        yield Broken("manifest and entry list the same", key, f"{names}")
    for each in asset.renditions:
        if each.key is None:
            continue
        if each.key not in stored:
            yield Broken(invariant, key, f"no {each.key}")
        elif each.sha256 and hashlib.sha256(deployed.fetch(each.key)).hexdigest() != each.sha256:
            yield Broken(invariant, key, f"other bytes in {each.key}")


def judge_letters(letters: dict[str, list[str]], poison: list[str]) -> Iterator[Broken]:
    """Yield dead letters that are no poison, and poison that is in none of the queues.

    A poison may be there twice: the reply to who put it there may have been lost.
    """
    found = {body for bodies in letters.values() for body in bodies}
    for queue, bodies in letters.items():
        for body in bodies:
            if body not in poison:
                yield Broken("dead letters are poison alone", _key_in(body), f"{queue}: {body}")
    for body in set(poison) - found:
        yield Broken("poison ends in the dead letters", "", body)


def _key_in(body: str) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("key", "")) if isinstance(said, dict) else ""
