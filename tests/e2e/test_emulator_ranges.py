"""The emulator serves ranges of named versions, as S3 does."""

import urllib.request

import pytest
from botocore.exceptions import ClientError

CONTENT = bytes(range(200))


@pytest.fixture(scope="module")
def version(deployed):
    return {
        "Bucket": deployed.uploads,
        "Key": "ranges.bin",
        "VersionId": deployed.upload("ranges.bin", CONTENT),
    }


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("bytes=0-9", CONTENT[:10]), ("bytes=150-", CONTENT[150:]), ("bytes=-5", CONTENT[-5:])],
)
def test_a_range_of_a_version(deployed, version, asked, expected):
    answer = deployed.s3.get_object(**version, Range=asked)
    assert answer["Body"].read() == expected
    assert answer["ContentRange"].endswith("/200")


def test_a_range_beyond_the_end_is_refused(deployed, version):
    with pytest.raises(ClientError, match="InvalidRange"):
        deployed.s3.get_object(**version, Range="bytes=200-")


def test_a_presigned_url_of_a_version_can_be_seeked(deployed, version):
    url = deployed.s3.generate_presigned_url("get_object", Params=version)
    request = urllib.request.Request(url, headers={"Range": "bytes=100-109"})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.read()) == (206, CONTENT[100:110])
