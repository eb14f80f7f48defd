"""How children and their zygote may end, and what becomes of the source then."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing

import pytest

from lib.adapters.sandbox.sandbox import Sandbox
from lib.adapters.sandbox.zygote_host import Child
from lib.application.context import Delivery
from lib.application.process_image import ImageTools, process_image
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, MediaError, TransientError
from tests.support.images import photo, save
from tests.support.planted import GIF
from tests.support.walls import (
    MEMORY,
    PRESETS,
    attempt,
    planted,
    task,
    works,
)
from tests.support.world import World


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
    world = World(presets=PRESETS)
    with planted() as wall:
        for content in (GIF + json.dumps(trick).encode(), save(photo(), "jpeg")):
            event = world.receive("a", content)
            delivery = Delivery(lambda: 60.0)
            process_image(event, world.pipeline, delivery, ImageTools(wall))
            asset = world.find("a")
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
    monkeypatch.setattr("lib.adapters.sandbox.child_session.FAIR_SECONDS", 3.0)
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
        pid = opened._session._child.pid  # type: ignore[attr-defined]
        os.kill(pid, 0)
        wall.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(MediaError):
            list(opened.make_renditions())


def test_no_child_sees_a_second_image():
    with planted() as wall:
        pids = set()
        for _ in range(3):
            with wall.open(task(save(photo(), "png"), "png"), lambda: 60.0) as opened:
                pids.add(opened._session._child.pid)  # type: ignore[attr-defined]
        assert len(pids) == 3
