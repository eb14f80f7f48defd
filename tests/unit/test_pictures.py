"""What `npm run pictures` draws, without making anything for it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from tests.bench.pictures import demo, long_video, renditions
from tests.bench.pictures.__main__ import DOCS, PICTURES, main
from tests.bench.report import Result

SVG = "{http://www.w3.org/2000/svg}"
OUTPUT = """\
\x1b[32m✓\x1b[0m starting the emulator  \x1b[2m0.4 s\x1b[0m
uploaded été.jpg (42.6 kB)
   7.0 s  RECEIVED  été.jpg
  12.5 s  PROCESSING 40 %  a clip.mov
\x1b[1masset\x1b[0m    \x1b[1mstatus\x1b[0m
été.jpg  \x1b[32mREADY\x1b[0m
"""
PAGES = {"gallery", "gallery-dark"}
DOT = "data:image/png;base64,iVBORw0KGgo="


def texts(svg):
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def shown(svg):
    return " ".join(" ".join(texts(svg)).replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_terminal_shows_what_stays():
    said = shown(demo.draw(OUTPUT))
    assert "npm run demo" in said
    assert "starting the emulator" in said
    assert "été.jpg READY" in said
    for passing in ("uploaded", "RECEIVED", "PROCESSING"):
        assert passing not in said


def test_the_terminal_is_drawn_in_colour_and_the_same_each_time():
    svg = demo.draw(OUTPUT)
    assert demo.draw(OUTPUT) == svg
    assert len(set(re.findall(r"\.demo-r\d+ \{ fill: (#\w+)", svg))) > 1


def rows(width=100):
    picture = renditions.Picture("thumb", DOT, width, 50, "50 & more")
    return [renditions.Row("a <photo>", [picture, picture], "and so on")] * 2


def test_pictures_lie_side_by_side_and_rows_below_each_other():
    svg = renditions.draw(rows())
    images = ElementTree.fromstring(svg).findall(f"{SVG}image")
    lefts = [int(each.get("x", "")) for each in images]
    tops = [int(each.get("y", "")) for each in images]
    assert lefts[1] - lefts[0] == 100 + renditions.GAP
    assert lefts[2:] == lefts[:2]
    assert tops[0] == tops[1] < tops[2] == tops[3]
    assert texts(svg)[:3] == ["a <photo>", "thumb", "50 & more"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected a <photo> to fit into 960 px"):
        renditions.draw(rows(width=500))


def results():
    for workers, minutes in ((1, 190.0), (10, 21.0), (100, 3.0), (1000, 3.0)):
        yield Result(f"model: 1 h of 1080p, 74 ranges, {workers} worker(s)", minutes, "min")
    yield Result("ranges: CPU ÷ one pass", 1.06, "×", 1.1)
    yield Result("model: a minute of 1080p costs", 0.49, "¢")


def test_the_plot_has_a_point_for_each_number_of_workers():
    minutes, cents, ranges = long_video.read(results())
    assert (minutes, cents, ranges) == ({1: 190.0, 10: 21.0, 100: 3.0, 1000: 3.0}, 0.49, 74)
    svg = long_video.draw(minutes, cents, ranges)
    circles = ElementTree.fromstring(svg).findall(f"{SVG}circle")
    heights = [float(each.get("cy", "")) for each in circles]
    assert heights[0] < heights[1] < heights[2] == heights[3]  # fewer minutes lie lower
    assert "0.49 ¢ here" in shown(svg)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_picture_of_a_page_is_small(name):
    path = DOCS / f"{name}.webp"
    assert 10_000 < path.stat().st_size < 200_000
    with Image.open(path) as picture:
        assert picture.format == "WEBP"
        assert picture.width <= 1280


@pytest.mark.parametrize("name", sorted(PICTURES.keys() - PAGES))
def test_a_picture_of_the_documents_loads_nothing_from_elsewhere(name):
    svg = (DOCS / f"{name}.svg").read_text("utf-8")
    addresses = re.findall(r"""(?:href|src)=["']([^"']*)|url\(([^)]*)\)""", svg)
    assert all(re.match(r"data:|#", first or second) for first, second in addresses)
    assert ElementTree.fromstring(svg).find(f"{SVG}script") is None


def test_an_unknown_picture_is_refused_before_any_is_made(capsys):
    with pytest.raises(SystemExit):
        main(["renditions", "portrait"])
    known = "demo, renditions, long-video, gallery, gallery-dark"
    assert f"expected {known} but received portrait" in capsys.readouterr().err
