"""Make the planned renditions of one source in a folder, one ffmpeg run each."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lib.errors import ErrorCode, MediaError, PermanentError
from lib.model import Failure, Made, Probe, RenditionKind
from lib.ports import Deadline
from lib.presets import Preset
from lib.video.diagnosis import diagnose
from lib.video.ffmpeg import Run, run
from lib.video.ladder import Target
from lib.video.probe import read_probe


def make(
    locator: str,
    container: str,
    probe: Probe,
    targets: Sequence[Target],
    preset: Preset,
    folder: Path,
    *,
    ffmpeg: str,
    deadline: Deadline,
    on_progress: Callable[[float], None],
) -> Iterator[Made]:
    """Yield each rendition as soon as it is finished, its content a file in `folder`.

    `locator` is a path or an http(s) URL, `container` the sniffed demuxer, `ffmpeg` the binary's
    path; `on_progress` is told the part that is done, 0 to 1. What a damaged source still holds is
    made; a rendition that cannot be made carries its error and comes last.
    Raises PermanentError(CORRUPT_MEDIA) where none can be made, TransientError(DEADLINE_NEAR), and
    TransientError(SERVICE_UNAVAILABLE) where the source could not be read to its end.
    """
    failed: list[tuple[Target, PermanentError]] = []
    for target in targets:
        path = folder / target.name
        attempts = _attempts(locator, container, probe, target, preset, path)
        report = _reporter(probe, target, on_progress)
        run_one = partial(run, ffmpeg, deadline=deadline, on_progress=report)
        try:
            _encode(attempts, run_one, locator)
        except PermanentError as error:
            path.unlink(missing_ok=True)
            failed.append((target, error))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        else:
            yield _made(target, path)
    if len(failed) == len(targets):
        raise PermanentError(ErrorCode.CORRUPT_MEDIA, failed[0][1].message) from failed[0][1]
    for target, reason in failed:
        yield Made(target.name, target.kind, target.mime, error=Failure.of(reason))


def _encode(
    attempts: Iterable[list[str]], run_one: Callable[[list[str]], Run], locator: str
) -> None:
    """Make one target by the first attempt that works. Raises what is wrong with the last one."""
    problem: MediaError | None = None
    for arguments in attempts:
        problem = diagnose(run_one(arguments), locator)
        if problem is None or not problem.permanent:
            break
    if problem:
        raise problem


def _attempts(
    locator: str, container: str, probe: Probe, target: Target, preset: Preset, path: Path
) -> Iterator[list[str]]:
    """Spell the runs to try for one target, until one succeeds."""
    # Imported here: ffmpeg-python costs 26 ms, which a cold start can do without.
    from lib.video import commands

    starts = [0.0]
    if target.kind is RenditionKind.POSTER and probe.duration_ms:
        # One frame, or a damaged index: nothing lies where the poster is looked for first.
        starts.insert(0, probe.duration_ms / 1000 * commands.POSTER_AT)
    for start in starts:
        source = commands.open_source(locator, container, ca_file=_authorities(), start=start)
        match target.kind:
            case RenditionKind.VIDEO:
                yield commands.encode_video(source, target, preset.video, path)
            case RenditionKind.POSTER:
                yield commands.encode_poster(source, target, preset.video, path)
            case _:
                yield commands.encode_sound(source, preset.audio, path)


def _authorities() -> str | None:
    # ffmpeg's own OpenSSL looks where its builder kept them; Python knows where the system does.
    return ssl.get_default_verify_paths().cafile


def _reporter(
    probe: Probe, target: Target, on_progress: Callable[[float], None]
) -> Callable[[int], None]:
    """Translate the ms written to the part that is done; a poster is too quick to count."""
    total_ms = probe.duration_ms
    if not total_ms or target.kind is RenditionKind.POSTER:
        return lambda _: None
    return lambda written_ms: on_progress(min(1.0, written_ms / total_ms))


def _made(target: Target, path: Path) -> Made:
    made = Made(target.name, target.kind, target.mime, path, target.width, target.height)
    if target.kind is RenditionKind.POSTER:
        return made
    with path.open("rb") as file:
        return replace(made, duration_ms=read_probe(file, "mov").duration_ms)
