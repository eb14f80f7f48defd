"""Read and validate `presets.toml`. Standard library only: it runs at package time and cold start.

`python -m lib.presets FILE` prints what is wrong, one line each, and exits 1.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib.errors import ErrorCode, PermanentError

PIPELINE_REVISION = 1
"""Part of every recipe hash: raise it when the same preset would give other bytes than before."""

IMAGE_FORMATS = ("avif", "webp", "jpeg")
X264_SPEEDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")
DEFAULT = "default"

PACKAGED = Path(__file__).parent.parent / "presets.toml"
"""Where the file lies in the repository and in a function's package alike."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before any work: LIMIT_EXCEEDED."""

    image_megapixels: int
    image_megabytes: int
    video_hours: float
    source_gigabytes: float


@dataclass(frozen=True, slots=True)
class ImagePreset:
    """Widths in px, ascending; `quality` per format, 1–100; `background` as `#rrggbb`."""

    widths: tuple[int, ...]
    formats: tuple[str, ...]
    quality: Mapping[str, int]
    background: str


@dataclass(frozen=True, slots=True)
class VideoPreset:
    """One progressive MP4 and its poster. `max_height` in px of the short side."""

    max_height: int
    crf: int
    speed: str
    audio_kbps: int
    poster_quality: int


@dataclass(frozen=True, slots=True)
class AudioPreset:
    """One AAC file."""

    kbps: int


@dataclass(frozen=True, slots=True)
class Preset:
    """A named recipe for each media type."""

    name: str
    image: ImagePreset
    video: VideoPreset
    audio: AudioPreset


@dataclass(frozen=True, slots=True)
class Presets:
    """The whole file."""

    limits: Limits
    by_name: Mapping[str, Preset]

    def named(self, name: str | None) -> Preset:
        """Return a preset, the default for None. Raises PermanentError(UNKNOWN_PRESET)."""
        try:
            return self.by_name[name or DEFAULT]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            raise PermanentError(
                ErrorCode.UNKNOWN_PRESET, f"expected one of {known} for preset but received {name}"
            ) from None


class PresetsError(ValueError):
    """`presets.toml` is wrong; `problems` are lines of "file, table, key: expected … received"."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def recipe_hash(part: ImagePreset | VideoPreset | AudioPreset) -> str:
    """Return 12 hex digits that change with whatever changes the bytes of the renditions."""
    described = {"revision": PIPELINE_REVISION, "kind": type(part).__name__, **asdict(part)}
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


# A check takes a value from the file and returns it as the dataclass wants it, or raises
# ValueError with what was expected.
Check = Callable[[Any], Any]


def _number(low: float, high: float, *, whole: bool = True) -> Check:
    kind = "a whole number" if whole else "a number"

    def check(value: Any) -> Any:
        allowed = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            raise ValueError(f"{kind} from {low:g} to {high:g}")
        return value

    return check


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return check


def _distinct(item: Check, what: str) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValueError(f"a list of {what}, at least one")
        try:
            checked = [item(each) for each in value]
        except ValueError as exc:
            raise ValueError(f"a list of {what}, each {exc}") from exc
        if len(set(checked)) != len(checked):
            raise ValueError(f"a list of {what} without repetition")
        return tuple(checked)

    return check


def _ascending(check_list: Check) -> Check:
    return lambda value: tuple(sorted(check_list(value)))


def _color(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('a colour like "#ffffff"')
    return value.lower()


def _quality(value: Any) -> Any:
    number = _number(1, 100)
    if not isinstance(value, dict) or set(value) - set(IMAGE_FORMATS):
        raise ValueError("a table of format = quality for " + ", ".join(IMAGE_FORMATS))
    for each in value.values():
        number(each)
    return dict(sorted(value.items()))


LIMITS: dict[str, Check] = {
    "image_megapixels": _number(1, 1000),
    "image_megabytes": _number(1, 500),
    "video_hours": _number(0.001, 24, whole=False),
    "source_gigabytes": _number(0.001, 5000, whole=False),
}
IMAGE: dict[str, Check] = {
    "widths": _ascending(_distinct(_number(1, 16383), "widths in px")),
    "formats": _distinct(_one_of(*IMAGE_FORMATS), "formats"),
    "quality": _quality,
    "background": _color,
}
VIDEO: dict[str, Check] = {
    "max_height": _number(2, 4320),
    "crf": _number(0, 51),
    "speed": _one_of(*X264_SPEEDS),
    "audio_kbps": _number(16, 512),
    "poster_quality": _number(1, 100),
}
AUDIO: dict[str, Check] = {"kbps": _number(16, 512)}


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
    problems: list[str] = []

    def table(value: Any, where: str, checks: dict[str, Check]) -> dict[str, Any]:
        if not isinstance(value, dict):
            problems.append(f"{name}, [{where}]: expected a table but it is missing")
            return {}
        for key in value.keys() - checks.keys():
            known = ", ".join(checks)
            problems.append(f"{name}, [{where}], {key}: unknown; expected one of {known}")
        checked: dict[str, Any] = {}
        for key, check in checks.items():
            try:
                if key not in value:
                    problems.append(f"{name}, [{where}], {key}: missing")
                else:
                    checked[key] = check(value[key])
            except ValueError as exc:
                received = json.dumps(value[key], default=str)
                problems.append(f"{name}, [{where}], {key}: expected {exc} but received {received}")
        return checked

    limits = table(document.pop("limits", None), "limits", LIMITS)
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    if DEFAULT not in document:
        problems.append(f"{name}: expected a preset named {DEFAULT}")
    for preset, tables in document.items():
        if not isinstance(tables, dict):
            problems.append(f"{name}, {preset}: expected a preset's table")
            continue
        problems.extend(
            f"{name}, [{preset}.{unknown}]: unknown; expected image, video or audio"
            for unknown in tables.keys() - {"image", "video", "audio"}
        )
        parts[preset] = {
            "image": table(tables.get("image"), f"{preset}.image", IMAGE),
            "video": table(tables.get("video"), f"{preset}.video", VIDEO),
            "audio": table(tables.get("audio"), f"{preset}.audio", AUDIO),
        }
        image = parts[preset]["image"]
        if {"formats", "quality"} <= image.keys():
            problems.extend(
                f"{name}, [{preset}.image], quality: missing for {missing}"
                for missing in sorted(set(image["formats"]) - set(image["quality"]))
            )
    if problems:
        raise PresetsError(problems)
    return Presets(
        Limits(**limits),
        {
            preset: Preset(
                preset,
                ImagePreset(**part["image"]),
                VideoPreset(**part["video"]),
                AudioPreset(**part["audio"]),
            )
            for preset, part in parts.items()
        },
    )


def main(argv: list[str]) -> int:
    """Check the files that are named. Returns the exit code."""
    problems: list[str] = []
    for name in argv:
        try:
            load(Path(name))
        except PresetsError as exc:
            problems += exc.problems
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
