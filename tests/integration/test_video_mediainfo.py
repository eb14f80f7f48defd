"""MediaInfo's process, with scripts in its place: however it ends, the file is to blame once."""

import io

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.video.probe import mediainfo, mediainfo_worker

ASK = "import os, signal, struct, sys\nask = lambda *a: os.write(1, struct.pack('>QQ', *a))\n"


@pytest.fixture
def script(tmp_path, monkeypatch):
    def write(body):
        path = tmp_path / "parser.py"
        path.write_text(ASK + body)
        monkeypatch.setattr(mediainfo_worker, "__file__", str(path))

    return write


def read():
    return mediainfo.read_probe(io.BytesIO(bytes(100_000)), "mov")


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("sys.exit(1)", "code 1"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "SIGXCPU"),
        ("os.kill(os.getpid(), signal.SIGBUS)", "SIGBUS"),
        ("ask(0, 0); os.write(1, b'[{'); sys.exit(1)", "code 1"),
        ("pass", "code 0"),
    ],
)
def test_a_reader_that_ends_while_it_reads_was_given_a_bad_file(script, end, how):
    script(f"ask(0, 50_000)\n{end}")
    with pytest.raises(PermanentError, match=how) as caught:
        read()
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_so_was_one_that_does_not_wait_for_its_answer(script):
    script("ask(0, 100_000); ask(0, 100_000); os.close(0); os.close(1); sys.exit(3)")
    with pytest.raises(PermanentError, match="overburdens its reader"):
        read()


@pytest.mark.parametrize(
    "body",
    [
        "while True: ask(0, 2**20); sys.stdin.buffer.read(8 + 100_000)",
        "ask(0, 1); ask(0, 0); [os.write(1, b'[' * 2**16) for _ in range(1000)]",
    ],
)
def test_what_it_reads_and_tells_has_an_end(script, body):
    script(body)
    with pytest.raises(PermanentError, match="SIGKILL"):
        read()


def test_a_reader_that_never_reads_is_no_fault_of_a_file(script):
    script("import nothing_of_this_name")
    with pytest.raises(RuntimeError, match="expected MediaInfo to start"):
        read()


def test_a_reader_knows_nothing_of_its_parent(script, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/where/lambda/has/python")
    names = "{'track_type': 'Audio', 'format': ' '.join(sorted(os.environ))}"
    script(f"import json\nask(0, 0)\nsys.stdout.write(json.dumps([{names}]))")
    found = read().audio_codec
    assert found is not None
    known = {*found.upper().split()} - {"LC_CTYPE"}
    assert "LD_LIBRARY_PATH" in known, "Lambda's Python may not start without it"
    assert known <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ"}
