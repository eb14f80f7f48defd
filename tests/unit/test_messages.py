"""S3's notifications in, the topic's messages out and back in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import TransientError
from lib.domain.events import Action, ObjectEvent, Source, UploadEvent
from lib.domain.media import MediaType
from lib.domain.messages import deserialize_event, parse_object_events, serialize_event

EVENTS = Path(__file__).parents[1] / "events"
BUCKET = "media-dev-uploads-123456789012"
ETAG = "d41d8cd98f00b204e9800998ecf8427e"
V1 = "096fKKXTRTtl3on89fVO.nfljtsv6qko"
V2 = "UIORUnfndfiufdisojhr398493jfdkjF"
V3 = "3HL4kqCxf3vjVBH40Nrjfkd8mGbTQy0c"


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def created(key: str, version: str, etag: str, size: int, sequencer: str) -> ObjectEvent:
    return ObjectEvent(Action.CREATED, Source(BUCKET, key, version, etag, size), sequencer)


def removed(key: str, version: str, sequencer: str, *, etag: str = "") -> ObjectEvent:
    source = Source(BUCKET, key, version, etag, 0)
    return ObjectEvent(Action.REMOVED, source, sequencer)


class TestNotifications:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            (
                "2.1-put-encoded-key",
                [created("photos/été 1+1.v2.final.jpg", V1, ETAG, 204_800, "0062E99A88DC407460")],
            ),
            ("2.1-put-unversioned", [created("plain.png", "", ETAG, 1024, "0055AED6DCD90281E5")]),
            (
                "2.2-delete-marker",
                [removed("photos/a.jpg", V2, "0062E99A88DC407461", etag=ETAG)],
            ),
            (
                "2.3-lifecycle-expiration",
                [removed("photos/old.jpg", V2, "0062E99A88DC407467", etag=ETAG)],
            ),
            (
                "2.3-multipart-100-percent",
                [
                    created(
                        "100% real%20.mov",
                        V1,
                        "5b3c1a2e055f00b3f8e3a1d7c94e9e11-640",
                        5_368_709_120,
                        "0062E99A88DC407462",
                    )
                ],
            ),
            (
                "2.4-several-records",
                [
                    created("a.jpg", V1, ETAG, 1, "0062E99A88DC407463"),
                    removed("a.jpg", V1, "0062E99A88DC407464"),
                ],
            ),
            ("2.5-permanent-delete", [removed("video 1.mp4", V3, "0062E99A88DC407465")]),
            ("2.6-empty-object", [created("empty.txt", V1, ETAG, 0, "0062E99A88DC407466")]),
            ("test-event", []),
        ],
    )
    def test_are_read(self, name: str, expected: list[ObjectEvent]) -> None:
        assert parse_object_events(load(name)) == expected

    def test_may_be_without_records(self) -> None:
        assert parse_object_events({"Records": []}) == []

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (("eventVersion",), "3.0", "expected 2.x for eventVersion but received '3.0'"),
            (("eventVersion",), None, "expected a text for eventVersion but received None"),
            (("eventName",), 7, "expected a text for eventName but received 7"),
            (("s3",), [], r"expected an object for s3 but received \[\]"),
            (("s3", "bucket", "name"), None, "expected a text for name but received None"),
            (("s3", "object", "key"), None, "expected a text for key but received None"),
            (("s3", "object", "sequencer"), None, "expected a text for sequencer"),
            (("s3", "object", "size"), "1", "expected a whole number for size but received '1'"),
        ],
    )
    def test_are_refused_with_what_was_expected(
        self, path: tuple[str, ...], value: object, message: str
    ) -> None:
        event = load("2.6-empty-object")
        *parents, name = path
        table = event["Records"][0]
        for parent in parents:
            table = table[parent]
        table[name] = value
        with pytest.raises(ValueError, match=message):
            parse_object_events(event)

    @pytest.mark.parametrize(
        ("event", "received"),
        [({}, "None"), ({"Records": {}}, "{}"), ({"detail-type": "Object Created"}, "None")],
    )
    def test_are_not_something_else(self, event: dict[str, Any], received: str) -> None:
        with pytest.raises(
            ValueError, match=f"^expected a list for Records but received {received}$"
        ):
            parse_object_events(event)

    def test_may_name_events_as_their_configuration_does(self) -> None:
        event = load("2.2-delete-marker")
        event["Records"][0]["eventName"] = "s3:ObjectRemoved:DeleteMarkerCreated"
        assert parse_object_events(event) == parse_object_events(load("2.2-delete-marker"))

    def test_may_quote_an_etag_as_headers_do(self) -> None:
        event = load("2.6-empty-object")
        event["Records"][0]["s3"]["object"]["eTag"] = f'"{ETAG}"'
        assert parse_object_events(event) == parse_object_events(load("2.6-empty-object"))

    def test_of_what_is_neither_created_nor_removed_say_nothing(self) -> None:
        event = load("2.4-several-records")
        event["Records"][0]["eventName"] = "ObjectTagging:Put"
        assert [each.action for each in parse_object_events(event)] == [Action.REMOVED]


EVENT = UploadEvent(
    Action.CREATED,
    Source(BUCKET, "photos/été 1+1.jpg", V1, ETAG, 204_800),
    "0062E99A88DC407460",
    MediaType.IMAGE,
    "image/jpeg",
    "2026-01-31T12:00:00.123Z",
    preset="album",
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


class TestMessages:
    def test_have_the_fields_of_the_contract(self) -> None:
        assert json.loads(serialize_event(EVENT)) == {
            "schema": 1,
            "action": "created",
            "bucket": BUCKET,
            "key": "photos/été 1+1.jpg",
            "version_id": V1,
            "etag": ETAG,
            "size": 204_800,
            "sequencer": "0062E99A88DC407460",
            "media_type": "image",
            "mime": "image/jpeg",
            "preset": "album",
            "received_at": "2026-01-31T12:00:00.123Z",
        }

    def test_are_compact_and_in_ascii(self) -> None:
        assert serialize_event(replace(EVENT, preset=None)) == (
            '{"schema":1,"action":"created","bucket":"media-dev-uploads-123456789012",'
            '"key":"photos/\\u00e9t\\u00e9 1+1.jpg",'
            '"version_id":"096fKKXTRTtl3on89fVO.nfljtsv6qko",'
            '"etag":"d41d8cd98f00b204e9800998ecf8427e","size":204800,'
            '"sequencer":"0062E99A88DC407460","media_type":"image","mime":"image/jpeg",'
            '"received_at":"2026-01-31T12:00:00.123Z"}'
        )

    def test_say_nothing_of_a_preset_that_was_not_asked_for(self) -> None:
        assert "preset" not in json.loads(serialize_event(replace(EVENT, preset=None)))

    @given(
        st.builds(
            UploadEvent,
            st.sampled_from(Action),
            st.builds(Source, texts, texts, texts, texts, st.integers(0, 2**50)),
            texts,
            st.sampled_from(MediaType),
            texts,
            texts,
            st.none() | texts,
        )
    )
    def test_come_back_as_they_were(self, event: UploadEvent) -> None:
        assert deserialize_event(serialize_event(event)) == event

    def test_may_have_fields_of_a_newer_release(self) -> None:
        message = json.loads(serialize_event(EVENT)) | {"later": True}
        assert deserialize_event(json.dumps(message)) == EVENT

    def test_of_the_longest_key_fit_many_to_a_request(self) -> None:
        longest = replace(EVENT, source=replace(EVENT.source, key="\u0001" * 1024))
        assert len(serialize_event(longest).encode()) * 10 < 256 * 1024

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"schema": 0}, "expected 1 for schema but received 0"),
            ({"schema": None}, "expected a whole number for schema but received None"),
            ({"schema": "2"}, "expected a whole number for schema but received '2'"),
            ({"action": None}, "expected a text for action but received None"),
            ({"media_type": 7}, "expected a text for media_type but received 7"),
            ({"key": None}, "expected a text for key but received None"),
            ({"size": "9"}, "expected a whole number for size but received '9'"),
            ({"size": -1}, "expected a whole number for size but received -1"),
            ({"size": True}, "expected a whole number for size but received True"),
            ({"preset": 1}, "expected a text for preset but received 1"),
        ],
    )
    def test_are_refused_with_what_was_expected(
        self, changed: dict[str, object], message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            deserialize_event(json.dumps(json.loads(serialize_event(EVENT)) | changed))

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"schema": 2}, "expected 1 for schema but received 2"),
            ({"schema": 2, "key": None, "action": 7}, "expected 1 for schema but received 2"),
            ({"action": "moved"}, "expected one of created, removed for action but"),
            (
                {"media_type": "model"},
                "expected one of image, video, audio, unsupported for media_type but received",
            ),
        ],
    )
    def test_of_a_newer_release_wait_for_it(
        self, changed: dict[str, object], expected: str
    ) -> None:
        with pytest.raises(TransientError, match=f"waits for a newer release: {expected}"):
            deserialize_event(json.dumps(json.loads(serialize_event(EVENT)) | changed))

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("", "expected JSON for the message but received ''"),
            ("hello", "expected JSON for the message but received 'hello'"),
            ("[]", r"expected an object for the message but received '\[\]'"),
            ("x" * 99, f"received '{'x' * 80}'$"),
            (f'"{"x" * 99}"', f"""received '"{"x" * 79}'$"""),
        ],
    )
    def test_are_json_objects(self, body: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            deserialize_event(body)
