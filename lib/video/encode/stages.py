"""Give each track of a source two filter graphs in a row, the second of which no change reaches.

ffmpeg builds a graph again when the frames of any of its inputs change: another size, another
number of channels. What its filters knew is lost then: where the time line began, what they chose
last, and the frames that were still in them. So the first stage makes all frames alike, by filters
that know nothing of those before, and whatever knows more comes in the second stage. `Any` is a
stream of ffmpeg-python, which knows one graph only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ffmpeg

COMPLEX = "-filter_complex"

FINER = 1_000_000
"""Between two stages ffmpeg rounds the times of frames to whole frames of the usual rate; so they
pass it as many times as large."""

_LABEL = re.compile(r"\[s(\d+)\]")


@dataclass(frozen=True, slots=True)
class Chain:
    """What is done with one track: it is made alike, as `evened`, then gives all `outputs`.

    `track` is its name among those of the input, `a:1`; `outputs` take it as if it were alike.
    """

    track: str
    evened: Any
    outputs: Sequence[Any]


def pass_on(frames: Any) -> Any:
    """End the first stage of a picture."""
    return frames.filter("setpts", f"PTS*{FINER}")


def take_over(frames: Any, timescale: int) -> Any:
    """Begin its second stage, in ticks of `timescale`."""
    return frames.filter("settb", f"1/{timescale}").filter("setpts", f"trunc(PTS/{FINER}+0.5)")


def in_stages(chains: Iterable[Chain], others: Sequence[Any] = ()) -> list[str]:
    """Return the arguments that open the one input and write all outputs of it.

    `others` take tracks as they are.
    """
    chains = [each for each in chains if each.outputs]
    everything = ffmpeg.merge_outputs(*(out for each in chains for out in each.outputs), *others)
    source = _input(everything)
    written = [argument for each in chains for argument in _written(each, source)]
    if others:
        written += ffmpeg.get_args(ffmpeg.merge_outputs(*others))[len(source) :]
    return [*source, *written]


def _input(outputs: Any) -> list[str]:
    arguments: list[str] = ffmpeg.get_args(outputs)
    return arguments[: arguments.index("-i") + 2]


def _written(chain: Chain, source: Sequence[str]) -> list[str]:
    """Return both graphs of a track and its outputs, with labels that no other track has."""
    name = chain.track.replace(":", "")
    first = ffmpeg.get_args(ffmpeg.output(chain.evened, "-"))[len(source) :]
    graph, end = first[1], first[first.index("-map") + 1]
    second = ffmpeg.get_args(ffmpeg.merge_outputs(*chain.outputs))[len(source) :]
    renamed = (_LABEL.sub(rf"[{name}-\1]", each) for each in second)
    alike = (each.replace(f"[0:{chain.track}]", f"[{name}]") for each in renamed)
    return [COMPLEX, f"{graph.removesuffix(end)}[{name}]", *alike]
