"""Playlists, manifests and segments, as ffprobe and MediaInfo read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.streams.checks import check_master
from tests.conformance.streams.damage import delay, scale_attribute, second_segments
from tests.conformance.streams.flashes import (
    FRAME_RATE,
    MOMENTS_S,
    SECONDS,
    find_beeps,
    find_flashes,
)
from tests.conformance.streams.playlists import Master, Playlist, read_master, read_mpd
from tests.conformance.streams.readers import read_mediainfo, read_stream, read_streams

FRAME_S = 1 / FRAME_RATE


def _faults(folder: Path) -> list[str]:
    return check_master(read_master(folder / "hls.m3u8"), read_mpd(folder / "dash.mpd"))


def _parts(playlist: Playlist) -> list[Path]:
    assert playlist.init
    return [playlist.init, *playlist.paths]


def test_playlists_say_what_the_segments_hold(stream: Path):
    assert _faults(stream) == []


def test_every_track_lasts_as_long_as_the_source(master: Master):
    lengths = [float(each.seconds) for each in (*master.rungs, *master.sounds)]
    assert lengths == [pytest.approx(SECONDS, abs=FRAME_S)] * len(lengths)


def test_each_language_is_kept(master: Master):
    assert [each.said["LANGUAGE"] for each in master.sounds] == ["en", "de"]
    assert [each.said["LANGUAGE"] for each in master.texts] == ["en"]


def test_the_picture_and_the_sound_stay_together(master: Master):
    together = [pytest.approx(at, abs=FRAME_S) for at in MOMENTS_S]
    for rung in master.rungs:
        assert find_flashes(_parts(rung)) == together
    for sound in master.sounds:
        assert find_beeps(_parts(sound)) == together


def test_the_progressive_file_keeps_them_together_too(progressive: Path):
    flashes, beeps = find_flashes([progressive]), find_beeps([progressive])
    assert flashes == [pytest.approx(at, abs=FRAME_S) for at in MOMENTS_S]
    assert beeps == [pytest.approx(at, abs=FRAME_S) for at in flashes]


def test_the_progressive_file_starts_before_it_is_loaded(progressive: Path):
    whole, picture, sound = read_mediainfo(progressive)
    assert whole["IsStreamable"] == "Yes"
    assert float(whole["Duration"]) == pytest.approx(SECONDS, abs=FRAME_S)
    assert (picture["Format"], picture["BitDepth"], picture["ChromaSubsampling"]) == (
        "AVC",
        "8",
        "4:2:0",
    )
    assert (sound["Format"], sound["Channels"], sound["SamplingRate"]) == ("AAC", "2", "48000")
    assert int(read_streams(progressive)[0]["nb_read_frames"]) == SECONDS * FRAME_RATE


def test_mediainfo_reads_each_track_as_ffprobe_does(master: Master, tmp_path: Path):
    for playlist in (*master.rungs, *master.sounds):
        joined = tmp_path / "joined.mp4"
        joined.write_bytes(b"".join(part.read_bytes() for part in _parts(playlist)))
        stream, (_, track) = read_stream(joined), read_mediainfo(joined)
        assert track["CodecID"] == stream.codec.removesuffix(".40.2").split(".")[0] or (
            track["CodecID"] == "mp4a-40-2"
        )
        if stream.width:
            assert (int(track["Width"]), int(track["Height"])) == (stream.width, stream.height)
        else:
            assert int(track["SamplingRate"]) == stream.sample_rate


# What follows breaks a stream, so that these tests are known to see it.


def test_a_missing_segment_is_seen(broken: Path):
    path = second_segments(broken)[0]
    path.unlink()
    assert _faults(broken) == [f"{path.parent.name}/{path.name}: missing"]


def test_a_segment_that_starts_late_is_seen(broken: Path):
    path = second_segments(broken)[0]
    delay(path, ticks=1)
    assert any(path.name in each and "starts at" in each for each in _faults(broken))


def test_wrong_numbers_are_seen(broken: Path):
    master = broken / "hls.m3u8"
    scale_attribute(master, "BANDWIDTH", 0.99)
    scale_attribute(master, "AVERAGE-BANDWIDTH", 1.02)
    scale_attribute(master, "RESOLUTION", 2)
    segments = second_segments(broken)
    for path in segments:
        playlist = path.with_name("playlist.m3u8")
        playlist.write_text(playlist.read_text().replace("#EXTINF:4.0", "#EXTINF:3.9"))
    faults = _faults(broken)
    for name in (": BANDWIDTH", ": AVERAGE-BANDWIDTH", ": RESOLUTION"):
        assert sum(name in each for each in faults) == len(segments)
    assert all(
        any(f"{path.parent.name}/{path.name}: lasts" in f for f in faults) for path in segments
    )
