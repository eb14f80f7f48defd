"""A stand-in for where uploads are let in, which keeps what S3 keeps of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from lib.application.doors.ports import FormTerms, Part, PartedUpload, SignedForm
from lib.application.doors.refusals import RefusalCode, Refused
from tests.support.fakes import UPLOADS

LEAST_PART = 5 * 2**20


@dataclass
class Begun:
    """An upload in parts: what it was begun with, and its parts by number."""

    key: str
    mime: str | None
    preset: str | None
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass
class MemoryUploadDesk:
    """Forms that were signed, uploads in parts that are under way, and objects by key, in bytes."""

    bucket: str = UPLOADS
    forms: list[FormTerms] = field(default_factory=list)
    under_way: dict[str, Begun] = field(default_factory=dict)
    done: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def sign_form(self, terms: FormTerms) -> SignedForm:
        self.forms.append(terms)
        return SignedForm(f"https://{self.bucket}/", {"key": terms.key})

    def begin(self, key: str, mime: str | None, preset: str | None) -> PartedUpload:
        upload_id = f"upload-{next(self._ids)}"
        self.under_way[upload_id] = Begun(key, mime, preset)
        return PartedUpload(key, upload_id)

    def send(self, upload: PartedUpload, number: int, size: int, content: str = "") -> Part:
        """Send a part of a size, as a browser does to its URL."""
        etag = hashlib.md5(f"{size}{content}".encode(), usedforsecurity=False).hexdigest()
        part = Part(number, etag, size)
        self._find(upload).parts[number] = part
        return part

    def parts(self, upload: PartedUpload) -> list[Part]:
        return sorted(self._find(upload).parts.values(), key=lambda part: part.number)

    def require(self, upload: PartedUpload) -> None:
        self._find(upload)

    def sign_part(self, upload: PartedUpload, number: int, seconds: int) -> str:
        where = f"https://{self.bucket}/{upload.key}"
        return f"{where}?uploadId={upload.upload_id}&partNumber={number}&expires={seconds}"

    def complete(self, upload: PartedUpload, parts: Iterable[Part]) -> str:
        named = tuple(Part(each.number, each.etag) for each in parts)
        location = f"https://{self.bucket}/{upload.key}"
        if self.done.get(upload.upload_id) == named:
            return location
        sent = self._find(upload).parts
        made = [sent.get(each.number, Part(0, "")) for each in named]
        if [each.etag for each in made] != [each.etag for each in named]:
            raise Refused(RefusalCode.CONFLICT, "a part is not the one that was sent last")
        if any(each.size < LEAST_PART for each in made[:-1]):
            raise Refused(RefusalCode.INVALID_REQUEST, "expected 5 MiB or more in each part")
        del self.under_way[upload.upload_id]
        self.done[upload.upload_id] = named
        self.objects[upload.key] = sum(each.size for each in made)
        return location

    def abort(self, upload: PartedUpload) -> None:
        self._find(upload)
        del self.under_way[upload.upload_id]

    def _find(self, upload: PartedUpload) -> Begun:
        begun = self.under_way.get(upload.upload_id)
        if begun is None or begun.key != upload.key:
            raise Refused(RefusalCode.NOT_FOUND, "no such upload is under way")
        return begun
