"""Tell when a video was recorded from what cameras and containers wrote."""

from __future__ import annotations

import re
from typing import Any

_MOMENT = re.compile(
    r"(?:UTC )?(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r" ?(?P<offset>UTC|Z|[+-]\d\d:?\d\d)?"
)


def read_moment(general: dict[str, Any]) -> str | None:
    """Return the moment in ISO 8601, without an offset where the source has none.

    `general` are MediaInfo's fields of the whole file.
    """
    # What the camera wrote has the local offset; the container's own time is in UTC.
    for field in ("recorded_date", "encoded_date", "tagged_date"):
        moment = _MOMENT.fullmatch(str(general.get(field, "")))
        # Muxers without a clock write the epoch of Unix or of QuickTime.
        if moment and moment["day"] not in ("1970-01-01", "1904-01-01"):
            utc = moment["offset"] in ("UTC", "Z") or moment[0].startswith("UTC")
            offset = "+00:00" if utc else _colon(moment["offset"] or "")
            return f"{moment['day']}T{moment['time']}{offset}"
    return None


def _colon(offset: str) -> str:
    return f"{offset[:3]}:{offset[-2:]}" if offset else ""
