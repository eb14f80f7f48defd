"""One image file through the service's own steps, with fakes for AWS."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lib import presets
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.context import Delivery, Pipeline
from lib.application.dispatch import dispatch
from lib.application.process_image import ImageTools, process_image
from lib.domain.asset import Asset
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import ImageProbe, MediaType
from lib.domain.renditions import Rendition
from lib.imaging.port import Images
from lib.presets import Presets
from tests.support.fakes import UPLOADS, MemoryRenditions, MemorySources

PACKAGED = presets.load(Path(__file__).parents[2] / "presets.toml")
# One width and the thumb: how sizes are planned has tests of its own.
DEFAULT = PACKAGED.named(None)
SMALL = replace(DEFAULT, image=replace(DEFAULT.image, widths=(320,)))
PRESETS = replace(PACKAGED, by_name={**PACKAGED.by_name, SMALL.name: SMALL})


@dataclass
class ImageTopic:
    """Hands images to their job at once, as the queue and the function would."""

    pipeline: Pipeline
    images: Images

    def publish(self, events: Iterable[UploadEvent]) -> None:
        for event in events:
            assert event.media_type is MediaType.IMAGE
            delivery = Delivery(lambda: 60.0)
            process_image(event, self.pipeline, delivery, ImageTools(self.images))


def upload(
    name: str, content: bytes, images: Images, recipes: Presets = PRESETS
) -> tuple[Asset, dict[str, bytes]]:
    """Send one file all the way, and return what the catalog and the bucket have then."""
    sources, renditions, catalog = MemorySources(), MemoryRenditions(), MemoryCatalog()
    event = sources.upload(name, content)
    topic = ImageTopic(Pipeline(sources, renditions, catalog, recipes), images)
    dispatch([event], sources=sources, catalog=catalog, topic=topic, clock=time.time)
    asset = catalog.get(asset_id(UPLOADS, name))
    assert asset is not None
    return asset, renditions.objects


def assert_nothing_else_is_stored(asset: Asset, stored: dict[str, bytes]) -> None:
    """The bucket has what the catalog names: renditions and, where there are some, a manifest."""
    made = {each.key for each in asset.renditions if each.key}
    manifest = {asset.manifest_key} if asset.manifest_key else set()
    assert set(stored) == made | manifest


def describe(asset: Asset) -> str:
    """Tell in one line what became of a file."""
    if asset.error:
        return f"{asset.status} {asset.error.code}: {asset.error.message}"
    made = [_name(each) for each in asset.renditions if not each.error]
    return f"{asset.status} {' '.join(made)}: {', '.join(_facts(asset))}"


def _name(rendition: Rendition) -> str:
    instead = rendition.instead_of
    return f"{rendition.name} (for {instead})" if instead else rendition.name


def _facts(asset: Asset) -> Iterator[str]:
    probe = asset.probe
    assert isinstance(probe, ImageProbe)
    yield f"{probe.width}x{probe.height} {probe.format}{' with alpha' if probe.has_alpha else ''}"
    if probe.frames != 1:
        yield f"{probe.frames} frames"
    if probe.loops is not None:
        yield f"{probe.duration_ms} ms, {probe.loops or 'endless'} plays"
    if probe.orientation:
        yield f"orientation {probe.orientation}"
    if probe.color_space != "sRGB":
        yield f"from {probe.color_space}"
    if probe.captured_at:
        yield f"at {probe.captured_at}"
    if probe.camera:
        yield f"by {probe.camera}"
    for each in asset.renditions:
        if each.error:
            yield f"{each.name} {each.error.code}: {each.error.message}"
