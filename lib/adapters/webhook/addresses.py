"""Where a receiver is: the addresses behind its name, none of them inside a network.

A name is looked up once, and what is connected to is what was looked at: a name server that answers
otherwise a moment later (DNS rebinding) changes nothing. How an address is written (decimal, octal,
IPv6 around IPv4) doesn't either, for it is judged as the number that it is.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator: https://www.rfc-editor.org/rfc/rfc6052."""


class AddressError(Exception):
    """A receiver is nowhere, or where it may not be; the message says so."""


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver, as its URL says. `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the header `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_target(url: str, *, private: bool = False) -> Target:
    """Read a receiver's URL: https, or also http where it may be `private`. Raises AddressError."""
    schemes = ("https", "http") if private else ("https",)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if host and not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as exc:
        raise AddressError(f"expected a URL for a receiver but received {url!r}: {exc}") from exc
    if parts.scheme not in schemes or not host:
        raise AddressError(f"expected {' or '.join(schemes)}://… for a receiver, not {url!r}")
    if parts.username is not None or parts.password is not None:
        raise AddressError("a receiver's URL may have no user and no password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not url.isprintable() or " " in path or not path.isascii():
        raise AddressError(f"expected a URL that is percent-encoded but received {url!r}")
    return Target(parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], path)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the internet, and what it leads to is too."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:  # deprecated, but routed where networks still have them
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(target: Target, seconds: float, *, private: bool = False) -> tuple[str, ...]:
    """Look a receiver's name up, once; return its addresses. Raises AddressError.

    Every one has to be public, unless it may be `private`.
    """
    addresses = _look_up(target.host, target.port, seconds)
    if not addresses:
        raise AddressError(f"{target.host} has no address")
    if not private:
        for each in addresses:
            if not is_public(ip_address(each.partition("%")[0])):
                raise AddressError(f"{target.host} is {each}, which is no address of the internet")
    return addresses


def _look_up(host: str, port: int, seconds: float) -> tuple[str, ...]:
    """Ask the resolver, which knows no deadline of its own."""
    found: list[Sequence[Any]] = []
    why: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            why.append(exc)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if why:
        raise AddressError(f"{host} is not found: {why[0]}") from why[0]
    if asking.is_alive():
        raise AddressError(f"{host} is not found within {seconds:.0f} s")
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))
