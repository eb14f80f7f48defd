"""Feed damaged images to everything that reads and makes them, in a process of its own.

    python -m tests.robustness.mutations FIRST LAST [SEED]

Prints the number before each mutation, so that a death of the process has a name; at the end what
became of them, how much memory the process took, in MB, and the number of the slowest (s of a
processor) and of the one of which most bytes were made.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from lib import presets
from lib.application.context import Delivery
from lib.application.process_image import ImageTools, process_image
from lib.domain.media import MediaType
from lib.imaging.in_process import InProcess
from lib.presets import Presets
from tests.bench.process import read_memory
from tests.media import make_psds, make_tiffs
from tests.media.hostile_images import (
    SLICE,
    Item,
    avif_sequence,
    bmp_of_run_lengths,
    hevc_configuration,
    ispe,
    item_file,
    parameter_set,
    photoshop_resources,
    unit,
)
from tests.robustness.structures import restructured
from tests.support.images import LIMITS, MEDIA, photo, psd, save, tiff
from tests.support.world import World

ROOT = Path(__file__).parents[2]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SIZE = (40, 30)
LARGEST_SAMPLE = 130_000

SMALL_LIMITS = replace(
    LIMITS, image_megapixels=4, animation_frames=50, animation_megapixels=8, image_megabytes=1
)
"""So that a damaged size is either refused or small: how much fits has a test of its own."""


DEEP_PAGES = (
    make_tiffs.Kind(bits=16, planar=True, packing="deflate", predictor=2, order=">"),
    make_tiffs.Kind(bits=12, tile=16, extras=(make_tiffs.ASSOCIATED,), packing="lzw"),
    make_tiffs.Kind(make_tiffs.CMYK, channels=4, extras=(2,), rows=3, packing="packbits"),
    make_tiffs.Kind(bits=32, kind="f", packing="deflate", predictor=3, big=True, order=">"),
)
DEEP_DOCUMENTS = (
    make_psds.Kind(extras=2, layers=-1, packing=make_psds.RUN_LENGTHS),
    make_psds.Kind(make_psds.CMYK, 16, 1, None, b"Lr16", make_psds.ZIP_PREDICTED),
    make_psds.Kind(make_psds.INDEXED, resources=make_psds.resource(1047, b"\0\3")),
)
"""Of which each decoder's ways have one."""


def seeds() -> list[bytes]:
    """Every container that is read, in each of the ways that its decoder has, and the samples."""
    color, grey = photo(SIZE), photo(SIZE).convert("L")
    clear = color.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(SIZE))
    more = {"save_all": True, "append_images": [color.rotate(turn) for turn in (90, 180)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "somebody"
    text = PngInfo()
    text.add_text("Comment", "words " * 400, zip=True)
    text.add_itxt("Title", "words", zip=True)
    still = Item(b"hvc1", unit(SLICE), [ispe(*SIZE), hevc_configuration(parameter_set(*SIZE))])
    grid = Item(b"grid", bytes((0, 0, 0, 1, 0, 80, 0, 30)), [ispe(80, 30)], {b"dimg": [2, 3]})
    deep = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    return [
        save(color, "jpeg", exif=exif),
        save(color.convert("CMYK"), "jpeg", progressive=True),
        save(clear, "png", exif=exif),
        save(color.quantize(16), "png", bits=4, transparency=3),
        save(deep, "png"),
        save(color, "png", duration=90, **more),
        save(color, "webp"),
        save(clear, "webp", lossless=True),
        save(color, "webp", duration=90, **more),
        save(color, "gif"),
        save(color, "gif", duration=90, loop=2, disposal=3, **more),
        save(color, "tiff", compression="tiff_lzw"),
        save(color, "tiff", compression="jpeg", tile=True),
        save(grey.convert("1"), "tiff", compression="group4"),
        tiff(color.tobytes() * 2, SIZE, bits=16, photometric=8, channels=3),
        save(color, "bmp"),
        save(color.quantize(16), "bmp"),
        save(clear, "avif"),
        save(color, "avif", duration=90, **more),
        save(color, "heif"),
        save(color, "heif", **more),
        save(color, "jpeg2000"),
        save(clear, "jpeg2000", no_jp2=True, tile_size=(16, 16)),
        save(clear, "psd"),
        save(clear, "ico"),
        save(color, "jpeg", restart_marker_blocks=2, progressive=True),
        save(color.convert("YCbCr"), "tiff", compression="tiff_deflate", strip_size=200),
        save(color, "tiff", compression="packbits", big_tiff=True),
        save(color, "png", exif=exif, icc_profile=SRGB, pnginfo=text),
        save(clear, "webp", exif=exif, icc_profile=SRGB, xmp=b"<x:xmpmeta/>"),
        save(color, "gif", comment=b"a comment " * 40, **more),
        save(color, "jpeg2000", precinct_size=(32, 32), codeblock_size=(8, 8)),
        *map(make_tiffs.write, DEEP_PAGES),
        *map(make_psds.write, DEEP_DOCUMENTS),
        psd(color, resources=photoshop_resources(5)),
        bmp_of_run_lengths(2000),
        item_file([grid, still, still]),
        avif_sequence([save(color, "avif")[-900:]] * 3, SIZE),
        *(
            path.read_bytes()
            for path in sorted(MEDIA.iterdir())
            if path.is_file()
            and 0 < path.stat().st_size < LARGEST_SAMPLE
            and path.suffix not in (".py", ".toml")
        ),
    ]


def mutated(source: bytes, other: bytes, chance: random.Random) -> bytes:
    """Flip bits, overwrite numbers, cut, repeat or splice; often near the start: the headers."""
    data = bytearray(source)

    def somewhere() -> int:
        return chance.randrange(min(len(data), chance.choice((512, len(data), len(data)))))

    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        kind, at = chance.randrange(6), somewhere()
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            width = chance.choice((2, 4))
            data[at : at + width] = chance.choice((b"\0", b"\xff", b"\x7f")) * width
        elif kind == 3:
            del data[at : at + chance.choice((1, 4, 40))]
        elif kind == 4:
            data[at:at] = data[at : at + chance.choice((4, 40, 400))]
        else:
            begin, end = sorted((somewhere(), somewhere()))
            data[at : at + end - begin] = other[begin:end]
        if not data:
            return b"\0"
    if chance.random() < 0.15:
        del data[somewhere() :]
    return bytes(data)


def mutations(first: int, last: int, seed: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield numbered mutations; the number and the seed alone decide what is in one.

    Half of them hit anywhere, half the numbers on which a format's work hangs.
    """
    sources = seeds()
    for number in range(first, last):
        chance = random.Random(number + (seed << 32))
        source = sources[number // 2 % len(sources)]
        if number % 2:
            yield number, restructured(source, chance)
        else:
            yield number, mutated(source, chance.choice(sources), chance)


def outcome(data: bytes, loaded: Presets) -> tuple[str, int]:
    """Take an upload through the whole job; return how it ended, and the bytes that were made.

    An error that a retry could help comes out: a source alone is no reason for one.
    """
    world = World(presets=loaded)
    world.dispatch(world.sources.upload("a", data))
    for event in world.topic.published:
        if event.media_type is not MediaType.IMAGE:
            return event.media_type, 0
        process_image(event, world.pipeline, Delivery(lambda: 60.0), ImageTools(InProcess()))
    asset = world.find("a")
    assert asset
    assert asset.status.terminal, asset.status
    assert asset.error is None or asset.error.message
    made = sum(map(len, world.renditions.objects.values()))
    return asset.error.code if asset.error else asset.status, made


def small(loaded: Presets) -> Presets:
    """Return presets that make one small rendition: how much is made has other tests."""
    default = loaded.named(None)
    image = replace(default.image, widths=(16,), boxes=(), formats=("webp",), quality={"webp": 50})
    preset = replace(default, image=image)
    return replace(loaded, limits=SMALL_LIMITS, by_name={preset.name: preset})


def main(first: int, last: int, seed: int = 0) -> None:
    loaded = small(presets.load(ROOT / "presets.toml"))
    counts: Counter[str] = Counter()
    slowest, largest = (0.0, -1), (0, -1)
    for number, data in mutations(first, last, seed):
        print(number, flush=True)
        started = time.process_time()
        result, made = outcome(data, loaded)
        counts[result] += 1
        slowest = max(slowest, (time.process_time() - started, number))
        largest = max(largest, (made, number))
    # Not getrusage: its maximum is inherited from the process that started this one.
    megabytes = read_memory("VmHWM") // 1024
    summary = {"counts": counts, "megabytes": megabytes, "slowest": slowest, "largest": largest}
    print(json.dumps(summary))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
