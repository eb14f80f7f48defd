"""What the doors need besides the pipeline's own ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Source


@dataclass(frozen=True, slots=True)
class FormTerms:
    """What a form is signed for: one key, a size from `least` to `most` bytes, and how long.

    `mime`, `preset` and `sha256`, in hex, are fixed where they are given.
    """

    key: str
    least: int
    most: int
    seconds: int
    mime: str | None = None
    preset: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A form to send to `url` as multipart/form-data: `fields` first, then the file as `file`."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartedUpload:
    """An upload in parts that S3 has begun: for which key, and what it calls it."""

    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was sent: its number from 1, and its ETag without quotes; `size` in bytes."""

    number: int
    etag: str
    size: int = 0


class UploadDesk(Protocol):
    """Where uploads are let in. Raises TransientError, and Refused for an unknown upload."""

    @property
    def bucket(self) -> str:
        """Return the bucket that uploads go to."""
        ...

    def sign_form(self, terms: FormTerms) -> SignedForm:
        """Return a form by which a browser sends one file; it ends with the signer's credentials.

        Whoever holds it can send what it was signed for and nothing else.
        """
        ...

    def begin(self, key: str, mime: str | None, preset: str | None) -> PartedUpload:
        """Begin an upload in parts."""
        ...

    def parts(self, upload: PartedUpload) -> list[Part]:
        """Return all parts that were sent, by number. Raises Refused(NOT_FOUND)."""
        ...

    def require(self, upload: PartedUpload) -> None:
        """Pass, or raise Refused(NOT_FOUND) where no such upload is under way."""
        ...

    def sign_part(self, upload: PartedUpload, number: int, seconds: int) -> str:
        """Return the URL to PUT one part to; it ends with the signer's credentials."""
        ...

    def complete(self, upload: PartedUpload, parts: Iterable[Part]) -> str:
        """Make an object of parts, and return its URL; the same once more is the same answer.

        Raises Refused: NOT_FOUND, CONFLICT where a part was sent anew, INVALID_REQUEST for parts
        that are too small.
        """
        ...

    def abort(self, upload: PartedUpload) -> None:
        """Drop an upload with its parts. Raises Refused(NOT_FOUND)."""
        ...


class AssetIndex(Protocol):
    """The catalog's entries, the last changed first, read page by page. Raises TransientError.

    `until` is the newest `updated_at` to begin with, None for the first of all.
    """

    def of_status(
        self, status: AssetStatus, *, until: str | None, page_size: int
    ) -> Iterator[Asset]:
        """Iterate over the entries of a status."""
        ...

    def of_folder(self, folder: str, *, until: str | None, page_size: int) -> Iterator[Asset]:
        """Iterate over the entries whose keys lie in a folder, those of removed uploads too."""
        ...


class Originals(Protocol):
    """The uploads, as they are changed by who may. Raises TransientError."""

    def remove(self, bucket: str, key: str) -> None:
        """Remove a key's upload; what is not there is removed already."""
        ...

    def ask_for_preset(self, source: Source, preset: str) -> None:
        """Upload a source once more, from where it lies: its next version asks for a preset.

        Raises PermanentError(SOURCE_GONE), and Refused(CONFLICT) where another upload came first.
        """
        ...
