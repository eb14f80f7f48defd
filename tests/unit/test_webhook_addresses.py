"""Where a receiver may be, however its address is written, and whatever its name server says."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from lib.adapters.webhook.addresses import AddressError, Target, is_public, parse_target, resolve

TARGET = Target("https", "hooks.example.com", 443, "/")
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list of what the name server says, one answer after the other."""
    said: list[list[str]] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if not said:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in said.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return said


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_on_the_internet_is_public(text):
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.0.0.0"),
        *("169.254.169.254", "169.254.170.2", "100.64.0.1", "192.0.0.170", "198.18.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_what_is_inside_a_network_is_not(text):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_ipv4_inside_ipv6_is_judged_as_what_it_leads_to(text):
    assert is_public(ip_address(text))


def test_every_address_of_a_name_has_to_be_public(answers):
    answers += [[*PUBLIC], [PUBLIC[0], "10.0.0.1"], ["fe80::1%eth0"]]
    assert resolve(TARGET, 5) == PUBLIC
    with pytest.raises(
        AddressError, match=r"hooks.example.com is 10\.0\.0\.1, which is no address"
    ):
        resolve(TARGET, 5)
    with pytest.raises(AddressError, match="fe80::1%eth0"):
        resolve(TARGET, 5)


def test_a_private_address_is_allowed_where_the_stage_says_so(answers):
    answers.append(["127.0.0.1"])
    assert resolve(TARGET, 5, private=True) == ("127.0.0.1",)


def test_a_name_is_looked_up_once_and_that_answer_counts(answers):
    answers += [[PUBLIC[0]], ["169.254.169.254"]]
    assert resolve(TARGET, 5) == (PUBLIC[0],)
    assert len(answers) == 1, "a second answer, which is another one, is not asked for"


def test_a_name_that_is_nowhere_is_said_to_be(answers):
    with pytest.raises(AddressError, match=r"hooks\.example\.com is not found"):
        resolve(TARGET, 5)
    answers.append([])
    with pytest.raises(AddressError, match="has no address"):
        resolve(TARGET, 5)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example", Target("https", "a.example", 443, "/")),
        ("https://A.example:8443/x/y?z=1#frag", Target("https", "a.example", 8443, "/x/y?z=1")),
        ("https://bücher.example/h", Target("https", "xn--bcher-kva.example", 443, "/h")),
        ("https://[2606:2800::1]:444/", Target("https", "2606:2800::1", 444, "/")),
    ],
)
def test_a_url_says_where_the_receiver_is(url, target):
    assert parse_target(url) == target


def test_the_header_host_is_what_the_url_says():
    assert parse_target("https://a.example/").authority == "a.example"
    assert parse_target("https://a.example:8443/").authority == "a.example:8443"
    assert parse_target("https://[2606:2800::1]/").authority == "[2606:2800::1]"


@pytest.mark.parametrize(
    "url",
    [
        *("", "a.example", "http://a.example/", "ftp://a.example/", "https://", "https:///x"),
        *("https://user@a.example/", "https://user:word@a.example/", "https://a.example:x/"),
        *("https://a.example/\r\nx: y", "https://a.example/ b", "https://a.example/é"),
        *("https://a.example:99999/", "https://[::1/", "javascript:alert(1)", "file:///etc/passwd"),
    ],
)
def test_other_urls_are_refused(url):
    with pytest.raises(AddressError):
        parse_target(url)


def test_plain_http_is_for_private_receivers():
    assert parse_target("http://127.0.0.1:8080/x", private=True).port == 8080
    assert parse_target("http://127.0.0.1/", private=True).port == 80
