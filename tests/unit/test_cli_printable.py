"""What strangers wrote neither drives a terminal nor poses as another text, whatever prints it."""

from __future__ import annotations

import io
import json
import logging
import re
import unicodedata
from dataclasses import dataclass, fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from lib.adapters.aws.sns import SnsAssetEvents
from lib.adapters.telemetry import Telemetry
from lib.application.notify import asset_event, attributes_of
from lib.cli.demo_results import failed_expectations, result_table
from lib.cli.html import element
from lib.cli.printable import (
    PrintableFormatter,
    as_markup,
    printable,
    printable_line,
    printable_lines,
)
from lib.cli.tables import asset_json, asset_panel, asset_table
from lib.cli.upload import Upload
from lib.cli.watch import Followed, _live_table, _print_line
from lib.domain import messages
from lib.domain.asset import Asset, AssetStatus
from lib.domain.characters import is_hidden
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.media import AudioTrack, ImageProbe, MediaType, VideoProbe
from lib.domain.renditions import Placeholder, Rendition, RenditionKind

CONTROLS = [chr(number) for number in (*range(0x20), *range(0x7F, 0xA0))]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ZERO_WIDTH = list("\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\u3164\ufe0f\ufeff\U000e0041")
LINES = list("\u2028\u2029")
HOSTILE = "".join((*CONTROLS, *BIDI, *ZERO_WIDTH, *LINES, "\ud800", "\u00a0"))
COLOR = re.compile(r"\x1b\[[0-9;]*m")
"""What rich writes itself, and nobody else may."""

unhurried = settings(deadline=None)
"""A busy machine may take its time."""

NOW = "2026-01-31T12:00:00.000Z"

texts = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE + "[]\\&<>'\"")), max_size=60)


def hostile_asset(text, status=AssetStatus.PARTIAL, medium=MediaType.VIDEO):
    """Return an asset with a text wherever one stands that somebody else may have written."""
    kind = ImageProbe if medium is MediaType.IMAGE else VideoProbe
    words = {each.name: text for each in fields(kind) if str(each.type).startswith("str")}
    if kind is VideoProbe:
        words["audio_tracks"] = (AudioTrack(language=text, title=text),)
    probe = kind(**words)
    failure = Failure(ErrorCode.CORRUPT_MEDIA, text)
    made = Rendition("480p", RenditionKind.VIDEO, "video/mp4", "a/b/480p.mp4", 640, 480)
    renditions = (
        replace(made, language=text),
        replace(made, name=text, kind=RenditionKind.SUBTITLES, language=text),
        replace(made, name=text, key=None, error=failure),
    )
    return Asset(
        text, Source(text, text, text, text, 9), text, status, NOW, NOW,
        mime=text, probe=probe, placeholder=Placeholder("3OcRJYB4d3h/iIeHeEh3eIhw+j2w", text),
        renditions=renditions, manifest_key=text, error=failure,
    )  # fmt: skip


def obeyed(said):
    """Return what of an output a terminal would obey, but for colours and the ends of lines."""
    return {
        each
        for each in COLOR.sub("", said)
        if (unicodedata.category(each)[0] == "C" or each in ZERO_WIDTH + LINES) and each != "\n"
    }


@pytest.mark.parametrize("character", HOSTILE, ids=lambda each: f"U+{ord(each):04X}")
def test_is_spelled_out(character):
    assert re.fullmatch(r"a\\(x\w{2}|u\w{4}|U\w{8})b", printable(f"a{character}b"))


def test_what_people_write_stays_as_it_is():
    for text in ("été à la plage + 1.jpg", "日本語.png", "😀.gif", "C:\\a b.jpg", "e\u0301"):
        assert printable(text) == text


def test_hides_what_unicode_calls_other_or_a_separator():
    for number in range(0x110000):
        kind = unicodedata.category(chr(number))
        if kind[0] in "CZ" and number != 0x20:
            assert is_hidden(chr(number))


@unhurried
@given(texts)
def test_nothing_is_left_to_obey(text):
    for said in (printable(text), printable_lines(text), printable_line(text), as_markup(text)):
        assert not obeyed(said)


@unhurried
@given(texts, st.booleans(), st.sampled_from([MediaType.IMAGE, MediaType.VIDEO]))
def test_whatever_is_printed_of_an_asset_is_text(text, terminal, medium):
    asset = hostile_asset(text, medium=medium)
    followed = Followed(Upload(Path(text), text, text, None, 0.0), asset)
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=terminal)
    for renderable in (
        asset_table([asset]),
        asset_panel(asset),
        result_table([followed, replace(followed, asset=None)]),
        _live_table([followed]),
    ):
        console.print(renderable, soft_wrap=True)
    _print_line(followed, console)
    for problem in failed_expectations([followed], {Path(text).name: {"status": "READY"}}):
        console.print(as_markup(problem))
    assert not obeyed(written.getvalue())


@unhurried
@given(texts)
@example(":smile:[red]")
def test_keys_are_whole(text):
    written = io.StringIO()
    console = Console(file=written, width=20)
    key = f"{text}{'k' * 300}"
    console.print(asset_table([hostile_asset(key)]), soft_wrap=True)
    assert printable(key) in written.getvalue()


@unhurried
@given(texts)
def test_json_is_ascii_and_the_same(text):
    said = asset_json(hostile_asset(text))
    assert said.isascii()
    assert not obeyed(said)
    assert json.loads(said)["source"]["key"] == text


@unhurried
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(BIDI))))
def test_html_says_the_same_without_anything_to_obey(text):
    read: list[str | None] = []

    class Languages(HTMLParser):
        def handle_starttag(self, tag, attributes):
            read.extend(value for name, value in attributes if name == "srclang")

    said = element(hostile_asset(text))
    assert not obeyed(said)
    Languages().feed(said)
    if all(each.isprintable() for each in text):
        assert read == [text or "und"]


def test_a_traceback_is_text():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PrintableFormatter())
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        int(HOSTILE)
    except ValueError:
        log.exception("%s", HOSTILE)
    assert "ValueError" in stream.getvalue()
    assert not obeyed(stream.getvalue())


def test_log_lines_of_the_functions_are_ascii(monkeypatch):
    telemetry, stream = Telemetry("test"), io.StringIO()
    # All of a process write by the handlers of the first.
    for handler in logging.getLogger(telemetry.logger.name).handlers:
        monkeypatch.setattr(handler, "stream", stream)
    telemetry.logger.info("recorded", key=HOSTILE)
    said = stream.getvalue()
    assert said.isascii()
    assert json.loads(said)["key"] == HOSTILE


def is_taken_by_sqs(body):
    """Tell what SQS says of a body: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html."""
    return re.fullmatch(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", body)


@dataclass
class Sns:
    """Keeps what is published."""

    message: str = ""

    def publish(self, *, Message, **_):  # noqa: N803
        self.message = Message


@unhurried
@given(texts)
def test_asset_events_are_ascii(text):
    sns: Any = Sns()
    asset = hostile_asset(text)
    attributes = attributes_of(asset, "asset.failed")
    SnsAssetEvents(sns, "arn").publish(asset_event(asset), attributes)
    assert sns.message.isascii()
    assert is_taken_by_sqs(sns.message)
    assert json.loads(sns.message)["error"]["message"] == text


@unhurried
@given(texts)
def test_sqs_takes_every_message(text):
    event = UploadEvent(
        Action.CREATED,
        Source(text, text, text, text, 9),
        sequencer=text,
        media_type=MediaType.IMAGE,
        mime=text,
        received_at=text,
        preset=text,
    )
    body = messages.serialize_event(event)
    assert body.isascii()
    assert is_taken_by_sqs(body)
    assert messages.deserialize_event(body) == event
