"""Start processImage once and make one image: `python -I -S -B first_image.py HOW SOURCE FOLDER…`.

HOW is `wall`, as the function does it, or `process`: the same package, with the decoders in the
function's own process. Prints one JSON line of moments on the system's monotonic clock, in ns:
`ready`, the handler can be called; `made`, all renditions of SOURCE (a JPEG) are there.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def decode_in_process() -> None:
    """Put what decodes in the process in the place of what starts children."""
    from lib.adapters.sandbox import sandbox
    from lib.imaging.in_process import InProcess

    class Instead(InProcess):
        holds: dict[str, bool] = {}  # noqa: RUF012

        @classmethod
        def of_function(cls, megabytes: int) -> Instead:
            return cls()

        def start(self) -> None:
            pass

        def close(self) -> None:
            pass

    sandbox.Sandbox = Instead  # type: ignore[assignment, misc]


def main(how: str, source: str, *folders: str) -> None:
    """Import the handler's module, then make an image with what it decodes with."""
    sys.path[:0] = folders
    if how == "process":
        decode_in_process()
    handler = import_module("handlers.process_image")
    ready = time.monotonic_ns()
    from lib import presets
    from lib.imaging.port import ImageTask

    loaded = presets.load(presets.PACKAGED)
    preset = loaded.named(None).image
    task = ImageTask(Path(source).read_bytes(), "jpeg", preset, loaded.limits)
    with handler.images.open(task, lambda: 60.0) as opened:
        assert all(made.content for made in opened.make_renditions())
    made = time.monotonic_ns()
    handler.images.close()
    print(json.dumps({"ready": ready, "made": made}))


if __name__ == "__main__":
    main(*sys.argv[1:])
