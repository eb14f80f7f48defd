"""A function that meets its first JPEG loads what a JPEG needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
from pathlib import Path
from lib import presets
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.thumbhash import make_placeholder
from lib.imaging.variants import plan_variants
loaded = presets.load(Path("presets.toml"))
data = Path(sys.argv[1]).read_bytes()
picture = read_picture(data, "jpeg", loaded.limits)
preset = loaded.named(None).image
targets = plan_variants(picture.probe, preset)
assert all(made.content for made in make_renditions(picture, targets, preset, lambda: 60.0))
make_placeholder(picture)
print(*sorted(sys.modules))
"""


def test_only_the_needed_codecs_are_imported(tmp_path: Path):
    source = tmp_path / "photo"
    Image.linear_gradient("L").save(source, "JPEG")
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(source)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {"PIL.JpegImagePlugin", "PIL.AvifImagePlugin", "PIL.WebPImagePlugin"} <= loaded
    for needless in (
        *("pillow_heif", "PIL.ImageCms", "PIL.PdfImagePlugin", "PIL.Jpeg2KImagePlugin"),
        *(
            "PIL.ImageMath",
            "lib.imaging.auto_quality",
            "lib.imaging.render_animation",
            "lib.imaging.watermark",
        ),
    ):
        assert needless not in loaded, needless
