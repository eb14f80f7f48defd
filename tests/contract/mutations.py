"""Feed damaged images to everything that reads and makes them, in a process of its own.

    python -m tests.contract.mutations FIRST LAST

Prints the number before each mutation, so that a death of the process has a name; at the end what
became of them, and how much memory the process took, in MB.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from lib import imaging, presets
from lib.errors import PermanentError
from lib.model import MediaType
from lib.presets import Presets
from lib.routing import HEAD_BYTES, sniff
from tests.bench.process import read_memory
from tests.images import LIMITS, MEDIA, photo, save, tiff

ROOT = Path(__file__).parents[2]
SIZE = (40, 30)
LARGEST_SAMPLE = 130_000

SMALL_LIMITS = replace(
    LIMITS, image_megapixels=4, animation_frames=50, animation_megapixels=8, image_megabytes=1
)
"""So that a damaged size is either refused or small: how much fits has a test of its own."""


def seeds() -> list[bytes]:
    """Every container that is read, in each of the ways that its decoder has, and the samples."""
    color, grey = photo(SIZE), photo(SIZE).convert("L")
    clear = color.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(SIZE))
    more = {"save_all": True, "append_images": [color.rotate(turn) for turn in (90, 180)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "somebody"
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
        *(
            path.read_bytes()
            for path in sorted(MEDIA.iterdir())
            if 0 < path.stat().st_size < LARGEST_SAMPLE and path.suffix not in (".py", ".toml")
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


def mutations(first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Yield numbered mutations; the number alone decides what is in one."""
    sources = seeds()
    for number in range(first, last):
        chance = random.Random(number)
        source = sources[number % len(sources)]
        yield number, mutated(source, chance.choice(sources), chance)


def outcome(data: bytes, loaded: Presets) -> str:
    """Do what the pipeline does with an image; anything but a PermanentError comes out."""
    sniffed = sniff(data[:HEAD_BYTES])
    if sniffed.media_type is not MediaType.IMAGE:
        return "REJECTED"
    preset = replace(
        loaded.named(None).image, widths=(16,), boxes=(), formats=("webp",), quality={"webp": 50}
    )
    try:
        picture = imaging.read(data, sniffed.container, SMALL_LIMITS, widest=16)
        made = list(
            imaging.make(picture, imaging.plan(picture.probe, preset), preset, lambda: 60.0)
        )
    except PermanentError as exc:
        return exc.code
    imaging.placeholder(picture)
    return "READY" if all(each.content for each in made) else "PARTIAL"


def main(first: int, last: int) -> None:
    loaded = presets.load(ROOT / "presets.toml")
    counts: Counter[str] = Counter()
    for number, data in mutations(first, last):
        print(number, flush=True)
        counts[outcome(data, loaded)] += 1
    # Not getrusage: its maximum is inherited from the process that started this one.
    megabytes = read_memory("VmHWM") // 1024
    print(json.dumps({"counts": counts, "megabytes": megabytes}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
