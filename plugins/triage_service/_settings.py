"""What a service is started with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from triage import UsageError
from triage_service._scoring._queue import Limits

__all__ = ["Settings", "bind_of", "is_loopback", "network_of"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of `triage serve`.

    Attributes:
        model: the path of the first model.
        bind: host and port.
        hosts: further values of the `Host` header that are answered.
        workers: scoring processes a model.
        desk: whether the review desk is served.
        user_header: the header in which a proxy names the person, or "".
        trusted: networks from which that header is believed.
        secure: whether clients reach the service by TLS, by itself or by a proxy.
        audit_rate: the chance that a person also looks at what was routed automatically.
        on_alarm: "warn", or "review": send everything to people while the promise is broken.
        rate: texts a second that one token may have scored; 0 for no limit.
        limits: of the waiting line.
        models: the folder from which models may be registered; "" for that of the first one.
    """

    model: str
    bind: tuple[str, int] = ("127.0.0.1", 8088)
    hosts: tuple[str, ...] = ()
    workers: int = 1
    desk: bool = True
    user_header: str = ""
    trusted: tuple[Network, ...] = ()
    secure: bool = False
    audit_rate: float = 0.05
    on_alarm: str = "warn"
    rate: float = 0.0
    limits: Limits = field(default_factory=Limits)
    models: str = ""

    @property
    def answered_hosts(self) -> frozenset[str]:
        """The values of `Host`, without a port, that are answered."""
        host = self.bind[0]
        own = (
            {"localhost", "127.0.0.1", "[::1]"}
            if is_loopback(host)
            else {f"[{host}]" if ":" in host else host}
        )
        return frozenset(own | set(self.hosts))


def bind_of(written: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        UsageError: it is not of that form.
    """
    host, colon, port = written.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--bind must be HOST:PORT such as 127.0.0.1:8088, got {written!r}")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def network_of(written: str) -> Network:
    """Return the network of an address or a CIDR.

    Raises:
        UsageError: it is neither.
    """
    try:
        return ipaddress.ip_network(written)
    except ValueError:
        raise UsageError(
            f"--trust-proxy must be an address or a CIDR such as 10.0.0.0/8, got {written!r}"
        ) from None
