"""What a caller is listed: its own, the last changed first, each once, page by page."""

import base64
import random
from itertools import pairwise
from typing import Any

import pytest

from lib.application.doors.listing import LONGEST_PAGE, MOST_LOOKED_AT, AssetQuery, list_assets
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.asset import AssetStatus
from lib.domain.caller import Caller
from lib.domain.media import MediaType
from tests.support.fakes import UPLOADS
from tests.support.library import LibraryWorld, MemoryIndex

ANYBODY, MINE = Caller(), Caller("mine")


@pytest.fixture
def world():
    return LibraryWorld()


def ask(world, caller=ANYBODY, **query):
    return list_assets(AssetQuery(**query), caller, world.index, UPLOADS)


def keys(world, caller=ANYBODY, **query):
    return [each.source.key for each in ask(world, caller, **query).assets]


def all_pages(world, caller=ANYBODY, between=lambda: None, **query):
    pages, cursor = [], None
    for _ in range(1000):
        page = ask(world, caller, cursor=cursor, **query)
        pages.append([each.source.key for each in page.assets])
        cursor = page.cursor
        if cursor is None:
            return pages
        between()
    raise AssertionError("the list has no end")


def flat(pages):
    return [key for page in pages for key in page]


def fill(world, *names, step=1.0):
    for name in names:
        world.clock.now += step
        world.drop(name)


def refused(world, caller=ANYBODY, **query):
    with pytest.raises(Refused) as raised:
        ask(world, caller, **query)
    return raised.value.code


def test_the_last_changed_is_first_whatever_its_status(world):
    fill(world, "a", "b", "c")
    world.clock.now += 1
    world.finish("d")
    world.clock.now += 1
    world.drop("e", b"text")
    assert keys(world) == ["e", "d", "c", "b", "a"]
    assert keys(world, status=AssetStatus.READY) == ["d"]
    assert keys(world, status=AssetStatus.REJECTED) == ["e"]


def test_what_was_deleted_is_listed_only_by_its_status(world):
    fill(world, "x/a", "x/b")
    world.dispatch(world.sources.remove("x/a"))
    for query in ({}, {"prefix": "x/"}):
        assert keys(world, **query) == ["x/b"]
        assert keys(world, status=AssetStatus.DELETED, **query) == ["x/a"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("query", [{}, {"prefix": "x/"}, {"status": AssetStatus.RECEIVED}])
def test_pages_have_each_once_and_in_order_though_many_change_at_once(world, limit, query):
    names = [f"x/{number}" for number in range(12)]
    for number, name in enumerate(names):
        world.clock.now += number % 3 == 0
        world.drop(name)
    pages = all_pages(world, limit=limit, **query)
    assert sorted(flat(pages)) == sorted(names)
    assert [len(each) for each in pages[:-1]] == [limit] * (len(pages) - 1)
    places = [(e.updated_at, e.asset_id) for e in map(world.entry, flat(pages))]
    assert all(before > after for before, after in pairwise(places))


@pytest.mark.parametrize("seed", range(5))
def test_what_does_not_change_is_listed_once_though_others_do(world, seed):
    rng = random.Random(seed)
    names = [f"x/{number}" for number in range(30)]
    fill(world, *names, step=0.0)
    still, busy = set(names[:15]), names[15:]

    def change():
        world.clock.now += rng.choice((0.0, 0.001, 1.0))
        name = rng.choice(busy)
        rng.choice((world.drop, lambda key: world.dispatch(world.sources.remove(key))))(name)

    for query in ({}, {"prefix": "x/"}):
        listed = flat(all_pages(world, limit=4, between=change, **query))
        assert sorted(each for each in listed if each in still) == sorted(still)


def test_a_caller_sees_what_is_below_its_prefix_and_nothing_else(world):
    fill(world, "mine/a", "yours/a", "mine2/a", "min/e", "mine", "mine/x/b", "a/mine/c")
    assert keys(world, MINE) == ["mine/x/b", "mine/a"]
    assert keys(world, MINE, prefix="x/") == ["mine/x/b"]
    assert keys(world, MINE, text="MINE") == [], "the caller's own prefix is no name"
    for prefix in ("../yours/", "mine/", "/../yours", "yours/"):
        assert keys(world, MINE, prefix=prefix) == []
    assert keys(world, prefix="mine/") == ["mine/x/b", "mine/a"]


def test_the_folder_itself_is_nobodys_asset(world):
    fill(world, "mine/", "mine/a")
    assert keys(world, MINE) == ["mine/a"]


def test_what_changes_its_status_meanwhile_is_shown_once_as_it_is_now(world):
    before = world.drop("x/a")
    world.clock.now += 1
    now = world.finish("x/a")

    class Lagging(MemoryIndex):
        def of_status(self, status, **how):
            yield from super().of_status(status, **how)
            if status is AssetStatus.RECEIVED:
                yield before

    page = list_assets(AssetQuery(), ANYBODY, Lagging(world.catalog), UPLOADS)
    assert page.assets == (now,)


def test_a_prefix_need_not_be_a_folder(world):
    fill(world, "album/a", "albums/b", "al", "x", "/y")
    assert keys(world, prefix="al") == ["al", "albums/b", "album/a"]
    assert keys(world, prefix="album/") == ["album/a"]
    assert keys(world, prefix="/") == ["/y"]


def test_types_and_words_choose(world):
    fill(world, "x/Été 1.jpg", "x/b%.jpg", "y/été.jpg")
    world.drop("x/c.txt", b"text")
    assert keys(world, text="ÉTÉ") == ["y/été.jpg", "x/Été 1.jpg"]
    assert keys(world, text="%", prefix="x/") == ["x/b%.jpg"]
    assert keys(world, media_type=MediaType.UNSUPPORTED) == ["x/c.txt"]
    assert keys(world, media_type=MediaType.IMAGE, text="x/") == ["x/b%.jpg", "x/Été 1.jpg"]


def test_a_search_is_bounded_and_goes_on(world):
    fill(world, "x/needle", *(f"x/{number}" for number in range(MOST_LOOKED_AT + 10)), step=0.0)
    first = ask(world, prefix="x/", text="no such name")
    assert (first.assets, first.cursor is None) == ((), False)
    assert world.index.read <= MOST_LOOKED_AT + 12
    assert flat(all_pages(world, prefix="x/", text="needle", limit=1)) == ["x/needle"]


@pytest.mark.parametrize(
    "query",
    [
        {"prefix": "x/y"},
        {"prefix": "x"},
        {"prefix": "x/", "status": AssetStatus.FAILED},
        {"prefix": "x/", "text": "z"},
        {"media_type": MediaType.VIDEO},
    ],
)
def test_a_small_page_is_not_read_entry_by_entry(world, query):
    fill(world, "x/a")
    ask(world, limit=1, **query)
    assert min(world.index.page_sizes) * 3 >= LONGEST_PAGE


def test_a_page_of_all_is_read_no_further_than_it_reaches(world):
    fill(world, "x/a")
    ask(world, limit=1)
    assert max(world.index.page_sizes) <= 3


@pytest.mark.parametrize("query", [{"prefix": "x/"}, {"status": AssetStatus.RECEIVED}])
def test_a_page_is_read_from_where_the_one_before_ended(world, query):
    fill(world, *(f"x/{number}" for number in range(100)))
    assert len(all_pages(world, limit=10, **query)) == 10
    assert world.index.read <= 10 * (10 + 3)


def test_a_full_last_page_has_no_cursor(world):
    fill(world, "a", "b")
    assert ask(world, limit=2).cursor is None
    assert ask(LibraryWorld(), limit=2).cursor is None


def test_a_cursor_is_of_one_query_of_one_caller_of_one_stage(world):
    fill(world, "mine/a", "mine/b", "mine/c")
    cursor = ask(world, MINE, limit=1).cursor
    assert keys(world, MINE, limit=2, cursor=cursor) == ["mine/b", "mine/a"]
    elsewhere: list[tuple[Caller, dict[str, Any]]] = [
        (ANYBODY, {}),
        (Caller("yours"), {}),
        (MINE, {"prefix": "x"}),
        (MINE, {"status": AssetStatus.READY}),
        (MINE, {"media_type": MediaType.IMAGE}),
        (MINE, {"text": "a"}),
    ]
    for caller, query in elsewhere:
        code = refused(world, caller, cursor=cursor, **query)
        assert code is RefusalCode.INVALID_REQUEST, (caller, query)
    with pytest.raises(Refused):
        list_assets(AssetQuery(cursor=cursor), MINE, world.index, "another stage's")


def test_what_is_no_cursor_is_refused(world):
    fill(world, "a", "b")
    cursor = ask(world, limit=1).cursor
    read = base64.urlsafe_b64decode(cursor + "==").decode()
    digest = read.split("|")[0]
    forged = [f"{digest}|{'9' * 24}|{'0' * 32}", f"{digest}|2026", f"{read}|", f"{digest}||", "é"]
    encoded = [base64.urlsafe_b64encode(each.encode()).decode() for each in forged]
    for text in (
        "",
        "x",
        "é",
        "\0",
        "=",
        cursor + "A",
        f"{cursor}!!!!",
        cursor[:-2],
        cursor + "\n",
        *encoded,
    ):
        assert refused(world, cursor=text) is RefusalCode.INVALID_REQUEST, text
