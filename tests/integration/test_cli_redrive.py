"""`media redrive` against a stage in memory: what it shows, asks, sends, and says at the end."""

import io
import json

import boto3
import pytest

from lib.adapters.aws import clients, failure_queues
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.failure_queues import AwsTargets
from lib.domain import messages
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.characters import is_hidden
from lib.domain.errors import ErrorCode, Failure
from lib.tools import stack
from tests.support import memory_stage
from tests.support.failure_letters import failed_batch, failed_call
from tests.support.fakes import UPLOADS, MemorySources, received
from tests.support.memory_stage import TEMPLATE, deploy, end, finish, media, receive

EXHAUSTED = Failure(ErrorCode.EXHAUSTED, "gave up: THROTTLED: slow down")


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    monkeypatch.setattr(failure_queues, "LONG_POLL_SECONDS", 0)
    with memory_stage.aws():
        yield


@pytest.fixture
def stage():
    deploy(TEMPLATE)
    return stack.use_stage("dev")


@pytest.fixture
def catalog(stage):
    return DynamoCatalog(clients.client("dynamodb"), stage.catalog)


@pytest.fixture
def queues(stage):
    return Queues(stage)


class Queues:
    """The stage's queues, by the names of their outputs."""

    def __init__(self, stage):
        self.sqs = boto3.client("sqs")
        self.stage = stage

    def put(self, name, body, **attributes):
        self.sqs.send_message(
            QueueUrl=self.stage.output(name),
            MessageBody=body,
            MessageAttributes={
                key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()
            },
        )

    def bodies(self, name):
        """Return what is visible in a queue, and leave it there."""
        found = self.sqs.receive_message(
            QueueUrl=self.stage.output(name), MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [each["Body"] for each in found.get("Messages", [])]


def give_up(catalog, queues, key, queue="ImageDeadLetters"):
    """Do what dispatch and a worker would do with an upload that fails; return its event."""
    event = receive(catalog, key)
    end(catalog, event, Outcome(AssetStatus.FAILED, error=EXHAUSTED))
    queues.put(queue, messages.serialize_event(event))
    return event


def redrive(*arguments):
    return media("redrive", "--stage", "dev", *arguments)


def test_nothing_waits(stage, capsys):
    assert redrive() == 0
    assert capsys.readouterr().out == "nothing waits\n"


def test_a_dry_run_shows_what_waits_and_changes_nothing(catalog, queues, capsys):
    give_up(catalog, queues, "a.jpg")
    give_up(catalog, queues, "b.jpg")
    give_up(catalog, queues, "c.mp4", "VideoDeadLetters")
    queues.put("ImageDeadLetters", "no JSON", reason="expected an upload but received a poem")
    assert redrive("--dry-run", "--yes") == 0
    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines()]
    (videos,) = [row for row in rows if "VideoQueue" in row]
    assert videos[0] == "VideoDeadLetters"
    assert videos[4:] == ["VideoQueue", "FAILED", "EXHAUSTED", "c.mp4"]
    (images,) = [row for row in rows if "ImageQueue" in row]
    assert images[1] == "2"
    assert {each.strip(",") for each in images[-2:]} == {"a.jpg", "b.jpg"}
    assert "nowhere: not ours" in said
    assert "expected an upload but received a poem" in said
    assert len(queues.bodies("ImageDeadLetters")) == 3
    assert queues.bodies("ImageQueue") == []


def test_what_is_sent_is_in_its_queue_and_no_dead_letter_any_more(catalog, queues, capsys):
    event = give_up(catalog, queues, "a.jpg")
    assert redrive("--yes", "--wait", "0") == 0
    assert queues.bodies("ImageQueue") == [messages.serialize_event(event)]
    assert queues.bodies("ImageDeadLetters") == []
    said = capsys.readouterr()
    assert "1 sent, 1 WAITING" in said.out
    assert "done 1 of 1" in said.err


@pytest.mark.parametrize(
    ("stdin", "code", "sent"),
    [
        (io.StringIO("y\n"), 2, 0),  # a pipe can't be asked
        (Terminal("n\n"), 0, 0),
        (Terminal("\n"), 0, 0),
        (Terminal("y\n"), 0, 1),
    ],
    ids=["no terminal", "no", "enter", "yes"],
)
def test_it_asks_first(catalog, queues, capsys, monkeypatch, stdin, code, sent):
    give_up(catalog, queues, "a.jpg")
    monkeypatch.setattr("sys.stdin", stdin)
    assert redrive("--wait", "0", "--rate", "5") == code
    said = capsys.readouterr().err
    assert "send 1 again, 5 a second" in said.lower()
    assert (len(queues.bodies("ImageQueue")), len(queues.bodies("ImageDeadLetters"))) == (
        sent,
        1 - sent,
    )


def test_what_is_not_ours_is_deleted_only_where_that_is_asked_for(catalog, queues, capsys):
    queues.put("DispatchFailures", "no JSON")
    give_up(catalog, queues, "a.jpg")
    redrive("--yes", "--wait", "0")
    assert queues.bodies("DispatchFailures") == ["no JSON"]
    assert redrive("--yes", "--discard-poison") == 0
    assert queues.bodies("DispatchFailures") == []
    assert "1 discarded" in capsys.readouterr().out


def test_a_message_about_lost_changes_goes_only_where_that_is_asked_for(queues, capsys):
    body = json.dumps(failed_batch("sweep"))
    queues.put("StreamFailures", body)
    assert redrive("--yes", "--discard-poison") == 0
    assert "sweep gave up 2 changes, which the stream has forgotten" in capsys.readouterr().out
    assert queues.bodies("StreamFailures") == [body]
    assert redrive("--yes", "--mend-lost") == 0
    assert queues.bodies("StreamFailures") == []


def worker(monkeypatch, work):
    """Let what is sent be worked on at once."""
    monkeypatch.setattr(AwsTargets, "send", lambda _, job: work(job))


@pytest.mark.parametrize(
    ("outcome", "code", "says"),
    [
        (Outcome(AssetStatus.READY), 0, "a.jpg  READY"),
        (Outcome(AssetStatus.FAILED, error=EXHAUSTED), 1, "a.jpg  FAILED  EXHAUSTED: gave up"),
    ],
)
def test_it_says_what_became_of_each(catalog, queues, capsys, monkeypatch, outcome, code, says):
    event = give_up(catalog, queues, "a.jpg")
    worker(monkeypatch, lambda job: end(catalog, event, outcome))
    assert redrive("--yes") == code
    said = capsys.readouterr()
    assert says in said.out
    assert f"1 sent, 1 {outcome.status}" in said.out
    assert "ended 1 of 1" in said.err


def test_what_does_not_end_in_time_is_told(catalog, queues, capsys):
    give_up(catalog, queues, "a.jpg")
    assert redrive("--yes", "--wait", "0.1") == 1
    assert "a.jpg  WAITING" in capsys.readouterr().out


def test_a_message_without_an_entry_says_how_to_repair_it(catalog, queues, capsys):
    event = received(MemorySources().upload("a b.jpg", b"content"))
    queues.put("ImageDeadLetters", messages.serialize_event(event))
    assert redrive("--yes") == 1
    said = capsys.readouterr().out
    assert "ImageQueue  no entry  a b.jpg" in said
    assert "a b.jpg  UNKNOWN  it has no entry: media repair 'a b.jpg'" in said


def test_what_could_not_be_sent_is_told(catalog, queues, capsys):
    give_up(catalog, queues, "a [b].jpg")
    queues.sqs.delete_queue(QueueUrl=queues.stage.output("ImageQueue"))
    assert redrive("--yes") == 1
    said = capsys.readouterr().out
    assert "ImageDeadLetters, a [b].jpg: SERVICE_UNAVAILABLE: " in said
    assert said.endswith("\n1 kept\n")
    assert len(queues.bodies("ImageDeadLetters")) == 1


def test_codes_queues_and_times_choose(catalog, queues, capsys):
    give_up(catalog, queues, "a.jpg")
    give_up(catalog, queues, "b.mp4", "VideoDeadLetters")
    for arguments, shown in (
        (("--queue", "videodeadletters"), {"b.mp4"}),
        (("--queue", "ImageDeadLetters", "--queue", "VideoDeadLetters"), {"a.jpg", "b.mp4"}),
        (("--code", "exhausted"), {"a.jpg", "b.mp4"}),
        (("--code", "CORRUPT_MEDIA"), set()),
        (("--since", "1h"), {"a.jpg", "b.mp4"}),
        (("--since", "2999-01-01"), set()),
        (("--since", "2020-01-01T00:00:00+02:00"), {"a.jpg", "b.mp4"}),
    ):
        assert redrive("--dry-run", *arguments) == 0
        said = capsys.readouterr().out
        assert {key for key in ("a.jpg", "b.mp4") if key in said} == shown


def test_what_can_not_be_understood_is_one_line(stage, capsys):
    assert redrive("--since", "yesterday") == 2
    said = capsys.readouterr().err
    assert said == (
        "media: expected 2h, 3d, or a time as 2026-01-31T12:00, but received yesterday\n"
    )
    assert redrive("--queue", "MyQueue") == 2
    assert redrive("--rate", "0") == 2


def test_json_is_a_line_for_each_message(catalog, queues, capsys, monkeypatch):
    event = give_up(catalog, queues, "a.jpg")
    queues.put("VideoDeadLetters", "no JSON")
    assert redrive("--dry-run", "--json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["queue"], each["verdict"], each["fate"]) for each in found] == [
        ("ImageDeadLetters", "send", None),
        ("VideoDeadLetters", "poison", None),
    ]
    worker(monkeypatch, lambda job: end(catalog, event, Outcome(AssetStatus.READY)))
    assert redrive("--yes", "--json") == 0
    sent, poison = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (sent["fate"], sent["goes_to"], sent["subjects"][0]["key"]) == (
        *("sent", "ImageQueue", "a.jpg"),
    )
    assert [each["status"] for each in sent["assets"]] == ["READY"]
    assert (poison["fate"], poison["goes_to"]) == (None, None)


def test_an_asset_that_was_not_known_before_is_in_the_json(catalog, queues, capsys, monkeypatch):
    version = {"bucket": {"name": UPLOADS}, "object": {"key": "new.jpg", "sequencer": "00"}}
    record = {"eventVersion": "2.1", "eventName": "ObjectCreated:Put", "s3": version}
    queues.put("DispatchFailures", json.dumps(failed_call({"Records": [record]})))
    worker(monkeypatch, lambda job: finish(catalog, "new.jpg"))
    assert redrive("--yes", "--json") == 0
    (sent,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(each["key"], each["status"]) for each in sent["assets"]] == [("new.jpg", "READY")]


def test_an_interrupted_redrive_says_so_and_loses_nothing(catalog, queues, capsys, monkeypatch):
    for number in range(4):
        give_up(catalog, queues, f"{number}.jpg")
    sent: list[str] = []

    def work(job):
        if len(sent) == 2:
            raise KeyboardInterrupt
        sent.append(job.payload)

    worker(monkeypatch, work)
    assert redrive("--yes", "--wait", "0") == 130
    said = capsys.readouterr()
    assert "media: interrupted: 2 still wait where they were" in said.err
    assert "2 sent" in said.out
    assert len(queues.bodies("ImageDeadLetters")) == 2
    assert not set(queues.bodies("ImageDeadLetters")) & set(sent)


def test_what_somebody_holds_is_told(catalog, queues, capsys):
    give_up(catalog, queues, "a.jpg")
    url = queues.stage.output("ImageDeadLetters")
    queues.sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)
    assert redrive() == 0
    assert "1 more are in the hands of somebody" in capsys.readouterr().out


HOSTILE = "\x1b]0;owned\x07\x9b2J\u202egpj.exe [red]:smile:.jpg"


def test_no_message_drives_the_terminal(catalog, queues, capsys):
    give_up(catalog, queues, HOSTILE)
    queues.put("VideoDeadLetters", "no JSON", reason=f"expected {HOSTILE[4:9]} [red]:smile:")
    queues.put("DispatchFailures", json.dumps(HOSTILE))
    redrive("--dry-run")
    redrive("--yes", "--wait", "0.1")
    said = "".join(capsys.readouterr())
    assert said.count(r"\x1b]0;owned\x07\x9b2J\u202egpj.exe [red]:smile:.jpg") >= 3
    assert not {each for each in said if is_hidden(each) and each != "\n"}


def test_a_stage_of_an_older_release_is_one_line(capsys):
    outputs = {name: each for name, each in TEMPLATE["Outputs"].items() if name != "ImageQueue"}
    deploy(TEMPLATE | {"Outputs": outputs})
    assert redrive() == 2
    assert "has no output 'ImageQueue': deploy again" in capsys.readouterr().err
