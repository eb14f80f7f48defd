"""`npm run pictures [-- NAMES…]`: make the documents' pictures anew, from what this commit does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from lib.tools import ROOT
from tests.bench.pictures import demo, gallery, long_video, renditions

DOCS = ROOT / "docs"
PICTURES: Mapping[str, Callable[[], str | bytes]] = {
    "demo": demo.make,
    "renditions": renditions.make,
    "long-video": long_video.make,
    "gallery": gallery.make_grid,
    "gallery-dark": gallery.make_film,
}
"""What draws SVG, as text, or takes pictures of pages, as WebP."""


def main(argv: Sequence[str]) -> int:
    """Write docs/NAME.svg or .webp for each name, all of them where none is given."""
    parser = argparse.ArgumentParser(
        prog="npm run pictures --",
        description="Make the documents' pictures anew, from what this commit does.",
        epilog="demo: the emulator's port has to be free. long-video: some minutes, on an idle "
        "machine of two cores at least, or its numbers are too high. gallery: needs a Chromium.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    names = parser.parse_args(argv).names or list(PICTURES)
    for name in names:
        if name not in PICTURES:
            parser.error(f"expected {', '.join(PICTURES)} but received {name}")
    for name in names:
        made = PICTURES[name]()
        suffix, content = (".webp", made) if isinstance(made, bytes) else (".svg", made.encode())
        target = DOCS / f"{name}{suffix}"
        target.write_bytes(content)
        print(f"{target.relative_to(ROOT)}  {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
