import signal

import pytest

from lib.domain.errors import ErrorCode, PermanentError, TransientError, is_counted
from lib.video.encode.diagnosis import QUOTED_CHARACTERS, Run, diagnose, quote

URL = "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=SECRET"
PATH = "/sources/a.mov"


def finished(*log: str, code: int = 1) -> Run:
    return Run(code, log)


def test_a_clean_run_has_nothing_wrong():
    assert diagnose(finished("[h264 @ 0x1] [error] damaged", code=0), PATH) is None


def test_a_failure_says_why_or_at_least_how():
    said = diagnose(finished("[error] it is broken"), PATH)
    silent = diagnose(finished(code=69), PATH)
    assert isinstance(said, PermanentError)
    assert isinstance(silent, PermanentError)
    assert said.code is silent.code is ErrorCode.ENCODE_FAILED
    assert said.message == "it is broken"
    assert silent.message == "it can't be decoded: ffmpeg ended with code 69"


@pytest.mark.parametrize(
    ("log", "code", "said"),
    [
        (
            (
                "[vist#0:0/none @ 0x5] [error] Decoding requested, but no decoder found for: none",
                "[fc#0 @ 0x1] [error] Error binding an input stream to complex filtergraph input",
                "[error] Error binding filtergraph inputs/outputs: Invalid argument",
            ),
            ErrorCode.UNSUPPORTED_MEDIA,
            "no decoder reads it",
        ),
        (
            ("[fc#0 @ 0x1] [fatal] Stream specifier ':V:0' in filtergraph description [0:V:0]x",),
            ErrorCode.ENCODE_FAILED,
            "it can't be decoded: ffmpeg ended with code 1",
        ),
        (
            ("[fc#0 @ 0x1] [fatal] Stream specifier 'a:3' in filtergraph d matches no streams.",),
            ErrorCode.ENCODE_FAILED,
            "the track that its description names is not there",
        ),
        (
            (
                "[mov,mp4 @ 0x1] [error] moov atom not found",
                "[in#0 @ 0x2] [error] Error opening input: Invalid data found",
            ),
            ErrorCode.ENCODE_FAILED,
            "it is cut short, or was never finished: there is no index (moov)",
        ),
        (
            ("[in#0 @ 0x2] [error] Error opening input: Invalid data found when processing input",),
            ErrorCode.ENCODE_FAILED,
            "it is damaged: nothing of it can be read as what its first bytes say",
        ),
        (
            (
                "[out#0/mp4 @ 0x1] [fatal] Nothing was written into output file, because at least "
                "one of its streams received no packets.",
            ),
            ErrorCode.ENCODE_FAILED,
            "it holds nothing that can be decoded",
        ),
    ],
)
def test_reasons_are_told_in_plain_words(log, code, said):
    found = diagnose(finished(*log), PATH)
    assert isinstance(found, PermanentError)
    assert (found.code, found.message) == (code, said)


NETWORK = [
    "[tcp @ 0x1] [error] Connection to tcp://127.0.0.1:1 failed: Connection refused",
    "[http @ 0x1] [warning] HTTP error 503 Service Unavailable",
    "[https @ 0x1] [warning] HTTP error 403 Forbidden",
    "[tls @ 0x1] [error] error:0A000086:SSL routines::certificate verify failed",
    "[http @ 0x1] [error] Stream ends prematurely at 400000, should be 1055835",
]


@pytest.mark.parametrize("line", NETWORK)
def test_a_source_that_cannot_be_read_is_not_called_corrupt(line):
    found = diagnose(finished(line, "[fatal] Error opening input files"), URL)
    assert isinstance(found, TransientError)
    assert found.code is ErrorCode.SERVICE_UNAVAILABLE


@pytest.mark.parametrize("line", NETWORK)
def test_the_same_lines_say_nothing_about_a_file(line):
    assert isinstance(diagnose(finished(line), PATH), PermanentError)


RECONNECTS = (
    "[http @ 0x1] [warning] Will reconnect at 400000 in 0 second(s), error=Input/output error."
)


def test_a_reconnect_that_worked_is_forgotten():
    log = (NETWORK[-1], RECONNECTS, "[in#0/mpegts @ 0x1] [warning] PES packet size mismatch")
    assert diagnose(finished(*log, code=0), URL) is None


@pytest.mark.parametrize("last", [NETWORK[0], NETWORK[1], NETWORK[2], NETWORK[4]])
def test_a_reconnect_that_failed_is_no_end_though_the_demuxer_takes_it_for_one(last):
    log = (NETWORK[-1], RECONNECTS, last, "[in#0/mpegts @ 0x1] [warning] PES packet size mismatch")
    found = diagnose(finished(*log, code=0), URL)
    assert isinstance(found, TransientError)
    assert found.code is ErrorCode.SERVICE_UNAVAILABLE
    assert diagnose(finished(*log, code=0), PATH) is None


TIMED_OUT = tuple(
    f"[http @ 0x1] [warning] Will reconnect at 400000 in {delay_s} second(s), "
    "error=Connection timed out."
    for delay_s in (0, 1)
)
NO_MOOV = "[mov,mp4 @ 0x1] [error] moov atom not found"


@pytest.mark.parametrize(
    ("log", "code"),
    [
        (("[in#0/mpegts @ 0x1] [error] Error during demuxing: Input/output error",), 0),
        (("[in#0/mpegts @ 0x1] [warning] PES packet size mismatch",), 0),
        ((), 0),
        ((NO_MOOV, "[fatal] Error opening input files: Invalid data found"), 183),
    ],
)
def test_a_read_that_times_out_again_and_again_is_no_end_of_the_source(log, code):
    for waited in (TIMED_OUT, TIMED_OUT * 3):
        found = diagnose(finished(*waited, *log, code=code), URL)
        assert isinstance(found, TransientError)
        assert found.code is ErrorCode.SERVICE_UNAVAILABLE


def test_a_timeout_after_which_reading_went_on_is_forgotten():
    later = TIMED_OUT[0].replace("400000", "500000")
    assert diagnose(finished(*TIMED_OUT, later, code=0), URL) is None
    assert diagnose(finished(TIMED_OUT[0], code=0), URL) is None


def test_a_read_behind_the_end_does_not_stop_what_succeeds():
    log = ("[https @ 0x1] [warning] HTTP error 416 Range Not Satisfiable",)
    assert diagnose(finished(*log, code=0), URL) is None


def test_a_source_that_ends_early_is_no_success():
    log = (NETWORK[-1], "[in#0/mov @ 0x1] [error] Error during demuxing: Input/output error")
    found = diagnose(finished(*log, code=0), URL)
    assert isinstance(found, TransientError)


def test_a_read_behind_the_end_of_a_truncated_source_is_the_sources_fault():
    log = ("[http @ 0x1] [warning] HTTP error 416 Range Not Satisfiable",)
    assert isinstance(diagnose(finished(*log), URL), PermanentError)


def test_an_end_that_was_asked_for_is_worth_another_try():
    found = diagnose(finished(code=-signal.SIGTERM), PATH)
    assert isinstance(found, TransientError)
    assert "signal 15" in found.message


@pytest.mark.parametrize("sent", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL])
def test_a_crash_is_not(sent):
    found = diagnose(finished(code=-sent), PATH)
    assert isinstance(found, PermanentError)
    assert found.code is ErrorCode.ENCODE_FAILED


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ])
def test_a_process_that_passed_a_bound_has_passed_a_limit(sent):
    found = diagnose(finished(code=-sent), PATH)
    assert isinstance(found, PermanentError)
    assert found.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[h264 @ 0x1] [error] Cannot allocate memory", "memory"),
        ("[libx264 @ 0x1] [error] malloc of size 100663296 failed", "memory"),
        ("[IMGUTILS @ 0x1] [error] Picture size 8192x8191 exceeds specified max", "8192 x 8191"),
    ],
)
def test_so_has_a_failure_that_says_so(line, said):
    found = diagnose(finished(line, "[fatal] Error opening output files", code=244), PATH)
    assert isinstance(found, PermanentError)
    assert found.code is ErrorCode.LIMIT_EXCEEDED
    assert said in found.message
    assert diagnose(finished(line, code=0), PATH) is None


def test_a_full_disk_may_be_the_sources_fault_so_that_it_is_not_tried_for_ever():
    line = "[out#0/mp4 @ 0x1] [error] Error writing trailer: No space left on device"
    found = diagnose(finished(line), PATH)
    assert isinstance(found, TransientError)
    assert is_counted(found)


def test_a_stream_without_a_size_is_damaged_and_not_too_large():
    found = diagnose(finished("[IMGUTILS @ 0x1] [error] Picture size 0x0 is invalid"), PATH)
    assert isinstance(found, PermanentError)
    assert found.code is ErrorCode.ENCODE_FAILED


def test_messages_hold_the_last_errors_without_the_url():
    log = (
        "[error] first",
        "[h264 @ 0x55] [warning] a warning",
        "[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] [error] Decoding error: Invalid data",
        f"[error] Error opening input file {URL}.",
        "[fatal] see http://127.0.0.1:4566/b/k?sig=SECRET for\x1b[31m more",
    )
    assert quote(log, URL) == (
        "Decoding error: Invalid data | Error opening input file source. | see source for[31m more"
    )


def test_messages_are_short():
    assert len(quote([f"[error] {'x' * 10_000}"], PATH)) == QUOTED_CHARACTERS
