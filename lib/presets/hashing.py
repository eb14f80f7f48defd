"""The hash that names what a preset makes: part of every rendition's key.

The names here are hashed, and are nobody else's: a class or a field may be renamed, and all keys
stay. What is made has to be made again, below new keys, where one of them changes.
"""

from __future__ import annotations

import hashlib
import json

from lib.presets.model import AudioPreset, Box, ImagePreset, VideoPreset, Watermark

RECIPE_SCHEMA = 4
"""Part of every hash: raise it when the same preset would give other bytes than before."""

IMAGE, VIDEO, AUDIO = "ImagePreset", "VideoPreset", "AudioPreset"
"""What each kind of preset is called in a hash."""


def recipe_hash(part: ImagePreset | VideoPreset | AudioPreset, *ingredients: str) -> str:
    """Return 12 hex digits that change with whatever changes the bytes of the renditions.

    `ingredients` are hashes of what a preset only names, such as a watermark's bytes.
    """
    described = {"revision": RECIPE_SCHEMA, **recipe_values(part)}
    canonical = json.dumps([described, *ingredients], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def recipe_values(part: ImagePreset | VideoPreset | AudioPreset) -> dict[str, object]:
    """Return all that a preset says, by the names that are hashed."""
    match part:
        case ImagePreset():
            return _image_values(part)
        case VideoPreset():
            return _video_values(part)
        case AudioPreset():
            return {
                "kind": AUDIO,
                "kbps": part.kbps,
                "loudness": part.loudness,
                "waveform": part.waveform,
            }


def _image_values(part: ImagePreset) -> dict[str, object]:
    return {
        "kind": IMAGE,
        "widths": part.widths,
        "boxes": [_box_values(each) for each in part.boxes],
        "formats": part.formats,
        "quality": part.quality,
        "ssim": part.ssim,
        "background": part.background,
        "sharpen": part.sharpen,
        "lossless": part.lossless,
        "animated": part.animated,
        "animated_mp4": part.animated_mp4,
        "fallback": part.fallback,
        "watermark": _watermark_values(part.watermark) if part.watermark else None,
        "keep_copyright": part.keep_copyright,
        "redact_gps": part.redact_gps,
    }


def _box_values(box: Box) -> dict[str, object]:
    return {
        "name": box.name,
        "width": box.width,
        "height": box.height,
        "fit": box.fit,
        "position": box.position,
    }


def _watermark_values(watermark: Watermark) -> dict[str, object]:
    return {
        "object": watermark.object,
        "position": watermark.position,
        "opacity": watermark.opacity,
        "scale": watermark.scale,
    }


def _video_values(part: VideoPreset) -> dict[str, object]:
    return {
        "kind": VIDEO,
        "ladder": part.ladder,
        "codecs": part.codecs,
        "crf": part.crf,
        "speed": part.speed,
        "segment_seconds": part.segment_seconds,
        "max_frame_rate": part.max_frame_rate,
        "mp4": part.mp4,
        "audio_kbps": part.audio_kbps,
        "loudness": part.loudness,
        "storyboard": part.storyboard,
        "preview": part.preview,
    }
