"""What `/assets` answers: shapes, conditions, waits, and what is refused."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.adapters.telemetry import Telemetry
from lib.application.doors.asset_values import asset_to_values, summary_to_values
from lib.application.doors.assets import edition_of, seconds_until_change
from lib.application.doors.links import BaseLinks
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.asset import AssetStatus
from lib.domain.caller import Caller
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.keys import asset_id
from lib.domain.media import ImageProbe, MediaWarning, WarningCode
from lib.domain.renditions import Placeholder, Rendition, RenditionKind
from lib.entrypoints.http.app import make_handler
from lib.entrypoints.http.assets import asset_routes
from lib.entrypoints.http.request import Request
from tests.support.catalog_cases import PERMANENT, READY
from tests.support.fakes import UPLOADS
from tests.support.library import LibraryWorld
from tests.support.world import PRESETS
from tests.unit.test_cli_html import ASSET, VIDEO
from tests.unit.test_upload_routes import CONTEXT

MINE = Caller("mine")
KEY = "mine/a.jpg"
ID = asset_id(UPLOADS, KEY)
BASE = BaseLinks("https://media.example")


class OneByOne:
    """Addresses of single objects, as presigned ones are."""

    folders = False
    edition = "one"

    def address(self, key):
        return f"https://s3.example/{key}?signed"


@pytest.fixture
def world():
    return LibraryWorld()


def ask(world, method, rule, path="", query=None, headers=None, body="", caller=MINE):
    [route] = [
        each
        for each in asset_routes(world.library, lambda: PRESETS)
        if (each.method, each.rule) == (method, rule)
    ]
    params = {"asset_id": path.split("/")[2]} if path.count("/") > 1 else {}
    return route.answer(Request(caller, path, params, query or {}, headers or {}, body))


def get(world, headers=None):
    return ask(world, "GET", "/assets/<asset_id>", f"/assets/{ID}", headers=headers)


def retry(world, body=""):
    return ask(world, "POST", "/assets/<asset_id>/retry", f"/assets/{ID}/retry", body=body)


def lists(world, **query):
    return ask(world, "GET", "/assets", "/assets", query)


def refused(call, *arguments, **options):
    with pytest.raises(Refused) as raised:
        call(*arguments, **options)
    return raised.value.code


def test_a_finished_asset_with_its_tag_and_no_wait(world):
    world.finish(KEY)
    answer = get(world)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["ETag"].startswith('W/"')
    assert "Retry-After" not in answer.headers
    assert answer.body["asset_id"] == ID
    assert answer.body["renditions"][0]["url"] == "https://media.example/a/b/c/w320.jpeg"
    assert json.loads(json.dumps(answer.body))["probe"]["width"] == 640


@pytest.mark.parametrize(
    "condition", ["{tag}", "{strong}", 'W/"other", {tag}', '"x" ,{strong}', "*"]
)
def test_who_knows_it_already_is_not_told_again(world, condition):
    world.finish(KEY)
    tag = get(world).headers["ETag"]
    known = condition.format(tag=tag, strong=tag.removeprefix("W/"))
    answer = get(world, {"if-none-match": known})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, None, tag)
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_each_change_has_a_tag_of_its_own(world):
    tags = [get(world).headers["ETag"] for _ in map(world.drop, (KEY, KEY))]
    [*_, event] = world.topic.published
    token = world.catalog.claim(event, lease_seconds=60).lease_token
    tags.append(get(world).headers["ETag"])
    for percent in (10, 20):
        world.catalog.progress(event, token, percent)
        tags.append(get(world).headers["ETag"])
    assert len(set(tags)) == 5
    for known in ("", '"x"', tags[0], 'W/""'):
        assert get(world, {"if-none-match": known}).status == 200


def test_a_tag_depends_on_where_the_renditions_are(world):
    asset = world.finish(KEY)
    assert edition_of(asset, BASE) != edition_of(asset, BaseLinks("https://other.example"))
    assert edition_of(asset, BASE) != edition_of(replace(asset, asset_id="other"), BASE)


def test_by_key_takes_the_rest_of_the_path_as_it_is(world):
    key = "mine/x//by-key/é %2F +.jpg"
    world.drop(key)
    answer = ask(world, "GET", "/assets/by-key/(?s:.+)", f"/assets/by-key/{key}")
    assert answer.body["key"] == key


@pytest.mark.parametrize("key", ["100% é#", "a%2Fb", "a%25b", "a b+c"])
def test_a_key_in_a_path_is_decoded_once_whoever_brings_it(world, key):
    world.drop(f"mine/{key}")
    handler = make_handler(asset_routes(world.library, lambda: PRESETS), "", Telemetry("test"))
    for route, path in [
        ("$default", quote(f"mine/{key}", safe="")),  # a function's URL: as it was sent
        ("GET /assets/{proxy+}", f"mine/{key}".replace("%", "%25")),  # API Gateway's reading
    ]:
        context = {"http": {"method": "GET", "path": "/"}, "stage": "$default"}
        event = {"routeKey": route, "rawPath": f"/assets/by-key/{path}", "requestContext": context}
        answer = handler(event, CONTEXT)
        assert json.loads(answer["body"]).get("key") == f"mine/{key}", route


def test_who_waits_is_told_how_long(world):
    world.drop(KEY)
    world.clock.now += 8
    assert get(world).headers["Retry-After"] == "4"
    assert lists(world).headers["Retry-After"] == "4"
    world.drop("mine/b.jpg")
    assert lists(world).headers["Retry-After"] == "1"
    assert "Retry-After" not in lists(LibraryWorld()).headers


@pytest.mark.parametrize(
    ("silent", "progress", "wait"),
    [(0, None, 1), (-5, None, 1), (2.2, None, 1), (3.9, None, 1), (9, None, 4), (1e6, None, 30),
     (1e6, 0, 30), (1e6, 50, 15), (4, 50, 2), (1e6, 99, 1), (1e6, 100, 1)],
)  # fmt: skip
def test_a_wait_grows_with_silence_and_ends_with_the_work(silent, progress, wait):
    working = replace(
        ASSET, status=AssetStatus.PROCESSING, progress=progress, updated_at=to_iso(1000)
    )
    assert seconds_until_change(working, 1000 + silent) == wait
    for status in AssetStatus:
        ended = seconds_until_change(replace(working, status=status), 2000)
        assert (ended is None) is status.terminal


def test_what_is_deleted_goes_on_until_s3_has_told(world):
    world.finish(KEY)
    answer = ask(world, "DELETE", "/assets/<asset_id>", f"/assets/{ID}")
    assert (answer.status, answer.body["status"], answer.headers["Retry-After"]) == (
        202,
        "READY",
        "1",
    )
    world.dispatch(*world.originals.events)
    assert refused(get, world) is RefusalCode.GONE


@pytest.mark.parametrize("body", ["", "{}", '{"preset": null}', '{"preset": ""}'])
def test_a_retry_needs_no_body(world, body):
    world.finish(KEY)
    answer = retry(world, body)
    assert (answer.status, answer.body["status"]) == (202, "RECEIVED")
    assert answer.headers == {"Retry-After": "1"}
    assert world.originals.events == [], "the same preset is no new version"


@pytest.mark.parametrize("body", ["[]", "{", '{"presets": "x"}', '{"preset": 5}', "null", "\0"])
def test_a_retry_takes_nothing_but_a_preset(world, body):
    world.finish(KEY)
    assert refused(retry, world, body) is RefusalCode.INVALID_REQUEST
    assert world.entry(KEY).status is AssetStatus.READY


def test_a_retry_with_an_unknown_preset_says_which_there_are(world):
    world.finish(KEY)
    with pytest.raises(PermanentError, match="expected one of default for preset") as raised:
        retry(world, '{"preset": "nope"}')
    assert raised.value.code is ErrorCode.UNKNOWN_PRESET


def test_a_list_has_summaries_and_a_cursor(world):
    for name in ("a", "b", "c"):
        world.clock.now += 1
        world.finish(f"mine/{name}")
    world.drop("yours/a")
    answer = lists(world, limit="2", status="READY", type="image", prefix="", q="")
    assert [each["key"] for each in answer.body["assets"]] == ["mine/c", "mine/b"]
    assert "renditions" not in answer.body["assets"][0]
    rest = {"limit": "2", "status": "READY", "type": "image", "cursor": answer.body["cursor"]}
    assert [each["key"] for each in lists(world, **rest).body["assets"]] == ["mine/a"]
    assert lists(world, **rest).body["cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"limit": each}
        for each in ("", "0", "101", "-1", "1.0", "1e1", "٣", " 1", "00101", "9" * 9999)
    ]
    + [{"status": each} for each in ("", "ready", "READY,FAILED", "NEWER")]
    + [
        {"type": "film"},
        {"type": ""},
        {"cursor": ""},
        {"q": "x" * 1025},
        {"prefix": "x" * 1025},
        {"prefix": "é" * 513},
    ]
    + [{"statuses": "READY"}, {"": ""}, {"\x1b": "x"}],
)
def test_a_query_is_of_the_fields_that_there_are(world, query):
    assert refused(lists, world, **query) is RefusalCode.INVALID_REQUEST


def test_a_video_without_a_cdn_has_its_one_file_and_no_stream():
    values = asset_to_values(VIDEO, OneByOne())
    urls = {each["name"]: each["url"] for each in values["renditions"]}
    assert {name for name, url in urls.items() if url is None} == {
        "h264-720/playlist.m3u8",
        "dash.mpd",
        "hls.m3u8",
        "storyboard.vtt",
    }
    assert 'type="video/mp4"' in values["video"]
    assert "m3u8" not in values["video"]
    assert "storyboard" not in values["video"]
    assert values["html"] == values["video"]
    assert values["picture"] is None


def test_a_stream_alone_without_a_cdn_has_nothing_to_play():
    streams = tuple(each for each in VIDEO.renditions if each.kind is not RenditionKind.VIDEO)
    values = asset_to_values(replace(VIDEO, renditions=streams), OneByOne())
    assert (values["video"], values["html"]) == (None, None)
    assert values["preview"] == "https://s3.example/a/b/c/poster.jpg?signed"


def test_a_videos_preview_is_its_poster_that_every_browser_shows():
    wide = tuple(replace(each, width=800) for each in VIDEO.renditions)
    values = summary_to_values(replace(VIDEO, renditions=wide), BASE)
    assert values["preview"] == "https://media.example/a/b/c/poster.jpg"


def test_where_no_poster_is_a_jpeg_another_is_the_preview():
    fewer = tuple(each for each in VIDEO.renditions if each.mime != "image/jpeg")
    values = summary_to_values(replace(VIDEO, renditions=fewer), BASE)
    assert values["preview"] == "https://media.example/a/b/c/poster.avif"


def test_a_picture_shows_a_small_one_and_what_was_saved():
    asset = replace(
        ASSET,
        source=replace(ASSET.source, size=1000),
        live_version_id="v1",
        manifest_key="a/b/c/manifest.json",
    )
    values = asset_to_values(asset, BASE)
    assert values["preview"] == "https://media.example/a/b/c/640.jpg"
    assert values["bytes_saved"] == 1000 - 5, "of the best format, which most are shown"
    assert values["manifest_url"] == "https://media.example/a/b/c/manifest.json"
    assert values["picture"] == values["html"]
    assert values["placeholder"]["data_uri"].startswith("data:image/png;base64,")
    newer = asset_to_values(replace(asset, live_version_id="v0"), BASE)
    assert newer["bytes_saved"] is None


def test_what_another_release_stored_is_shown_as_far_as_it_is_known():
    strange = Rendition("x.jxl", RenditionKind("hologram"), "image/jxl", "a/b/c/x.jxl")
    asset = replace(
        ASSET,
        status=AssetStatus("ARCHIVED"),
        placeholder=Placeholder("abc", "#000000"),
        renditions=(strange,),
    )
    values = json.loads(json.dumps(asset_to_values(asset, BASE)))
    assert (values["status"], values["placeholder"], values["preview"]) == ("ARCHIVED", None, None)
    assert values["renditions"][0]["kind"] == "hologram"


def test_what_failed_says_why(world):
    made = (replace(READY.renditions[0], key=None, error=PERMANENT),)
    asset = world.finish(
        KEY, replace(READY, status=AssetStatus.FAILED, renditions=made, error=PERMANENT)
    )
    reason = {"code": "CORRUPT_MEDIA", "message": "broken", "permanent": True}
    assert summary_to_values(asset, BASE)["reason"] == reason
    shown = asset_to_values(replace(asset, renditions=made), BASE)["renditions"][0]
    assert (shown["status"], shown["url"], shown["error"]) == ("FAILED", None, reason)


HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        '"><script>alert(1)</script>',
        "' onerror='x",
        "\u202egpj.exe",
        "é" * 512,
        "\x1b[31m",
        "\ud800",
    ]
)


@settings(deadline=None)
@given(HOSTILE, HOSTILE)
def test_hostile_names_are_text(key, language):
    subtitles = Rendition(
        "s.vtt", RenditionKind.SUBTITLES, "text/vtt", "a/s.vtt", language=language
    )
    probe = ImageProbe(width=1, warnings=(MediaWarning(WarningCode.DAMAGED, key),))
    asset = replace(
        VIDEO,
        source=replace(VIDEO.source, key=key),
        probe=probe,
        renditions=(*VIDEO.renditions, subtitles),
    )
    values = asset_to_values(asset, BASE)
    written = json.dumps(values)
    assert written.isascii()
    assert json.loads(written)["key"] == key
    assert json.loads(written)["warnings"] == [{"code": "DAMAGED", "message": key}]
    tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append(tag)
            assert not any(name.startswith("on") for name, _ in attributes)

    Tags().feed(values["html"])
    assert set(tags) == {"video", "source", "track"}
