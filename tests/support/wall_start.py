"""Start a handler and decode with it: `python -I -S wall_start.py HANDLER SOURCE FOLDER…`.

Prints one JSON object: whether the process can be read by others, whether it has Pillow itself,
and what its child made of the source. Runs where nothing but a package and its layers is.
"""

from __future__ import annotations

import ctypes
import json
import sys
from importlib import import_module
from pathlib import Path

PR_GET_DUMPABLE = 3


def main(handler: str, source: str, *folders: str) -> None:
    """Import the handler's module, and have an image made where it has the means."""
    sys.path[:0] = folders
    module = import_module(handler.replace("/", ".").rpartition(".")[0])
    told: dict[str, object] = {}
    if sys.platform == "linux":
        told["readable"] = bool(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
    images = getattr(module, "images", None)
    if images:
        from lib import presets
        from lib.imaging.port import ImageTask

        loaded = presets.load(presets.PACKAGED)
        preset = loaded.named(None).image
        task = ImageTask(Path(source).read_bytes(), "jpeg", preset, loaded.limits)
        with images.open(task, lambda: 60.0) as opened:
            told["made"] = [made.name for made in opened.make_renditions() if made.content]
        images.close()
    print(json.dumps(told | {"pillow": "PIL" in sys.modules}))


if __name__ == "__main__":
    main(*sys.argv[1:])
