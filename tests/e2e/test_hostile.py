"""Strangers' files on the deployed stage: each ends at its first try, and reaches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lib.domain.asset import AssetStatus
from tests.e2e.deployed import Deployed
from tests.media import hostile_images as images
from tests.media import hostile_videos as videos
from tests.support.boxes import blank, refer_to

MEDIA = Path(__file__).parent.parent / "media"
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "hostile"
DEAD_LETTERS = ("ImageDeadLetters", "VideoDeadLetters", "SubscriptionDeadLetters")
CLIP = MEDIA / "phone clip.mov"


class Canary:
    """A server that nothing has a reason to ask."""

    def __init__(self) -> None:
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(handler) -> None:  # noqa: N805
                self.asked.append(handler.rfile.readline(1000).decode("latin-1"))
                handler.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/canary"


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    with listening.server:
        Thread(target=listening.server.serve_forever, daemon=True).start()
        yield listening
        listening.server.shutdown()


def small_files_that_cost() -> dict[str, bytes]:
    """Return one of each kind, by name; and those that are known, where they are at hand."""
    made = {
        "scans.jpg": images.jpeg_of_scans(1171),
        "blocks.j2k": images.codestream((7000, 7000), main=images.coding(block=0)),
        "coded-size.avif": images.avif_of(images.sequence_header(16_000, 16_000)),
        "turns.heic": images.item_file([images.Item(b"hvc1", b"", [images.ispe(1, 1)] * 250)]),
        "strips.tif": images.tiff_of_tiles(9000, 16),
        "blocks.gif": images.gif_of(b"!\xfe\0", 1_000_000),
        "chunks.png": images.png_of_chunks(20_000, images.chunk(b"IDAT")),
        "one-hertz.wav": videos.wave(1, bytes(7000)),
    }
    known = {path.name: path.read_bytes() for path in SHARED.glob("*")} if SHARED.exists() else {}
    return made | known


def files_that_call(url: str) -> dict[str, bytes]:
    """Return files that ask whoever opens them to read something else."""
    clip = CLIP.read_bytes()
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'
    return {
        "elsewhere.mov": refer_to(url, blank(clip)),
        "playlist.mp4": f"#EXTM3U\n#EXTINF:4,\n{url}\n#EXT-X-ENDLIST\n".encode(),
        "list.mp4": f"ffconcat version 1.0\nfile '{url}'\n".encode(),
        "drawing.svg": drawing.encode(),
        "session.mp4": f"v=0\no=- 0 0 IN IP4 127.0.0.1\na=control:{url}\n".encode(),
    }


def test_small_files_that_cost_are_refused_at_the_first_try(deployed: Deployed) -> None:
    files = small_files_that_cost()
    versions = {name: deployed.upload(f"hostile/{name}", each) for name, each in files.items()}
    for name, version in versions.items():
        asset = deployed.wait(f"hostile/{name}", version)
        assert asset.status in (AssetStatus.REJECTED, AssetStatus.FAILED), name
        assert asset.error, name
        assert asset.error.permanent, (name, asset.error)
        assert (asset.attempts <= 1, asset.abandoned) == (True, 0), name
        assert deployed.stored(f"hostile/{name}") == set(), name
    assert_nothing_was_left(deployed)


def test_files_that_call_reach_nobody(deployed: Deployed, canary: Canary) -> None:
    files = files_that_call(canary.url)
    versions = {name: deployed.upload(f"calling/{name}", each) for name, each in files.items()}
    for name, version in versions.items():
        asset = deployed.wait(f"calling/{name}", version)
        assert asset.status in (AssetStatus.REJECTED, AssetStatus.FAILED), name
        assert asset.attempts <= 1, name
    assert canary.asked == []
    assert_nothing_was_left(deployed)


@pytest.mark.parametrize("name", ["two\nlines.jpg", "escape\x1b[31m.jpg", "turned\u202egpj.exe"])
def test_a_key_may_hold_anything(deployed: Deployed, name: str) -> None:
    version = deployed.upload(f"names/{name}", MEDIA / "ink.jpg")
    assert deployed.wait(f"names/{name}", version).status is AssetStatus.READY


def assert_nothing_was_left(deployed: Deployed) -> None:
    """No dead letter, and whoever uploads next finds the workers as they were."""
    for queue in DEAD_LETTERS:
        assert deployed.messages(deployed.outputs[queue]) == []
    for name in ("hubble.jpg", "phone clip.mov"):
        version = deployed.upload(f"honest/{name}", MEDIA / name)
        asset = deployed.wait(f"honest/{name}", version)
        assert (asset.status, asset.attempts) == (AssetStatus.READY, 1), name
