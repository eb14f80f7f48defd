"""The commands that talk to a stage, against a stage in memory."""

import json
import os

import boto3
import pytest

from lib.adapters.aws import clients
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.domain.asset import AssetStatus, History, Outcome
from lib.domain.characters import is_hidden
from lib.domain.errors import ErrorCode, Failure
from lib.domain.keys import asset_id
from lib.domain.media import ImageProbe, MediaWarning, WarningCode
from lib.tools import stack
from lib.tools.emulator.environment import Credentials
from tests.support import memory_stage
from tests.support.fakes import UPLOADS, MemorySources, received
from tests.support.memory_stage import TEMPLATE, deploy, end, finish, media, receive


@pytest.fixture(autouse=True)
def aws():
    with memory_stage.aws():
        yield


@pytest.fixture
def stage():
    """Deploy the stage `dev` and return what the command finds of it."""
    deploy(TEMPLATE)
    return stack.use_stage("dev")


@pytest.fixture
def catalog(stage):
    return DynamoCatalog(clients.client("dynamodb"), stage.catalog)


def reject(catalog, key):
    """Do what dispatch would do with a file that it can't use."""
    failure = Failure(ErrorCode.UNSUPPORTED_MEDIA, "text: not supported")
    catalog.reject(received(MemorySources().upload(key, b"text")), failure)


def test_upload_sends_files_below_the_prefix(stage, tmp_path, capsys):
    names = ("été à la plage + 1.v2.jpg", "b.jpg")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    files = (tmp_path / name for name in names)
    assert media("upload", *files, "--stage", "dev", "--prefix", "/a/") == 0
    said = capsys.readouterr().out
    for name in names:
        stored = boto3.client("s3").get_object(Bucket=UPLOADS, Key=f"a/{name}")
        assert stored["Body"].read() == name.encode()
        assert f"uploaded a/{name}" in said


def test_upload_asks_for_a_preset_in_the_metadata(stage, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    for arguments, expected in (((), {}), (("--preset", "avatar"), {"preset": "avatar"})):
        assert media("upload", tmp_path / "a.jpg", "--stage", "dev", *arguments) == 0
        stored = boto3.client("s3").head_object(Bucket=UPLOADS, Key="a.jpg")
        assert stored["Metadata"] == expected


def test_a_preset_that_no_header_can_hold_is_one_line(stage, tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(b"a")
    assert media("upload", tmp_path / "a.jpg", "--stage", "dev", "--preset", "été") == 2
    assert "ascii" in one_line(capsys).lower()


def test_upload_refuses_before_it_sends_anything(stage, tmp_path, capsys):
    (tmp_path / "there.jpg").write_bytes(b"there")
    there = tmp_path / "there.jpg"
    (tmp_path / "folder").mkdir()
    for other, reason in (
        (tmp_path / "missing.jpg", "is not there"),
        (tmp_path / "folder", "is a folder"),
        (tmp_path / "folder/../there.jpg", "would both become there.jpg"),
    ):
        assert media("upload", there, other, "--stage", "dev") == 2
        assert one_line(capsys).endswith(reason)
    assert boto3.client("s3").list_objects_v2(Bucket=UPLOADS)["KeyCount"] == 0


def test_ls_shows_the_newest_first_and_no_tombstones(catalog, capsys):
    finish(catalog, "older.jpg")
    reject(catalog, "newer.txt")
    catalog.remove(received(MemorySources().remove("gone.jpg")))
    assert media("ls", "--stage", "dev", "--json") == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["source"]["key"]: each["status"] for each in listed} == {
        "newer.txt": "REJECTED",
        "older.jpg": "READY",
    }
    assert listed == sorted(listed, key=lambda each: each["updated_at"], reverse=True)
    assert media("ls", "--stage", "dev") == 0
    said = capsys.readouterr().out
    assert "UNSUPPORTED_MEDIA: text: not supported" in said
    assert "gone.jpg" not in said


def test_ls_by_status_and_limit(catalog, capsys):
    for name in ("a.txt", "b.txt"):
        reject(catalog, name)
    finish(catalog, "c.jpg")
    media("ls", "--stage", "dev", "--status", "rejected")
    assert "c.jpg" not in capsys.readouterr().out
    media("ls", "--stage", "dev", "--json", "--limit", "2")
    assert len(capsys.readouterr().out.splitlines()) == 2
    media("ls", "--stage", "dev", "--status", "DELETED")
    assert capsys.readouterr().out == "no assets\n"


@pytest.mark.parametrize("name", ["a b.jpg", asset_id(UPLOADS, "a b.jpg")])
def test_show_takes_a_key_or_an_id(catalog, capsys, name):
    finish(catalog, "a b.jpg")
    assert media("show", name, "--stage", "dev", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["source"]["key"] == "a b.jpg"
    assert shown["renditions"][0]["name"] == "320.webp"
    assert media("show", name, "--stage", "dev") == 0
    assert "320 × 200" in capsys.readouterr().out


def test_show_has_the_tries_that_failed(catalog, capsys):
    event = receive(catalog, "a.jpg")
    failure = Failure(ErrorCode.THROTTLED, "slow [down]")
    history = History().after(failure, "2026-01-31T12:00:00.000Z", counted=True)
    end(catalog, event, Outcome(AssetStatus.FAILED, error=failure, history=history))
    assert media("show", "a.jpg", "--stage", "dev") == 0
    assert "2026-01-31T12:00:00.000Z  THROTTLED  slow [down]" in capsys.readouterr().out
    assert media("show", "a.jpg", "--stage", "dev", "--json") == 0
    shown = json.loads(capsys.readouterr().out)["history"]
    assert (shown["failed"], shown["entries"][0]["failure"]["code"]) == (1, "THROTTLED")


def test_show_has_what_to_know_of_a_source(catalog, capsys):
    event = receive(catalog, "a.jpg")
    cut = MediaWarning(WarningCode.INCOMPLETE, "3 of 12 lines [cut]")
    probe = ImageProbe(width=6, height=12, complete=False, warnings=(cut,))
    end(catalog, event, Outcome(AssetStatus.READY, probe=probe))
    assert media("show", "a.jpg", "--stage", "dev") == 0
    assert "INCOMPLETE: 3 of 12 lines [cut]" in capsys.readouterr().out


def test_show_prints_html(catalog, capsys):
    finish(catalog, "a.jpg")
    base = ("--base-url", "https://cdn.example")
    assert media("show", "a.jpg", "--stage", "dev", "--html", *base) == 0
    said = capsys.readouterr().out
    assert said.startswith('<picture>\n  <img src="https://cdn.example/k/320.webp"')
    reject(catalog, "b.txt")
    assert media("show", "b.txt", "--stage", "dev", "--html") == 2
    assert "b.txt has no renditions that a page" in one_line(capsys)


def test_show_of_what_is_not_there(stage, capsys):
    assert media("show", "nothing.jpg", "--stage", "dev") == 2
    assert "nothing.jpg" in one_line(capsys)


def test_rm_removes_all_or_nothing(stage, capsys):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=UPLOADS, Key="a.jpg", Body=b"a")
    assert media("rm", "a.jpg", "missing.jpg", "--stage", "dev") == 2
    assert "missing.jpg" in one_line(capsys)
    assert s3.head_object(Bucket=UPLOADS, Key="a.jpg")["ContentLength"] == 1
    assert media("rm", "a.jpg", "--stage", "dev") == 0
    assert s3.list_objects_v2(Bucket=UPLOADS)["KeyCount"] == 0


HOSTILE = "\x1b]0;owned\x07\x9b2J\u202egpj.exe\u2066\u200b.jpg"


def test_no_command_lets_a_key_or_a_message_drive_the_terminal(catalog, tmp_path, capsys):
    (tmp_path / HOSTILE).write_bytes(b"a")
    assert media("upload", tmp_path / HOSTILE, "--stage", "dev", "--prefix", HOSTILE) == 0
    finish(catalog, HOSTILE)
    failure = Failure(ErrorCode.UNSUPPORTED_MEDIA, HOSTILE)
    catalog.reject(received(MemorySources().upload(f"b{HOSTILE}", b"text")), failure)
    boto3.client("s3").put_object(Bucket=UPLOADS, Key=HOSTILE, Body=b"a")
    for arguments in (
        ("ls",),
        ("ls", "--json"),
        ("show", HOSTILE),
        ("show", HOSTILE, "--json"),
        ("show", HOSTILE, "--html", "--base-url", f"https://cdn.example/{HOSTILE}"),
        ("show", f"b{HOSTILE}"),
        ("show", f"b{HOSTILE}", "--html"),
        ("show", f"missing{HOSTILE}"),
        ("rm", f"missing{HOSTILE}"),
        ("rm", HOSTILE),
        ("upload", tmp_path / f"missing{HOSTILE}"),
        ("upload", f"--{HOSTILE}"),
        ("upload", tmp_path / HOSTILE, tmp_path / "." / HOSTILE),
    ):
        media(*arguments, "--stage", "dev")
    said = "".join(capsys.readouterr())
    assert said.count(r"\x1b]0;owned\x07\x9b2J\u202egpj.exe\u2066\u200b.jpg") >= 10
    assert not {each for each in said if is_hidden(each) and each != "\n"}


@pytest.mark.parametrize("command", ["upload", "show", "rm"])
def test_a_name_that_is_not_utf_8_is_one_line(stage, tmp_path, capsys, command):
    name = os.fsdecode(b"caf\xe9.jpg")
    (tmp_path / name).write_bytes(b"a")
    assert media(command, tmp_path / name, "--stage", "dev") == 2
    assert r"caf\udce9.jpg" in one_line(capsys)


def test_no_command_makes_an_emoji_or_a_colour_of_a_name(catalog, tmp_path, capsys):
    key = "a:smile:[red]b.jpg"
    (tmp_path / key).write_bytes(b"a")
    media("upload", tmp_path / key, "--stage", "dev")
    finish(catalog, key)
    for command in ("ls", "show", "rm"):
        media(command, *([key] * (command != "ls")), "--stage", "dev")
    assert capsys.readouterr().out.count(key) == 4


def test_ls_keeps_keys_whole_at_any_width(catalog, capsys, monkeypatch):
    key = f"{'a folder/' * 30}photo.jpg"
    finish(catalog, key)
    reject(catalog, f"{key}.txt")
    for width in ("20", "80", "500"):
        monkeypatch.setenv("COLUMNS", width)
        media("ls", "--stage", "dev")
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line.startswith(f"{key}  image")]
        assert [line for line in lines if line.startswith(f"{key}.txt  UNSUPPORTED_MEDIA")]
        assert not [line for line in lines if line.endswith(" ")]


def test_a_missing_stack_is_one_line(capsys):
    assert media("ls", "--stage", "dev") == 2
    assert "no stack media-pipeline-dev in us-east-1" in one_line(capsys)


def test_the_region_is_the_one_serverless_yml_takes(monkeypatch, capsys):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert media("ls", "--stage", "dev") == 2
    assert "in eu-west-1" in one_line(capsys)
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert media("ls", "--stage", "dev") == 2
    assert "in eu-west-2" in one_line(capsys)
    assert media("ls", "--stage", "dev", "--region", "eu-west-3") == 2
    assert "in eu-west-3" in one_line(capsys)


def test_a_stack_without_our_outputs_is_one_line(capsys):
    deploy(TEMPLATE | {"Outputs": {}})
    assert media("ls", "--stage", "dev") == 2
    assert "has no output 'UploadsBucket'" in one_line(capsys)


def test_a_profile_that_does_not_exist_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    boto3.DEFAULT_SESSION = None
    assert media("ls", "--stage", "dev") == 2
    assert "nobody" in one_line(capsys)


def test_the_local_stage_needs_an_emulator(tmp_path):
    with pytest.raises(stack.StackError, match="no emulator is running"):
        stack.use_stage("local", folder=tmp_path)


def test_the_local_stage_refuses_an_endpoint_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://cloudformation.us-east-1.amazonaws.com")
    with pytest.raises(stack.StackError, match="on this machine"):
        stack.use_stage("local", folder=tmp_path)


def test_the_local_stage_never_signs_with_the_users_credentials(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's")
    with pytest.raises(stack.StackError, match="AWS_ACCESS_KEY_ID has none of an emulator"):
        stack.use_stage("local", folder=tmp_path)


def test_the_local_stage_takes_what_keep_printed(tmp_path, monkeypatch):
    own = Credentials.generate()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", own.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own.secret_key)
    monkeypatch.setenv("AWS_PROFILE", "the user's")
    with pytest.raises(stack.StackError):
        stack.use_stage("local", folder=tmp_path)
    assert "the user's" not in os.environ.values()
    assert Credentials.find(os.environ) == own


def test_a_second_local_stage_has_its_own_credentials(tmp_path, monkeypatch):
    for _ in range(2):
        own = Credentials.generate()
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", own.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own.secret_key)
        with pytest.raises(stack.StackError):
            stack.use_stage("local", folder=tmp_path)
        assert boto3.DEFAULT_SESSION
        found = boto3.DEFAULT_SESSION.get_credentials()
        assert found
        assert (found.access_key, found.secret_key) == (own.access_key, own.secret_key)


def one_line(capsys):
    """Return what the command said on stderr, which is one line."""
    said = capsys.readouterr().err
    assert said.startswith("media: ")
    assert said.count("\n") == 1
    return said.strip()
