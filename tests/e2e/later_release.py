"""A release after this one, as text that is changed in the packages of this one's functions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

SCHEMA = "lib/domain/events.py", "SCHEMA = 1", "SCHEMA = 2"
"""It reads the messages of the schema before, too."""
READS_ONE_BEFORE = "lib/domain/messages.py", "if schema < SCHEMA:", "if schema < SCHEMA - 1:"
FIELD = (
    "lib/domain/messages.py",
    '"mime": event.mime,',
    '"mime": event.mime, "priority": {"of": "later"},',
)
CODE = "lib/domain/errors.py", '= "CORRUPT_MEDIA", True', '= "DAMAGED_MEDIA", True'
STATUS = "lib/domain/asset.py", 'REJECTED = "REJECTED"', 'REJECTED = "REFUSED"'
KIND = "lib/domain/renditions.py", 'WAVEFORM = "waveform"', 'WAVEFORM = "peaks"'
ATTRIBUTE = (
    "lib/adapters/aws/dynamodb_items.py",
    '"manifest_key": outcome.manifest_key,',
    '"manifest_key": outcome.manifest_key, "alt_text": {"en": "a later thought"},',
)
PRESET = "presets.toml", "widths = [320,", "widths = [300, 320,"

CHANGES = (SCHEMA, READS_ONE_BEFORE, FIELD, CODE, STATUS, KIND, ATTRIBUTE, PRESET)
"""Of what file which text becomes which."""


def later(packages: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the packages of the later release by function; every change has to be met."""
    changed = {name: _change(archive) for name, archive in packages.items()}
    met = set.union(*(met for _, met in changed.values()))
    assert met == set(CHANGES), f"nothing to change for {set(CHANGES) - met}"
    return {name: archive for name, (archive, _) in changed.items()}


def _change(archive: bytes) -> tuple[bytes, set[tuple[str, str, str]]]:
    target, met = io.BytesIO(), set()
    with zipfile.ZipFile(io.BytesIO(archive)) as read, zipfile.ZipFile(target, "w") as written:
        for each in read.infolist():
            content = read.read(each)
            for change in CHANGES:
                path, before, after = change
                if each.filename == path and before.encode() in content:
                    content = content.replace(before.encode(), after.encode())
                    met.add(change)
            written.writestr(each, content)
    return target.getvalue(), met
