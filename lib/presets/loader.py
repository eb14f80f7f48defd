"""From the text of `presets.toml` to recipes, or to a list of all that is wrong with it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from lib.presets.model import (
    DEFAULT,
    FORMATS_IN,
    AudioPreset,
    Box,
    ImagePreset,
    Limits,
    Preset,
    Presets,
    VideoPreset,
    Watermark,
)
from lib.presets.schema import Check, checks_of

PACKAGED = Path(__file__).parents[2] / "presets.toml"
"""Where the file lies in the repository and in a function's package alike."""

LIMITS, BOX, WATERMARK = checks_of(Limits), checks_of(Box), checks_of(Watermark)
PARTS: Mapping[str, Mapping[str, Check]] = {
    "image": checks_of(ImagePreset),
    "video": checks_of(VideoPreset),
    "audio": checks_of(AudioPreset),
}
MOST_MEGAPIXELS = 1000
"""Where a file says nothing of what is decoded at once, all that it lets in may be."""

TABLES: Mapping[str, Mapping[str, Any]] = {"image": {"boxes": (), "watermark": None}}
"""What a part may hold besides plain fields, and what it is where even the default lacks it."""

NAME = re.compile(r"[a-z][a-z0-9-]*")
A_NAME = "expected a name of small letters, digits and dashes that starts with a letter"

Fields = dict[str, Any]


class PresetsError(ValueError):
    """`presets.toml` is wrong; `problems` are lines of "file, table, key: expected … received"."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> Presets:
    """Read and validate a file. Raises PresetsError with every problem, not just the first."""
    try:
        return parse(path.read_bytes().decode("utf-8"), str(path))
    except OSError as exc:
        raise PresetsError([f"{path}: {exc.strerror}"]) from exc
    except UnicodeDecodeError as exc:
        raise PresetsError([f"{path}: expected UTF-8"]) from exc


def parse(text: str, name: str = "presets.toml") -> Presets:
    """Validate the text of a file. Raises PresetsError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PresetsError([f"{name}: not TOML: {exc}"]) from exc
    reader = _Reader(name)
    read = reader.presets(document)
    if read is None:
        raise PresetsError(reader.problems)
    return read


class _Reader:
    """Collects problems while it reads, so that all of them can be told at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.problems: list[str] = []

    def presets(self, document: dict[str, Any]) -> Presets | None:
        limits = self._fields(_with_defaults(document.pop("limits", None)), "limits", LIMITS)
        rules = document.pop("rules", {})
        default = {part: dict(TABLES.get(part, {})) for part in PARTS}
        if DEFAULT in document:
            default = self._preset(DEFAULT, document.pop(DEFAULT), default, complete=True)
        else:
            self._problem("", f"expected a preset named {DEFAULT}")
        by_name = {DEFAULT: default} | {
            name: self._preset(name, tables, default) for name, tables in document.items()
        }
        self._check_rules(rules, by_name)
        if self.problems:
            return None
        return Presets(
            Limits(**limits),
            {
                name: Preset(
                    name,
                    ImagePreset(**parts["image"]),
                    VideoPreset(**parts["video"]),
                    AudioPreset(**parts["audio"]),
                )
                for name, parts in by_name.items()
            },
            tuple(rules.items()),
        )

    def _preset(
        self, name: str, tables: Any, inherited: dict[str, Fields], *, complete: bool = False
    ) -> dict[str, Fields]:
        """Read one preset: what it does not say is as inherited, unless it must be complete."""
        if not NAME.fullmatch(name):
            self._problem(f"[{name}]", A_NAME)
        if not isinstance(tables, dict):
            self._problem(f"[{name}]", "expected the tables of a preset")
            return inherited
        for unknown in sorted(tables.keys() - PARTS.keys()):
            self._problem(f"[{name}.{unknown}]", "unknown; expected image, video or audio")
        read = {}
        for part, checks in PARTS.items():
            where, own = f"{name}.{part}", tables.get(part, None if complete else {})
            fields = self._fields(own, where, checks, nested=TABLES.get(part, {}), every=complete)
            read[part] = inherited[part] | fields
        if "image" in tables:
            self._check_quality(read["image"], f"{name}.image")
        if "video" in tables:
            self._check_crf(read["video"], f"{name}.video")
        return read

    def _fields(
        self,
        table: Any,
        where: str,
        checks: Mapping[str, Check],
        *,
        nested: Collection[str] = (),
        every: bool = True,
    ) -> Fields:
        """Check a table and the tables `nested` in it; `every` field has to be there, or not."""
        if not isinstance(table, dict):
            self._problem(f"[{where}]", "expected a table but it is missing")
            return {}
        for key in sorted(table.keys() - checks.keys() - set(nested)):
            known = ", ".join((*checks, *nested))
            self._problem(f"[{where}], {key}", f"unknown; expected one of {known}")
        checked: Fields = {}
        for key, check in checks.items():
            if key not in table:
                if every:
                    self._problem(f"[{where}], {key}", "missing")
                continue
            try:
                checked[key] = check(table[key])
            except ValueError as exc:
                self._mismatch(f"[{where}], {key}", str(exc), table[key])
        if "boxes" in nested and "boxes" in table:
            checked["boxes"] = self._boxes(table["boxes"], f"{where}.boxes")
        if "watermark" in nested and "watermark" in table:
            checked["watermark"] = self._watermark(table["watermark"], f"{where}.watermark")
        return checked

    def _boxes(self, boxes: Any, where: str) -> tuple[Box, ...]:
        if not isinstance(boxes, dict):
            self._mismatch(f"[{where}]", "a table of boxes by name", boxes)
            return ()
        for name in boxes:
            if not NAME.fullmatch(name):
                self._problem(f"[{where}.{name}]", A_NAME)
        read = {name: self._fields(box, f"{where}.{name}", BOX) for name, box in boxes.items()}
        return tuple(Box(name, **box) for name, box in read.items() if len(box) == len(BOX))

    def _watermark(self, watermark: Any, where: str) -> Watermark | None:
        if watermark == {}:  # how a preset says that it has not got the default's
            return None
        read = self._fields(watermark, where, WATERMARK)
        return Watermark(**read) if len(read) == len(WATERMARK) else None

    def _check_quality(self, image: Fields, where: str) -> None:
        """Require a quality for every format that may be made."""
        if image.get("quality") is None or not {"formats", "fallback"} <= image.keys():
            return
        formats = set(image["formats"])
        formats |= {image["fallback"][each] for each in formats & image["fallback"].keys()}
        for missing in sorted(formats - image["quality"].keys()):
            self._problem(f"[{where}], quality", f"missing for {missing}")

    def _check_crf(self, video: Fields, where: str) -> None:
        """Require a factor for every codec that is made."""
        if {"codecs", "crf"} <= video.keys():
            for missing in sorted(set(video["codecs"]) - video["crf"].keys()):
                self._problem(f"[{where}], crf", f"missing for {missing}")

    def _check_rules(self, rules: Any, known: Collection[str]) -> None:
        if not isinstance(rules, dict):
            self._problem("[rules]", "expected a table of key pattern = preset")
            return
        for pattern, preset in rules.items():
            if not isinstance(preset, str) or preset not in known:
                self._mismatch(f"[rules], {pattern}", "one of " + ", ".join(sorted(known)), preset)

    def _mismatch(self, where: str, expected: str, received: Any) -> None:
        shown = json.dumps(received, default=str, ensure_ascii=False)
        self._problem(where, f"expected {expected} but received {shown}")

    def _problem(self, where: str, what: str) -> None:
        self.problems.append(f"{self._name}, {where}: {what}" if where else f"{self._name}: {what}")


def _with_defaults(limits: Any) -> Any:
    """Return a table of limits with those that need not be there."""
    if not isinstance(limits, dict):
        return limits
    return {"formats_in": list(FORMATS_IN), "decoded_megapixels": MOST_MEGAPIXELS} | limits
