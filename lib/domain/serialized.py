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


def failure_to_values(failure: Failure) -> dict[str, Any]:
    """Return why something failed."""
    return {
        "code": failure.code,
        "message": failure.message,
        "permanent": failure.permanent,
    }


def failure_from_values(values: Values) -> Failure:
    """Return the failure that was stored; what is not there is empty, and may pass."""
    permanent = values.get("permanent") is True
    return Failure(ErrorCode.stored(_text(values, "code"), permanent), _text(values, "message"))


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
    """Return the source that was stored. Raises TransientError where a field is missing."""
    read = Record(values, "a source")
    return Source(
        bucket=read["bucket"],
        key=read["key"],
        version_id=read["version_id"],
        etag=read["etag"],
        size=read["size"],
    )


def placeholder_to_values(placeholder: Placeholder) -> dict[str, Any]:
    """Return what a page shows before a rendition arrives."""
    return {"thumbhash": placeholder.thumbhash, "color": placeholder.color}


def placeholder_from_values(values: Values) -> Placeholder | None:
    """Return the placeholder that was stored, or None where it is of another kind."""
    thumbhash, color = _text(values, "thumbhash"), _text(values, "color")
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
    error = values.get("error")
    return Rendition(
        name=_text(values, "name"),
        kind=RenditionKind(_text(values, "kind")),
        mime=_text(values, "mime"),
        key=_text(values, "key") or None,
        width=values.get("width"),
        height=values.get("height"),
        duration_ms=values.get("duration_ms"),
        bytes=values.get("bytes"),
        sha256=values.get("sha256"),
        frames=values.get("frames"),
        quality=values.get("quality"),
        instead_of=values.get("instead_of"),
        codecs=values.get("codecs"),
        bandwidth=values.get("bandwidth"),
        language=values.get("language"),
        error=failure_from_values(error) if isinstance(error, Mapping) else None,
    )


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
