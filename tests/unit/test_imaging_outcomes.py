"""Each rendition has its own outcome: failed encodes, fallbacks, too little time."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from lib import presets
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.formats import OUTPUTS
from lib.domain.renditions import Made
from lib.imaging import encode
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import ENCODE_MARGIN, TimeBudget
from lib.imaging.transform import Transform

PRESETS = presets.load(Path(__file__).parents[2] / "presets.toml")
PRESET = replace(PRESETS.named(None).image, boxes=())


def make(
    preset: presets.ImagePreset,
    size: tuple[int, int] = (400, 300),
    left: Callable[[], float] = lambda: 60.0,
    measured: dict[str, float] | None = None,
) -> dict[str, Made]:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(file, "PNG")
    picture = read_picture(file.getvalue(), "png", PRESETS.limits)
    making = make_renditions(picture, Transform(preset), TimeBudget(left, measured), threads=1)
    return {made.name: made for made in making}


def codes(made: dict[str, Made]) -> dict[str, ErrorCode | None]:
    return {name: each.error.code if each.error else None for name, each in made.items()}


def test_a_failing_encode_leaves_its_siblings():
    made = make(PRESET, (20, 17_000))
    assert codes(made) == {"20.avif": None, "20.webp": ErrorCode.ENCODE_FAILED, "20.jpg": None}
    failed = made["20.webp"]
    assert failed.content is None
    assert failed.error
    assert failed.error.permanent
    assert failed.error.message == "20 × 17000 px, webp has at most 16383 px a side"
    assert made["20.jpg"].content
    assert made["20.avif"].content


def test_the_fallback_is_made_beside_what_failed():
    preset = replace(PRESET, formats=("avif", "webp"), fallback={"webp": "jpeg"})
    made = make(preset, (20, 17_000))
    assert codes(made) == {"20.avif": None, "20.webp": ErrorCode.ENCODE_FAILED, "20.jpg": None}
    fallback = made["20.jpg"]
    assert fallback.instead_of == "20.webp"
    assert (fallback.mime, fallback.quality) == ("image/jpeg", 80)
    assert isinstance(fallback.content, bytes)
    assert Image.open(io.BytesIO(fallback.content)).size == (20, 17_000)


def test_a_fallback_that_is_a_target_itself_is_made_once():
    made = make(replace(PRESET, fallback={"webp": "jpeg"}), (20, 17_000))
    assert made["20.jpg"].instead_of is None


def test_a_fallback_is_made_once_for_two_failures(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> bytes:
        raise OSError("encoder error -2")

    monkeypatch.setitem(encode.ENCODERS, "avif", fail)
    monkeypatch.setitem(encode.ENCODERS, "webp", fail)
    preset = replace(PRESET, formats=("avif", "webp"), fallback={"avif": "jpeg", "webp": "jpeg"})
    made = make(replace(preset, widths=(100,)))
    assert list(made) == ["100.avif", "100.jpg", "100.webp"]
    assert made["100.jpg"].instead_of == "100.avif"


def test_a_fallback_that_fails_has_one_of_its_own():
    preset = replace(PRESET, formats=("avif",), fallback={"avif": "webp", "webp": "jpeg"})
    made = make(replace(preset, widths=(20,)), (20, 33_000))
    assert codes(made) == {
        "20.avif": ErrorCode.ENCODE_FAILED,
        "20.webp": ErrorCode.ENCODE_FAILED,
        "20.jpg": None,
    }
    assert made["20.webp"].instead_of == "20.avif"
    assert made["20.jpg"].instead_of == "20.webp"


def test_fallbacks_that_go_round_end(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> bytes:
        raise OSError("encoder error -2")

    monkeypatch.setitem(encode.ENCODERS, "avif", fail)
    monkeypatch.setitem(encode.ENCODERS, "webp", fail)
    preset = replace(PRESET, formats=("avif",), fallback={"avif": "webp", "webp": "avif"})
    assert list(make(replace(preset, widths=(100,)))) == ["100.avif", "100.webp"]


def test_missing_memory_is_not_an_outcome(monkeypatch: pytest.MonkeyPatch):
    def starve(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setitem(encode.ENCODERS, "avif", starve)
    with pytest.raises(MemoryError):
        make(PRESET)


def test_an_encode_too_slow_for_the_time_left_is_left_out():
    preset = replace(PRESET, widths=(100, 400))  # 7.5 s and 120 s
    made = make(preset, measured={"avif": 1000.0})
    late = ErrorCode.DEADLINE_NEAR
    none = dict.fromkeys(("400.webp", "400.jpg", "100.avif", "100.webp", "100.jpg"))
    assert codes(made) == {"400.avif": late} | none
    error = made["400.avif"].error
    assert error
    assert not error.permanent
    assert error.message.startswith("400.avif needs 120.0 s to encode and 5 s to store, ")


def test_the_quicker_formats_come_before_a_slow_one():
    """AVIF alone would fit in the time, but not beside the others."""
    seconds = {"avif": 10.0, "webp": 4.0, "jpeg": 4.0}

    def made_in(left: float) -> dict[str, ErrorCode | None]:
        measured = {name: each / (0.4 * 0.3) for name, each in seconds.items()}
        return codes(make(preset, left=lambda: ENCODE_MARGIN + left, measured=measured))

    preset = replace(PRESET, widths=(400,))
    late = {"400.avif": ErrorCode.DEADLINE_NEAR, "400.webp": None, "400.jpg": None}
    assert made_in(17.9) == late
    assert made_in(18.1) == late | {"400.avif": None}


def test_what_encodes_take_is_learnt_from_what_was_made():
    measured: dict[str, float] = {}
    make(replace(PRESET, widths=(400,)), measured=measured)
    assert set(measured) == {"avif", "webp", "jpeg"}
    budget = TimeBudget(lambda: 60.0, measured)
    assert budget.expect("avif", 1_000_000) == measured["avif"]
    budget.learn("avif", 1_000_000, 60.0)
    budget.learn("avif", 1_000_000, 60.0)
    assert 30 < budget.expect("avif", 1_000_000) < 60
    before = budget.expect("avif", 1_000_000)
    budget.learn("avif", 100, 60.0)
    assert budget.expect("avif", 1_000_000) == before


def test_what_encodes_take_is_guessed_at_first():
    budget = TimeBudget(lambda: 60.0)
    for name, output in OUTPUTS.items():
        assert budget.expect(name, 2_000_000) == 2 * output.seconds_per_megapixel > 0


def test_a_job_that_can_make_nothing_in_time_is_retried():
    with pytest.raises(TransientError) as caught:
        make(PRESET, left=lambda: ENCODE_MARGIN - 0.1)
    assert caught.value.code is ErrorCode.DEADLINE_NEAR


def test_a_broken_watermark_is_named():
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "PNG")
    picture = read_picture(file.getvalue(), "png", PRESETS.limits)
    mark = presets.Watermark("config/logo.png", "centre", 1.0, 0.5)
    preset = replace(PRESET, watermark=mark)
    with pytest.raises(PermanentError, match="the preset's watermark: "):
        next(make_renditions(picture, Transform(preset, b"not an image"), TimeBudget(lambda: 60.0)))
