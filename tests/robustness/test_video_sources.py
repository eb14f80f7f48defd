"""What ffmpeg and MediaInfo may read: the source, and nothing that the source names."""

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lib.domain.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.domain.media import VideoProbe
from lib.presets import load
from lib.video.encode import open_source
from lib.video.encode.encode import encode_video
from lib.video.plan.plan import VideoTask, plan_video
from lib.video.probe.mediainfo import PARSERS, read_probe
from lib.video.source import Input
from tests.support.boxes import blank, refer_to
from tests.support.ffmpeg_binary import ffmpeg_in, find_ffmpeg

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "media"
CLIP = MEDIA / "phone clip.mov"
PRESET = load(ROOT / "presets.toml").named(None)
PROBE = VideoProbe(width=360, height=640, duration_ms=2000, video_codec="hevc")

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serve(answer: Answer, tls: SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve on loopback; yield the address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # ffmpeg hangs up when it seeks

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def content(data: bytes, *, reachable: int | None = None) -> Answer:
    """Answer ranged reads; hang up at `reachable` bytes from the start of the file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        found = re.match(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", "bytes=0-"))
        assert found
        start, end = int(found[1]), int(found[2] or len(data) - 1)
        if start >= len(data):
            handler.send_error(416)
            return
        handler.send_response(206)
        handler.send_header("Content-Length", str(end + 1 - start))
        handler.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
        handler.end_headers()
        stop = end + 1 if reachable is None else min(end + 1, reachable)
        handler.wfile.write(data[start:stop])
        handler.close_connection = stop <= end

    return answer


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def encode(locator: str, folder: Path, container: str = "mov") -> list[str]:
    task = VideoTask(Input(locator, container), PROBE, plan_video(PROBE, PRESET), PRESET)
    encode_video(task, ffmpeg_in(folder))
    return sorted(path.name for path in folder.iterdir())


MADE = ["h264-240.mp4", "h264-360.mp4", "stills", "tiles"]


def test_a_source_is_read_over_http(tmp_path):
    with serve(content(CLIP.read_bytes())) as (address, asked):
        made = encode(f"{address}/clip", tmp_path)
    assert made == MADE
    assert set(asked) == {"/clip"}


def test_what_comes_before_the_content_is_passed_over_over_http(tmp_path):
    before = b"\xff" * 100_000
    clip = (MEDIA / "anamorphic.webm").read_bytes()
    with serve(content(before + clip)) as (address, _):
        source = Input(f"{address}/clip", "matroska", start=len(before))
        task = VideoTask(source, PROBE, plan_video(PROBE, PRESET), PRESET)
        encode_video(task, ffmpeg_in(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == MADE


@pytest.mark.parametrize("code", [403, 503])
def test_a_storage_that_refuses_is_worth_another_try(tmp_path, code):
    with serve(status(code)) as (address, _), pytest.raises(TransientError) as caught:
        encode(f"{address}/clip?X-Amz-Signature=SECRET", tmp_path)
    assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert "SECRET" not in caught.value.message
    assert address not in caught.value.message


def stalling(data: bytes, reachable: int, stopped: threading.Event) -> Answer:
    """Answer each read, and send nothing from `reachable` bytes from the start on."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        found = re.match(r"bytes=(\d+)-", handler.headers.get("Range", "bytes=0-"))
        assert found
        start, end = int(found[1]), len(data) - 1
        handler.send_response(206)
        handler.send_header("Content-Length", str(end + 1 - start))
        handler.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
        handler.end_headers()
        handler.wfile.write(data[start:reachable])
        handler.wfile.flush()
        handler.close_connection = True
        if start <= end:
            stopped.wait(60)

    return answer


@pytest.mark.parametrize("container", ["mpegts", "matroska", "mov"])
def test_a_storage_that_stalls_is_worth_another_try(tmp_path, monkeypatch, container):
    """Each of ffmpeg's own tries times out: to the demuxer that looks like the end."""
    monkeypatch.setattr(open_source, "READ_TIMEOUT_US", 200_000)
    source, folder, stopped = tmp_path / "source", tmp_path / "out", threading.Event()
    folder.mkdir()
    film = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-c:v", "libx264")
    muxer = {"mov": "mp4"}.get(container, container)
    command = [find_ffmpeg(), "-v", "error", *film, "-g", "25", "-f", muxer, str(source)]
    subprocess.run(command, check=True)
    data = source.read_bytes()
    with serve(stalling(data, len(data) * 6 // 10, stopped)) as (address, asked):
        try:
            with pytest.raises(TransientError) as caught:
                encode(f"{address}/film", folder, container)
        finally:
            stopped.set()
    assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert len(asked) > 2
    assert list(folder.iterdir()) == []


def test_a_storage_that_hangs_up_half_way_is_worth_another_try(tmp_path):
    data = (MEDIA / "anamorphic.webm").read_bytes()
    answer = content(data, reachable=len(data) // 2)
    with serve(answer) as (address, _), pytest.raises(TransientError) as caught:
        encode(f"{address}/clip", tmp_path, "matroska")
    assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


def test_a_storage_that_is_not_there_is_worth_another_try(tmp_path):
    with serve(status(500)) as (address, _):
        pass
    with pytest.raises(TransientError) as caught:
        encode(f"{address}/clip", tmp_path)
    assert caught.value.code is ErrorCode.SERVICE_UNAVAILABLE


def certify(folder: Path) -> tuple[Path, SSLContext]:
    """Make a certificate for loopback that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(loopback, critical=False)
        .sign(key, SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return path, context


def test_https_is_believed_only_from_whom_the_system_trusts(tmp_path, monkeypatch):
    authority, tls = certify(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    with serve(content(CLIP.read_bytes()), tls) as (address, asked):
        error = refusal_of(lambda: encode(f"{address}/clip", out))
        assert error.code is ErrorCode.SERVICE_UNAVAILABLE
        assert asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert encode(f"{address}/clip", out) == MADE


def test_a_truncated_object_is_corrupt_not_unavailable(tmp_path):
    # Its index, at the end, is gone; some of what it points to lies behind the end.
    data = CLIP.read_bytes()
    half = content(data[: len(data) // 2])
    with serve(half) as (address, _), pytest.raises(PermanentError) as caught:
        encode(f"{address}/clip", tmp_path)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "dash": (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        '<Representation id="1" bandwidth="1" mimeType="video/mp4"><BaseURL>{target}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
}


@pytest.mark.parametrize("container", PARSERS)
@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_an_uploaded_playlist_is_not_followed(tmp_path, playlist, container):
    with serve(content(CLIP.read_bytes())) as (address, asked):
        upload = PLAYLISTS[playlist].format(target=f"{address}/private").encode()
        source = tmp_path / "upload.mov"
        source.write_bytes(upload)
        assert refusal_of(lambda: read_probe(BytesIO(upload), container)).permanent
        out = tmp_path / "out"
        out.mkdir()
        error = refusal_of(lambda: encode(str(source), out, container))
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert asked == []


def test_an_uploaded_playlist_is_not_followed_over_http_either(tmp_path):
    upload = PLAYLISTS["hls"].format(target="/private").encode()
    with serve(content(upload)) as (address, asked):
        error = refusal_of(lambda: encode(f"{address}/upload", tmp_path))
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert set(asked) == {"/upload"}


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_movie_whose_samples_lie_elsewhere_is_not_followed(tmp_path, scheme):
    clip = CLIP.read_bytes()
    with serve(content(clip)) as (address, asked):
        elsewhere = f"{address}/private" if scheme == "http" else CLIP.as_uri()
        hostile = refer_to(elsewhere, blank(clip))
        source = tmp_path / "upload.mov"
        source.write_bytes(hostile)
        out = tmp_path / "out"
        out.mkdir()
        with suppress(PermanentError):
            read_probe(BytesIO(hostile), "mov")
        error = refusal_of(lambda: encode(str(source), out))
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert asked == []


def refusal_of(action: Callable[[], object]) -> MediaError:
    with pytest.raises(MediaError) as caught:
        action()
    return caught.value
