"""Let uploads into a bucket: sign forms and parts, and keep uploads in parts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import error_code, translated
from lib.adapters.aws.s3 import PRESET
from lib.application.doors.ports import FormTerms, Part, PartedUpload, SignedForm
from lib.application.doors.refusals import RefusalCode, Refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REFUSALS = {
    "NoSuchUpload": (RefusalCode.NOT_FOUND, "no such upload is under way"),
    "InvalidPart": (RefusalCode.CONFLICT, "a part is not the one that was sent last"),
    "InvalidPartOrder": (RefusalCode.INVALID_REQUEST, "expected parts in ascending order"),
    "EntityTooSmall": (
        RefusalCode.INVALID_REQUEST,
        "expected 5 MiB or more in each part but the last",
    ),
}
"""What S3 says of uploads in parts that is the caller's doing."""

CREATED = "201"
"""Answer a form with the object's URL and ETag, not with an empty page."""


class S3UploadDesk:
    """Uploads go to one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @property
    def bucket(self) -> str:
        """Return the bucket's name."""
        return self._bucket

    def sign_form(self, terms: FormTerms) -> SignedForm:
        """Return a form whose policy fixes all that is sent besides the bytes. No request.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        fields = {"success_action_status": CREATED}
        if terms.mime is not None:
            fields["Content-Type"] = terms.mime
        if terms.preset is not None:
            fields[f"x-amz-meta-{PRESET}"] = terms.preset
        if terms.sha256 is not None:
            digest = base64.b64encode(bytes.fromhex(terms.sha256)).decode()
            fields["x-amz-checksum-sha256"] = digest
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", terms.least, terms.most])
        with translated():
            signed = self._client.generate_presigned_post(
                self._bucket,
                terms.key,
                Fields=fields,
                Conditions=conditions,
                ExpiresIn=terms.seconds,
            )
        return SignedForm(signed["url"], signed["fields"])

    def begin(self, key: str, mime: str | None, preset: str | None) -> PartedUpload:
        """Begin an upload in parts."""
        known: Any = {} if mime is None else {"ContentType": mime}
        if preset is not None:
            known["Metadata"] = {PRESET: preset}
        with translated():
            begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, **known)
        return PartedUpload(key, begun["UploadId"])

    def parts(self, upload: PartedUpload) -> list[Part]:
        """Return all parts, by number: a request for 1,000. Raises Refused(NOT_FOUND)."""
        found = []
        with _refused():
            pages = self._client.get_paginator("list_parts").paginate(**self._named(upload))
            for page in pages:
                found += [
                    Part(each["PartNumber"], each["ETag"].strip('"'), each["Size"])
                    for each in page.get("Parts", [])
                ]
        return found

    def require(self, upload: PartedUpload) -> None:
        """Pass, or raise Refused(NOT_FOUND)."""
        with _refused():
            self._client.list_parts(**self._named(upload), MaxParts=1)

    def sign_part(self, upload: PartedUpload, number: int, seconds: int) -> str:
        """Return the URL to PUT one part to. No request."""
        with translated():
            return self._client.generate_presigned_url(
                "upload_part",
                Params={**self._named(upload), "PartNumber": number},
                ExpiresIn=seconds,
            )

    def complete(self, upload: PartedUpload, parts: Iterable[Part]) -> str:
        """Make an object of parts, and return its URL. Raises Refused."""
        named: Any = [{"PartNumber": each.number, "ETag": f'"{each.etag}"'} for each in parts]
        with _refused():
            made = self._client.complete_multipart_upload(
                **self._named(upload), MultipartUpload={"Parts": named}
            )
        return made["Location"]

    def abort(self, upload: PartedUpload) -> None:
        """Drop an upload with its parts. Raises Refused(NOT_FOUND)."""
        with _refused():
            self._client.abort_multipart_upload(**self._named(upload))

    def _named(self, upload: PartedUpload) -> Any:
        return {"Bucket": self._bucket, "Key": upload.key, "UploadId": upload.upload_id}


@contextmanager
def _refused() -> Iterator[None]:
    """Raise Refused for what is the caller's doing, and what `translated` raises for the rest."""
    try:
        with translated(answers=REFUSALS):
            yield
    except ClientError as exc:
        raise Refused(*REFUSALS[error_code(exc)]) from exc
