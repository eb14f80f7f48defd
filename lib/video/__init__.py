"""Probe a video or audio source, plan its ladder, encode and package it.

The order of a job: `inspect` ▸ `plan` ▸ `encode` ▸ `read_tracks` ▸
`make_streams`.
"""

from lib.video.auxiliary.attempt import attempt
from lib.video.auxiliary.waveform import make_waveform
from lib.video.encode.encode import encode
from lib.video.package.streams import (
    HLS,
    PLAYLIST,
    VTT,
    make_streams,
    make_texts,
    read_clip,
    read_parts,
    read_tracks,
)
from lib.video.package.track import Track
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.plan import Plan, plan, recipe_of, without
from lib.video.plan.proportion import check_proportion
from lib.video.plan.span import SOUND_ALONE, Input, Span
from lib.video.probe.mediainfo import read_probe
from lib.video.probe.opening import inspect, locate

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
