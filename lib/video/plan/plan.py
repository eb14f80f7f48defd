"""Decide everything that is made of a probed source, before anything is decoded. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from lib.domain.media import AudioProbe, AudioTrack, SubtitleTrack, VideoProbe
from lib.presets import Preset, VideoPreset, recipe_hash
from lib.video.plan.ladder import Rung, ladder
from lib.video.plan.ranges import Span
from lib.video.source import Input

AUDIO_FILE = "audio.m4a"
"""The file that a source without video becomes; it is not streamed."""

TILES, STILLS = IMAGE_FOLDERS = ("tiles", "stills")
"""Folders of the images that are taken for the storyboard and the poster."""

FIRST_PICTURE = "V:0"
"""What ffmpeg calls the first track of pictures that is no attachment."""

HELD_MS = 1500
"""What a sound may last longer than its picture before the last frame is held: players wait for a
picture that ends early, but not for a second."""

POSTER_CANDIDATES = 8
MOST_TILES = 1000
"""Pictures of a storyboard."""
STORYBOARD_SECONDS = (1, 2, 5, 10, 20, 30, 60)
"""Steps between two pictures of a storyboard: the first that needs no more than TILES_WANTED."""
TILES_WANTED = 200


@dataclass(frozen=True, slots=True)
class PlannedAudio:
    """One audio rendition: the track at `index` among the source's audio tracks.

    An `aligned` one starts at 0, with silence where it starts later in the source.
    """

    index: int
    track: AudioTrack
    kbps: int
    normalised: bool
    aligned: bool = True

    @property
    def name(self) -> str:
        """Return the folder of its segments: `audio-0`."""
        return f"audio-{self.index}"

    @property
    def stream(self) -> str:
        """Return what ffmpeg calls the source's track."""
        return self.track.stream or f"a:{self.index}"


@dataclass(frozen=True, slots=True)
class PlannedSubtitle:
    """One WebVTT rendition: the track at `index` among the source's subtitle tracks."""

    index: int
    track: SubtitleTrack

    @property
    def name(self) -> str:
        """Return the stem of its file: `subtitles-0`."""
        return f"subtitles-{self.index}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of one source; what is not in it is not made.

    `timescale` is ticks a second of every rung; `frame_rate` the most frames a second that are
    kept, None for all of them. `stills_s` are the times in s at which a poster is looked for,
    `tile_s` the step in s of the storyboard, None for no storyboard. `hold_s` is from when to when
    the last frame is shown on, while the sound lasts; None where both end together.
    """

    rungs: tuple[Rung, ...] = ()
    audio: tuple[PlannedAudio, ...] = ()
    subtitles: tuple[PlannedSubtitle, ...] = ()
    timescale: int = 90_000
    frame_rate: int | None = None
    stills_s: tuple[float, ...] = ()
    tile_s: int | None = None
    hold_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class VideoTask:
    """What is to be made of a source, and how: of all of it, or of the frames of a span."""

    source: Input
    probe: AudioProbe
    plan: Plan
    preset: Preset
    span: Span | None = None

    @property
    def video(self) -> VideoProbe:
        """Return the probe of a source with video. Raises TypeError for one of audio alone."""
        if not isinstance(self.probe, VideoProbe):
            raise TypeError("expected a source with video but received one of audio alone")
        return self.probe

    @property
    def picture(self) -> str:
        """Return what ffmpeg calls the source's picture."""
        return picture_stream(self.probe)


def picture_stream(probe: AudioProbe) -> str:
    """Return what ffmpeg calls the picture of a source that has one."""
    return (isinstance(probe, VideoProbe) and probe.video_stream) or FIRST_PICTURE


def plan_video(probe: AudioProbe, preset: Preset) -> Plan:
    """Return the plan of a source with video, or of audio alone."""
    if not isinstance(probe, VideoProbe):
        audio = preset.audio
        planned = _plan_audio(probe, audio.kbps, audio.loudness)[:1]
        return Plan(audio=tuple(replace(each, aligned=False) for each in planned))
    video = preset.video
    seconds = (probe.duration_ms or 0) / 1000
    return Plan(
        rungs=ladder(probe, video),
        audio=_plan_audio(probe, video.audio_kbps, video.loudness),
        subtitles=tuple(
            PlannedSubtitle(index, track)
            for index, track in enumerate(probe.subtitles)
            if track.is_text
        ),
        timescale=timescale(probe.frame_rate),
        frame_rate=_capped(probe, video),
        stills_s=tuple(
            round(seconds * (each + 0.5) / POSTER_CANDIDATES, 3)
            for each in range(POSTER_CANDIDATES if seconds else 1)
        ),
        tile_s=_tile_seconds(seconds) if video.storyboard else None,
        hold_s=_hold(probe),
    )


def recipe_of(probe: AudioProbe, preset: Preset) -> str:
    """Return the hash of all that decides the bytes of a source's renditions."""
    if not isinstance(probe, VideoProbe):
        return recipe_hash(preset.audio)
    return recipe_hash(preset.video, recipe_hash(preset.image))  # by which the poster is made


def without(plan: Plan, left_out: Collection[str]) -> Plan:
    """Return a plan without the rungs, audio and subtitles of these names."""
    return replace(
        plan,
        rungs=tuple(each for each in plan.rungs if each.name not in left_out),
        audio=tuple(each for each in plan.audio if each.name not in left_out),
        subtitles=tuple(each for each in plan.subtitles if each.name not in left_out),
    )


def timescale(frame_rate: float | None) -> int:
    """Return ticks a second in which frames of a constant rate last whole ticks."""
    for base in (24, 30, 60, 120):
        if frame_rate and abs(frame_rate - base * 1000 / 1001) < 0.002:
            return base * 1000
    return 90_000


def _plan_audio(probe: AudioProbe, kbps: int, normalised: bool) -> tuple[PlannedAudio, ...]:
    return tuple(
        PlannedAudio(index, track, kbps, normalised)
        for index, track in enumerate(probe.audio_tracks)
    )


def _hold(probe: VideoProbe) -> tuple[float, float] | None:
    picture_ms, lasts_ms = probe.picture_ms or 0, probe.duration_ms or 0
    if not picture_ms or lasts_ms - picture_ms < HELD_MS:
        return None
    return picture_ms / 1000, lasts_ms / 1000


def _capped(probe: VideoProbe, video: VideoPreset) -> int | None:
    # A rate a little above, such as 60.02 of a phone's variable rate, is not worth a new clock.
    too_fast = (probe.frame_rate or 0) > video.max_frame_rate * 1.05
    return video.max_frame_rate if too_fast else None


def _tile_seconds(seconds: float) -> int:
    enough = (each for each in STORYBOARD_SECONDS if seconds / each <= TILES_WANTED)
    return next(enough, max(STORYBOARD_SECONDS[-1], round(seconds / MOST_TILES + 0.5)))
