"""A long source from its hand-over to its commit, without the state machine: every step may die."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lib import presets
from lib.application.context import Delivery
from lib.application.fenced_job import Finished
from lib.application.inspect_source import inspect_source
from lib.application.long_video.encode_range import encode_part, encode_with_ffmpeg
from lib.application.long_video.fail import (
    BUSY,
    KILLED,
    RECORDED,
    Ending,
    Recovery,
    fail,
    read_ending,
)
from lib.application.long_video.long_job import LongJob, Standing
from lib.application.long_video.package import merge_tracks, package
from lib.application.long_video.plan import Allowance, make_plan
from lib.application.long_video.start import Starter
from lib.application.long_video.stored_segments import assemble_stored
from lib.application.long_video.work_format import Part, PartIndex
from lib.application.long_video.work_store import read_index, read_plan, write_index
from lib.application.process_video import Long, VideoTools, process_video
from lib.domain.asset import AssetStatus, ClaimState, Outcome
from lib.domain.clock import from_iso
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.keys import execution_name, version_prefix
from lib.domain.media import MediaType
from lib.domain.messages import serialize_event
from lib.domain.prices import price_encode
from lib.domain.renditions import Work
from lib.imaging.in_process import InProcess
from lib.presets import PACKAGED
from lib.video.encode.encoded import Encoded
from lib.video.package import cmaf
from lib.video.package.streams import make_streams
from tests.support.catalog_cases import record
from tests.support.fakes import MemoryExecutions, MemorySources, received
from tests.support.ffmpeg_binary import PLENTY, ffmpeg_in, find_ffmpeg
from tests.support.world import World

PRESETS = presets.load(PACKAGED)
ALLOWANCE = Allowance(lease_seconds=3600, range_cost_s=0.1, dollars=20)
READY = Outcome(AssetStatus.READY)
SETTLE_SECONDS = 900.0
STARTED = "2027-01-15T08:00:00.000Z"


class Killed(BaseException):
    """The end of a process."""


class Disk(MemorySources):
    """Sources in memory; ffmpeg reads them from a file."""

    path: Path

    def locate(self, source, seconds):
        return str(self.path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=12:d=12"),
            *("-f", "lavfi", "-i", "sine=440:d=12", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-g", "12", "-c:a", "aac", "-movflags", "+faststart", str(path)),
        ],
        check=True,
    )
    return path


@pytest.fixture(scope="module")
def encoded():
    """What was encoded, by part: encoding is deterministic, and takes most of the time."""
    return {}


Stored = tuple[Path, Encoded]


class LongSource(World):
    """One upload and all that its steps need."""

    def __init__(self, clip: Path, folder: Path, encoded: dict[str, Stored]) -> None:
        disk = Disk()
        disk.path = clip
        super().__init__(sources=disk)
        self.event = received(self.sources.upload("film.mp4", clip.read_bytes()), MediaType.VIDEO)
        self.catalog.receive(self.event)
        self.execution = execution_name(self.event.source, self.event.sequencer)
        self.encodes: list[str] = []
        self._folder, self._encoded = folder, encoded
        record(self.catalog, self.event)
        self.catalog.claim(self.event, lease_seconds=300)

    @property
    def asset(self):
        return next(found for status in AssetStatus for found in self.catalog.by_status(status))

    def folder(self) -> Path:
        path = self._folder / str(len(list(self._folder.iterdir())))
        path.mkdir()
        return path

    def plan(self, allowance=ALLOWANCE):
        return make_plan(
            self.event,
            self.execution,
            allowance,
            self.pipeline,
            ffmpeg_in(self.folder()),
        )

    def job(self, recipe: str) -> LongJob:
        return LongJob(self.event, self.execution, recipe, self.pipeline)

    def encode(self, recipe: str, part: Part) -> Standing:
        ffmpeg = ffmpeg_in(self.folder())
        encode = self._run_encoder
        return encode_part(self.job(recipe), part, ffmpeg, encode=encode, clock=self.clock)

    def _run_encoder(self, job, work, preset, part, ffmpeg):
        self.encodes.append(part.name)
        if part.name not in self._encoded:
            made = ffmpeg.scratch / "made"
            made.mkdir()
            ended = encode_with_ffmpeg(job, work, preset, part, ffmpeg_in(made))
            self._encoded[part.name] = made, ended
        made, ended = self._encoded[part.name]
        shutil.copytree(made, ffmpeg.scratch, dirs_exist_ok=True, ignore=lambda *_: [])
        return ended

    def package(self, recipe: str, make=None):
        return package(self.job(recipe), STARTED, make or _streams, clock=self.clock)

    def fail(self, error, execution=None, counted=False):
        ending = Ending(self.event, execution or self.execution, error, counted)
        return fail(ending, self.recovery)

    @property
    def recovery(self):
        return Recovery(self.catalog, self.renditions, self.redelivery, SETTLE_SECONDS, self.clock)

    def claim(self):
        return self.catalog.claim(self.event, lease_seconds=60)


def _streams(stored, preset, ended):
    work, tracks = stored.work, stored.tracks
    rungs = [each for each in tracks if each.width]
    sounds = [each for each in tracks if not each.width]
    made = make_streams(rungs, sounds, (), [()] * len(tracks))
    return Work(work.probe, made, preset.name, work.recipe)


def no_gap(change):
    raise ValueError(f"found a gap: {change}")


@pytest.fixture
def world(clip, tmp_path, encoded):
    return LongSource(clip, tmp_path, encoded)


def finish(world):
    planned = world.plan()
    for part in (*planned.ranges, planned.audio):
        assert world.encode(planned.recipe, part) is Standing.OWNER
    world.package(planned.recipe)
    return planned


def test_a_long_source_becomes_what_a_short_one_does(world, clip):
    images = InProcess()
    planned = world.plan()
    for part in (*planned.ranges, planned.audio):
        world.encode(planned.recipe, part)
    world.package(planned.recipe, assemble_stored(ffmpeg_in(world.folder()), images))
    disk = Disk()
    disk.path = clip
    short = World(sources=disk)
    event = short.receive("film.mp4", clip.read_bytes(), MediaType.VIDEO)
    tools = VideoTools(images, partial(ffmpeg_in, world.folder()))
    finished = process_video(event, short.pipeline, Delivery(lambda: PLENTY), tools)
    assert finished.outcome
    assert finished.outcome.status is AssetStatus.READY
    assert sorted(world.renditions.objects) == sorted(short.renditions.objects)
    assert [each.name for each in world.asset.renditions] == [
        each.name for each in finished.outcome.renditions
    ]


class TestHandOver:
    @pytest.fixture
    def charged(self):
        return []

    @pytest.fixture
    def start(self, world, charged):
        def start_in(executions, price=1.5, number=1):
            def charge(dollars, name):
                charged.append((dollars, name))

            return Starter(executions, 2, charge).start(world.event, price, number)

        return start_in

    def test_starts_one_execution_for_all_duplicates(self, world, start):
        executions = MemoryExecutions()
        assert start(executions) == world.execution
        assert start(executions) == world.execution
        assert executions.running == {world.execution: True}

    def test_is_named_by_the_number_of_the_try_or_the_next_that_is_free(self, world, start):
        executions = MemoryExecutions({f"{world.execution}-4": False})
        assert start(executions, number=3) == f"{world.execution}-3"
        assert start(executions, number=4) == f"{world.execution}-5"

    def test_takes_no_lease_along(self, world):
        started = []

        class Machine:
            def start(self, name, event):
                started.append(json.loads(event))
                return True

            def stop(self, name, reason):
                raise AssertionError(name, reason)

        Starter(Machine(), 2, lambda *_: None).start(replace(world.event, lease="a"), 1, 1)
        assert started == [json.loads(serialize_event(world.event))]

    def test_is_charged_under_the_name_of_its_execution_before_that_starts(
        self, world, start, charged
    ):
        class Away:
            def start(self, name, event):
                raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the machine is away")

        with pytest.raises(TransientError):
            start(Away())
        assert charged == [(1.5, world.execution), (-1.5, f"{world.execution}-not-started")]

    @pytest.mark.parametrize("share", [0.99, 1.0])
    def test_takes_what_costs_more_than_one_worker_may(self, clip, tmp_path, monkeypatch, share):
        def encode(*_):
            raise PermanentError(ErrorCode.ENCODE_FAILED, "encoded here")

        monkeypatch.setattr("lib.video.encode.encode.encode_video", encode)
        disk = Disk()
        disk.path = clip
        world, started = World(sources=disk), []
        event = world.receive("film.mp4", clip.read_bytes(), MediaType.VIDEO)
        found = inspect_source(event, world.pipeline)
        # Three segments of the picture, and three of the audio.
        assert found.dollars == pytest.approx(price_encode(found.cost_s, 6))

        def start(*each):
            started.append(each)
            return "a-b"

        long = Long(found.cost_s * share, start, 3600)
        tools = VideoTools(InProcess(), lambda _: ffmpeg_in(tmp_path), long)
        finished = process_video(event, world.pipeline, Delivery(lambda: PLENTY), tools)
        asset = world.find("film.mp4")
        assert asset
        if share < 1:
            assert started == [(event, found.dollars, 1)]
            assert (asset.lease_token, asset.execution) == ("a-b", "a-b")
            assert (finished.state, finished.outcome) == (ClaimState.HANDED_OVER, None)
            assert (asset.status, asset.error) == (AssetStatus.PROCESSING, None)
        else:
            assert started == []
            assert asset.error
            assert asset.error.message == "encoded here"

    def test_what_costs_too_much_is_refused_and_not_charged(self, start, charged):
        executions = MemoryExecutions()
        with pytest.raises(PermanentError, match=r"LIMIT_EXCEEDED.*\$2\.00.*\$2\.01"):
            start(executions, price=2.01)
        assert (executions.running, charged) == ({}, [])


class TestPlan:
    def test_cuts_at_keyframes_and_takes_the_lease(self, world):
        planned = world.plan()
        borders = [(each.start_s, each.end_s) for each in planned.ranges]
        assert borders == [(0.0, 4.0), (4.0, 8.0), (8.0, None)]
        assert planned.audio == Part("sound")
        assert planned.serialize() == {
            "superseded": False,
            "recipe": planned.recipe,
            "ranges": [
                {"name": "range-0000", "start_s": 0.0, "end_s": 4.0},
                {"name": "range-0001", "start_s": 4.0, "end_s": 8.0},
                {"name": "range-0002", "start_s": 8.0, "end_s": None},
            ],
            "sound": True,
            "distributed": False,
        }
        assert (world.asset.lease_token, world.asset.execution) == (world.execution,) * 2
        assert world.asset.estimate_ms > 0
        assert read_plan(world.job(planned.recipe)).parts == (
            *planned.ranges,
            planned.audio,
        )

    def test_a_range_costs_about_what_it_may(self, world):
        world.plan()
        cost_s = world.asset.estimate_ms / 1000
        # Of 12 s in segments of 4 s.
        planned = world.plan(replace(ALLOWANCE, range_cost_s=cost_s * 8.5 / 12))
        assert [(each.start_s, each.end_s) for each in planned.ranges] == [(0.0, 8.0), (8.0, None)]

    def test_cuts_a_matroska_source_too_and_keeps_its_text(self, clip, tmp_path, encoded):
        (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
        path, folder = tmp_path / "clip.mkv", tmp_path / "steps"
        folder.mkdir()
        subprocess.run(
            [
                *(find_ffmpeg(), "-v", "error", "-i", str(clip), "-i", str(tmp_path / "a.srt")),
                *("-map", "0:v", "-map", "1:s", "-c:v", "copy", "-c:s", "srt", str(path)),
            ],
            check=True,
        )
        planned = LongSource(path, folder, encoded).plan()
        borders = [(each.start_s, each.end_s) for each in planned.ranges]
        assert borders == [(0.0, 4.0), (4.0, 8.0), (8.0, None)]
        assert planned.audio == Part("sound")

    def test_many_ranges_are_distributed(self, world):
        ranges = tuple(Part(str(number), number, number + 1) for number in range(41))
        planned = world.plan()
        assert replace(planned, ranges=ranges).serialize()["distributed"] is True
        assert replace(planned, ranges=ranges[:40], audio=None).serialize()["distributed"] is False
        assert replace(planned, audio=None).serialize()["sound"] is False

    def test_ends_where_the_upload_is_superseded(self, world):
        newer = received(world.sources.upload("film.mp4", b"new"), MediaType.VIDEO)
        record(world.catalog, newer)
        assert world.plan() is None
        assert world.renditions.objects == {}

    def test_leaves_nothing_where_the_upload_is_removed_while_it_is_planned(self, world):
        def remove(_):
            gone = received(world.sources.remove("film.mp4"), MediaType.VIDEO)
            world.catalog.remove(gone, after=world.asset.sequencer)

        world.renditions.on_put = remove
        assert world.plan() is None
        assert (world.asset.status, world.renditions.objects) == (AssetStatus.DELETED, {})

    def test_touches_nothing_where_a_later_execution_has_the_upload(self, world):
        world.execution = execution_name(world.event.source, world.event.sequencer, 2)
        world.plan()
        stored = dict(world.renditions.objects)
        world.execution = execution_name(world.event.source, world.event.sequencer, 1)
        assert world.plan() is None
        assert (world.renditions.objects, bool(stored)) == (stored, True)

    def test_refuses_what_would_cost_too_much(self, world):
        with pytest.raises(PermanentError, match=r"LIMIT_EXCEEDED.*\$0\.00") as raised:
            world.plan(replace(ALLOWANCE, dollars=0))
        world.fail(raised.value)
        assert world.asset.status is AssetStatus.REJECTED
        assert world.dead_letters.sent == []

    def test_refuses_what_asks_for_more_than_its_bytes_are_worth(self, world, monkeypatch):
        monkeypatch.setattr("lib.video.plan.proportion.FREE_VCPU_S", 0.0)
        monkeypatch.setattr("lib.video.plan.proportion.VCPU_S_PER_KB", 1e-9)
        with pytest.raises(PermanentError, match=r"LIMIT_EXCEEDED.* vCPU seconds of work"):
            world.plan()
        assert world.renditions.objects == {}


class TestEncode:
    def test_what_is_stored_already_is_skipped(self, world):
        planned = world.plan()
        for _ in range(2):
            world.encode(planned.recipe, planned.ranges[1])
        assert world.encodes == ["range-0001"]

    def test_what_other_presets_planned_is_not_mixed_with_these(self, world):
        planned, default = world.plan(), PRESETS.named(None)
        changed = replace(default, video=replace(default.video, crf={"h264": 40}))
        world.presets = replace(PRESETS, by_name={"default": changed})
        with pytest.raises(TransientError, match=r"presets\.toml was changed"):
            world.encode(planned.recipe, planned.ranges[1])
        assert world.encodes == []

    def test_a_part_whose_index_is_missing_is_made_again_to_the_same_bytes(self, world):
        planned = world.plan()
        world.encode(planned.recipe, planned.ranges[1])
        stored = dict(world.renditions.objects)
        [index] = (each for each in stored if each.endswith("range-0001.json"))
        del world.renditions.objects[index]
        world.encode(planned.recipe, planned.ranges[1])
        before, after = (json.loads(each.pop(index)) for each in (stored, world.renditions.objects))
        assert before | {"cpu_ms": 0} == after | {"cpu_ms": 0}
        assert world.renditions.objects == stored

    def test_the_last_segment_of_a_range_ends_where_the_next_range_begins(self, world, monkeypatch):
        split, ends = cmaf.split, []

        def keep(file, *, end_tick):
            ends.append(end_tick)
            return split(file, end_tick=end_tick)

        monkeypatch.setattr(cmaf, "split", keep)
        planned = world.plan()
        for part in planned.ranges[-2:]:
            world.encode(planned.recipe, part)
            [track] = read_index(world.job(planned.recipe), part).tracks
            assert ends.pop() == (None if part.end_s is None else 8 * track.timescale)

    def test_progress_that_cannot_be_told_harms_nothing(self, world, monkeypatch):
        planned = world.plan()

        def away(*_):
            raise TransientError(ErrorCode.THROTTLED, "slow down")

        monkeypatch.setattr(world.catalog, "progress", away)
        world.clock.now += 60
        assert world.encode(planned.recipe, planned.ranges[0]) is Standing.OWNER
        assert read_index(world.job(planned.recipe), planned.ranges[0])

    def test_tells_progress_at_most_every_five_seconds(self, world):
        planned = world.plan()
        told = []
        for part in (*planned.ranges, planned.audio):
            world.clock.now += 3
            world.encode(planned.recipe, part)
            told.append(world.asset.progress)
        assert told == [None, 50, 50, 99]

    def test_what_nobody_wants_any_more_is_neither_made_nor_kept(self, world):
        planned = world.plan()
        newer = received(world.sources.upload("film.mp4", b"new"), MediaType.VIDEO)
        asked: list[str] = []

        def supersede(key):
            if not asked:
                asked.append(key)
                record(world.catalog, newer)

        world.renditions.on_put = supersede
        assert world.encode(planned.recipe, planned.ranges[0]) is Standing.UNWANTED
        assert world.renditions.objects == {}
        assert world.encode(planned.recipe, planned.ranges[1]) is Standing.UNWANTED
        assert world.encodes == ["range-0000"]

    def test_ranges_that_do_not_fit_together_are_not_packaged(self, world):
        planned = world.plan()
        for part in planned.ranges:
            world.encode(planned.recipe, part)
        indexes = [read_index(world.job(planned.recipe), part) for part in planned.ranges]
        assert len(merge_tracks(indexes, no_gap)) == len(indexes[0].tracks)
        with pytest.raises(TransientError, match="fit together"):
            merge_tracks([indexes[0], indexes[2], indexes[1]], no_gap)
        other = dict.fromkeys(indexes[1].inits, "0")
        with pytest.raises(TransientError, match="2 different init segments"):
            merge_tracks([indexes[0], replace(indexes[1], inits=other), indexes[2]], no_gap)


class TestPackage:
    def test_commits_and_leaves_no_work_files(self, world):
        finish(world)
        asset = world.asset
        assert (asset.status, asset.lease_token) == (AssetStatus.READY, None)
        assert asset.manifest_key in world.renditions.objects
        assert not any("/work/" in key for key in world.renditions.objects)
        segments = [key for key in world.renditions.objects if key.endswith(".m4s")]
        assert len([each for each in segments if "/h264-96/" in each]) == 3

    def test_nothing_of_a_rung_stays_that_was_not_worth_its_bytes(self, world):
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)

        def without_rungs(stored, preset, ended):
            sounds = [each for each in stored.tracks if not each.width]
            return _streams(replace(stored, tracks=sounds), preset, ended)

        world.package(planned.recipe, without_rungs)
        folders = {key.split("/")[3] for key in world.renditions.objects if key.count("/") > 3}
        assert (world.asset.status, folders) == (AssetStatus.READY, {"audio-0"})

    def test_a_source_that_is_cut_short_ends_with_its_last_frame(self, clip, tmp_path):
        content = clip.read_bytes()
        short = tmp_path / "short.mp4"
        short.write_bytes(content[: len(content) * 6 // 12])
        world = LongSource(short, tmp_path, {})
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)

        def with_all_rungs(stored, preset, ended):
            assert ended.left_out == {}
            return _streams(stored, preset, ended)

        world.package(planned.recipe, with_all_rungs)
        segments = [key for key in world.renditions.objects if key.endswith(".m4s")]
        assert (world.asset.status, world.asset.error) == (AssetStatus.READY, None)
        assert len([each for each in segments if "/h264-96/" in each]) == 2

    @pytest.mark.parametrize("empty", [0, 1, 2])
    def test_a_hole_is_shown_as_the_frame_before_it(self, world, empty):
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)
        hole = PartIndex((), {}, Encoded(), 0)
        write_index(world.job(planned.recipe), planned.ranges[empty], hole)
        shown = {}

        def keep_tracks(stored, preset, ended):
            shown.update({each.name: each for each in stored.tracks if each.width})
            for track in shown.values():
                for segment in track.segments:
                    content = world.renditions.fetch(
                        world.job(planned.recipe).rendition_key(f"{track.name}/{segment.name}")
                    )
                    assert len(content) == segment.size
            return _streams(stored, preset, ended)

        world.package(planned.recipe, keep_tracks)
        assert world.asset.status is AssetStatus.READY
        assert shown
        for track in shown.values():
            starts = [each.start for each in track.segments]
            ends = [each.start + each.duration for each in track.segments]
            assert starts == [0, *ends[:-1]]
            assert ends[-1] / track.timescale == (8 if empty == 2 else 12)

    def test_tells_what_was_committed_when_it_began_and_what_it_took(self, world):
        planned = world.plan()
        parts = (*planned.ranges, planned.audio)
        for part in parts:
            world.encode(planned.recipe, part)
        spent_ms = sum(read_index(world.job(planned.recipe), each).cpu_ms for each in parts)
        world.clock.now = from_iso(STARTED) + 90.25
        told = world.package(planned.recipe)
        asset = world.asset
        assert told.finished.state is ClaimState.CLAIMED
        assert told.finished.outcome.renditions == asset.renditions
        assert told.finished.outcome.processed_ms == asset.processed_ms == 90_250
        assert (told.estimate_ms, told.cpu_ms) == (asset.estimate_ms, spent_ms)

    def test_a_repeat_after_the_commit_changes_nothing(self, world):
        planned = finish(world)
        before, stored = world.asset, dict(world.renditions.objects)
        again = world.package(planned.recipe).finished
        assert (again.state, again.outcome) == (ClaimState.DONE, None)
        assert (world.asset, world.renditions.objects) == (before, stored)

    def test_loses_to_a_newer_upload_and_removes_its_own(self, world):
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)
        record(world.catalog, received(world.sources.remove("film.mp4"), MediaType.VIDEO))
        assert world.package(planned.recipe).finished.state is ClaimState.STALE
        assert world.renditions.objects == {}
        assert world.asset.status is AssetStatus.DELETED


@pytest.mark.parametrize("seed", range(12))
def test_random_deaths_at_any_step_end_with_the_same_objects(world, clip, tmp_path, encoded, seed):
    (tmp_path / "calm").mkdir()
    calm = LongSource(clip, tmp_path / "calm", encoded)
    finish(calm)
    chance = random.Random(seed)
    deaths = 0

    def survive(step):
        nonlocal deaths
        while True:
            try:
                return step()
            except Killed:
                deaths += 1

    def maybe_die(_key):
        # At most so often, as the state machine would try.
        if deaths < 12 and chance.random() < 0.15:
            raise Killed

    world.renditions.on_put = maybe_die
    planned = survive(world.plan)
    parts = [*planned.ranges, planned.audio]
    chance.shuffle(parts)
    for part in parts:
        survive(partial(world.encode, planned.recipe, part))
    survive(partial(world.package, planned.recipe))
    assert deaths > 0
    assert world.asset.status is AssetStatus.READY
    assert world.renditions.objects == calm.renditions.objects


class TestFail:
    CORRUPT = PermanentError(ErrorCode.CORRUPT_MEDIA, "the index is broken")
    AWAY = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")

    LATE = TransientError(ErrorCode.DEADLINE_NEAR, "too little time is left")

    def test_a_permanent_reason_is_recorded_and_final(self, world):
        world.plan()
        assert world.fail(self.CORRUPT).permanent
        error = world.asset.error
        assert (world.asset.status, error.code) == (AssetStatus.FAILED, ErrorCode.CORRUPT_MEDIA)
        assert (error.message, error.permanent) == ("the index is broken", True)
        assert world.dead_letters.sent == []

    def test_what_ranges_store_after_a_final_failure_is_cleared_once_they_have_ended(self, world):
        planned = world.plan()
        world.fail(self.CORRUPT)
        assert (world.queue.sent, world.queue.delays) == ([world.event], [SETTLE_SECONDS])
        world.renditions.objects[world.job(planned.recipe).rendition_key("late.m4s")] = b"late"
        tools = VideoTools(InProcess(), lambda _: ffmpeg_in(world.folder()))
        finished = process_video(world.queue.sent[0], world.pipeline, world.delivery(), tools)
        assert finished == Finished(ClaimState.DONE)
        assert world.renditions.objects == {}

    def test_the_first_reason_counts(self, world):
        world.plan()
        world.fail(self.CORRUPT)
        assert world.fail(self.AWAY).permanent
        assert world.asset.error.code is ErrorCode.CORRUPT_MEDIA
        assert world.dead_letters.sent == []

    def test_a_passing_reason_sends_the_upload_to_its_queue_however_often(self, world):
        for number in range(1, 12):
            world.plan()
            failed = world.fail(self.AWAY)
            assert (failed.permanent, failed.finished.error) == (False, self.AWAY)
            assert (world.asset.status, world.asset.error.code) == ("RECEIVED", self.AWAY.code)
            assert world.queue.sent == [world.event] * number
            assert world.claim().state is ClaimState.CLAIMED
            world.execution = execution_name(world.event.source, world.event.sequencer, number + 1)
        assert world.asset.history.failed == 0
        assert {*world.queue.delays} == {SETTLE_SECONDS}
        assert world.dead_letters.sent == []

    def test_the_upload_is_free_when_its_message_comes_and_sent_before(self, world):
        world.plan()
        world.queue.away = True
        with pytest.raises(TransientError, match="the queue is away"):
            world.fail(self.AWAY)
        assert world.asset.lease_token == world.execution
        world.queue.away = False
        world.fail(self.AWAY)
        assert (world.asset.lease_token, world.queue.sent) == (None, [world.event])

    def test_what_the_upload_may_cause_is_given_up_after_as_many_executions(self, world):
        for number in range(2, world.max_attempts + 1):
            world.plan()
            world.fail(self.LATE, counted=True)
            assert world.asset.status is AssetStatus.RECEIVED
            world.claim()
            world.execution = execution_name(world.event.source, world.event.sequencer, number)
        world.plan()
        sent = list(world.queue.sent)
        failed = world.fail(self.LATE, counted=True)
        error = world.asset.error
        assert (failed.permanent, failed.finished.outcome.error) == (False, error)
        assert (error.code, error.permanent) == (ErrorCode.EXHAUSTED, False)
        assert error.message == f"gave up after the last try: {self.LATE}"
        assert (world.dead_letters.sent, world.dead_letters.reasons) == (
            [world.event],
            [error.message],
        )
        assert (world.queue.sent, world.asset.history.failed) == (sent, 0)
        assert world.claim().state is ClaimState.CLAIMED

    def test_an_execution_that_died_before_it_had_the_lease_is_recorded(self, world):
        assert not world.fail(self.AWAY).permanent
        assert (world.asset.status, world.asset.lease_token) == (AssetStatus.RECEIVED, None)

    def test_an_execution_that_gave_its_upload_back_is_not_told_twice(self, world):
        world.plan()
        world.fail(self.AWAY)
        before, sent = world.asset, list(world.queue.sent)
        for again in (self.LATE, None):
            assert world.fail(again, counted=True).finished == Finished(ClaimState.DONE)
        assert (world.asset, world.queue.sent) == (before, sent)

    def test_an_execution_that_was_given_up_does_not_fail_its_successor(self, world):
        world.plan()
        world.fail(self.AWAY)
        world.claim()
        world.fail(self.AWAY)
        assert world.asset.status is AssetStatus.PROCESSING
        first, world.execution = world.execution, f"{world.execution}-2"
        world.plan()
        world.fail(self.CORRUPT, first)
        assert world.asset.lease_token == world.execution

    def test_what_was_stored_after_a_final_failure_is_removed(self, world):
        planned = world.plan()
        world.renditions.on_put = lambda key: world.fail(self.CORRUPT)
        assert world.encode(planned.recipe, planned.ranges[0]) is Standing.UNWANTED
        assert world.renditions.objects == {}

    def test_a_superseded_upload_is_cleared(self, world):
        planned = world.plan()
        world.encode(planned.recipe, planned.ranges[0])
        assert world.renditions.objects
        newer = received(world.sources.upload("film.mp4", b"new"), MediaType.VIDEO)
        record(world.catalog, newer)
        world.fail(self.AWAY)
        prefix = version_prefix(world.event.source, world.event.sequencer)
        assert not [key for key in world.renditions.objects if key.startswith(prefix)]
        assert world.asset.status is AssetStatus.RECEIVED
        assert world.dead_letters.sent == []
        # And again when no range of it can run any more.
        assert (world.queue.sent, world.queue.delays) == ([world.event], [SETTLE_SECONDS])


class TestLive:
    """Superseded is not the same as not live: a newer upload may be refused."""

    AWAY = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")
    TEXT = Failure(ErrorCode.UNSUPPORTED_MEDIA, "text")

    def refuse_newer(self, world):
        refused = received(world.sources.upload("film.mp4", b"words"), MediaType.VIDEO)
        record(world.catalog, refused, self.TEXT)

    def make_live(self, world):
        """Commit, then refuse a newer upload; return the recipe and all that is live."""
        recipe = finish(world).recipe
        live = dict(world.renditions.objects)
        self.refuse_newer(world)
        return recipe, live

    def test_stays_when_packaging_is_repeated_after_its_commit(self, world):
        recipe, live = self.make_live(world)
        assert world.package(recipe).finished.state is ClaimState.STALE
        assert world.renditions.objects == live

    def test_is_tidied_when_packaging_was_killed_after_its_commit(self, world, monkeypatch):
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)

        def without_sound(stored, preset, ended):
            rungs = [each for each in stored.tracks if each.width]
            return _streams(replace(stored, tracks=rungs), preset, ended)

        def die(_):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(world.renditions, "delete", die)
            with pytest.raises(Killed):
                world.package(planned.recipe, without_sound)
        self.refuse_newer(world)
        world.package(planned.recipe)
        stored = set(world.renditions.objects)
        assert not any("/work/" in key for key in stored)
        assert {each.key for each in world.asset.renditions} <= stored
        assert world.asset.manifest_key in stored

    def test_stays_when_the_end_of_an_earlier_execution_is_told_late(self, world):
        first = world.execution
        world.plan()
        world.fail(self.AWAY)
        world.claim()
        world.execution = f"{first}-2"
        _, live = self.make_live(world)
        world.fail(self.AWAY, first)
        world.fail(self.AWAY)
        assert world.renditions.objects == live

    def test_stays_when_a_range_outlives_its_execution(self, world):
        planned = world.plan()
        for part in (*planned.ranges, planned.audio):
            world.encode(planned.recipe, part)
        index = next(key for key in world.renditions.objects if key.endswith("range-0000.json"))
        content = world.renditions.objects.pop(index)
        live: dict[str, bytes] = {}

        def meanwhile(_):
            if not live:
                world.renditions.on_put = lambda _: None
                world.renditions.objects[index] = content
                world.package(planned.recipe)
                live.update(world.renditions.objects)
                self.refuse_newer(world)

        world.renditions.on_put = meanwhile
        assert world.encode(planned.recipe, planned.ranges[0]) is Standing.UNWANTED
        assert world.renditions.objects == live

    def test_is_all_that_stays_when_a_failure_is_superseded_while_it_is_recorded(self, world):
        recipe = world.plan().recipe

        def superseded(*_, **__):
            self.refuse_newer(world)
            world.renditions.objects[world.job(recipe).work_key("late.json")] = b"{}"

        world.queue.send = superseded
        assert world.fail(self.AWAY).finished == Finished(ClaimState.STALE)
        assert world.renditions.objects == {}

    def test_goes_with_the_next_commit(self, world):
        recipe, live = self.make_live(world)
        newer = received(world.sources.upload("film.mp4", b"newer"), MediaType.VIDEO)
        record(world.catalog, newer)
        token = world.catalog.claim(newer, lease_seconds=60).lease_token
        world.catalog.commit(newer, token, replace(READY, manifest_key="a/b/c/manifest.json"))
        world.package(recipe)
        assert world.renditions.objects == {}
        assert live


class TestEnding:
    @pytest.mark.parametrize("name", sorted(KILLED))
    def test_a_step_that_was_killed_each_time_is_not_tried_for_ever(self, world, name):
        failure = {"Error": name, "Cause": '{"errorMessage": "signal: killed"}'}
        message = json.loads(serialize_event(world.event))
        ending = read_ending({"event": message, "execution": world.execution, "failure": failure})
        assert isinstance(ending.error, PermanentError)
        assert "killed by it" in ending.error.message
        world.plan()
        world.fail(ending.error)
        assert (world.asset.status, world.asset.error.code) == ("REJECTED", "LIMIT_EXCEEDED")
        assert world.dead_letters.sent == []

    def test_an_execution_that_took_too_long_as_a_whole_may_be_tried_again(self, world):
        detail = {"name": "a-b", "status": "TIMED_OUT", "input": serialize_event(world.event)}
        ending = read_ending({"source": "aws.states", "detail": detail})
        assert isinstance(ending.error, TransientError)
        assert ending.counted

    @pytest.mark.parametrize("name", sorted(BUSY))
    def test_functions_that_are_busy_are_nobodys_fault(self, world, name):
        message = json.loads(serialize_event(world.event))
        failure = {"Error": name, "Cause": ""}
        assert not read_ending({"event": message, "execution": "a", "failure": failure}).counted

    def test_what_is_recorded_already_has_no_second_reason(self, world):
        message = json.loads(serialize_event(world.event))
        failure = {"Error": RECORDED, "Cause": "The reason is in the catalog"}
        state = {"event": message, "execution": "a-b", "failure": failure}
        detail = {"name": "a-b", "status": "FAILED", "error": RECORDED}
        told = {"source": "aws.states", "detail": {**detail, "input": serialize_event(world.event)}}
        for ended in (state, told):
            assert read_ending(ended).error is None

    def test_is_read_from_the_machine_and_from_its_status(self, world):
        message = json.loads(serialize_event(world.event))
        failure = {"Error": "States.Timeout", "Cause": ""}
        state = {"event": message, "execution": "a-b", "failure": failure}
        detail = {
            "name": "a-b",
            "status": "ABORTED",
            "input": serialize_event(world.event),
            "error": None,
        }
        for told in (state, {"source": "aws.states", "detail": detail}):
            ending = read_ending(told)
            assert (ending.event, ending.execution) == (world.event, "a-b")
            assert ending.error
            assert ending.error.code is ErrorCode.SERVICE_UNAVAILABLE
