"""Probe a video or audio source, plan its ladder, encode and package it.

The order of a job: `inspect` ▸ `plan` ▸ `encode` ▸ `read_tracks` ▸
`make_streams`.
"""

from lib.video.attempt import attempt
from lib.video.encode import encode
from lib.video.estimate import count_segments, estimate
from lib.video.opening import inspect, locate
from lib.video.planning import Plan, plan, recipe_of, without
from lib.video.probe import read_probe
from lib.video.proportion import check_proportion
from lib.video.span import SOUND_ALONE, Input, Span
from lib.video.streams import (
    HLS,
    PLAYLIST,
    VTT,
    make_streams,
    make_texts,
    read_clip,
    read_parts,
    read_tracks,
)
from lib.video.tracks import Track
from lib.video.waveform import make_waveform

__all__ = [
    "HLS",
    "PLAYLIST",
    "SOUND_ALONE",
    "VTT",
    "Input",
    "Plan",
    "Span",
    "Track",
    "attempt",
    "check_proportion",
    "count_segments",
    "encode",
    "estimate",
    "inspect",
    "locate",
    "make_streams",
    "make_texts",
    "make_waveform",
    "plan",
    "read_clip",
    "read_parts",
    "read_probe",
    "read_tracks",
    "recipe_of",
    "without",
]
