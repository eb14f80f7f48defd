"""Turn finished tracks into renditions: each with its playlist, and HLS and DASH over all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from lib.domain.renditions import Made, Part, RenditionKind
from lib.video.package import cmaf
from lib.video.package.dash import mpd
from lib.video.package.hls import master_playlist, media_playlist, subtitle_playlist, target_seconds
from lib.video.package.track import INIT, Segment, Track
from lib.video.plan.plan import Plan, PlannedSubtitle

HLS = "application/vnd.apple.mpegurl"
DASH = "application/dash+xml"
VTT = "text/vtt"
SEGMENT = "video/mp4"
PLAYLIST = "playlist.m3u8"


@dataclass(frozen=True, slots=True)
class EncodedFolder:
    """Gives the files that an encoder left in a folder as segments: `assemble.Segments`."""

    folder: Path

    def read_track(self, name: str) -> Track:
        """Return a track, complete. Raises ValueError where its file is not as it should be."""
        with self._open(name) as file:
            _, track = cmaf.read_track(file, name)
            return cmaf.complete(track, (segment for segment, _ in cmaf.split(file)))

    def read_parts(self, track: Track) -> Iterator[Part]:
        """Yield a track's objects, one in memory at a time."""
        with self._open(track.name) as file:
            yield Part(f"{track.name}/{INIT}", SEGMENT, cmaf.read_track(file, track.name)[0])
            for segment, content in cmaf.split(file):
                yield Part(f"{track.name}/{segment.name}", SEGMENT, content)

    def read_clip(self, track: Track, segment: Segment) -> bytes:
        """Return the init segment of a track and one more."""
        with self._open(track.name) as file:
            init, _ = cmaf.read_track(file, track.name)
            at = segment.start
            return init + next(content for each, content in cmaf.split(file) if each.start == at)

    def fetch(self, plan: Plan, tracks: Iterable[Track], folder: Path) -> None:
        """Have nothing to do: all files lie in `folder`."""

    def _open(self, name: str) -> IO[bytes]:
        return (self.folder / f"{name}.mp4").open("rb")


def make_streams(
    rungs: Sequence[Track],
    audio: Sequence[Track],
    subtitles: Sequence[PlannedSubtitle],
    parts: Iterable[Iterable[Part]],
) -> Iterator[Made]:
    """Yield each track with its playlist and `parts`, then what opens all of them.

    `parts` has one entry a track, rungs first: what is still to be stored of it.
    """
    tracks = [*rungs, *audio]
    target_s = target_seconds(tracks)
    for track, pieces in zip(tracks, parts, strict=True):
        yield Made(
            f"{track.name}/{PLAYLIST}",
            RenditionKind.RUNG,
            HLS,
            media_playlist(track, target_s).encode(),
            track.width,
            track.height,
            round(track.seconds * 1000),
            codecs=track.codec,
            bandwidth=track.bandwidth,
            language=track.language,
            parts=pieces,
        )
    seconds = max(track.seconds for track in tracks)
    lists = tuple(
        Part(f"{subtitle.name}/{PLAYLIST}", HLS, subtitle_playlist(subtitle, seconds).encode())
        for subtitle in subtitles
    )
    stream = Made(
        "hls.m3u8",
        RenditionKind.STREAM,
        HLS,
        master_playlist(rungs, audio, subtitles).encode(),
        duration_ms=round(seconds * 1000),
        parts=lists,
    )
    yield stream
    dash = mpd(rungs, audio, subtitles).encode()
    yield replace(stream, name="dash.mpd", mime=DASH, content=dash, parts=())


def make_subtitles(folder: Path, subtitles: Iterable[PlannedSubtitle]) -> Iterator[Made]:
    """Yield the subtitles that lie in a folder."""
    for subtitle in subtitles:
        name = f"{subtitle.name}.vtt"
        content, language = folder / name, subtitle.track.language
        yield Made(name, RenditionKind.SUBTITLES, VTT, content, language=language)
