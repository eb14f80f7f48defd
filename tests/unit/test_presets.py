"""presets.toml: what is read, what is refused and in which words, and what a recipe hash is."""

from dataclasses import fields, replace

import pytest

from lib import presets
from lib.errors import ErrorCode, PermanentError

TEXT = presets.PACKAGED.read_text()


def problems(text):
    with pytest.raises(presets.PresetsError) as caught:
        presets.parse(text, "presets.toml")
    return caught.value.problems


def test_the_packaged_file_is_valid_and_has_the_defaults():
    loaded = presets.load(presets.PACKAGED)
    image = loaded.named(None).image
    assert image.widths == (320, 640, 1280, 1920)
    assert image.formats == ("avif", "webp", "jpeg")
    assert loaded.limits.image_megapixels == 100
    assert loaded.named(None).video.max_height == 720


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
        ("crf = 23", "crf = 99", "[default.video], crf: expected a whole number from 0 to 51"),
        ("crf = 23", "crf = true", "[default.video], crf: expected a whole number from 0 to 51"),
        ("crf = 23", "", "[default.video], crf: missing"),
        ("crf = 23", "crf = 23\ncrv = 1", "[default.video], crv: unknown; expected one of"),
        ("avif = 60, ", "", "[default.image], quality: missing for avif"),
        ("avif = 60", "avif = 0", "[default.image], quality: expected a whole number from 1"),
        ("avif = 60", "heic = 6", "[default.image], quality: expected a table of format"),
        ('"#ffffff"', '"white"', '[default.image], background: expected a colour like "#ffffff"'),
        ('"veryfast"', '"warp"', "[default.video], speed: expected one of ultrafast"),
        ("[default.audio]", "[default.sound]", "[default.sound]: unknown"),
        ("[default.audio]", "[default.sound]", "[default.audio]: expected a table"),
        ("video_hours = 2", 'video_hours = "2"', "[limits], video_hours: expected a number from"),
        ("[limits]", "[limit]", "[limits]: expected a table but it is missing"),
        ("[default.", "[other.", "expected a preset named default"),
        ("[limits]", "[limits", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_table_key_and_what_was_expected(old, new, problem):
    assert old in TEXT
    found = problems(TEXT.replace(old, new))
    assert any(each.startswith("presets.toml") and problem in each for each in found), found


def test_every_problem_is_told_at_once():
    text = TEXT.replace("crf = 23", "crf = 99").replace("kbps = 128\n", "kbps = 1\n")
    assert len(problems(text)) >= 2


def test_a_file_that_cannot_be_read_is_a_problem_too(tmp_path):
    with pytest.raises(presets.PresetsError, match="No such file"):
        presets.load(tmp_path / "presets.toml")
    (tmp_path / "presets.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(presets.PresetsError, match="expected UTF-8"):
        presets.load(tmp_path / "presets.toml")


def test_the_command_prints_every_problem_and_fails(tmp_path, capsys):
    wrong = tmp_path / "presets.toml"
    wrong.write_text(TEXT.replace("crf = 23", "crf = 99"))
    assert presets.main([str(presets.PACKAGED)]) == 0
    assert capsys.readouterr().err == ""
    assert presets.main([str(wrong)]) == 1
    assert f"{wrong}, [default.video], crf: expected" in capsys.readouterr().err


def test_an_unknown_preset_is_an_error_that_lists_the_known_ones():
    with pytest.raises(PermanentError, match="expected one of default") as caught:
        presets.load(presets.PACKAGED).named("thumbs")
    assert caught.value.code is ErrorCode.UNKNOWN_PRESET


def test_a_recipe_hash_changes_with_every_field_and_only_then():
    preset = presets.load(presets.PACKAGED).named(None)
    again = presets.load(presets.PACKAGED).named(None)
    assert presets.recipe_hash(preset.image) == presets.recipe_hash(again.image)
    changed = {
        presets.recipe_hash(preset.image),
        presets.recipe_hash(replace(preset.image, widths=(320,))),
        presets.recipe_hash(replace(preset.image, formats=("webp",))),
        presets.recipe_hash(replace(preset.image, quality={**preset.image.quality, "avif": 61})),
        presets.recipe_hash(replace(preset.image, background="#000000")),
    }
    assert len(changed) == 1 + len(fields(preset.image))


@pytest.mark.parametrize(
    ("part", "checks"),
    [
        (presets.Limits, presets.LIMITS),
        (presets.ImagePreset, presets.IMAGE),
        (presets.VideoPreset, presets.VIDEO),
        (presets.AudioPreset, presets.AUDIO),
    ],
)
def test_every_field_is_checked_and_nothing_else_is_allowed(part, checks):
    assert {each.name for each in fields(part)} == set(checks)
