"""What a client of the emulator is given, and what is known of one that may run."""

import os

import pytest

from lib.tools.emulator import lifecycle, state
from lib.tools.emulator.environment import Credentials, EmulatorError, client_environment

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

ANY = Credentials("LOCAL0123456789", "secret")


def test_environment_hides_the_users_aws_settings(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's")
    monkeypatch.setenv("NO_PROXY", "intranet")
    environment = client_environment("http://127.0.0.1:4566", ANY)
    assert "the user's" not in environment.values()
    assert Credentials.find(environment) == ANY
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["NO_PROXY"] == "intranet,127.0.0.1"
    assert environment["PATH"] == os.environ["PATH"]


def test_environment_puts_proxies_aside(monkeypatch):
    names = ("proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "Http_Proxy")
    for name in names:
        monkeypatch.setenv(name, "http://proxy.test")
    environment = client_environment("http://127.0.0.1:4566", ANY)
    proxied = {name for name, value in environment.items() if value == "http://proxy.test"}
    assert proxied == {f"DOWNLOADS_{name}" for name in names}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"port": 4566, "pid": 1}', '{"port": 4566, "pid": 1, "new": 2}']
)
def test_a_state_that_is_not_understood_is_none(tmp_path, content):
    (tmp_path / state.FILE).write_text(content)
    assert lifecycle.find(tmp_path) is None


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_accepts_loopback(endpoint):
    assert client_environment(endpoint, ANY)["AWS_ENDPOINT_URL"] == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://192.0.2.1:4566",
        "https://s3.eu-west-1.amazonaws.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "127.0.0.1:4566",
        "",
    ],
)
def test_refuses_an_endpoint_elsewhere(endpoint):
    with pytest.raises(EmulatorError, match="on this machine"):
        client_environment(endpoint, ANY)
