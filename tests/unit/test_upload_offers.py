"""What is offered to whoever wants to upload, and what is refused before a byte is sent."""

import dataclasses

import pytest

from lib.application.doors.multipart import (
    MOST_SIGNED,
    PART_SECONDS,
    complete,
    find_upload,
    sign_parts,
)
from lib.application.doors.ports import Part
from lib.application.doors.refusals import RefusalCode, Refused
from lib.application.doors.uploads import (
    FORM_SECONDS,
    LARGEST_FORM,
    Intake,
    OfferedForm,
    OfferedParts,
    UploadRequest,
    begin_parts,
    offer_form,
    offer_upload,
)
from lib.domain.caller import Caller
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.keys import asset_id
from tests.support.fakes import UPLOADS, ManualClock
from tests.support.upload_desk import LEAST_PART, MemoryUploadDesk
from tests.support.world import PRESETS

MINE = Caller("mine")
SHA256 = "ab" * 32
MB = 1_000_000


@pytest.fixture
def desk():
    return MemoryUploadDesk()


@pytest.fixture
def intake(desk):
    return Intake(desk, lambda: PRESETS, ManualClock(1000))


def refused(call, *arguments):
    with pytest.raises(Refused) as raised:
        call(*arguments)
    return raised.value.code


def failed(call, *arguments):
    with pytest.raises(PermanentError) as raised:
        call(*arguments)
    return raised.value.code, raised.value.message


def request(size=10, **others):
    return UploadRequest("a.jpg", size, **others)


def test_a_form_is_signed_for_one_key_one_size_and_what_was_declared(desk, intake):
    wanted = request(mime="image/jpeg", prefix="x", preset="default", sha256=SHA256)
    offered = offer_upload(wanted, MINE, intake)
    [terms] = desk.forms
    assert isinstance(offered, OfferedForm)
    assert (terms.least, terms.most, terms.seconds) == (10, 10, FORM_SECONDS)
    assert (terms.mime, terms.preset, terms.sha256) == ("image/jpeg", "default", SHA256)
    assert terms.key == offered.key == offered.form.fields["key"]
    assert offered.key.startswith("mine/x/")
    assert offered.asset_id == asset_id(UPLOADS, offered.key)
    assert offered.expires_at == 1000 + FORM_SECONDS


def test_no_preset_is_asked_for_by_an_empty_name(desk, intake):
    offer_upload(request(preset=""), MINE, intake)
    assert desk.forms[0].preset is None


def test_an_empty_file_has_a_form_for_nothing(desk, intake):
    offer_upload(request(0), MINE, intake)
    assert (desk.forms[0].least, desk.forms[0].most) == (0, 0)


@pytest.mark.parametrize(
    ("mime", "most"), [("image/png", 100 * MB), ("video/mp4", 5000 * MB), (None, 5000 * MB)]
)
def test_a_form_for_an_unknown_size_takes_what_the_limits_let_in(desk, intake, mime, most):
    offer_form(request(None, mime=mime), MINE, intake)
    assert (desk.forms[0].least, desk.forms[0].most) == (0, most)


def test_a_large_file_goes_in_parts(desk, intake):
    wanted = request(LARGEST_FORM + 1, mime="video/mp4", preset="default")
    offered = offer_upload(wanted, MINE, intake)
    assert isinstance(offered, OfferedParts)
    assert (offered.part_size, offered.parts) == (16 * 2**20, 6)
    upload, declared = find_upload(offered.handle, offered.key, MINE)
    begun = desk.under_way[upload.upload_id]
    assert (begun.key, begun.mime, begun.preset) == (offered.key, "video/mp4", "default")
    assert declared.size == LARGEST_FORM + 1
    assert isinstance(offer_upload(request(LARGEST_FORM), MINE, intake), OfferedForm)


def test_the_largest_file_has_no_more_parts_than_s3_takes(desk):
    limits = dataclasses.replace(PRESETS.limits, source_gigabytes=5000)
    presets = dataclasses.replace(PRESETS, limits=limits)
    offered = offer_upload(request(5 * 10**12), MINE, Intake(desk, lambda: presets))
    assert isinstance(offered, OfferedParts)
    assert (offered.parts, offered.part_size) == (10_000, 5 * 10**8)


@pytest.mark.parametrize(
    ("mime", "size", "words"),
    [
        ("image/jpeg", 100 * MB + 1, "expected at most 100 MB for an image but received 100.0 MB"),
        ("IMAGE/heic", 300 * MB, "expected at most 100 MB for an image but received 300.0 MB"),
        ("video/mp4", 5001 * MB, "expected at most 5 GB but received 5.00 GB"),
        (None, 9000 * MB, "expected at most 5 GB but received 9.00 GB"),
    ],
)
def test_what_passes_a_limit_is_refused_with_the_words_of_its_job(desk, intake, mime, size, words):
    assert failed(offer_upload, request(size, mime=mime), MINE, intake) == (
        ErrorCode.LIMIT_EXCEEDED,
        words,
    )
    assert not desk.forms
    assert not desk.under_way


def test_without_a_type_the_larger_limit_holds(desk):
    limits = dataclasses.replace(PRESETS.limits, source_gigabytes=0.05)
    intake = Intake(desk, lambda: dataclasses.replace(PRESETS, limits=limits))
    for mime in (None, "application/octet-stream"):
        assert isinstance(offer_upload(request(60 * MB, mime=mime), MINE, intake), OfferedForm)
    code, _ = failed(offer_upload, request(60 * MB, mime="video/mp4"), MINE, intake)
    assert code is ErrorCode.LIMIT_EXCEEDED
    assert failed(offer_upload, request(101 * MB), MINE, intake)[0] is ErrorCode.LIMIT_EXCEEDED


def test_an_unknown_preset_is_refused_with_the_words_of_its_job(intake):
    found = failed(offer_upload, request(preset="nope"), MINE, intake)
    assert found == failed(PRESETS.named, "nope")
    assert found[0] is ErrorCode.UNKNOWN_PRESET


@pytest.mark.parametrize(
    "others",
    [
        {"size": -1},
        {"mime": ""},
        {"mime": "jpeg"},
        {"mime": "image/jpeg\r\nx: y"},
        {"mime": "image/" + "a" * 300},
        {"mime": "ímage/jpeg"},
        {"sha256": "AB" * 32},
        {"sha256": "ab" * 31},
        {"sha256": SHA256, "size": LARGEST_FORM + 1},
        {"prefix": "../yours"},
    ],
)
def test_what_is_not_of_the_form_that_is_asked_for_is_refused(desk, intake, others):
    wanted = dataclasses.replace(request(), **others)
    assert refused(offer_upload, wanted, MINE, intake) is RefusalCode.INVALID_REQUEST
    assert not desk.forms
    assert not desk.under_way


def begun(intake, size=None, mime="video/mp4"):
    upload, handle = begin_parts(request(size, mime=mime), MINE, intake)
    return find_upload(handle, upload.key, MINE)


def test_parts_are_signed_for_an_upload_that_is_under_way(desk, intake):
    upload, _ = begun(intake)
    signed = dict(sign_parts(upload, [1, 10_000], desk))
    assert list(signed) == [1, 10_000]
    assert f"partNumber=10000&expires={PART_SECONDS}" in signed[10_000]
    desk.abort(upload)
    assert refused(sign_parts, upload, [1], desk) is RefusalCode.NOT_FOUND


@pytest.mark.parametrize("numbers", [range(1, MOST_SIGNED + 2), [1] * (MOST_SIGNED + 1)])
def test_no_more_parts_are_signed_at_once_than_one_answer_holds(intake, desk, numbers):
    upload, _ = begun(intake)
    assert refused(sign_parts, upload, numbers, desk) is RefusalCode.INVALID_REQUEST
    assert len(sign_parts(upload, numbers[1:], desk)) == MOST_SIGNED


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_a_part_has_a_number_that_s3_takes(desk, intake, number):
    upload, _ = begun(intake)
    assert refused(sign_parts, upload, [1, number], desk) is RefusalCode.INVALID_REQUEST
    part = Part(number, "etag")
    found = refused(finish, intake, upload, [part])
    assert found is RefusalCode.INVALID_REQUEST


def finish(intake, upload, parts, declared=None):
    """Complete an upload as a caller names its parts: without their sizes."""
    declared = declared or begun(intake)[1]
    parts = [Part(each.number, each.etag) for each in parts]
    return complete(upload, declared, parts, intake.desk, intake.presets.limits)


def test_parts_become_an_object_once_and_the_answer_can_be_had_again(desk, intake):
    upload, declared = begun(intake, LEAST_PART + 7)
    parts = [desk.send(upload, 1, LEAST_PART), desk.send(upload, 2, 7)]
    first = finish(intake, upload, parts, declared)
    assert desk.objects == {upload.key: LEAST_PART + 7}
    assert finish(intake, upload, parts, declared) == first


def test_an_upload_without_parts_is_not_complete(desk, intake):
    upload, _ = begun(intake)
    assert refused(finish, intake, upload, []) is RefusalCode.INVALID_REQUEST
    assert upload.upload_id in desk.under_way


def test_parts_come_in_order_and_each_once(desk, intake):
    upload, _ = begun(intake)
    one, two = desk.send(upload, 1, LEAST_PART), desk.send(upload, 2, LEAST_PART)
    for parts in ([two, one], [one, one]):
        assert refused(finish, intake, upload, parts) is RefusalCode.INVALID_REQUEST


def test_a_part_that_is_not_the_one_that_was_sent_is_a_conflict(desk, intake):
    upload, _ = begun(intake)
    before = desk.send(upload, 1, 7)
    desk.send(upload, 1, 8)
    for parts in ([before], [Part(1, "other")], [Part(2, before.etag)]):
        with pytest.raises(Refused, match=f"CONFLICT: part {parts[0].number} is not") as raised:
            finish(intake, upload, parts)
        assert raised.value.code is RefusalCode.CONFLICT
    assert upload.upload_id in desk.under_way


def test_parts_that_have_not_the_declared_size_are_a_conflict_that_can_be_mended(desk, intake):
    upload, declared = begun(intake, LEAST_PART + 7)
    one, two = desk.send(upload, 1, LEAST_PART), desk.send(upload, 2, 6)
    assert refused(finish, intake, upload, [one, two], declared) is RefusalCode.CONFLICT
    assert refused(finish, intake, upload, [one], declared) is RefusalCode.CONFLICT
    finish(intake, upload, [one, desk.send(upload, 2, 7)], declared)
    assert desk.objects[upload.key] == LEAST_PART + 7


@pytest.mark.parametrize(("mime", "size"), [("image/jpeg", 101 * MB), (None, 5001 * MB)])
def test_more_than_a_limit_is_dropped_with_all_its_parts(desk, intake, mime, size):
    upload, declared = begun(intake, mime=mime)
    parts = [desk.send(upload, 1, size)]
    code, words = failed(finish, intake, upload, parts, declared)
    assert (code, words[:16]) == (ErrorCode.LIMIT_EXCEEDED, "expected at most")
    assert not desk.under_way
    assert not desk.objects


def test_an_aborted_upload_is_never_complete(desk, intake):
    upload, _ = begun(intake)
    part = desk.send(upload, 1, 7)
    desk.abort(upload)
    assert refused(finish, intake, upload, [part]) is RefusalCode.NOT_FOUND
    assert not desk.objects


def test_a_handle_is_good_for_its_own_key_and_caller(desk, intake):
    upload, handle = begin_parts(request(mime="video/mp4"), MINE, intake)
    stranger, key = Caller("yours"), upload.key
    assert refused(find_upload, handle, key, stranger) is RefusalCode.FORBIDDEN
    other, _ = find_upload(handle, "yours/a.jpg", stranger)
    for call in (lambda: sign_parts(other, [1], desk), lambda: desk.parts(other)):
        assert refused(call) is RefusalCode.NOT_FOUND
    assert refused(finish, intake, other, [Part(1, "etag")]) is RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    "handle", ["", "x", "upload-1", "z1.upload-1", "i-1.upload-1", "i1.", "i1.a/../b c", "i." * 999]
)
def test_what_is_no_handle_names_no_upload(handle):
    assert refused(find_upload, handle, "mine/a.jpg", MINE) is RefusalCode.NOT_FOUND
