"""Build every key: asset ids, version tags, rendition keys, padded sequencers.

Other modules say names of files only.
"""

from __future__ import annotations

import hashlib
from urllib.parse import unquote_plus

from lib.domain.events import Source

SEQUENCER_WIDTH = 64
"""Sequencers are padded to this; S3 sends 16 to 18 hex digits today and promises no length."""

MANIFEST_NAME = "manifest.json"

WORK_FOLDER = "work"
"""Beside the renditions of a long source while they are made; nothing in it is served."""


def asset_id(bucket: str, key: str) -> str:
    """Return the catalog's partition key of one bucket/key: 32 hex digits."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


def folder_of(key: str) -> str | None:
    """Return the first folder of an upload's key; None where it lies in none, or that is empty."""
    folder, slash, _ = key.partition("/")
    return folder if slash and folder else None


def is_asset_id(name: str) -> bool:
    """Tell whether a name is one that `asset_id` may have given."""
    return len(name) == 32 and set(name) <= set("0123456789abcdef")


def version_tag(source: Source, sequencer: str) -> str:
    """Return 12 hex digits that no other upload event of this key shares.

    The sequencer is part of it: a version that is deleted and restored gets a new tag, so that the
    removal of the old renditions can never hit the new ones.
    """
    identity = f"{source.version_id}/{pad_sequencer(sequencer)}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def version_prefix(source: Source, sequencer: str) -> str:
    """Return `<asset_id>/<version tag>/`, below which everything made from one upload lies."""
    return f"{asset_id(source.bucket, source.key)}/{version_tag(source, sequencer)}/"


def rendition_key(source: Source, sequencer: str, recipe: str, name: str) -> str:
    """Return `<asset_id>/<version tag>/<recipe hash>/<name>`; `name` carries its extension."""
    return f"{version_prefix(source, sequencer)}{recipe}/{name}"


def manifest_key(source: Source, sequencer: str, recipe: str) -> str:
    """Return the key of the manifest beside the renditions."""
    return rendition_key(source, sequencer, recipe, MANIFEST_NAME)


def work_key(source: Source, sequencer: str, recipe: str, name: str) -> str:
    """Return the key of what one step of an execution needs of another."""
    return rendition_key(source, sequencer, recipe, f"{WORK_FOLDER}/{name}")


def execution_name(source: Source, sequencer: str, number: int = 1) -> str:
    """Return `<asset_id>-<version tag>`, and `-2`, `-3`, … after it from the second try on."""
    name = version_prefix(source, sequencer).strip("/").replace("/", "-")
    return name if number == 1 else f"{name}-{number}"


def prefix_of(key: str) -> str:
    """Return the version prefix that a rendition or manifest key lies below."""
    return "/".join(key.split("/")[:2]) + "/"


def recipe_folder(key: str) -> str:
    """Return the folder of all that was made by one recipe, in which a rendition's key lies."""
    return "/".join(key.split("/")[:3]) + "/"


def decode_event_key(key: str) -> str:
    """Decode the form-encoded key of an S3 event. Call exactly once per event."""
    return unquote_plus(key)


def pad_sequencer(sequencer: str) -> str:
    """Right-pad a sequencer with zeros, in upper case, so that it compares as a string.

    S3's rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return sequencer.upper().ljust(SEQUENCER_WIDTH, "0")


def next_sequencer(event: str, recorded: str) -> str:
    """Return the name of a recording that follows another: the event's sequencer, or one of ours.

    Both are raw. Names of a key only grow, as they are padded, so that none comes twice: an event
    that is no newer than what is recorded gives the next number instead.
    """
    if pad_sequencer(event) > pad_sequencer(recorded):
        return event
    number = f"{int(recorded, 16) + 1:0{len(recorded)}X}"
    return number if len(number) == len(recorded) else f"{recorded}1"
