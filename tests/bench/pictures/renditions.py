"""Draw what the pipeline makes of three samples: a photo, a film, a sound."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from lib.cli.render import Rendered, render_files
from lib.cli.tables import describe_bytes
from lib.tools import ROOT

SAMPLES = ROOT / "tests/media"
PHOTO, FILM, SOUND = "portrait-gps.jpg", "bunny-720p-5.1.mp4", "voice.m4a"
WIDTH, MARGIN, GAP, LINE = 960, 16, 16, 18
PHOTO_SCALE = 0.5
FILM_WIDTH, WAVEFORM_WIDTH = 320, 640
SHARPNESS = 1.5
"""Pixels for each px that is drawn, at most."""
QUALITY = 70
"""Of WebP; both keep the drawing at a tenth of a megabyte."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a row: an address, and its size as drawn in px."""

    name: str
    href: str
    width: int
    height: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A source, the pictures of it side by side, and a line about the rest."""

    heading: str
    pictures: Sequence[Picture]
    said: str


def make() -> str:
    """Render the samples with the default preset and draw what came out."""
    with TemporaryDirectory() as folder:
        files = [SAMPLES / name for name in (PHOTO, FILM, SOUND)]
        photo, film, sound = render_files(files, Path(folder), None)
        return draw([_photo(photo), _film(film), _sound(sound)])


def draw(rows: Iterable[Row]) -> str:
    """Return an SVG of the rows, one below another, that loads nothing."""
    top, drawn = MARGIN, []
    for row in rows:
        drawn.append(_text(MARGIN, top + LINE, row.heading, "heading"))
        top += 2 * LINE - 6
        left = MARGIN
        for each in row.pictures:
            drawn.append(
                f'<image x="{left}" y="{top}" width="{each.width}" height="{each.height}" '
                f'preserveAspectRatio="none" href="{each.href}"/>'
            )
            below = top + each.height + LINE
            drawn.append(_text(left, below, each.name))
            drawn.append(_text(left, below + LINE - 2, each.said, "aside"))
            left += each.width + GAP
        if left - GAP > WIDTH - MARGIN:
            raise ValueError(f"expected {row.heading} to fit into {WIDTH} px but it needs {left}")
        top += max(each.height for each in row.pictures) + 3 * LINE
        drawn.append(_text(MARGIN, top, row.said, "aside"))
        top += LINE + GAP
    body = "\n".join(each for each in drawn if each)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}">
<style>text {{ font: 13px sans-serif; fill: #24292f }}
.heading {{ font-weight: bold; font-size: 15px }}
.aside {{ font-size: 12px; fill: #57606a }}</style>
<title>What is made of a photo, a film and a sound</title>
<rect width="{WIDTH}" height="{top}" rx="8" fill="#fff"/>
{body}
</svg>
"""


def _photo(done: Rendered) -> Row:
    made = _by_name(done)
    source = SAMPLES / PHOTO
    with Image.open(source) as stored:
        size = stored.size
    pictures = [
        _shown(
            "the source, as it is stored",
            source,
            size[0] * PHOTO_SCALE,
            "on its side, with a GPS position",
        )
    ]
    for name in ("384.jpg", "320.jpg", "thumb.jpg"):
        each = made[name]
        said = f"{each['width']} × {each['height']}" + ", cropped" * (name == "thumb.jpg")
        shown = name.removesuffix(".jpg")
        pictures.append(_shown(shown, _folder(done) / name, each["width"] * PHOTO_SCALE, said))
    placeholder = _manifest(done)["placeholder"]
    pictures.append(
        Picture("placeholder", placeholder["data_uri"], 96, 128, f"and {placeholder['color']}")
    )
    widest = ", ".join(
        f"{name} {describe_bytes(each['bytes'])}"
        for name, each in made.items()
        if name.startswith("384.")
    )
    return Row(
        f"{PHOTO}: {size[0]} × {size[1]}, {describe_bytes(source.stat().st_size)}",
        pictures,
        f"Each as AVIF, WebP and JPEG, upright, without metadata: {widest}",
    )


def _film(done: Rendered) -> Row:
    made, probe = _by_name(done), _manifest(done)["probe"]
    poster, sheet = _folder(done) / "poster.jpg", _folder(done) / "storyboard-0.jpg"
    with Image.open(sheet) as opened:
        width = opened.width
    rungs = [each for each in made.values() if each["kind"] == "rung" and "height" in each]
    ladder = ", ".join(f"{each['height']}p" for each in rungs)
    least, *_, most = (f"{each['bandwidth'] / 1000:,.0f}" for each in rungs)
    files = ", ".join(
        f"{name} {describe_bytes(made[name]['bytes'])}" for name in ("720p.mp4", "preview.webp")
    )
    return Row(
        f"{FILM}: {probe['width']} × {probe['height']}, {probe['duration_ms'] / 1000:.0f} s, "
        f"{describe_bytes((SAMPLES / FILM).stat().st_size)}",
        [
            _shown("poster", poster, FILM_WIDTH, "AVIF, WebP, JPEG"),
            _shown(sheet.name, sheet, width, "for the seek bar, with a WebVTT"),
        ],
        f"hls.m3u8 and dash.mpd: {ladder}, {least} to {most} kbit/s; {files}",
    )


def _sound(done: Rendered) -> Row:
    made, waveform = _by_name(done), _folder(done) / "waveform.png"
    audio = f"audio.m4a {describe_bytes(made['audio.m4a']['bytes'])}"
    return Row(
        f"{SOUND}: {_manifest(done)['probe']['duration_ms'] / 1000:.0f} s, "
        f"{describe_bytes((SAMPLES / SOUND).stat().st_size)}",
        [_shown(waveform.name, waveform, WAVEFORM_WIDTH)],
        f"{audio}; peaks.json, to draw the waveform yourself",
    )


def _manifest(done: Rendered) -> Mapping[str, Any]:
    if done.manifest is None:
        raise RuntimeError(
            f"expected {done.file} to be READY but it is {done.status}: {done.error}"
        )
    return done.manifest


def _folder(done: Rendered) -> Path:
    assert done.folder, done.file
    return Path(done.folder)


def _by_name(done: Rendered) -> dict[str, Any]:
    return {each["name"]: each for each in _manifest(done)["renditions"]}


def _shown(name: str, path: Path, width: float, said: str = "") -> Picture:
    """Return a picture as it is stored, with no more pixels than its width as drawn needs."""
    with Image.open(path) as image:
        height = image.height * width / image.width
        pixels = min(image.size, (round(width * SHARPNESS), round(height * SHARPNESS)))
        kept = io.BytesIO()
        image.convert("RGBA").resize(pixels).save(kept, "WEBP", quality=QUALITY, method=6)
    href = f"data:image/webp;base64,{b64encode(kept.getvalue()).decode()}"
    return Picture(name, href, round(width), round(height), said)


def _text(left: int, baseline: int, text: str, kind: str = "") -> str:
    if not text:
        return ""
    of = f' class="{kind}"' if kind else ""
    return f'<text x="{left}" y="{baseline}"{of}>{escape(text)}</text>'
