"""Give each track of a source a filter graph of its own.

ffmpeg builds a graph again when the frames of any of its inputs change, such as the number of a
sound's channels. What its filters knew is lost then, and the frames that were still in them: in one
graph for all tracks, the picture's as well. `Any` is a stream of ffmpeg-python, which knows one
graph only. Graphs in a row would keep all that, but ffmpeg 9.0 hangs with them now and then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import ffmpeg

_LABEL = re.compile(r"\[s(\d+)\]")


def apart(outputs: Sequence[Sequence[Any]]) -> list[str]:
    """Return the arguments that open the one input of all outputs, and write these.

    Those in one sequence share a graph.
    """
    graphs: list[list[str]] = [
        ffmpeg.get_args(ffmpeg.merge_outputs(*each)) for each in outputs if each
    ]
    opened = graphs[0].index("-i") + 2
    # Labels count from 0 in each graph, and are one list for ffmpeg.
    written = [
        _LABEL.sub(rf"[g{number}s\1]", argument)
        for number, graph in enumerate(graphs)
        for argument in graph[opened:]
    ]
    return [*graphs[0][:opened], *written]
