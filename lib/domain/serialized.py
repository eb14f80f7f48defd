"""What is stored of an upload and of what was made of it, as plain values by names that stay.

Catalog items, manifests and the work files of running executions hold them: a field may be
renamed, and what was stored before is read as ever. Names that are not known are left alone, for a
newer release may have written them; codes and kinds that are not known keep their text. What is
missing of a probe is as if the source did not say. Only what a source or a work file must have is
refused where it is missing: an entry of the catalog can be read whatever release wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.events import Source
from lib.domain.renditions import Placeholder, Rendition, RenditionKind

Values = Mapping[str, Any]
"""As JSON has them, or DynamoDB, for which 30.0 is 30."""


class Record:
    """Stored values, of which some have to be there: `what` they are says the error."""

    def __init__(self, values: Values, what: str) -> None:
        self._values = values
        self._what = what

    def __getitem__(self, name: str) -> Any:
        """Return a value. Raises TransientError where it is missing."""
        if name not in self._values:
            raise TransientError(
                ErrorCode.SERVICE_UNAVAILABLE, f"expected {name} in {self._what} but it is missing"
            )
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value that need not be there."""
        return self._values.get(name, default)

    def text(self, name: str) -> str:
        """Return a text. Raises TransientError where it is missing, or something else."""
        value = self[name]
        if not isinstance(value, str):
            raise TransientError(
                ErrorCode.SERVICE_UNAVAILABLE,
                f"expected a text for {name} in {self._what} but received {value!r}",
            )
        return value


def text_of(values: Values, name: str) -> str | None:
    """Return a text, or None where there is none: another release may have another kind there."""
    value = values.get(name)
    return value if isinstance(value, str) else None


def number_of(values: Values, name: str) -> Any:
    """Return a number, or None where there is none."""
    value = values.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def table_of(values: Values, name: str) -> Values | None:
    """Return values by name, or None where there are none."""
    value = values.get(name)
    return value if isinstance(value, Mapping) else None


def tables_of(values: Values, name: str) -> list[Values]:
    """Return all of a list that are values by name."""
    value = values.get(name)
    listed = value if isinstance(value, list | tuple) else ()
    return [each for each in listed if isinstance(each, Mapping)]


def failure_to_values(failure: Failure) -> dict[str, Any]:
    """Return why something failed."""
    return {
        "code": failure.code,
        "message": failure.message,
        "permanent": failure.permanent,
    }


def failure_from_values(values: Values) -> Failure:
    """Return the failure that was stored; what is not there is empty, and may pass."""
    code, message = text_of(values, "code") or "", text_of(values, "message") or ""
    return Failure(ErrorCode.stored(code, values.get("permanent") is True), message)


def source_to_values(source: Source) -> dict[str, Any]:
    """Return an uploaded object version."""
    return {
        "bucket": source.bucket,
        "key": source.key,
        "version_id": source.version_id,
        "etag": source.etag,
        "size": source.size,
    }


def source_from_values(values: Values) -> Source:
    """Return the source that was stored. Raises TransientError where its name is missing."""
    read = Record(values, "a source")
    return Source(
        bucket=read.text("bucket"),
        key=read.text("key"),
        version_id=read.text("version_id"),
        etag=text_of(values, "etag") or "",
        size=number_of(values, "size") or 0,
    )


def placeholder_to_values(placeholder: Placeholder) -> dict[str, Any]:
    """Return what a page shows before a rendition arrives."""
    return {"thumbhash": placeholder.thumbhash, "color": placeholder.color}


def placeholder_from_values(values: Values) -> Placeholder | None:
    """Return the placeholder that was stored, or None where it is of another kind."""
    thumbhash, color = text_of(values, "thumbhash"), text_of(values, "color")
    return Placeholder(thumbhash, color) if thumbhash and color else None


def rendition_to_values(rendition: Rendition) -> dict[str, Any]:
    """Return a rendition and its outcome; None for what it does not have."""
    return {
        "name": rendition.name,
        "kind": rendition.kind,
        "mime": rendition.mime,
        "key": rendition.key,
        "width": rendition.width,
        "height": rendition.height,
        "duration_ms": rendition.duration_ms,
        "bytes": rendition.bytes,
        "sha256": rendition.sha256,
        "frames": rendition.frames,
        "quality": rendition.quality,
        "instead_of": rendition.instead_of,
        "codecs": rendition.codecs,
        "bandwidth": rendition.bandwidth,
        "language": rendition.language,
        "error": failure_to_values(rendition.error) if rendition.error else None,
    }


def rendition_from_values(values: Values) -> Rendition:
    """Return the rendition that was stored; texts that are not there are empty."""
    error = table_of(values, "error")
    return Rendition(
        name=text_of(values, "name") or "",
        kind=RenditionKind(text_of(values, "kind") or ""),
        mime=text_of(values, "mime") or "",
        key=text_of(values, "key"),
        width=number_of(values, "width"),
        height=number_of(values, "height"),
        duration_ms=number_of(values, "duration_ms"),
        bytes=number_of(values, "bytes"),
        sha256=text_of(values, "sha256"),
        frames=number_of(values, "frames"),
        quality=number_of(values, "quality"),
        instead_of=text_of(values, "instead_of"),
        codecs=text_of(values, "codecs"),
        bandwidth=number_of(values, "bandwidth"),
        language=text_of(values, "language"),
        error=None if error is None else failure_from_values(error),
    )
