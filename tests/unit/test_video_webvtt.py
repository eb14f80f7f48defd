"""WebVTT that is written here, read by a parser as strict as the specification."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import ErrorCode
from lib.domain.media import SubtitleTrack
from lib.video.package.ass import Script, TextStyle, read_runs, read_script
from lib.video.package.cues import Cue, read_cues
from lib.video.package.webvtt import MOST_BYTES, serialize_cues, write_subtitles
from lib.video.plan.plan import PlannedSubtitle

PLAIN = TextStyle()
TIMES = re.compile(r"((?:\d\d+:)?\d\d:\d\d\.\d{3}) --> ((?:\d\d+:)?\d\d:\d\d\.\d{3})")
MARKUP = re.compile(r"</?[biu]>")
TRICKY = "ab -->&<;{}\\NniburpRh0\n\r\0\x0b\u2028\u2060/:."
ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def parse(text):
    """Return times and text of each cue of a WebVTT file (6.1), refusing what is not one."""
    lines = re.split(r"\r\n|\r|\n", text.replace("\0", "\ufffd"))
    assert lines[0] == "WEBVTT"
    assert lines[1] == ""
    cues = []
    for block in re.split(r"\n\n+", "\n".join(lines[2:]).strip("\n")):
        if not block:
            continue
        first, *payload = block.split("\n")
        times = TIMES.fullmatch(first)
        assert times, f"expected times but found {first!r}"
        assert payload
        for line in payload:
            assert line.strip()
            assert "-->" not in line
            bare = MARKUP.sub("", line)
            assert "<" not in bare
            assert ">" not in bare
            assert not re.search(r"&(?!lt;|gt;|amp;)", bare)
        cues.append((times[1], times[2], "\n".join(payload)))
    return cues


def shown(payload):
    """Return what is seen of a cue's text."""
    return re.sub("&[a-z]+;", lambda found: ESCAPES[found[0]], MARKUP.sub("", payload))


def cue(text, start_ms=0, end_ms=1000, styles=None):
    return Cue(start_ms, end_ms, tuple(read_runs(text, PLAIN, Script(styles or {}))))


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        (r"one\N\N00:00.000 --> 00:09.000\Nadded", "one\n00:00.000 --&gt; 00:09.000\nadded"),
        (r"\N\NNOTE a\N\NSTYLE\N::cue\{\}\N\NREGION", "NOTE a\nSTYLE\n::cue{}\nREGION"),
        (r"a\N \N" + "\u00a0" + r"\Nb", "a\nb"),
        ("a\r\rb\0c\x0b\x0c\x85\u2028d\te", "a  b c    d e"),
        ("<script>alert(1)</script> & <00:00.500> -->", None),
        (r"{\i1}slanted{\i0} {\b1\u1}both{\b0}{\u0}", "<i>slanted</i> <b><u>both</u></b>"),
        (r"{\i1}two\Nlines", "<i>two</i>\n<i>lines</i>"),
        (r"{\i1}one\N\N{\i0}two", "<i>one</i>\ntwo"),
        (r"{\p1}m 0 0 l 9 9{\p0}seen", "seen"),
        (r"{\pos(1,2)\bord3\iclip(1)\blur2\fscx200}kept", "kept"),
        (r"{\b700}heavy{\b400}light{\r}usual", "<b>heavy</b>lightusual"),
        (r"a\hb \{c\} {d}", "a\u00a0b {c}"),
        ("\u202eright to left", "\u202eright to left"),
        (r"{\i99999999999999999999}x", "<i>x</i>"),
    ],
)
def test_text_stays_text_and_looks_stay_looks(text, payload):
    ((_, _, found),) = parse(serialize_cues([cue(text)]))
    if payload is not None:
        assert found == payload
    assert "<script" not in found


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"])),
            st.integers(-10, 10**8),
            st.integers(-10, 10**7),
        ),
        max_size=4,
    )
)
def test_no_text_breaks_out_of_its_cue(texts):
    cues = [cue(text, start, start + lasts) for text, start, lasts in texts]
    found = parse(serialize_cues(cues))
    assert len(found) <= len(cues)
    assert [start for start, _, _ in found] == [
        start for start, _, _ in parse(serialize_cues(sorted(cues, key=lambda each: each.start_ms)))
    ]


def test_cues_come_in_order_and_show_something():
    late, early = cue("late", 3_600_000, 3_601_001), cue("early", 20, 1500)
    nothing = [cue("", 30, 40), cue(r"\N \N", 30, 40), cue("never", 50, 50), cue("no", -5, 3)]
    assert parse(serialize_cues([late, *nothing, early])) == [
        ("00:00.020", "00:01.500", "early"),
        ("01:00:00.000", "01:00:01.001", "late"),
    ]


def test_looks_of_a_style_hold_for_what_has_it():
    script = read_script(
        "[V4+ Styles]\nFormat: Name, Fontname, Bold, Italic, Underline\n"
        "Style: Default,Arial,0,0,0\nStyle: Shout, Arial, -1, 0, 1\n"
    )
    styles = script.styles
    assert styles == {"Default": TextStyle(), "Shout": TextStyle(bold=True, underline=True)}
    runs = read_runs(r"loud{\rDefault} quiet{\r} loud", styles["Shout"], script)
    assert list(runs) == [
        ("loud", styles["Shout"]),
        (" quiet", TextStyle()),
        (" loud", styles["Shout"]),
    ]


def test_what_is_no_matroska_has_no_cues():
    assert list(read_cues(b"")) == []
    assert list(read_cues(b"\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff\xa0\x83\xa1\x81\x00")) == []


def test_too_much_text_is_left_out_and_nothing_stays(tmp_path):
    texts = [
        PlannedSubtitle(0, SubtitleTrack(is_text=True)),
        PlannedSubtitle(1, SubtitleTrack(is_text=True)),
    ]
    with (tmp_path / "subtitles-0.mks").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    failed = write_subtitles(tmp_path, texts)
    assert {name: each.code for name, each in failed.items()} == {
        "subtitles-0": ErrorCode.LIMIT_EXCEEDED
    }
    assert list(tmp_path.iterdir()) == []
