"""The gallery in Chromium, on the local stage: by mouse, keyboard and what is dropped on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest
from PIL import Image

from lib.domain.asset import AssetStatus
from tests.conformance.streams.browser import Browser, browsing, find_browser
from tests.e2e.deployed import Deployed, wait_for
from tests.e2e.gallery import AXE, Gallery, card
from tests.support.page import DESKTOP, PHONE, Page

SAMPLES = Path(__file__).parents[1] / "media"
MB = 1024 * 1024
PART, PARTS = 8 * MB, 5
SENT = "performance.getEntriesByType('resource').filter(e => /partNumber=/.test(e.name)).length"
"""How many parts a tab has sent to their end."""

ASKS_FOR_TOKENS = """
window.asked = [];
const send = window.fetch;
window.fetch = (url, options = {}) => {
  if (String(url).endsWith("settings.json"))
    return Promise.resolve(new Response('{"auth": "jwt", "presets": []}'));
  asked.push({ url: String(url).split("?")[0], token: options.headers?.authorization });
  return send(url, options);
};
"""
"""A stage whose API takes tokens: the page hears of it, and what it sends is recorded."""

HOSTILE = "<script>document.title='taken'<\\script>\"'><img src=x onerror=document.title='taken'>"
TURNED = "\u202egnp.exe"
"""Without care it reads "exe.png"."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if not path:
        _give_up("apt install chromium, or set CHROMIUM_PATH")
    if not AXE.exists():
        _give_up("npm ci")
    with browsing(path) as running:
        yield running


def _give_up(what: str) -> NoReturn:
    message = f"the gallery's tests need a browser: {what}"
    if os.environ.get("CONFORMANCE_REQUIRED"):
        pytest.fail(message)
    pytest.skip(message)


def open_gallery(browser: Browser, deployed: Deployed) -> Gallery:
    """Return the gallery in a tab of its own."""
    return Gallery.visit(browser, deployed.outputs["GalleryUrl"])


@pytest.fixture
def gallery(browser: Browser, deployed: Deployed) -> Iterator[Gallery]:
    """Return the gallery in a tab, which must do nothing that is forbidden to it."""
    opened = open_gallery(browser, deployed)
    yield opened
    wrong = opened.page.evaluate("window.wrong")
    opened.page.close()
    assert wrong == []


def named(folder: Path, sample: str) -> Path:
    """Return a copy of a sample, under a name that no other test has."""
    return Path(shutil.copy(SAMPLES / sample, folder / f"{uuid4().hex[:8]}-{sample}"))


def test_a_dropped_photo_becomes_a_picture_without_a_reload(gallery, deployed, tmp_path):
    photo = named(tmp_path, "hubble.jpg")
    gallery.page.evaluate("window.stays = true")
    gallery.page.choose("#preset", "default")
    gallery.upload(photo)
    assert gallery.names()[0] == photo.name
    shown = f"{card(photo.name)}.querySelector('img:not(.hash)')"
    gallery.page.wait(f"{shown}?.complete && {shown}.naturalWidth > 100")
    assert gallery.page.evaluate(f"{card(photo.name)}.querySelector('img.hash').naturalWidth > 0")
    assert gallery.page.evaluate("window.stays")
    gallery.open(photo.name)
    stored = deployed.s3.head_object(Bucket=deployed.uploads, Key=gallery.facts()["Key"])
    assert stored["Metadata"] == {"preset": "default"}


def test_files_of_a_folder_keep_its_name_and_say_why_they_are_not_taken(gallery, tmp_path):
    name = f"{uuid4().hex[:8]}.txt"
    day = tmp_path / "holiday" / "day 1"
    day.mkdir(parents=True)
    (day / name).write_text("no picture")
    gallery.drop(tmp_path / "holiday")
    gallery.wait_for(name, "REJECTED")
    gallery.open(name)
    key = gallery.facts()["Key"]
    assert key.startswith("holiday/day 1/")
    assert key.endswith(f"/{name}")
    assert "not a kind of picture, video or sound" in gallery.page.text("#asset .reason")
    assert gallery.page.count("[data-focus=retry]") == 0


def test_an_upload_goes_on_after_its_tab_was_closed_and_in_one_tab_alone(
    browser, deployed, tmp_path
):
    film = tmp_path / f"{uuid4().hex[:8]}.bin"
    film.write_bytes(os.urandom(PARTS * PART))
    first = open_gallery(browser, deployed)
    first.page.throttle(3 * PART)
    first.drop(film)
    first.page.wait(f"{SENT} >= 2")
    beside = open_gallery(browser, deployed)
    assert beside.page.count("#upload-rows li") == 0
    finished = first.page.evaluate(SENT)
    first.page.close()
    assert beside.page.evaluate(SENT) == 0
    beside.page.close()

    again = open_gallery(browser, deployed)
    again.wait_for(film.name, "REJECTED")
    sent = again.page.evaluate(SENT)
    again.open(film.name)
    key = again.facts()["Key"]
    # By its own name: a tab that another test closed may have left a row there.
    again.page.wait(f"!document.querySelector('#upload-rows').innerText.includes('{film.name}')")
    again.page.close()
    stored = deployed.s3.get_object(Bucket=deployed.uploads, Key=key)
    assert stored["Body"].read() == film.read_bytes()
    assert 1 <= sent <= PARTS - finished


def test_a_film_plays_in_the_rung_that_is_chosen_with_pictures_on_its_seek_bar(gallery, tmp_path):
    film = named(tmp_path, "bunny-720p-5.1.mp4")
    gallery.upload(film)
    gallery.open(film.name)
    page = gallery.page
    page.click(".controls button")
    page.wait("document.querySelector('video').currentTime > 0.2")
    page.wait("document.querySelector('.controls select').options.length >= 3")
    rungs = page.evaluate(
        "[...document.querySelector('.controls select').options].map(o => o.text)"
    )
    least = rungs.index("240p")
    page.choose(
        ".controls select",
        page.evaluate(f"document.querySelector('.controls select').options[{least}].value"),
    )
    page.wait("document.querySelector('.player').dataset.rung === '240'")
    page.hover(".seek input", 0.5)
    page.wait(
        "/storyboard/.test(document.querySelector('.peek:not([hidden])')?.style.backgroundImage)"
    )
    assert "video.m3u8" not in page.text("#asset pre")
    assert page.text("#asset pre").startswith("<video")


def test_a_sound_has_its_waveform(gallery, tmp_path):
    voice = named(tmp_path, "voice.m4a")
    gallery.upload(voice)
    gallery.open(voice.name)
    gallery.page.wait("document.querySelector('.wave')?.naturalWidth > 100")
    gallery.page.click(".controls button")
    gallery.page.wait("document.querySelector('audio').currentTime > 0.1")


def test_a_photo_says_what_was_made_of_it_and_where_it_was_taken(gallery, tmp_path):
    photo = named(tmp_path, "portrait-gps.jpg")
    gallery.upload(photo)
    gallery.open(photo.name)
    rows = gallery.page.text("#asset tbody")
    assert {"384.avif", "384.webp", "384.jpg", "thumb.avif"} <= set(rows.split())
    assert "on a map" in gallery.facts()["Position"]
    map_link = "document.querySelector('#asset dd a').href"
    assert gallery.page.evaluate(map_link).startswith("https://www.openstreetmap.org/?mlat=")
    assert gallery.page.text("#asset pre").startswith("<picture>")
    gallery.page.wait("document.querySelector('.view picture img').naturalWidth > 100")
    gallery.page.click(".view")
    gallery.page.wait("document.querySelector('.pswp')")


def test_what_failed_can_be_tried_again(gallery, deployed, tmp_path):
    broken = named(tmp_path, "truncated.jpg")
    gallery.upload(broken, "FAILED")
    gallery.open(broken.name)
    assert "damaged or incomplete" in gallery.page.text("#asset .reason")
    key = gallery.facts()["Key"]
    before = deployed.asset(key).updated_at
    gallery.page.click("[data-focus=retry]")
    wait_for(lambda: deployed.asset(key).updated_at > before, "another try")
    gallery.page.wait("document.querySelector('#asset .badge').dataset.status === 'FAILED'")


def test_nothing_is_deleted_before_it_is_confirmed(gallery, deployed, tmp_path):
    photo = named(tmp_path, "ink.jpg")
    gallery.upload(photo)
    gallery.open(photo.name)
    key = gallery.facts()["Key"]
    gallery.page.click("[data-focus=delete]")
    assert key in gallery.page.text("dialog")
    gallery.page.click("dialog button[value=no]")
    gallery.page.wait("!document.querySelector('dialog')")
    assert deployed.asset(key).status is AssetStatus.READY

    gallery.page.click("[data-focus=delete]")
    gallery.page.click("dialog button[value=yes]")
    gallery.page.wait("document.querySelector('#grid').checkVisibility()")
    assert photo.name not in gallery.names()
    wait_for(lambda: deployed.asset(key).status is AssetStatus.DELETED, "the removal")


def test_everything_is_reached_by_keyboard_alone(gallery, tmp_path):
    photo = named(tmp_path, "ink.jpg")
    gallery.upload(photo)
    page = gallery.page
    page.press("Tab")
    assert page.focused() == "Skip to the files"
    page.press("Enter")
    for _ in range(5):
        page.press("Tab")
        if page.evaluate("document.activeElement.matches('.card')"):
            break
    assert photo.name in page.focused()
    page.press("End", "Home", "Enter")
    page.wait("document.activeElement.tagName === 'H2'")
    assert page.focused() == photo.name
    page.press("Escape")
    page.wait("document.activeElement.classList.contains('card')")
    page.press("Delete")
    page.wait("document.querySelector('dialog[open]')")
    assert page.focused() == "Cancel"
    page.press("Escape")
    page.wait("!document.querySelector('dialog')")
    assert photo.name in page.focused()


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", DESKTOP), ("dark", DESKTOP), ("dark", PHONE), ("light", PHONE)]
)
def test_axe_finds_nothing_wrong(gallery, tmp_path, scheme, size):
    gallery.page.prefer(scheme)
    gallery.page.resize(size)
    rejected = named(tmp_path, "empty.jpg")
    gallery.upload(rejected, "REJECTED")
    assert gallery.violations() == []
    gallery.open(rejected.name)
    assert gallery.violations() == []
    gallery.page.click("[data-focus=delete]")
    assert gallery.violations() == []
    gallery.page.press("Escape")
    gallery.back()
    for sample in ("hubble.jpg", "voice.m4a", "bunny-720p-5.1.mp4"):
        made = next((name for name in gallery.names() if name.endswith(sample)), None)
        if made is None:
            path = named(tmp_path, sample)
            gallery.upload(path)
            made = path.name
        gallery.open(made)
        assert gallery.violations() == []
        wide = gallery.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "nothing to scroll sideways"
        gallery.back()


def test_what_a_file_says_of_itself_is_shown_as_text(gallery, deployed, tmp_path):
    exif = Image.Exif()
    exif[0x8298] = HOSTILE  # copyright
    path = tmp_path / "hostile.jpg"
    Image.new("RGB", (64, 64), "teal").save(path, exif=exif)
    start = f"{uuid4().hex}/"
    keys = [f"{start}{HOSTILE}.jpg", f"{start}{TURNED}"]
    keys.append(f"{start}{'é' * ((1024 - len(start) - 4) // 2)}.jpg".ljust(1024, "x"))
    for key in keys:
        deployed.wait(key, deployed.upload(key, path), AssetStatus.READY)
    gallery.page.go(f"{gallery.address}#?q={start}")
    gallery.page.wait(f"document.querySelectorAll('.card').length === {len(keys)}")
    names = gallery.names()
    assert HOSTILE.rpartition("/")[2] + ".jpg" in names
    assert "\ufffdgnp.exe" in names
    for name in names:
        gallery.open(name)
        facts = gallery.facts()
        assert HOSTILE in facts.values()
        assert gallery.page.count("#asset script, #asset img[src=x]") == 0
        assert gallery.page.evaluate("document.title") == "File · Media"
        gallery.back()


def test_a_token_is_kept_in_its_tab_and_sent_to_the_api_alone(browser, deployed, tmp_path):
    photo = named(tmp_path, "ink.jpg")
    page = Page.open(browser, deployed.outputs["GalleryUrl"], ASKS_FOR_TOKENS)
    gallery = Gallery(page, deployed.outputs["GalleryUrl"])
    page.click("#token")
    page.write("a.b.c")
    page.press("Enter")
    page.wait("sessionStorage.getItem('token') === 'a.b.c'")
    page.wait("document.querySelector('#status')?.options.length > 1")
    gallery.upload(photo)
    asked = page.evaluate("asked.filter(each => each.token).map(each => each.url)")
    assert {f"{deployed.outputs['ApiUrl']}/{each}" for each in ("assets", "s3/params")} <= set(
        asked
    )
    assert page.evaluate("asked.every(each => each.token === 'Bearer a.b.c')")
    assert page.evaluate("Object.values(localStorage).join().includes('a.b.c')") is False
    page.close()
    other = Page.open(browser, gallery.address, ASKS_FOR_TOKENS)
    assert other.evaluate("sessionStorage.getItem('token')") is None
    other.close()


def test_what_is_looked_for_stays_in_the_address(gallery, tmp_path):
    photo, text = named(tmp_path, "ink.jpg"), tmp_path / f"{uuid4().hex[:8]}.txt"
    text.write_text("no picture")
    gallery.upload(photo)
    gallery.upload(text, "REJECTED")
    page = gallery.page
    page.choose("#status", "REJECTED")
    page.wait(f"!({card(photo.name)})")
    assert text.name in gallery.names()
    page.choose("#status", "")
    page.choose("#type", "image")
    page.wait(f"{card(photo.name)} && !({card(text.name)})")
    page.choose("#type", "")
    page.click("#q")
    page.write(photo.name[:8])
    page.wait("document.querySelectorAll('.card').length === 1")
    page.evaluate("location.reload()")
    page.wait(f"{card(photo.name)}")
    assert gallery.names() == [photo.name]
