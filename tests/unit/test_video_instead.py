"""What is made of a source instead of a broken picture, and what holds for it too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.application import inspect_source as inspecting
from lib.application import process_video as processing
from lib.application.context import Delivery
from lib.application.inspect_source import Inspected, pass_over, scan_source
from lib.application.long_video import plan as planning
from lib.application.long_video.plan import Allowance, make_plan
from lib.application.process_video import Long, VideoTools, process_video
from lib.domain.asset import ClaimState
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Source, UploadEvent
from lib.domain.media import AudioTrack, MediaType, MediaWarning, VideoProbe, WarningCode
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.encode.scan_packets import Scanned
from lib.video.plan.plan import Plan
from tests.support.fakes import MemorySources
from tests.support.world import World

BROKEN = PermanentError(ErrorCode.CORRUPT_MEDIA, "its frames can't be decoded")
HOUR_MS = 3_600_000
TRACKS = (AudioTrack("aac", 2, 48_000),)
FIRST = VideoProbe(
    width=320,
    height=180,
    duration_ms=60_000,
    frame_rate=25.0,
    video_codec="h264",
    audio_codec="aac",
    audio_tracks=TRACKS,
    picture_ms=60_000,
)
OTHER = replace(FIRST, video_codec="mpeg2", warnings=(MediaWarning(WarningCode.IGNORED, "first"),))
CHEAP, DEAR = 10.0, 1000.0


class Located(MemorySources):
    """Sources that say where they would lie."""

    def locate(self, source: Source, seconds: int) -> str:
        return f"/sources/{source.key}"


class Pictures:
    """A film of two pictures, the other of which costs more; the first can't be decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(sources=Located())
        self.event = self.world.receive("film.ts", bytes(100_000), MediaType.VIDEO)
        self.monkeypatch = monkeypatch
        preset = self.world.presets.named(None)
        reader: Any = None
        self.found = Inspected("mpegts", 0, FIRST, reader, preset, Plan(), CHEAP, 0.001)

    def probe(self, probe: VideoProbe) -> None:
        """Have the source described so, whatever of it is passed over."""
        self.monkeypatch.setattr(inspecting, "read_probe", lambda *_: probe)

    def scan(self, scanned: Scanned | None) -> Inspected:
        """Read its packets, which say what `scanned` does."""
        scans = "lib.video.encode.scan_packets.scan_packets"
        self.monkeypatch.setattr(scans, lambda *_: scanned)
        ffmpeg = Ffmpeg("none", lambda: 60.0, Path("none"))
        return scan_source(self.found, self.event, self.world.pipeline, ffmpeg)

    def pass_over(self, found: Inspected) -> Inspected | None:
        return pass_over(found, BROKEN, self.event, self.world.pipeline)


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    return Pictures(monkeypatch)


def test_another_picture_lasts_as_long_as_the_packets_say(pictures: Pictures) -> None:
    found = pictures.scan(Scanned(90.0, 80.0, jumps=True, joined=True))
    assert isinstance(found.probe, VideoProbe)
    assert (found.probe.duration_ms, found.probe.picture_ms) == (90_000, 80_000)
    pictures.probe(OTHER)
    other = pictures.pass_over(found)
    assert other
    assert isinstance(other.probe, VideoProbe)
    assert (other.jumps, other.joined, other.probe.video_codec) == (True, True, "mpeg2")
    # When the other picture ends is not known.
    assert (other.probe.duration_ms, other.probe.picture_ms) == (90_000, None)
    assert [each.code for each in other.probe.warnings] == [
        WarningCode.IGNORED,
        WarningCode.DURATION_DIFFERS,
    ]
    assert other.passed_over == {"V:0": BROKEN.message}
    assert other.cost_s > pictures.pass_over(pictures.found).cost_s  # type: ignore[union-attr]


def test_another_picture_is_held_to_the_limits_by_what_the_packets_say(pictures: Pictures) -> None:
    hours = pictures.world.presets.limits.video_hours
    found = pictures.scan(Scanned(90.0, 80.0, jumps=True, joined=True))
    scanned = Scanned(hours * 3600 + 60, None, jumps=True, joined=True)
    pictures.probe(OTHER)
    assert pictures.pass_over(replace(found, scanned=scanned)) is None


@pytest.mark.parametrize("scanned", [Scanned(90.0, 80.0, jumps=True, joined=True), None])
def test_time_stamps_that_say_too_much_rule_out_no_other_picture(
    pictures: Pictures, scanned: Scanned | None
) -> None:
    hours = pictures.world.presets.limits.video_hours
    pictures.found = replace(pictures.found, probe=replace(FIRST, duration_ms=None))
    found = pictures.scan(scanned)
    pictures.probe(replace(OTHER, duration_ms=round((hours + 1) * HOUR_MS)))
    other = pictures.pass_over(found)
    assert other
    assert other.probe.duration_ms == (90_000 if scanned else None)


def test_what_has_an_index_is_believed_to_be_too_long(pictures: Pictures) -> None:
    hours = pictures.world.presets.limits.video_hours
    pictures.probe(replace(OTHER, duration_ms=round((hours + 1) * HOUR_MS)))
    assert pictures.pass_over(replace(pictures.found, container="mov")) is None


def test_what_was_not_scanned_is_as_it_is_described(pictures: Pictures) -> None:
    pictures.probe(OTHER)
    other = pictures.pass_over(pictures.scan(None))
    assert other
    assert other.probe == OTHER


@pytest.mark.parametrize(("cost_s", "here"), [(DEAR, False), (CHEAP, True)])
def test_another_picture_that_takes_more_than_one_worker_may_is_handed_over(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cost_s: float, here: bool
) -> None:
    encoded: list[str | None] = []
    started: list[tuple[UploadEvent, float, int]] = []

    def encode(task: Any, *_: object) -> None:
        encoded.append(task.probe.video_codec)
        raise BROKEN

    def start(event: UploadEvent, dollars: float, number: int) -> str:
        started.append((event, dollars, number))
        return "a-b"

    images: Any = None
    others = [replace(pictures.found, probe=OTHER, cost_s=cost_s, dollars=0.5)]
    monkeypatch.setattr(processing, "inspect_source", lambda *_: pictures.found)
    monkeypatch.setattr(processing, "scan_source", lambda found, *_: found)
    monkeypatch.setattr(processing, "pass_over", lambda *_: others.pop() if others else None)
    monkeypatch.setattr("lib.video.encode.encode.encode_video", encode)
    tools = VideoTools(
        images, lambda deadline: Ffmpeg("none", deadline, tmp_path), Long(100.0, start, 3600)
    )
    finished = process_video(pictures.event, pictures.world.pipeline, Delivery(lambda: 60.0), tools)
    assert encoded == (["h264", "mpeg2"] if here else ["h264"])
    assert started == ([] if here else [(pictures.event, 0.5, 1)])
    assert (finished.state is ClaimState.HANDED_OVER) is not here


def test_another_picture_of_a_long_source_may_not_cost_more_than_is_allowed(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = replace(pictures.found, probe=OTHER, dollars=1.01)
    monkeypatch.setattr(planning, "inspect_source", lambda *_: pictures.found)
    monkeypatch.setattr(planning, "scan_source", lambda found, *_: found)
    monkeypatch.setattr(planning, "_without_broken_picture", lambda *_: other)
    monkeypatch.setattr(pictures.world.catalog, "transfer_lease", lambda *_, **__: True)
    with pytest.raises(PermanentError, match=r"\$1\.00.*\$1\.01") as refused:
        make_plan(
            pictures.event,
            "a-b",
            Allowance(60, 60.0, 1.0),
            pictures.world.pipeline,
            Ffmpeg("none", lambda: 60.0, tmp_path),
        )
    assert refused.value.code is ErrorCode.LIMIT_EXCEEDED
    assert pictures.world.renditions.objects == {}
