"""A child can import nothing: what an image may need is loaded before, and not much more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw

from tests.support.images import photo, save

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from lib import presets
from lib.adapters.sandbox import zygote
from lib.imaging.port import ImageTask, Still
from lib.imaging.in_process import InProcess
from lib.sniff import sniff
zygote.load()
loaded = set(sys.modules)
packaged = presets.load(Path("presets.toml"))
mark = presets.Watermark("config/logo.png", "south-east", 0.6, 0.2)
preset = replace(packaged.named(None).image, quality=None, watermark=mark, keep_copyright=True)
images = InProcess()
logo, *sources = (Path(name).read_bytes() for name in sys.argv[1:])
for data in sources:
    task = ImageTask(data, sniff(data).container, preset, packaged.limits, logo)
    with images.open(task, lambda: 60.0) as opened:
        assert all(made.content for made in opened.make_renditions())
        if opened.probe.loops is not None:
            assert list(opened.film_frames((40, 40)))
still = Still("png", logo)
assert images.measure_stills([still], lambda: 60.0)
assert images.make_sprite_sheets([still], 1, 1, lambda: 60.0).sheets
print(*sorted(loaded))
print(*sorted(set(sys.modules) - loaded))
"""


def test_what_a_child_needs_is_loaded_before(tmp_path: Path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawing = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(drawing).rectangle((8, 8, 40, 40), fill="black")
    exif = Image.Exif()
    exif[0x8298] = "© Ada"
    animation = {"save_all": True, "append_images": [photo((60, 60))], "duration": 100}
    sources = {
        "logo": save(drawing, "png"),
        **{each: save(photo((90, 60)), each) for each in ("avif", "bmp", "heif", "ico", "psd")},
        "animated": save(photo((60, 60)).convert("RGBA"), "webp", **animation),
        "gif": save(photo((60, 60)), "gif", **animation),
        "jpeg": save(photo((90, 60)), "jpeg", icc_profile=profile, exif=exif),
        "mpo": save(photo((90, 60)), "mpo", save_all=True, append_images=[photo((90, 60))]),
        "jpeg2000": save(photo((900, 600)), "jpeg2000"),
        "tiff": save(photo((90, 60)), "tiff", compression="tiff_lzw"),
    }
    for name, data in sources.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in sources]
    command = [sys.executable, "-W", "error", "-c", SCRIPT, *paths]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    before, later = run.stdout.split("\n")[:2]
    assert later == ""
    assert "lib.imaging.watermark" in before.split()
    assert "PIL.PdfImagePlugin" not in before.split()  # Pillow did not load all of its forty
