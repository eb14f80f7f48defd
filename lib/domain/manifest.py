"""Print what was made of a source, for front ends: JSON whose schema is docs/manifest.schema.json.

Addresses in it are relative to the manifest itself, beside which the renditions lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from lib.domain.asset import Outcome
from lib.domain.events import SCHEMA, UploadEvent
from lib.domain.formats import OUTPUTS
from lib.domain.keys import asset_id
from lib.domain.renditions import Rendition, RenditionKind
from lib.domain.serialized import placeholder_to_values, rendition_to_values, source_to_values
from lib.domain.serialized_probe import probe_to_values
from lib.domain.thumbhash import data_uri

MOST_KNOWN_FIRST = tuple(each.mime for each in OUTPUTS.values())[::-1]
"""The older a format is, the more browsers know it: whoever knows one knows those before it."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One format of an image, as in `<source>`: its renditions by width, ascending."""

    mime: str
    renditions: tuple[Rendition, ...]

    @property
    def widest(self) -> Rendition:
        """Return the largest rendition."""
        return self.renditions[-1]

    @property
    def sizes(self) -> str:
        """Return a hint for a page that shows the image as wide as it can, but never enlarged."""
        return f"(max-width: {self.widest.width}px) 100vw, {self.widest.width}px"

    def is_smaller_than(self, other: ImageSource) -> bool:
        """Tell whether it takes fewer bytes, in the widths that both have."""
        both = {each.width for each in self.renditions} & {each.width for each in other.renditions}
        sizes = [
            sum(each.bytes or 0 for each in source.renditions if each.width in both)
            for source in (self, other)
        ]
        return sizes[0] < sizes[1]

    def srcset(self, address: Callable[[Rendition], str]) -> str:
        """Return the attribute of that name."""
        return ", ".join(f"{address(each)} {each.width}w" for each in self.renditions)


def manifest(event: UploadEvent, outcome: Outcome) -> bytes:
    """Return the manifest as JSON: the same bytes for the same source and recipe."""
    probe = probe_to_values(outcome.probe)
    warnings = probe.pop("warnings")
    described = {
        "schema": SCHEMA,
        "asset_id": asset_id(event.source.bucket, event.source.key),
        "source": source_to_values(event.source),
        "media_type": event.media_type,
        "mime": event.mime,
        "preset": outcome.preset,
        "recipe": outcome.recipe,
        "probe": _known(probe),
        "warnings": list(warnings),
        "aspect_ratio": _aspect_ratio(probe["width"], probe["height"]),
        "placeholder": (
            placeholder_to_values(outcome.placeholder)
            | {"data_uri": data_uri(outcome.placeholder.thumbhash)}
            if outcome.placeholder
            else None
        ),
        "sources": _described(image_sources(outcome.renditions)),
        "posters": _described(poster_sources(outcome.renditions)),
        "boxes": _boxes(outcome.renditions),
        "renditions": [_known(rendition_to_values(each)) for each in outcome.renditions],
    }
    return json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True).encode()


def image_sources(renditions: Iterable[Rendition]) -> list[ImageSource]:
    """Return the formats that show the whole image in several widths, the best first.

    A browser takes the first that it knows, whatever its size. So one is left out that is not
    smaller than another that more browsers know, or that lacks the widest: they would show less,
    or load more. Where it is animated these are the animated ones alone: the best format might
    stand still.
    """
    whole = [each for each in _images(renditions) if _stem(each).isdigit()]
    shown = [each for each in whole if each.frames] or whole
    return _offer(shown)


def poster_sources(renditions: Iterable[Rendition]) -> list[ImageSource]:
    """Return the formats of a video's poster, the best first."""
    return _offer([each for each in renditions if each.kind is RenditionKind.POSTER and each.key])


def box_sources(renditions: Iterable[Rendition], name: str) -> list[ImageSource]:
    """Return the formats of one box, the best first; none where an image has no such box."""
    boxed = [each for each in _images(renditions) if not _stem(each).isdigit()]
    return _offer([each for each in boxed if _stem(each) == name])


def _described(sources: Iterable[ImageSource]) -> list[dict[str, Any]]:
    return [
        {"mime": each.mime, "srcset": each.srcset(_name), "sizes": each.sizes} for each in sources
    ]


def _boxes(renditions: Iterable[Rendition]) -> dict[str, list[dict[str, Any]]]:
    """Return the renditions of each box by its name, the best format first."""
    boxed = [each for each in _images(renditions) if not _stem(each).isdigit()]
    return {
        name: [
            {"mime": each.mime, "src": made.name, "width": made.width, "height": made.height}
            for each in box_sources(boxed, name)
            for made in each.renditions
        ]
        for name in map(_stem, boxed)
    }


def _offer(renditions: Sequence[Rendition]) -> list[ImageSource]:
    """Return the formats of one picture that are worth a place, the best first."""
    widest = max((each.width or 0 for each in renditions), default=0)
    offered: list[ImageSource] = []
    for mime in MOST_KNOWN_FIRST:
        made = sorted(
            (each for each in renditions if each.mime == mime), key=lambda each: each.width or 0
        )
        source = ImageSource(mime, tuple(made))
        if made and source.widest.width == widest and all(map(source.is_smaller_than, offered)):
            offered.insert(0, source)
    return offered


def _images(renditions: Iterable[Rendition]) -> Sequence[Rendition]:
    return [each for each in renditions if each.kind is RenditionKind.IMAGE and each.key]


def _stem(rendition: Rendition) -> str:
    """Return a box's name, or a width."""
    return PurePosixPath(rendition.name).stem


def _name(rendition: Rendition) -> str:
    return rendition.name


def _aspect_ratio(width: int | None, height: int | None) -> float | None:
    return round(width / height, 4) if width and height else None


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None or an empty list, in the tracks of a probe too."""
    known = {name: value for name, value in values.items() if value not in (None, ())}
    return {
        name: [_known(each) for each in value] if isinstance(value, tuple) else value
        for name, value in known.items()
    }
