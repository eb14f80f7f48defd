"""`media reconcile`, `check` and `repair` against a stage in memory: what they say, ask and do."""

import gzip
import io
import json
from collections import Counter
from itertools import islice
from types import SimpleNamespace

import boto3
import pytest

from lib.adapters.aws import clients
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Sources
from lib.adapters.aws.s3_inventory import NEEDED
from lib.application.reconcile import survey as steps
from lib.cli import reconcile
from lib.domain import messages
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.characters import is_hidden
from lib.domain.events import Action, ObjectEvent
from lib.domain.keys import asset_id, manifest_key, rendition_key
from lib.domain.renditions import Rendition, RenditionKind
from lib.tools import stack
from tests.support import memory_stage
from tests.support.fakes import JPEG_HEAD, UPLOADS, received
from tests.support.memory_stage import TEMPLATE, deploy, media

NOW = ("--stage", "dev", "--grace", "0s", "--older-than", "0s")
WITH_TOPIC = {
    "Resources": {**TEMPLATE["Resources"], "Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {**TEMPLATE["Outputs"], "MediaTopic": {"Value": {"Ref": "Topic"}}},
}


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def aws():
    with memory_stage.aws():
        yield


@pytest.fixture
def stage():
    """Deploy, and let a queue hear what is published."""
    deploy(WITH_TOPIC)
    found = stack.use_stage("dev")
    boto3.client("s3").put_bucket_versioning(
        Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"}
    )
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    boto3.client("sns").subscribe(
        TopicArn=found.output("MediaTopic"),
        Protocol="sqs",
        Endpoint=arn["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return SimpleNamespace(
        s3=boto3.client("s3"),
        renditions=found.renditions,
        catalog=DynamoCatalog(clients.client("dynamodb"), found.catalog),
        heard=lambda: heard(sqs, queue),
    )


def heard(sqs, queue):
    """Take the keys of the uploads that were published."""
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return sorted(messages.deserialize_event(each["Body"]).source.key for each in found)


def upload(stage, key, content=JPEG_HEAD):
    """Upload without a word to anybody; return what is current."""
    stage.s3.put_object(Bucket=UPLOADS, Key=key, Body=content)
    return S3Sources(stage.s3).current_version(UPLOADS, key)


def make(stage, key):
    """Upload, record and process; return the keys of what is live."""
    event = received(ObjectEvent(Action.CREATED, upload(stage, key), "0" * 16))
    stage.catalog.receive(event)
    lease = stage.catalog.claim(event, lease_seconds=60).lease_token
    rendition = rendition_key(event.source, event.sequencer, "recipe", "320.webp")
    listed = manifest_key(event.source, event.sequencer, "recipe")
    for each in (rendition, listed):
        stage.s3.put_object(Bucket=stage.renditions, Key=each, Body=b"12")
    made = Rendition("320.webp", RenditionKind.IMAGE, "image/webp", rendition, bytes=2)
    outcome = Outcome(AssetStatus.READY, renditions=(made,), manifest_key=listed)
    stage.catalog.commit(event, lease, outcome)
    return rendition, listed


def orphan(stage, number):
    key = f"{number:032x}/older/recipe/x.webp"
    stage.s3.put_object(Bucket=stage.renditions, Key=key, Body=b"123")
    return key


def stored(stage):
    found = stage.s3.list_objects_v2(Bucket=stage.renditions).get("Contents", [])
    return {each["Key"] for each in found}


def test_nothing_is_wrong(stage, capsys):
    make(stage, "a.jpg")
    assert media("reconcile", *NOW) == 0
    said = capsys.readouterr()
    assert said.out == "nothing is wrong\n"
    assert "uploads: 1 looked at, 0 found" in said.err


def test_to_look_shows_what_would_be_done_and_changes_nothing(stage, capsys):
    upload(stage, "new.jpg")
    orphan(stage, 1)
    before = stored(stage)
    assert media("reconcile", *NOW) == 1
    said = capsys.readouterr()
    assert "UNRECORDED  new.jpg" in said.out
    assert f"ORPHANS     {1:032x}/  1 objects, no entry, 3 B" in said.out
    assert "record and process" in said.out
    assert "--apply makes it good" in said.err
    assert (stored(stage), stage.heard()) == (before, [])


def test_what_is_young_is_left_alone_unless_it_is_asked_for(stage):
    upload(stage, "new.jpg")
    orphan(stage, 1)
    assert media("reconcile", "--stage", "dev", "--apply") == 0
    assert stage.heard() == []
    assert len(stored(stage)) == 1


def test_apply_makes_all_of_it_good(stage, capsys):
    rendition, listed = make(stage, "lost.jpg")
    stage.s3.delete_object(Bucket=stage.renditions, Key=rendition)
    upload(stage, "new.jpg")
    orphan(stage, 1)
    assert media("reconcile", *NOW, "--apply") == 0
    assert stage.heard() == ["lost.jpg", "new.jpg"]
    assert stored(stage) == {listed}
    assert "made good: 3" in capsys.readouterr().err
    asset = stage.catalog.get(asset_id(UPLOADS, "lost.jpg"))
    assert (asset.status, asset.manifest_key) == (AssetStatus.RECEIVED, listed)


def test_json_is_a_line_for_each(stage, capsys):
    upload(stage, "new.jpg")
    key = orphan(stage, 1)
    assert media("reconcile", *NOW, "--json") == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert Counter(each["kind"] for each in found) == {"UNRECORDED": 1, "ORPHANS": 1}
    assert [each["keys"] for each in found if each["kind"] == "ORPHANS"] == [[key]]


@pytest.mark.parametrize(
    ("options", "answer", "deleted"),
    [
        ((), None, False),  # no terminal
        ((), "", False),
        ((), "y", False),
        ((), "2", False),
        ((), "3", True),
        (("--yes",), None, True),
    ],
)
def test_many_deletions_need_a_person(stage, monkeypatch, capsys, options, answer, deleted):
    monkeypatch.setattr(reconcile, "UNASKED", 2)
    monkeypatch.setattr("sys.stdin", io.StringIO() if answer is None else Terminal(f"{answer}\n"))
    for number in range(3):
        orphan(stage, number)
    assert media("reconcile", *NOW, "--apply", *options) == (0 if deleted else 1)
    assert (stored(stage) == set()) is deleted
    said = capsys.readouterr().err
    assert ("more than 2: --yes deletes them" in said) == (answer is None and not deleted)
    assert ("Type 3 to delete them" in said) == (answer is not None)


def test_few_deletions_need_nobody(stage, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    orphan(stage, 1)
    assert media("reconcile", *NOW, "--apply") == 0
    assert stored(stage) == set()


def test_an_interrupted_run_says_how_to_go_on(stage, monkeypatch, capsys):
    for number in range(3):
        upload(stage, f"{number} 'odd'.jpg")
    look = steps.survey
    looks = iter(range(100))

    def interrupted(*arguments):
        if next(looks) == 3:
            raise KeyboardInterrupt
        return look(*arguments)

    monkeypatch.setattr(reconcile, "survey", interrupted)
    assert media("reconcile", *NOW, "--apply") == 130
    said = capsys.readouterr().err
    assert "interrupted; --from catalog: goes on" in said
    assert len(stage.heard()) == 3
    monkeypatch.setattr(reconcile, "survey", look)
    assert media("reconcile", *NOW, "--from", "catalog:") == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--older-than", "soon"), "expected an age such as 12h or 1d but received soon"),
        (("--grace", "1.5h"), "expected an age such as 12h or 1d but received 1.5h"),
        (("--from", "nowhere"), "expected a position that starts with waiting:"),
        (("--inventory", "list.csv"), "expected s3://…/manifest.json but received list.csv"),
    ],
)
def test_what_is_mistyped_is_one_line(stage, capsys, options, why):
    assert media("reconcile", "--stage", "dev", *options) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"media: {why}")
    assert said.count("\n") == 1


def test_a_stack_without_the_topic_is_one_line(capsys):
    deploy(TEMPLATE)
    assert media("reconcile", "--stage", "dev") == 2
    assert "has no output 'MediaTopic'" in capsys.readouterr().err


def test_an_inventory_is_read_in_place_of_the_uploads(stage, capsys):
    upload(stage, "listed.jpg")
    upload(stage, "not listed.jpg")
    current = stage.s3.head_object(Bucket=UPLOADS, Key="listed.jpg")
    row = f'"{UPLOADS}","listed.jpg","{current["VersionId"]}","true","false","9",'
    row += f'"2026-01-31T12:00:00.000Z",{current["ETag"]}\n'
    manifest = {
        "sourceBucket": UPLOADS,
        "destinationBucket": f"arn:aws:s3:::{stage.renditions}",
        "fileFormat": "CSV",
        "fileSchema": ", ".join((*NEEDED[:5], "Size", *NEEDED[5:])),
        "files": [{"key": "config/data.csv.gz"}],
    }
    for key, body in (
        ("config/data.csv.gz", gzip.compress(row.encode())),
        ("config/manifest.json", json.dumps(manifest).encode()),
    ):
        stage.s3.put_object(Bucket=stage.renditions, Key=key, Body=body)
    address = f"s3://{stage.renditions}/config/manifest.json"
    assert media("reconcile", *NOW, "--inventory", address, "--apply") == 0
    assert stage.heard() == ["listed.jpg"]


def test_many_findings_are_summed_up(stage, monkeypatch, capsys):
    monkeypatch.setattr(reconcile, "SHOWN", 2)
    for number in range(5):
        upload(stage, f"{number}.jpg")
    media("reconcile", *NOW)
    said = capsys.readouterr().out
    assert said.count(".jpg") == 2
    assert "and 3 more: --json prints all" in said
    assert "UNRECORDED         5  record and process" in said


HOSTILE = "\u202egpj.exe\u2066\u200b.jpg"


def test_no_key_drives_the_terminal(stage, capsys):
    make(stage, HOSTILE)
    stage.s3.delete_object(Bucket=UPLOADS, Key=HOSTILE)
    for command in ("reconcile", "check", "repair"):
        arguments = NOW if command == "reconcile" else (HOSTILE, "--stage", "dev")
        media(command, *arguments)
        media(command, *arguments, *(["--json"] if command == "reconcile" else []))
    said = "".join(capsys.readouterr())
    assert "\\u202egpj.exe" in said
    assert not {each for each in said if is_hidden(each) and each != "\n"}


class TestOneAsset:
    def test_is_right(self, stage, capsys):
        make(stage, "a b.jpg")
        for name in ("a b.jpg", asset_id(UPLOADS, "a b.jpg")):
            assert media("check", name, "--stage", "dev") == 0
            said = capsys.readouterr().out
            assert "2 of 2 objects stored" in said
            assert said.endswith("nothing is wrong\n")
        assert media("repair", "a b.jpg", "--stage", "dev") == 0
        assert stage.heard() == []

    def test_misses_a_rendition(self, stage, capsys):
        rendition, _ = make(stage, "a.jpg")
        stage.s3.delete_object(Bucket=stage.renditions, Key=rendition)
        assert media("check", "a.jpg", "--stage", "dev") == 1
        assert "MISSING: 1 of 2 live objects" in capsys.readouterr().out
        assert media("repair", "a.jpg", "--stage", "dev") == 0
        assert "make again, in place" in capsys.readouterr().out
        assert stage.heard() == ["a.jpg"]

    def test_is_made_again(self, stage):
        _, listed = make(stage, "a.jpg")
        assert media("repair", "a.jpg", "--stage", "dev", "--again") == 0
        assert stage.heard() == ["a.jpg"]
        assert stage.catalog.get(asset_id(UPLOADS, "a.jpg")).manifest_key == listed

    def test_was_never_recorded(self, stage, capsys):
        upload(stage, "new.jpg")
        assert media("check", "new.jpg", "--stage", "dev") == 1
        assert "UNRECORDED" in capsys.readouterr().out
        assert media("repair", "new.jpg", "--stage", "dev") == 0
        assert stage.heard() == ["new.jpg"]

    def test_waits_and_is_published_at_once_where_somebody_asks(self, stage):
        event = received(ObjectEvent(Action.CREATED, upload(stage, "w.jpg"), "0" * 16))
        stage.catalog.receive(event)
        assert media("check", "w.jpg", "--stage", "dev") == 0
        assert media("repair", "w.jpg", "--stage", "dev") == 0
        assert stage.heard() == ["w.jpg"]

    @pytest.mark.parametrize("command", ["check", "repair"])
    def test_is_not_there(self, stage, capsys, command):
        for key in ("never.jpg", ""):
            assert media(command, key, "--stage", "dev") == 2
            assert "neither an upload nor an asset" in capsys.readouterr().err

    def test_is_not_made_again_where_it_is_not_supported(self, stage, capsys):
        make(stage, "a.jpg")
        upload(stage, "a.jpg", b"text")
        assert media("repair", "a.jpg", "--stage", "dev") == 0
        assert stage.catalog.get(asset_id(UPLOADS, "a.jpg")).status is AssetStatus.REJECTED
        assert media("repair", "a.jpg", "--stage", "dev", "--again") == 1
        assert "can't be made again" in capsys.readouterr().err
        assert stage.heard() == []

    def test_was_removed_behind_everybodys_back(self, stage):
        make(stage, "a.jpg")
        stage.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
        assert media("check", "a.jpg", "--stage", "dev") == 1
        assert media("repair", "a.jpg", "--stage", "dev") == 0
        assert stage.catalog.get(asset_id(UPLOADS, "a.jpg")).status is AssetStatus.DELETED


def test_phases_are_as_the_command_names_them():
    assert list(islice(steps.FULL, 2)) == list(steps.QUICK)
