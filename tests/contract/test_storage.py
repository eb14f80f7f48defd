"""Sources and renditions, the same in S3 and in folders; what only S3 has comes after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from lib.adapters.aws.s3 import IMMUTABLE, S3Renditions, S3Sources
from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Current, Source
from lib.domain.ports import Renditions, Sources

KEY = "photos/été 1+1.v2.jpg"


@dataclass
class Place:
    """Two ports, and how its user uploads, removes and looks at renditions."""

    sources: Sources
    renditions: Renditions
    bucket: str
    upload: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    stored: Callable[[], dict[str, bytes]]

    def source(self, key: str = KEY) -> Source:
        source = self.sources.current_version(self.bucket, key)
        assert source is not None
        return source


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", config=Config(signature_version="s3v4")
        )
        client.create_bucket(Bucket="uploads")
        client.put_bucket_versioning(
            Bucket="uploads", VersioningConfiguration={"Status": "Enabled"}
        )
        client.create_bucket(Bucket="renditions")
        yield client


def in_s3(client: Any) -> Place:
    def stored() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket="renditions").get("Contents", [])
        return {
            each["Key"]: client.get_object(Bucket="renditions", Key=each["Key"])["Body"].read()
            for each in found
        }

    return Place(
        S3Sources(client),
        S3Renditions(client, "renditions"),
        "uploads",
        lambda key, content: client.put_object(Bucket="uploads", Key=key, Body=content),
        lambda key: client.delete_object(Bucket="uploads", Key=key),
        stored,
    )


def in_folders(folder: Path) -> Place:
    def upload(key: str, content: bytes) -> None:
        path = folder / "uploads" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def stored() -> dict[str, bytes]:
        made = folder / "renditions"
        return {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in made.rglob("*")
            if path.is_file()
        }

    return Place(
        FolderSources(),
        FolderRenditions(folder / "renditions"),
        str(folder / "uploads"),
        upload,
        lambda key: (folder / "uploads" / key).unlink(),
        stored,
    )


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "s3":
        return in_s3(request.getfixturevalue("s3"))
    return in_folders(tmp_path)


class TestSources:
    def test_are_described(self, place: Place) -> None:
        place.upload(KEY, b"0123456789")
        source = place.source()
        assert (source.bucket, source.key, source.size) == (place.bucket, KEY, 10)
        assert source.version_id
        assert source.etag.strip('"') == source.etag != ""

    def test_are_absent_where_never_uploaded_or_removed(self, place: Place) -> None:
        assert place.sources.current_version(place.bucket, KEY) is None
        place.upload(KEY, b"x")
        place.remove(KEY)
        assert place.sources.current_version(place.bucket, KEY) is None

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [
            (0, 4, b"0123"),
            (4, 4, b"4567"),
            (8, 4, b"89"),
            (10, 4, b""),
            (99, 4, b""),
            (0, 99, b"0123456789"),
            (2, 0, b""),
        ],
    )
    def test_are_read_in_parts(
        self, place: Place, start: int, length: int, expected: bytes
    ) -> None:
        place.upload(KEY, b"0123456789")
        assert place.sources.read_range(place.source(), start, length) == expected

    def test_are_found_with_their_first_bytes(self, place: Place) -> None:
        place.upload(KEY, b"0123456789")
        for length, head in ((4, b"0123"), (10, b"0123456789"), (4096, b"0123456789")):
            found = place.sources.find_current(place.bucket, KEY, length)
            assert found == Current(place.source(), head)
        place.upload(KEY, b"abc")
        assert place.sources.find_current(place.bucket, KEY, 4) == Current(place.source(), b"abc")

    def test_are_not_found_where_there_are_none(self, place: Place) -> None:
        assert place.sources.find_current(place.bucket, KEY, 4) is None
        place.upload(KEY, b"0123456789")
        place.remove(KEY)
        assert place.sources.find_current(place.bucket, KEY, 4) is None

    def test_are_read_whole(self, place: Place) -> None:
        place.upload(KEY, b"0123456789")
        assert place.sources.read(place.source()) == b"0123456789"

    def test_may_be_empty(self, place: Place) -> None:
        place.upload(KEY, b"")
        assert place.sources.read_range(place.source(), 0, 4096) == b""
        assert place.sources.find_current(place.bucket, KEY, 4096) == Current(place.source(), b"")
        assert place.sources.read(place.source()) == b""

    def test_are_gone_when_there_is_no_such_key(self, place: Place) -> None:
        source = Source(place.bucket, KEY, "", "", 1)
        with pytest.raises(PermanentError, match="SOURCE_GONE"):
            place.sources.read(source)
        with pytest.raises(PermanentError, match="SOURCE_GONE"):
            place.sources.read_range(source, 0, 1)

    @pytest.mark.parametrize("version_id", ["", "null"])
    def test_need_no_version(self, place: Place, version_id: str, request: Any) -> None:
        if isinstance(place.sources, S3Sources):
            request.getfixturevalue("s3").create_bucket(Bucket="plain")
            request.getfixturevalue("s3").put_object(Bucket="plain", Key=KEY, Body=b"abc")
            source = Source("plain", KEY, version_id, "", 3)
        else:
            place.upload(KEY, b"abc")
            source = Source(place.bucket, KEY, version_id, "", 3)
        assert place.sources.read(source) == b"abc"
        assert place.sources.read_range(source, 1, 1) == b"b"


class TestRenditions:
    def test_are_written_from_bytes_and_files(self, place: Place, tmp_path: Path) -> None:
        made = tmp_path / "made.mp4"
        made.write_bytes(b"video")
        place.renditions.put("a/b/c/w320.jpeg", b"image", "image/jpeg")
        place.renditions.put("a/b/c/video.mp4", made, "video/mp4")
        assert place.stored() == {"a/b/c/w320.jpeg": b"image", "a/b/c/video.mp4": b"video"}

    def test_replace_what_is_there(self, place: Place) -> None:
        place.renditions.put("a/b/c/w320.jpeg", b"long, as it was before", "image/jpeg")
        place.renditions.put("a/b/c/w320.jpeg", b"new", "image/jpeg")
        assert place.stored() == {"a/b/c/w320.jpeg": b"new"}

    def test_are_deleted_by_key_if_they_are_there(self, place: Place) -> None:
        for name in "xyz":
            place.renditions.put(f"a/b/c/{name}", b"1", "image/jpeg")
        place.renditions.delete(["a/b/c/x", "a/b/c/z", "a/b/c/never"])
        place.renditions.delete([])
        assert list(place.stored()) == ["a/b/c/y"]

    def test_are_deleted_below_a_prefix_and_counted(self, place: Place) -> None:
        for key in ("a/b/c/x", "a/b/d/y", "a/bb/c/x", "b/b/c/x"):
            place.renditions.put(key, b"1", "image/jpeg")
        assert place.renditions.delete_below("a/b/") == 2
        assert place.renditions.delete_below("a/b/") == 0
        assert sorted(place.stored()) == ["a/bb/c/x", "b/b/c/x"]

    @pytest.mark.parametrize("prefix", ["", "a/b"])
    def test_are_not_deleted_below_what_is_no_folder(self, place: Place, prefix: str) -> None:
        place.renditions.put("a/b/c", b"1", "image/jpeg")
        with pytest.raises(ValueError, match="expected a prefix that ends in /"):
            place.renditions.delete_below(prefix)
        assert place.stored()


class TestConfig:
    def test_lies_beside_the_renditions(self, place: Place) -> None:
        place.renditions.put("config/logos/a.png", b"logo", "image/png")
        assert place.renditions.read_config("config/logos/a.png") == b"logo"

    def test_is_named_where_it_is_missing(self, place: Place) -> None:
        place.renditions.put("config/a.png", b"logo", "image/png")
        for key in ("config/b.png", "config/a.png/b", "config"):
            with pytest.raises(PermanentError, match=f"CONFIG_MISSING: .*{key} is not"):
                place.renditions.read_config(key)


class TestS3:
    def test_tells_which_preset_was_asked_for(self, s3: Any) -> None:
        place = in_s3(s3)
        s3.put_object(Bucket="uploads", Key=KEY, Body=b"first", Metadata={"preset": "avatar"})
        first = place.source()
        found = place.sources.find_current("uploads", KEY, 3)
        assert found == Current(first, b"fir", "avatar")
        place.upload(KEY, b"second")
        assert place.sources.find_current("uploads", KEY, 3) == Current(place.source(), b"sec")

    def test_finds_what_is_written_while_an_empty_object_is_looked_at(
        self, s3: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"")
        head = s3.head_object

        def overwritten(**arguments: Any) -> Any:
            place.upload(KEY, b"second")
            monkeypatch.setattr(s3, "head_object", head)
            return head(**arguments)

        monkeypatch.setattr(s3, "head_object", overwritten)
        found = place.sources.find_current("uploads", KEY, 3)
        assert found == Current(place.source(), b"sec")

    def test_takes_what_a_server_sends_that_ignores_ranges(
        self, s3: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"0123456789")
        get = s3.get_object

        def whole(**arguments: Any) -> Any:
            del arguments["Range"]
            return get(**arguments)

        monkeypatch.setattr(s3, "get_object", whole)
        found = place.sources.find_current("uploads", KEY, 3)
        assert found == Current(place.source(), b"012")

    def test_asks_for_no_bytes_where_none_are_wanted(self) -> None:
        client: Any = None
        source = Source("uploads", KEY, "v1", "etag", 10)
        assert S3Sources(client).read_range(source, 2, 0) == b""

    def test_asks_for_no_more_than_what_is_wanted(
        self, s3: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"0123456789")
        source, get, asked = place.source(), s3.get_object, []

        def ask(**arguments: Any) -> Any:
            asked.append(arguments)
            return get(**arguments)

        monkeypatch.setattr(s3, "get_object", ask)
        assert place.sources.read_range(source, 4, 3) == b"456"
        version = {"Bucket": "uploads", "Key": KEY, "VersionId": source.version_id}
        assert asked == [version | {"Range": "bytes=4-6"}]

    @pytest.mark.parametrize(
        "operation", ["head_object", "get_object", "put_object", "delete_objects"]
    )
    def test_throttling_passes_and_a_refusal_stays_what_it_is(
        self, s3: Any, monkeypatch: pytest.MonkeyPatch, operation: str
    ) -> None:
        sources, renditions = S3Sources(s3), S3Renditions(s3, "renditions")
        source = Source("uploads", KEY, "v1", "etag", 10)
        asks: dict[str, list[Callable[[], object]]] = {
            "head_object": [lambda: sources.current_version("uploads", KEY)],
            "get_object": [
                lambda: sources.read(source),
                lambda: sources.find_current("uploads", KEY, 1),
                lambda: renditions.fetch("a"),
            ],
            "put_object": [lambda: renditions.put("a", b"image", "image/avif")],
            "delete_objects": [lambda: renditions.delete(["a"])],
        }
        for code, expected in (
            ("SlowDown", ErrorCode.THROTTLED),
            ("AccessDenied", ErrorCode.SERVICE_UNAVAILABLE),
        ):
            refusal = ClientError({"Error": {"Code": code}}, operation)

            def refuse(refusal: ClientError = refusal, **_: Any) -> None:
                raise refusal

            monkeypatch.setattr(s3, operation, refuse)
            for ask in asks[operation]:
                with pytest.raises(TransientError, match=code) as raised:
                    ask()
                assert raised.value.code is expected

    def test_describes_what_never_had_versions(self, s3: Any) -> None:
        s3.create_bucket(Bucket="plain")
        s3.put_object(Bucket="plain", Key=KEY, Body=b"abc")
        source = S3Sources(s3).current_version("plain", KEY)
        assert source == Source("plain", KEY, "", "900150983cd24fb0d6963f7d28e17f72", 3)

    def test_reads_the_version_that_is_named(self, s3: Any) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"first")
        first = place.source()
        place.upload(KEY, b"second")
        assert place.sources.read(first) == b"first"
        assert place.sources.read(place.source()) == b"second"
        place.remove(KEY)
        assert place.sources.read_range(first, 0, 99) == b"first"

    def test_says_that_a_deleted_version_is_gone(self, s3: Any) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"first")
        first = place.source()
        place.upload(KEY, b"second")
        s3.delete_object(Bucket="uploads", Key=KEY, VersionId=first.version_id)
        with pytest.raises(PermanentError) as raised:
            place.sources.read_range(first, 0, 1)
        assert raised.value.code is ErrorCode.SOURCE_GONE
        assert KEY in raised.value.message

    def test_reads_a_part_where_the_server_ignores_ranges(self, s3: Any) -> None:
        class Ignoring:
            def get_object(self, Range: str, **arguments: Any) -> Any:  # noqa: N803
                return s3.get_object(**arguments)

        place = in_s3(s3)
        place.upload(KEY, b"0123456789")
        client: Any = Ignoring()
        sources = S3Sources(client)
        assert sources.read_range(place.source(), 4, 3) == b"456"
        assert sources.read_range(place.source(), 8, 9) == b"89"
        assert sources.read_range(place.source(), 10, 1) == b""

    def test_signs_a_url_of_one_version(self, s3: Any) -> None:
        place = in_s3(s3)
        place.upload(KEY, b"first")
        source = place.source()
        url = place.sources.locate(source, 60)
        assert f"versionId={source.version_id}" in url
        assert "X-Amz-Expires=60" in url
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url

    def test_tells_caches_to_keep_renditions(self, s3: Any, tmp_path: Path) -> None:
        made = tmp_path / "made.mp4"
        made.write_bytes(b"video")
        renditions = S3Renditions(s3, "renditions")
        renditions.put("a", b"image", "image/avif")
        renditions.put("b", made, "video/mp4")
        for key, mime in (("a", "image/avif"), ("b", "video/mp4")):
            head = s3.head_object(Bucket="renditions", Key=key)
            assert (head["ContentType"], head["CacheControl"]) == (mime, IMMUTABLE)

    def test_writes_a_large_file_in_parts(self, s3: Any, tmp_path: Path) -> None:
        made = tmp_path / "made.mp4"
        made.write_bytes(bytes(range(256)) * 40_000)
        S3Renditions(s3, "renditions").put("a", made, "video/mp4")
        head = s3.head_object(Bucket="renditions", Key="a")
        assert head["ETag"].strip('"').endswith("-2")
        assert head["ContentLength"] == 10_240_000
        assert head["ContentType"] == "video/mp4"

    def test_deletes_no_more_at_once_than_a_request_takes(self) -> None:
        class Counting:
            def __init__(self) -> None:
                self.counted: list[int] = []

            def delete_objects(self, **arguments: Any) -> dict[str, Any]:
                self.counted.append(len(arguments["Delete"]["Objects"]))
                return {}

        counting = Counting()
        client: Any = counting
        S3Renditions(client, "renditions").delete(str(number) for number in range(2001))
        assert counting.counted == [1000, 1000, 1]

    def test_reports_what_it_could_not_delete(self, s3: Any) -> None:
        class Refusing:
            def delete_objects(self, **arguments: Any) -> dict[str, Any]:
                return {"Errors": [{"Key": "a", "Code": "InternalError"}]}

        client: Any = Refusing()
        with pytest.raises(TransientError, match="1 of 2 renditions not deleted: InternalError"):
            S3Renditions(client, "renditions").delete(["a", "b"])


class TestFolder:
    def test_says_that_a_file_written_since_is_gone(self, tmp_path: Path) -> None:
        place = in_folders(tmp_path)
        place.upload(KEY, b"first")
        stale = Source(place.bucket, KEY, "1", "", 5)
        with pytest.raises(PermanentError) as raised:
            place.sources.read(stale)
        assert raised.value.code is ErrorCode.SOURCE_GONE

    def test_gives_ffmpeg_a_path(self, tmp_path: Path) -> None:
        place = in_folders(tmp_path)
        place.upload(KEY, b"first")
        located = Path(place.sources.locate(place.source(), 60))
        assert located.is_absolute()
        assert located.read_bytes() == b"first"

    @pytest.mark.parametrize("key", ["../secret", "a/../../secret", "/etc/hostname"])
    def test_stays_below_its_folders(self, tmp_path: Path, key: str) -> None:
        place = in_folders(tmp_path)
        (tmp_path / "secret").write_bytes(b"secret")
        with pytest.raises(ValueError, match="expected a path below"):
            place.sources.current_version(place.bucket, key)
        with pytest.raises(ValueError, match="expected a path below"):
            place.renditions.put(key, b"x", "image/jpeg")
        assert (tmp_path / "secret").read_bytes() == b"secret"
