"""What live streams and storyboards consist of is looked for, too."""

from dataclasses import dataclass, field, replace

import pytest

from lib.application.reconcile.findings import Kind
from lib.application.reconcile.parts import parts_of
from lib.domain.asset import AssetStatus
from lib.domain.renditions import Rendition, RenditionKind
from lib.video.auxiliary.storyboard import PER_SHEET, serialize_storyboard, sheet_name
from lib.video.package.streams import HLS, PLAYLIST, VTT
from tests.support.reconciled import ReconciledWorld
from tests.unit.test_reconcile_rounds import run

MEDIA_PLAYLIST = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.000000,
0.m4s
#EXTINF:4.000000,
1.m4s

#EXT-X-ENDLIST
"""
MASTER_PLAYLIST = f"""#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English",URI="en/{PLAYLIST}"
#EXT-X-STREAM-INF:BANDWIDTH=1
h264-720/{PLAYLIST}
"""


@dataclass(kw_only=True)
class Cinema(ReconciledWorld):
    """A world with a film that consists of `parts`."""

    parts: list[str] = field(default_factory=list)


@pytest.fixture
def world():
    """A film, as far as reconcile looks at it."""
    world = Cinema()
    world.upload("film.mp4", b"\xff\xd8\xff\xe0" + bytes(20))
    asset = world.entry("film.mp4")
    below = (asset.manifest_key or "").removesuffix("manifest.json")
    board = serialize_storyboard(range(0, 200_000, 1000), 200_000, (160, 90))
    listed = [
        ("hls.m3u8", RenditionKind.STREAM, HLS, MASTER_PLAYLIST),
        (f"h264-720/{PLAYLIST}", RenditionKind.RUNG, HLS, MEDIA_PLAYLIST),
        ("storyboard.vtt", RenditionKind.STORYBOARD, VTT, board),
        ("en.vtt", RenditionKind.SUBTITLES, VTT, "WEBVTT\n\n00:00 --> 00:01\nSay #xywh=1\n"),
    ]
    made = []
    for name, kind, mime, content in listed:
        world.renditions.put(below + name, content.encode(), mime)
        made.append(Rendition(name, kind, mime, below + name, bytes=len(content)))
    failed = Rendition(f"h264-1080/{PLAYLIST}", RenditionKind.RUNG, HLS)
    entry = world.catalog._entries[asset.asset_id]
    film = replace(asset, renditions=(*asset.renditions, *made, failed))
    world.catalog._entries[asset.asset_id] = replace(entry, asset=film)
    world.parts = [
        below + name
        for name in (
            "h264-720/init.mp4",
            "h264-720/0.m4s",
            "h264-720/1.m4s",
            f"en/{PLAYLIST}",
            *map(sheet_name, range(200 // PER_SHEET)),
        )
    ]
    for key in world.parts:
        world.renditions.put(key, b"1", "video/mp4")
    return world


def test_parts_are_those_that_playlists_and_storyboards_name(world):
    film = world.entry("film.mp4")
    named = parts_of(film, world.renditions)
    playlist = film.manifest_key.replace("manifest.json", f"h264-720/{PLAYLIST}")
    assert sorted(named) == sorted([*world.parts, playlist])
    assert run(world)[1] == []


@pytest.mark.parametrize("number", range(6))
def test_a_part_that_is_lost_has_the_film_made_again(world, number):
    del world.renditions.objects[world.parts[number]]
    assert run(world)[1] == [(Kind.MISSING, "film.mp4", "mended")]


def test_a_playlist_that_is_lost_says_nothing_of_its_segments(world):
    film = world.entry("film.mp4")
    playlist = film.manifest_key.replace("manifest.json", f"h264-720/{PLAYLIST}")
    del world.renditions.objects[playlist]
    assert world.parts[0] not in parts_of(film, world.renditions)
    assert run(world)[1] == [(Kind.MISSING, "film.mp4", "mended")]


def test_nothing_is_read_of_what_has_nothing_live(world):
    film = world.entry("film.mp4")
    for each in (
        None,
        replace(film, status=AssetStatus.RECEIVED),
        replace(film, manifest_key=None),
    ):
        assert parts_of(each, world.renditions) == ()
