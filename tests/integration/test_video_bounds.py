"""What a child may take, held by the kernel; with shell scripts in ffmpeg's place."""

import resource
import signal
import subprocess
import sys

import pytest

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.process_limits import DATA_BYTES, Bounds, apply_bounds, data_bytes
from lib.video.encode.diagnosis import diagnose
from lib.video.encode.ffmpeg import DEADLINE_MARGIN_SECONDS, Ffmpeg, run

PLENTY = DEADLINE_MARGIN_SECONDS + 100

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="this system has no prlimit; see docs/video.md"
)


@pytest.fixture
def python(tmp_path):
    """Return what writes a script that waits for its bounds, since they come after it starts."""

    def write(body, function_mb=0, deadline=lambda: PLENTY):
        path = tmp_path / "binary"
        wait = (
            "import resource, sys, time\n"
            "for _ in range(500):\n"
            "    if not resource.getrlimit(resource.RLIMIT_CORE)[1]: break\n"
            "    time.sleep(0.01)\n"
            "else: sys.exit(99)\n"
        )
        path.write_text(f"#!{sys.executable} -S\n{wait}{body}\n")
        path.chmod(0o755)
        return Ffmpeg(str(path), deadline, tmp_path, function_mb)

    return write


def ended(binary, bounds):
    finished = run(binary, [], bounds=bounds)
    return finished, diagnose(finished, "/source")


def test_a_function_gives_a_child_what_its_own_process_leaves():
    assert data_bytes(3008) == pytest.approx(DATA_BYTES, rel=0.01)
    assert data_bytes(1024) < 1024**3 * 0.85
    assert data_bytes(0) == DATA_BYTES


def test_a_child_of_a_function_has_less_than_the_function(python):
    body = "import sys\nsys.stderr.write(str(resource.getrlimit(resource.RLIMIT_DATA)))"
    finished, _ = ended(python(body, 128), Bounds())
    most = data_bytes(128)
    assert finished.log == (f"({most}, {most})",)


def test_a_child_that_wants_more_memory_than_there_is_fails_for_good(python):
    body = (
        "import sys\n"
        "try:\n    bytearray(8_000_000_000)\n"
        "except MemoryError:\n    sys.stderr.write('[error] Cannot allocate memory'); sys.exit(1)"
    )
    finished, problem = ended(python(body, 128), Bounds())
    assert finished.code == 1
    assert isinstance(problem, PermanentError)
    assert problem.code is ErrorCode.LIMIT_EXCEEDED


def test_a_file_that_grows_too_large_ends_its_writer(python, tmp_path):
    body = (
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        f"out = open({str(tmp_path / 'out')!r}, 'wb', buffering=0)\n"
        "for _ in range(20): out.write(bytes(100_000))"
    )
    finished, problem = ended(python(body), Bounds(file_bytes=1_000_000))
    assert (tmp_path / "out").stat().st_size <= 1_000_000
    assert finished.code == -signal.SIGXFSZ
    assert isinstance(problem, PermanentError)
    assert problem.code is ErrorCode.LIMIT_EXCEEDED


def test_a_child_that_takes_too_long_is_ended_at_the_first_try(python, monkeypatch):
    monkeypatch.setattr("lib.process_limits.SLACK_S", 0.0)
    finished, problem = ended(python("while True: pass"), Bounds(expected_s=0.1))
    assert finished.code == -signal.SIGXCPU
    assert isinstance(problem, PermanentError)
    assert problem.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize(
    ("expected_s", "error"), [(0.01, PermanentError), (1000.0, TransientError)]
)
def test_an_invocation_that_is_too_short_is_the_fault_of_what_lied(
    python, monkeypatch, expected_s, error
):
    monkeypatch.setattr("lib.process_limits.SLACK_S", 0.1)
    left = iter([PLENTY] * 3)
    # Progress is told until 0.2 s of work are done, then the time is over.
    body = (
        "import sys, time\n"
        "while time.process_time() < 0.2: pass\n"
        "while True: print('out_time_us=1', flush=True)"
    )
    with pytest.raises(error) as caught:
        run(python(body, deadline=lambda: next(left, 0)), [], bounds=Bounds(expected_s))
    expected = (ErrorCode.LIMIT_EXCEEDED, ErrorCode.DEADLINE_NEAR)
    assert caught.value.code is expected[error is TransientError]


def test_limits_that_are_lower_already_stay():
    lower = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)); print(1)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{lower}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout
        child.stdout.readline()
        apply_bounds(child.pid, Bounds())
        assert resource.prlimit(child.pid, resource.RLIMIT_NOFILE) == (100, 100)
        child.kill()


def test_a_child_that_has_ended_needs_no_bounds():
    child = subprocess.Popen(["true"])
    child.wait()
    apply_bounds(child.pid, Bounds())
