"""Make the key of an upload from the names that a caller gives, below what belongs to the caller.

S3 takes a key as it is: `..` climbs nowhere in it. But keys become parts of URLs and paths, and
others decode and resolve those, so that nothing is let in that could be read as another key then.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from urllib.parse import unquote

from lib.application.doors.refusals import RefusalCode, Refused, invalid
from lib.domain.caller import Caller

LONGEST_KEY = 1024
"""Bytes in UTF-8, S3's limit."""

RANDOM_BYTES = 9
"""Make 12 characters in Base64, safe in URLs: two uploads of one name do not meet."""

SHOWN = 60
"""Characters of a name that a message repeats."""

FORM_VARIABLE = "${filename}"
"""S3 puts the name of a form's file in its place."""

_SEPARATORS = re.compile(r"[/\\]")
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of a character, line and paragraph separators."""
_NONCHARACTERS = "\ufffe\uffff"
"""XML can't hold them, and S3 answers in XML."""


def make_key(caller: Caller, filename: str, prefix: str = "", *, overwrite: bool = False) -> str:
    """Return `[<tenant>/][<prefix>/][<random>/]<filename>`, the random part not to `overwrite`.

    Names are in NFC; of a filename with folders the last segment counts. Raises Refused.
    """
    name = _normalized(_SEPARATORS.split(filename)[-1], "filename")
    _check_segment(name, "filename")
    folders = _normalized(prefix, "prefix").split("/") if prefix else []
    for folder in folders:
        _check_segment(folder, "prefix")
    unique = [] if overwrite else [secrets.token_urlsafe(RANDOM_BYTES)]
    key = caller.prefix + "/".join([*folders, *unique, name])
    _check_length(key)
    if FORM_VARIABLE in key:
        raise invalid(f"expected a key without {FORM_VARIABLE}")
    return key


def require_key(caller: Caller, key: str) -> str:
    """Return a key that a caller names, or raise Refused: it is malformed, or somebody else's."""
    _check_length(key)
    for segment in key.split("/"):
        _check_segment(segment, "key")
    if not caller.owns(key):
        raise Refused(RefusalCode.FORBIDDEN, "expected a key below the caller's own prefix")
    return key


def _normalized(text: str, what: str) -> str:
    if len(text) > LONGEST_KEY:  # it can only become one byte a character, or more
        raise invalid(f"expected at most {LONGEST_KEY:,} bytes for {what}, got {len(text):,}")
    return unicodedata.normalize("NFC", text)


def _check_length(key: str) -> None:
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > LONGEST_KEY:
        raise invalid(f"expected a key of at most {LONGEST_KEY:,} bytes but it has {size:,}")


def _check_segment(segment: str, what: str) -> None:
    """Refuse a segment that is empty or is read as a path, by whoever decodes it how often ever."""
    decoded: str | None = segment
    while decoded is not None:
        if decoded in ("", ".", "..") or _SEPARATORS.search(decoded):
            raise invalid(f"expected {what} to be made of names but received {_shown(segment)}")
        if any(unicodedata.category(each) in _REFUSED for each in decoded):
            raise invalid(f"expected no control characters in {what}, got {_shown(segment)}")
        if any(each in _NONCHARACTERS for each in decoded):
            raise invalid(f"expected characters in {what} but received {_shown(segment)}")
        further = unquote(decoded)
        decoded = None if further == decoded else further


def _shown(text: str) -> str:
    return ascii(text[:SHOWN])
