"""presets.toml: what is read, what is refused and in which words, and what a recipe hash is."""

from dataclasses import fields, replace
from typing import Any

import pytest

from lib import presets
from lib.domain.errors import ErrorCode, PermanentError
from lib.presets.__main__ import main
from lib.presets.schema import checks_of

TEXT = presets.PACKAGED.read_text()
WATERMARK = """
[{}.image.watermark]
object = "config/logo.png"
position = "south-east"
opacity = 0.6
scale = 0.2
"""


def problems(text):
    with pytest.raises(presets.PresetsError) as caught:
        presets.parse(text, "presets.toml")
    return caught.value.problems


def test_the_packaged_file_is_valid_and_has_the_defaults():
    loaded = presets.load(presets.PACKAGED)
    image = loaded.named(None).image
    assert image.widths == (320, 640, 1280, 1920)
    assert image.formats == ("avif", "webp", "jpeg")
    assert (loaded.limits.image_megapixels, loaded.limits.decoded_megapixels) == (220, 100)
    assert image.quality == {"avif": 60, "webp": 78, "jpeg": 80}
    assert image.boxes == (presets.Box("thumb", 256, 256, presets.Fit.COVER, "attention"),)
    assert image.watermark is None
    video = loaded.named(None).video
    assert (video.ladder, video.codecs) == ((240, 360, 480, 720, 1080), ("h264",))
    assert video.crf == {"av1": 35, "h264": 21, "hevc": 26}
    assert (video.mp4, video.segment_seconds, video.preview) == (720, 4, "webp")
    assert loaded.named(None).audio.waveform
    assert loaded.rules == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "widths = [320, 640, 1280, 1920]",
            "widths = []",
            "[default.image], widths: expected a list of widths in px, at least one "
            "but received []",
        ),
        (
            "widths = [320, 640, 1280, 1920]",
            "widths = [320, 0]",
            "[default.image], widths: expected a list of widths in px, each a whole number from 1 "
            "to 16383 but received [320, 0]",
        ),
        (
            "widths = [320, 640, 1280, 1920]",
            "widths = [320, 320]",
            "[default.image], widths: expected a list of widths in px without repetition "
            "but received [320, 320]",
        ),
        ('"avif", "webp"', '"avif", "gif"', "each one of avif, webp, jpeg but received"),
        ("h264 = 21", "h264 = 99", "[default.video], crf: expected a whole number from 0 to 63"),
        ("h264 = 21", "h264 = true", "[default.video], crf: expected a whole number from 0 to 63"),
        ("h264 = 21", "vp9 = 23", "crf: expected a table of codec = factor for h264, hevc, av1"),
        ("h264 = 21, ", "", "[default.video], crf: missing for h264"),
        ("crf = {", "crv = {", "[default.video], crf: missing"),
        ("crf = {", "crv = {", "[default.video], crv: unknown; expected one of ladder, codecs"),
        ("240, 360", "240, 4320", "ladder: expected a list of heights in px, each a whole number"),
        ("240, 360", "240, 240", "ladder: expected a list of heights in px without repetition"),
        ('["h264"]', "[]", "[default.video], codecs: expected a list of codecs, at least one"),
        ('["h264"]', '["vp9"]', "codecs: expected a list of codecs, each one of h264, hevc, av1"),
        ("segment_seconds = 4", "segment_seconds = 0.5", "expected a whole number from 1 to 10"),
        ("max_frame_rate = 60", "max_frame_rate = 0", "max_frame_rate: expected a whole number"),
        ("mp4 = 720", "mp4 = true", "[default.video], mp4: expected a whole number from 0 to"),
        ("storyboard = true", "storyboard = 1", "storyboard: expected true or false"),
        ('preview = "webp"', 'preview = "gif"', "preview: expected one of webp, mp4, none"),
        ("waveform = true", 'waveform = "png"', "[default.audio], waveform: expected true or"),
        ("avif = 60, ", "", "[default.image], quality: missing for avif"),
        ("avif = 60", "avif = 0", "[default.image], quality: expected a whole number from 1"),
        (
            "avif = 60",
            "heic = 6",
            '[default.image], quality: expected "auto" or a table of format = quality',
        ),
        ('"#ffffff"', '"white"', '[default.image], background: expected a colour like "#ffffff"'),
        ('"veryfast"', '"warp"', "[default.video], speed: expected one of ultrafast"),
        ("[default.audio]", "[default.sound]", "[default.sound]: unknown"),
        ("[default.audio]", "[default.sound]", "[default.audio]: expected a table"),
        ("video_hours = 2", 'video_hours = "2"', "[limits], video_hours: expected a number from"),
        ("[limits]", "[limit]", "[limits]: expected a table but it is missing"),
        (
            '= "webp", webp',
            '= "avif", webp',
            "[default.image], fallback: expected a table of format = another format, of avif",
        ),
        ('= "webp", webp', "= [1], webp", "[default.image], fallback: expected a table of format"),
        ("lossless = true", "lossless = 1", "lossless: expected true or false but received 1"),
        ("ssim = 0.96", "ssim = 1.5", "ssim: expected a number from 0.5 to 0.9999"),
        (
            'fit = "cover"',
            'fit = "fill"',
            "[default.image.boxes.thumb], fit: expected one of cover",
        ),
        ("height = 256", "", "[default.image.boxes.thumb], height: missing"),
        ("height = 256", "high = 2", "[default.image.boxes.thumb], high: unknown; expected one of"),
        ('"attention"', '"up"', "position: expected one of north-west, north, north-east, west"),
        ("boxes.thumb", "boxes.Thumb", "[default.image.boxes.Thumb]: expected a name of small"),
        (
            "[default.image.boxes.thumb]",
            "[default.image.box]",
            "[default.image], box: unknown; expected one of widths, formats, quality, ssim",
        ),
        ("[rules]", "[[rules]]", "[rules]: expected a table of key pattern = preset"),
        ('# "avatars/*"', '"avatars/*"', 'expected one of default but received "avatar"'),
        ("[rules]", "[rules]\n'a/*' = ['b']", "[rules], a/*: expected one of default but"),
        ("[default.", "[other.", "expected a preset named default"),
        ("[limits]", "[limits", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_table_key_and_what_was_expected(old, new, problem):
    assert old in TEXT
    found = problems(TEXT.replace(old, new))
    assert any(each.startswith("presets.toml") and problem in each for each in found), found


def test_every_problem_is_told_at_once():
    text = TEXT.replace("h264 = 21", "h264 = 99") + "kbps_ = 1\n[small.image]\nwidths = [0]\n"
    assert len(problems(text)) == 3


def test_what_is_wrong_in_the_default_is_not_told_again_for_those_that_inherit_it():
    text = TEXT.replace("avif = 60, ", "").replace("h264 = 21", "h264 = 99")
    assert problems(text + "[small.audio]\nkbps = 64\n") == problems(text)


def test_a_file_that_cannot_be_read_is_a_problem_too(tmp_path):
    with pytest.raises(presets.PresetsError, match="No such file"):
        presets.load(tmp_path / "presets.toml")
    (tmp_path / "presets.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(presets.PresetsError, match="expected UTF-8"):
        presets.load(tmp_path / "presets.toml")


def test_the_command_prints_every_problem_and_fails(tmp_path, capsys):
    wrong = tmp_path / "presets.toml"
    wrong.write_text(TEXT.replace("h264 = 21", "h264 = 99"))
    assert main([str(presets.PACKAGED)]) == 0
    assert capsys.readouterr().err == ""
    assert main([str(wrong)]) == 1
    assert f"{wrong}, [default.video], crf: expected" in capsys.readouterr().err


def test_an_unknown_preset_is_an_error_that_lists_the_known_ones():
    with pytest.raises(PermanentError, match="expected one of default") as caught:
        presets.load(presets.PACKAGED).named("thumbs")
    assert caught.value.code is ErrorCode.UNKNOWN_PRESET


def test_an_unknown_name_is_shown_in_one_short_line():
    with pytest.raises(PermanentError) as caught:
        presets.load(presets.PACKAGED).named("\x1b[31m\n" * 500)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_a_preset_is_as_the_default_in_what_it_does_not_say():
    loaded = presets.parse(
        TEXT
        + WATERMARK.format("default")
        + "[small.image]\nwidths = [64]\n[loud.audio]\nkbps = 320"
    )
    default, small, loud = map(loaded.named, ("default", "small", "loud"))
    assert small.image == replace(default.image, widths=(64,))
    assert small.image.boxes
    assert small.image.watermark == presets.Watermark("config/logo.png", "south-east", 0.6, 0.2)
    assert (small.video, small.audio) == (default.video, default.audio)
    assert loud.image == default.image
    assert loud.audio.kbps == 320


def test_tables_inside_an_image_replace_the_defaults_whole():
    text = TEXT + WATERMARK.format("default")
    plain = presets.parse(text + "[plain.image]\nboxes = {}\nwatermark = {}\n").named("plain")
    assert plain.image.boxes == ()
    assert plain.image.watermark is None
    square = "[square.image.boxes.s]\nwidth=9\nheight=9\nfit='inside'\nposition='north'\n"
    boxes = presets.parse(text + square).named("square").image.boxes
    assert boxes == (presets.Box("s", 9, 9, presets.Fit.INSIDE, "north"),)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("config/logo.png", "logo.png", "object: expected the key of an object below config/"),
        ("config/logo.png", "config/../a.png", "object: expected the key of an object below"),
        ("opacity = 0.6", "opacity = 2", "opacity: expected a number from 0 to 1 but received 2"),
        ("scale = 0.2", "", "scale: missing"),
        ("south-east", "attention", "position: expected one of north-west"),
    ],
)
def test_a_wrong_watermark_is_refused(old, new, problem):
    found = problems(TEXT + WATERMARK.format("default").replace(old, new))
    assert any(f"[default.image.watermark], {problem}" in each for each in found), found


def test_quality_is_numbers_or_auto_inherited_or_not():
    auto = TEXT.replace("quality = {", 'quality = "auto" #')
    assert presets.parse(auto).named(None).image.quality is None
    assert presets.parse(auto + "[small.image]\nwidths=[9]").named("small").image.quality is None
    fixed = presets.parse(auto + "[fixed.image]\nformats=['jpeg']\nquality={jpeg=9}\nfallback={}")
    assert fixed.named("fixed").image.quality == {"jpeg": 9}
    other = presets.parse(TEXT + "[other.image]\nquality='auto'\n")
    assert other.named("other").image.quality is None
    assert other.named(None).image.quality


def test_every_format_that_may_be_made_needs_a_quality():
    text = TEXT + "[a.image]\nformats = ['avif']\nquality = { avif = 50 }\n"
    assert problems(text) == ["presets.toml, [a.image], quality: missing for webp"]
    presets.parse(text + "fallback = {}\n")


def test_every_codec_that_is_made_needs_a_factor():
    text = TEXT + "[a.video]\ncodecs = ['h264', 'av1']\ncrf = { h264 = 20 }\n"
    assert problems(text) == ["presets.toml, [a.video], crf: missing for av1"]
    inherited = presets.parse(TEXT + "[a.video]\ncodecs = ['hevc']\n").named("a").video
    assert (inherited.codecs, inherited.crf["hevc"]) == (("hevc",), 26)


def test_a_ladder_is_ascending_whatever_its_order_in_the_file():
    text = TEXT + "[a.video]\nladder = [1080, 240, 2160]\nmp4 = 0\n"
    assert presets.parse(text).named("a").video.ladder == (240, 1080, 2160)


def test_a_preset_is_chosen_by_request_then_by_the_first_rule_then_by_default():
    rules = "'avatars/*' = 'small'\n'*.png' = 'default'\n'*' = 'loud'\n"
    text = TEXT.replace("[rules]", "[rules]\n" + rules)
    loaded = presets.parse(text + "[small.audio]\nkbps = 64\n[loud.audio]\nkbps = 320\n")

    def chosen(key, requested=None):
        return loaded.choose(key, requested).name

    assert chosen("avatars/a/b.png") == "small"
    assert chosen("Avatars/b.png") == "default"
    assert chosen("b.jpg") == "loud"
    assert chosen("avatars/b.png", "loud") == "loud"
    assert presets.load(presets.PACKAGED).choose("avatars/b.png", None).name == "default"
    with pytest.raises(PermanentError, match='default, loud, small for preset but received "x"'):
        chosen("avatars/b.png", "x")


def test_a_recipe_hash_changes_with_every_field_and_only_then():
    preset = presets.load(presets.PACKAGED).named(None)
    again = presets.load(presets.PACKAGED).named(None)
    assert presets.recipe_hash(preset.image) == presets.recipe_hash(again.image)
    changes: dict[str, Any] = {
        "widths": (320,),
        "boxes": (),
        "formats": ("webp",),
        "quality": None,
        "ssim": 0.9,
        "background": "#000000",
        "sharpen": 1,
        "lossless": False,
        "animated": False,
        "animated_mp4": True,
        "fallback": {},
        "watermark": presets.Watermark("config/a", "north", 1.0, 0.1),
        "keep_copyright": True,
        "redact_gps": True,
    }
    assert set(changes) == {each.name for each in fields(preset.image)}
    changed = {
        presets.recipe_hash(replace(preset.image, **{name: value}))
        for name, value in changes.items()
    }
    assert len(changed | {presets.recipe_hash(preset.image)}) == 1 + len(changes)


def test_a_recipe_hash_changes_with_what_the_preset_only_names():
    image = presets.load(presets.PACKAGED).named(None).image
    hashes = {presets.recipe_hash(image, *each) for each in ((), ("a",), ("b",), ("a", "b"))}
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("model", "built"),
    [
        (presets.Limits, set()),
        (presets.ImagePreset, {"boxes", "watermark"}),
        (presets.Box, {"name"}),
        (presets.Watermark, set()),
        (presets.VideoPreset, set()),
        (presets.AudioPreset, set()),
    ],
)
def test_every_field_is_checked_but_what_the_loader_builds(model, built):
    assert {each.name for each in fields(model)} - checks_of(model).keys() == built


RANGES: dict[type, dict[str, tuple[float, float]]] = {
    presets.Limits: {
        "image_megapixels": (1, 1000),
        "decoded_megapixels": (1, 1000),
        "image_megabytes": (1, 500),
        "animation_frames": (1, 10_000),
        "animation_megapixels": (1, 10_000),
        "video_hours": (0.001, 24),
        "source_gigabytes": (0.001, 5000),
    },
    presets.Box: {"width": (1, 16_383), "height": (1, 16_383)},
    presets.Watermark: {"opacity": (0, 1), "scale": (0.01, 1)},
    presets.ImagePreset: {"ssim": (0.5, 0.9999), "sharpen": (0, 300)},
    presets.VideoPreset: {
        "segment_seconds": (1, 10),
        "max_frame_rate": (1, 240),
        "mp4": (0, 2160),
        "audio_kbps": (16, 512),
    },
    presets.AudioPreset: {"kbps": (16, 512)},
}


def test_a_number_lies_between_what_the_documents_say_both_included():
    for model, ranges in RANGES.items():
        checks = checks_of(model)
        assert {name for name, each in checks.items() if _takes_a_number(each)} == ranges.keys()
        for name, (low, high) in ranges.items():
            assert [checks[name](each) for each in (low, high)] == [low, high]
            for outside in (low - 1e-4 if low % 1 else low - 1, high + (1e-4 if high < 1 else 1)):
                with pytest.raises(ValueError, match=f" from {low:g} to {high:g}"):
                    checks[name](outside)


def _takes_a_number(check):
    try:
        check([])
    except ValueError as exc:
        return " number from " in f" {exc}"
    return False


def test_what_is_decoded_at_once_needs_no_limit_of_its_own():
    """As files have it that were written before there was one."""
    text = presets.PACKAGED.read_text("utf-8")
    without = "\n".join(
        line for line in text.splitlines() if not line.startswith("decoded_megapixels")
    )
    assert without != text
    assert presets.parse(without).limits.decoded_megapixels == 1000
