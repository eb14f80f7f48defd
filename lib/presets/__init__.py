"""Read and validate `presets.toml`. Standard library only: it runs at package time and cold start.

`python -m lib.presets FILE` prints what is wrong, one line each, and exits 1.
"""

from lib.presets.hashing import recipe_hash
from lib.presets.loader import PACKAGED, PresetsError, load, parse
from lib.presets.model import (
    DEFAULT,
    AudioPreset,
    Box,
    Fit,
    ImagePreset,
    Limits,
    Preset,
    Presets,
    VideoPreset,
    Watermark,
)

__all__ = [
    "DEFAULT",
    "PACKAGED",
    "AudioPreset",
    "Box",
    "Fit",
    "ImagePreset",
    "Limits",
    "Preset",
    "Presets",
    "PresetsError",
    "VideoPreset",
    "Watermark",
    "load",
    "parse",
    "recipe_hash",
]
