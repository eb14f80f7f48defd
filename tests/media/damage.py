"""Sources that are not whole, and texts that pass for sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.media.matrix import CAPTIONS
from tests.support.boxes import blank

PRIVATE = "http://127.0.0.1:9/private.mp4"


@dataclass(frozen=True, slots=True)
class Broken:
    """A case of the matrix, damaged, and how it must end.

    `probed` tells whether there is something to describe, `made` whether anything can be encoded;
    where it cannot, `reason` is in what is said of it.
    """

    name: str
    case: str
    damage: Callable[[bytes], bytes]
    probed: bool
    made: bool
    reason: str = ""


def half(data: bytes) -> bytes:
    """Cut a file in the middle."""
    return data[: len(data) // 2]


def head(data: bytes) -> bytes:
    """Leave the tracks' description alone."""
    return data[:600]


NO_INDEX = "no index (moov)"
NOT_DECODED = "its frames can't be decoded"
CUT_SHORT = "it is cut short before anything that can be decoded"
NOT_READ = "it is damaged: nothing of it can be read"
BROKEN = (
    Broken("no-index.mp4", "index-at-the-end.mp4", half, False, False, NO_INDEX),
    Broken("no-samples.mp4", "index-first.mp4", blank, True, False, NOT_DECODED),
    Broken(
        "zeros.mp4",
        "index-first.mp4",
        lambda data: data[:32] + bytes(5000),
        False,
        False,
        NO_INDEX,
    ),
    Broken("head.mkv", "h264.mkv", head, True, False, CUT_SHORT),
    Broken("head.avi", "mpeg4.avi", head, True, False, NOT_READ),
    *(
        Broken(f"half-{case}", case, half, True, True)
        for case in (
            *("index-first.mp4", "h264.mkv", "vp9.webm", "mpeg2.ts", "mpeg4.avi", "h264.flv"),
            *("wmv.wmv", "tone.mp3", "tone.flac", "tone.wav", "opus.opus"),
        )
    ),
)

REFUSED = {
    "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{PRIVATE}\n#EXT-X-ENDLIST\n",
    "hls-after-a-mark.mp4": f"\ufeff\n#EXTM3U\n#EXTINF:2,\n{PRIVATE}\n",
    "dash.mp4": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        f"<Representation><BaseURL>{PRIVATE}</BaseURL></Representation></AdaptationSet>"
        "</Period></MPD>"
    ),
    "concat.mp4": "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "concat-without-a-mark.mp4": "file '/etc/passwd'\n",
    "list.mp3": f"[playlist]\nFile1={PRIVATE}\nNumberOfEntries=1\n",
    "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n",
    "asx.wmv": f'<asx version="3.0"><entry><ref href="{PRIVATE}"/></entry></asx>',
    "smil.mp4": f'<smil><body><video src="{PRIVATE}"/></body></smil>',
    "rtsp.mov": "RTSPtext\r\nrtsp://127.0.0.1/private\r\n",
    "captions.mp4": CAPTIONS,
}
"""Texts that a player would follow to somewhere else, or show, under the name of a video."""
