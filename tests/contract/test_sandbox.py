"""Decoders behind a wall: what one that was taken over can't do, and how each child may end."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lib import image_job, presets
from lib.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.imaging.opened import InProcess
from lib.keys import asset_id
from lib.local.memory import MemoryCatalog
from lib.model import AssetStatus, Made
from lib.ports import Images, ImageTask, Still
from lib.poster import make_poster
from lib.sandbox.client import Sandbox
from lib.sandbox.landlock import CREATE_RULESET, VERSION
from lib.sandbox.privacy import PR_SET_DUMPABLE, hide
from lib.sandbox.process import Child
from tests.fakes import UPLOADS, MemoryStorage, received
from tests.images import photo, save
from tests.planted import GIF

SECRET = "AKIAIOSFODNN7EXAMPLE"
PRESETS = presets.load(presets.PACKAGED)
DEFAULT = PRESETS.named(None).image
SMALL = replace(DEFAULT, widths=(64,), boxes=())
MEMORY = 400_000_000
LINUX = sys.platform == "linux"
VARIANTS = {
    "everything": "serve",
    "no landlock": "serve_without_landlock",
    "no seccomp": "serve_without_seccomp",
    "limits only": "serve_with_limits_only",
}


def task(data: bytes, container: str, preset: presets.ImagePreset = SMALL) -> ImageTask:
    return ImageTask(data, container, preset, PRESETS.limits)


@contextmanager
def planted(variant: str = "everything") -> Iterator[Sandbox]:
    """A sandbox whose BMP decoder is an attacker's."""
    with closing(Sandbox(MEMORY, f"tests.planted:{VARIANTS[variant]}")) as sandbox:
        yield sandbox


def attempt(sandbox: Sandbox, *trick: object, seconds: float = 60.0) -> MediaError:
    """Let the planted decoder do something, and return what the job would record."""
    with pytest.raises(MediaError) as caught:  # noqa: SIM117
        with sandbox.open(task(json.dumps(trick).encode(), "bmp"), lambda: seconds) as opened:
            list(opened.make())
    return caught.value


def told(error: MediaError) -> dict[str, str]:
    assert error.code is ErrorCode.CORRUPT_MEDIA
    read: dict[str, str] = json.loads(error.message.partition(": ")[2])
    return read


def works(sandbox: Images) -> bool:
    with sandbox.open(task(save(photo(), "jpeg"), "jpeg"), lambda: 60.0) as opened:
        return all(made.content for made in opened.make())


@pytest.fixture
def parent() -> Iterator[int]:
    """This process, with a secret in its environment and in its memory, as a function is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", SECRET)
        hide()
        yield os.getpid()
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


@pytest.fixture(params=VARIANTS)
def wall(request: pytest.FixtureRequest, parent: int) -> Iterator[Sandbox]:
    with planted(request.param) as sandbox:
        yield sandbox


def closed(sandbox: Sandbox) -> bool:
    """Tell whether the kernel refuses files and network to the last child."""
    return bool(sandbox.holds["landlock"] or sandbox.holds["seccomp"])


def test_no_decoder_finds_a_credential(wall: Sandbox, parent: int):
    """Whatever the system has: rlimits and an empty environment are everywhere."""
    assert told(attempt(wall, "environment", SECRET)) == {"did": "not found"}
    assert told(attempt(wall, "read", "/proc/self/environ", SECRET)) != {"did": "found"}
    for name in ("environ", "maps", "mem"):
        assert "refused" in told(attempt(wall, "read", f"/proc/{parent}/{name}", SECRET)), name
    secret = ctypes.create_string_buffer(SECRET.encode())
    assert "refused" in told(attempt(wall, "read_memory", parent, ctypes.addressof(secret)))
    assert "refused" in told(attempt(wall, "attach", parent))


@pytest.mark.skipif(not LINUX, reason="only Linux has them")
def test_every_part_says_whether_it_holds(wall: Sandbox, request: pytest.FixtureRequest):
    assert works(wall)
    holds = wall.holds
    assert holds["rlimits"] is True
    assert holds["user"] is True
    variant = request.node.callspec.params["wall"]
    if variant in ("no landlock", "limits only"):
        assert holds["landlock"] == 0
    else:
        assert holds["landlock"] == (version if (version := landlock_version()) > 0 else 0)
    if variant in ("no seccomp", "limits only"):
        assert holds["seccomp"] is False
    else:
        assert holds["seccomp"] is Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def landlock_version() -> int:
    """Ask this kernel, which may have none."""
    call = ctypes.CDLL(None).syscall
    return int(call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def test_no_file_can_be_read_where_the_kernel_can_help(wall: Sandbox):
    found = told(attempt(wall, "read", "/etc/passwd", "root"))
    assert ("refused" in found) is closed(wall)


def test_nothing_can_be_written(wall: Sandbox, tmp_path: Path):
    tmp_path.chmod(0o777)
    path = tmp_path / "dropped"
    assert "refused" in told(attempt(wall, "write", str(path)))
    assert not path.exists() or path.read_text() == ""
    assert path.exists() is not closed(wall) or not path.exists()


def test_no_connection_can_be_made_where_the_kernel_can_help(wall: Sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = told(attempt(wall, "connect", server.getsockname()[1]))
    tcp = wall.holds["seccomp"] or wall.holds["landlock"] >= 4
    assert ("refused" in found) is tcp


def test_no_program_can_be_started_where_the_kernel_can_help(wall: Sandbox):
    found = told(attempt(wall, "run", "/bin/true"))
    assert ("refused" in found) is closed(wall)


def test_the_parent_cannot_be_signalled_where_the_kernel_can_help(wall: Sandbox, parent: int):
    found = told(attempt(wall, "send_signal", parent))
    if wall.holds["seccomp"] or wall.holds["landlock"] >= 6 or os.geteuid() == 0:
        assert "refused" in found


def test_only_the_socket_is_open(parent: int):
    with open(os.devnull) as _, planted() as wall:  # noqa: PTH123
        assert told(attempt(wall, "descriptors", 256)) == {"did": "1"}


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("trick", "code", "word"),
    [
        (("bomb", 5000), ErrorCode.LIMIT_EXCEEDED, "400 MB of memory"),
        (("crash", signal.SIGKILL), ErrorCode.LIMIT_EXCEEDED, "memory"),
        (("overflow",), ErrorCode.CORRUPT_MEDIA, "SIGSEGV"),
        (("crash", signal.SIGABRT), ErrorCode.CORRUPT_MEDIA, "SIGABRT"),
        (("crash", signal.SIGXCPU), ErrorCode.LIMIT_EXCEEDED, "of 60 s"),
        (("crash", signal.SIGSYS), ErrorCode.CORRUPT_MEDIA, "SIGSYS"),
        (("leave", 0), ErrorCode.CORRUPT_MEDIA, "exit code 0"),
        (("leave", 70), ErrorCode.LIMIT_EXCEEDED, "memory"),
    ],
    ids=str,
)
def test_how_a_child_ends_is_final_and_the_next_image_is_fine(trick, code, word):
    with planted() as wall:
        error = attempt(wall, *trick)
        assert (error.code, error.permanent) == (code, True)
        assert word in error.message
        assert works(wall)


@pytest.mark.parametrize(
    ("trick", "status"),
    [
        (("overflow",), AssetStatus.FAILED),
        (("leave", 1), AssetStatus.FAILED),
        (("bomb", 5000), AssetStatus.REJECTED),
        (("answer", {}, 0), AssetStatus.FAILED),
    ],
    ids=str,
)
def test_a_job_ends_at_its_first_try(trick: tuple[object, ...], status: AssetStatus):
    """Nothing is raised, so that the message is acknowledged and never a dead letter."""
    storage, catalog = MemoryStorage(), MemoryCatalog()
    with planted() as wall:
        for content in (GIF + json.dumps(trick).encode(), save(photo(), "jpeg")):
            event = received(storage.upload("a", content))
            catalog.receive(event)
            image_job.process(
                event,
                storage=storage,
                catalog=catalog,
                presets=PRESETS,
                deadline=lambda: 60.0,
                images=wall,
            )
            asset = catalog.get(asset_id(UPLOADS, "a"))
            assert asset
            assert asset.status is (status if content.startswith(GIF) else AssetStatus.READY)


@pytest.mark.parametrize("trick", ["sleep", "spin"])
def test_who_has_little_time_is_told_to_come_again(trick: str):
    """Nothing can be said against a source that was given four seconds."""
    with planted() as wall:
        assert works(wall)
        error = attempt(wall, trick, seconds=4.0)
        assert (error.code, error.permanent) == (ErrorCode.DEADLINE_NEAR, False)
        assert works(wall)


def test_who_had_a_fair_time_is_refused_for_good(monkeypatch):
    monkeypatch.setattr("lib.sandbox.run.FAIR_SECONDS", 3.0)
    with planted() as wall:
        assert works(wall)
        error = attempt(wall, "spin", seconds=4.0)
        assert (error.code, error.permanent) == (ErrorCode.LIMIT_EXCEEDED, True)
        assert works(wall)


OPENED = {
    "what": "opened",
    "probe": {"width": 64, "height": 64},
    "placeholder": {"thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI", "color": "#aabbcc"},
    "size": [64, 64],
}


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ({}, 0),
        ({"what": "opened"}, 0),
        (OPENED | {"size": [64]}, 0),
        (OPENED | {"size": [10**30, 1]}, 0),
        (OPENED | {"probe": {"width": "64", "height": 64}}, 0),
        (OPENED | {"probe": {"width": True, "height": 64}}, 0),
        (OPENED | {"probe": {"width": 64, "height": 64, "sha256": "0"}}, 0),
        (OPENED | {"probe": {"width": 64, "height": 64, "latitude": float("nan")}}, 0),
        (OPENED | {"placeholder": {"thumbhash": '"><script>', "color": "#aabbcc"}}, 0),
        (OPENED, 10**15),
        ({"what": "failed", "code": "SERVICE_UNAVAILABLE", "message": "retry me"}, 0),
        ({"what": "failed", "code": [], "message": 1}, 0),
        ({"what": "x" * 100_000}, 0),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_a_wrong_answer_is_a_damaged_source(head, size):
    with planted() as wall:
        error = attempt(wall, "answer", head, size)
        assert (error.code, error.permanent) == (ErrorCode.CORRUPT_MEDIA, True)
        assert "no sensible answer" in error.message
        assert works(wall)


def test_a_zygote_that_cannot_start_is_an_outage_and_is_tried_again():
    with closing(Sandbox(MEMORY, "tests.nowhere:serve")) as wall:
        for _ in range(2):
            with pytest.raises(TransientError) as caught:
                works(wall)
            assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE


def test_a_zygote_that_was_killed_is_started_again():
    with closing(Sandbox(MEMORY)) as wall:
        assert works(wall)
        os.kill(wall._zygote._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        wall._zygote._process.wait()  # type: ignore[union-attr]
        with pytest.raises(TransientError):
            works(wall)
        assert works(wall)


def test_a_child_that_is_killed_while_it_waits_is_not_the_sources_fault(monkeypatch):
    with closing(Sandbox(MEMORY)) as wall:
        assert works(wall)
        take = wall._zygote.take

        def take_and_kill() -> Child:
            child = take()
            os.kill(child.pid, signal.SIGKILL)
            return child

        with monkeypatch.context() as patch:
            patch.setattr(wall._zygote, "take", take_and_kill)
            with pytest.raises(TransientError) as caught:
                works(wall)
        assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE
        assert works(wall)


def test_children_end_with_their_parent():
    image = task(save(photo(), "jpeg"), "jpeg")
    with planted() as wall, wall.open(image, lambda: 60.0) as opened:
        pid = opened._run._child.pid  # type: ignore[attr-defined]
        os.kill(pid, 0)
        wall.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(MediaError):
            list(opened.make())


def test_no_child_sees_a_second_image():
    with planted() as wall:
        pids = set()
        for _ in range(3):
            with wall.open(task(save(photo(), "png"), "png"), lambda: 60.0) as opened:
                pids.add(opened._run._child.pid)  # type: ignore[attr-defined]
        assert len(pids) == 3


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with closing(Sandbox()) as sandbox:
        yield sandbox


def made_by(images: Images, image: ImageTask) -> tuple[object, list[Made]]:
    with images.open(image, lambda: 600.0) as opened:
        return (opened.probe, opened.placeholder, opened.size), list(opened.make())


@pytest.mark.parametrize(
    "container",
    ["jpeg", "png", "webp", "gif", "tiff", "bmp", "jpeg2000", "psd", "ico", "avif", "heif"],
)
def test_every_format_gives_the_same_as_in_the_process(sandbox: Sandbox, container: str):
    image = task(save(photo((200, 120)), container), container, replace(DEFAULT, widths=(100,)))
    assert made_by(sandbox, image) == made_by(InProcess(), image)


def test_an_animation_and_its_film_are_the_same(sandbox: Sandbox):
    data = (Path(__file__).parents[1] / "media/zoom.gif").read_bytes()
    image = replace(task(data, "gif"), watermark=save(photo(), "png"))
    assert made_by(sandbox, image) == made_by(InProcess(), image)
    frames = []
    for images in (sandbox, InProcess()):
        assert images.is_animation(image, lambda: 60.0)
        with images.open(image, lambda: 60.0) as opened:
            list(opened.make())
            frames.append(list(opened.film_frames((32, 32))))
    assert frames[0] == frames[1]
    assert len(frames[0]) == 6


def test_what_is_made_of_the_pictures_of_a_video_is_the_same(sandbox: Sandbox, tmp_path: Path):
    tiles = [Still("jpeg", save(photo((48, 27 + index % 2)), "jpeg")) for index in range(5)]
    for at, tile in enumerate(tiles):
        (tmp_path / f"{at}.jpg").write_bytes(tile.data)
    assert sandbox.measure(tiles, lambda: 60.0) == InProcess().measure(tiles, lambda: 60.0)
    sheets = [each.lay_out(tiles, 2, 2, lambda: 60.0) for each in (sandbox, InProcess())]
    assert sheets[0] == sheets[1]
    assert len(sheets[0].sheets) == 2
    posters = [
        make_poster(tmp_path, DEFAULT, lambda: 60.0, each) for each in (sandbox, InProcess())
    ]
    assert posters[0] == posters[1]


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8\xff", b"BM"])
def test_a_damaged_picture_of_a_video_is_permanent(sandbox: Sandbox, damage: bytes):
    for ask in (sandbox.measure, lambda *given: sandbox.lay_out(given[0], 2, 2, given[1])):
        with pytest.raises(PermanentError):
            ask([Still("jpeg", damage)], lambda: 60.0)


def test_what_is_learnt_of_the_pace_goes_with_the_next_image(sandbox: Sandbox):
    made_by(sandbox, task(save(photo((1000, 800)), "jpeg"), "jpeg", DEFAULT))
    assert set(sandbox._pace) == {"avif", "webp", "jpeg"}


def test_a_permanent_error_keeps_its_words(sandbox: Sandbox):
    with (
        pytest.raises(PermanentError) as outside,
        sandbox.open(task(save(photo(), "jpeg")[:300], "jpeg"), lambda: 60.0),
    ):
        pass
    with (
        pytest.raises(PermanentError) as inside,
        InProcess().open(task(save(photo(), "jpeg")[:300], "jpeg"), lambda: 60.0),
    ):
        pass
    assert str(outside.value) == str(inside.value)
