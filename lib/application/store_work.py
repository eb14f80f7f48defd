"""Store what a job makes: the renditions as they are made, then the manifest."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import manifest_key, rendition_key
from lib.domain.manifest import manifest
from lib.domain.ports import Renditions
from lib.domain.renditions import Made, Rendition, Work

PUT_THREADS = 4
"""Renditions are stored while the next ones are encoded."""


def store_work(event: UploadEvent, work: Work, renditions: Renditions) -> Outcome:
    """Store what is made as it is made, then the manifest; return what came of it all.

    Raises what making it raises, and TransientError; nothing is being stored any more then.
    """

    def key_of(name: str) -> str:
        return rendition_key(event.source, event.sequencer, work.recipe, name)

    def store(made: Made) -> Rendition:
        for part in made.parts:
            renditions.put(key_of(part.name), part.content, part.mime)
        described = _describe(made)
        if made.content is None:
            return described
        key = key_of(made.name)
        renditions.put(key, made.content, made.mime)
        size, sha256 = _measure(made.content)
        return replace(described, key=key, bytes=size, sha256=sha256)

    with ThreadPoolExecutor(PUT_THREADS) as pool:
        stored = [pool.submit(store, made) for made in work.made]
    listed = tuple(each.result() for each in stored)
    failures = [each.error for each in listed if each.error]
    if len(failures) == len(listed):
        error = (
            failures[0]
            if failures
            else Failure(ErrorCode.ENCODE_FAILED, "the preset makes nothing of this source")
        )
        return Outcome(AssetStatus.FAILED, probe=work.probe, renditions=listed, error=error)

    key = manifest_key(event.source, event.sequencer, work.recipe)
    outcome = Outcome(
        AssetStatus.PARTIAL if failures else AssetStatus.READY,
        probe=work.probe,
        placeholder=work.placeholder,
        preset=work.preset,
        recipe=work.recipe,
        renditions=listed,
        manifest_key=key,
    )
    renditions.put(key, manifest(event, outcome), "application/json")
    return outcome


def _describe(made: Made) -> Rendition:
    return Rendition(
        name=made.name,
        kind=made.kind,
        mime=made.mime,
        width=made.width,
        height=made.height,
        duration_ms=made.duration_ms,
        frames=made.frames,
        quality=made.quality,
        instead_of=made.instead_of,
        codecs=made.codecs,
        bandwidth=made.bandwidth,
        language=made.language,
        error=made.error,
    )


def _measure(content: bytes | Path) -> tuple[int, str]:
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return content.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
