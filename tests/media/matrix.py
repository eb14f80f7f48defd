"""Make the sources of matrix.toml, which says what each is and what has to be found in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

MATRIX = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
CAPTIONS = "1\n00:00:00,100 --> 00:00:00,900\nÀ bientôt <i>là</i>\n"
CHAPTERS = (
    ";FFMETADATA1\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=one\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=two\n"
)
PLANTED = {
    "title": "Planted title",
    "artist": "Planted artist",
    "encoder": "Planted encoder",
    "make": "Planted make",
    "model": "Planted model",
    "location": "+48.8584+002.2945/",
}
"""What every source says of itself, as far as its container has a place for it."""

TEXTS = {"captions.srt": CAPTIONS, "chapters.txt": CHAPTERS}


@dataclass(frozen=True, slots=True)
class Case:
    """One source: its file name, how ffmpeg makes it, and what has to be found in it.

    `size` in px as it is shown and `codec` are None for sound alone; `sounds` are channels and
    language of each sound track, `texts` the languages of the subtitles that become WebVTT;
    `made_ms` is how long the renditions last, `corner` where the red one is.
    """

    name: str
    arguments: tuple[str, ...]
    container: str
    codec: str | None
    size: tuple[int, int] | None
    sounds: tuple[tuple[int, str | None], ...]
    texts: tuple[str | None, ...]
    duration_ms: int | None
    made_ms: int
    rotation: int
    corner: tuple[str, ...]
    interlaced: bool
    transfer: str | None
    bit_depth: int | None
    frame_rate: float | None


def cases() -> tuple[Case, ...]:
    """Return every source, renditions can be made of each."""
    return tuple(_case(name, facts) for name, facts in MATRIX["sources"].items())


def build(case: Case, folder: Path, ffmpeg: str, seconds: int | None = None) -> Path:
    """Make the file of a case, and what it is made of, in `folder`; return its path.

    With `seconds` it lasts so long, and has a keyframe for each half of one: for several ranges.
    """
    for name, text in TEXTS.items():
        if name in case.arguments:
            (folder / name).write_text(text, encoding="utf-8")
    for name, arguments in MATRIX["bases"].items():
        if name in case.arguments and not (folder / name).exists():
            _run(ffmpeg, _last(_spell(arguments), seconds), name, folder)
    _run(ffmpeg, _last(case.arguments, seconds), case.name, folder)
    return folder / case.name


def _case(name: str, facts: dict[str, Any]) -> Case:
    is_picture = "codec" in facts

    def fact(key: str, usual: Any, of_picture: bool = False) -> Any:
        told = facts.get(key, usual if is_picture or not of_picture else None)
        return None if told == "unknown" else told

    sounds = (each.partition(" ") for each in fact("sounds", [] if is_picture else ["1"]))
    return Case(
        name=name,
        arguments=_spell(facts["make"]),
        container=facts["container"],
        codec=facts.get("codec"),
        size=(*facts.get("size", (320, 180)),) if is_picture else None,
        sounds=tuple((int(channels), language or None) for channels, _, language in sounds),
        texts=tuple(each or None for each in fact("texts", [])),
        duration_ms=fact("duration_ms", 1000),
        made_ms=fact("made_ms", fact("duration_ms", 1000)),
        rotation=fact("rotation", 0),
        corner=tuple(filter(None, [fact("corner", "top left")])),
        interlaced=fact("interlaced", False),
        transfer=fact("transfer", None),
        bit_depth=fact("bit_depth", 8, of_picture=True),
        frame_rate=fact("frame_rate", 25.0, of_picture=True),
    )


def _spell(arguments: str) -> tuple[str, ...]:
    """Replace the words, and the words in them."""
    while "$" in arguments:
        arguments = Template(arguments).substitute(MATRIX["words"])
    return tuple(shlex.split(arguments))


def _last(arguments: tuple[str, ...], seconds: int | None) -> tuple[str, ...]:
    """Have what is generated last so many seconds."""
    if seconds is None:
        return arguments
    generated = any("testsrc2" in each for each in arguments)
    lasting = (re.sub(r"(?<=:d=)[0-9]+", str(seconds), each) for each in arguments)
    return (*lasting, *(("-g", "12") if generated else ()))


def _run(ffmpeg: str, arguments: tuple[str, ...], name: str, folder: Path) -> None:
    # One thread and no names of encoders: the same bytes each time.
    always = ("-v", "error", "-nostdin", "-y")
    planted = (word for field in PLANTED.items() for word in ("-metadata", "=".join(field)))
    command = [ffmpeg, *always, *arguments, *planted, "-threads", "1", "-bitexact", name]
    subprocess.run(command, cwd=folder, env={**os.environ, "SVT_LOG": "1"}, check=True)
