"""Print the versions of all that decodes inside the built layers.

`python layers/versions.py`, with the layers of this machine; those for Lambda are built of the same
locks, and so of the same releases. Advisories name libraries inside wheels, which no lock does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUILT = Path(__file__).parents[1] / ".build" / "layers" / "host"
INSIDE_PILLOW = ("jpg", "libjpeg_turbo", "jpg_2000", "webp", "avif", "libtiff", "zlib")


def main(built: Path = BUILT) -> int:
    """Print a line for each; return 1 where the layers are not built."""
    for layer in ("imaging", "mediainfo"):
        sys.path.insert(0, str(built / layer / "python"))
    try:
        for name, version in _versions(built):
            print(f"{name:16}{version}")
    except (ImportError, OSError) as exc:
        build = f"{sys.executable} layers/build.py --target host imaging mediainfo ffmpeg"
        print(f"{exc}\nbuild the layers first: {build}", file=sys.stderr)
        return 1
    return 0


def _versions(built: Path) -> Iterator[tuple[str, str]]:
    # Those of the layers, which `main` has put first on the path.
    import PIL
    import pillow_heif
    from PIL import features
    from pymediainfo import MediaInfo

    yield "Pillow", PIL.__version__
    for name in INSIDE_PILLOW:
        yield f"  {name}", features.version(name) or "not inside"
    heif = pillow_heif.libheif_info()
    yield "pillow-heif", pillow_heif.__version__
    yield "  libheif", heif["libheif"]
    for decoder in heif["decoders"].values():
        yield "  decoder", decoder
    library = MediaInfo._get_library()
    yield "libmediainfo", library[2]
    ffmpeg = built / "ffmpeg" / "bin" / "ffmpeg"
    said = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True)  # noqa: S603
    yield "ffmpeg", said.stdout.split()[2]


if __name__ == "__main__":
    raise SystemExit(main())
