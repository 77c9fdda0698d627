"""Webhooks: what was put into the outbox with a decision is delivered at least once, with one id over all tries.

The receiver checks `Webhook-Signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` under the
webhook's secret (the Standard Webhooks form). Addresses that are not public are refused unless the host is
named by `--webhook-host`, so that nobody can make the service ask its neighbours.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import ipaddress
import logging
import socket
import ssl
import time
import urllib.parse
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from triage_service._store import Message, Store

__all__ = ["deliver", "deliver_all", "signature"]

_log = logging.getLogger("triage_service")

_SECONDS = 10.0
_PAUSE = 2.0
_LONGEST_WAIT = 6 * 3600.0


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `Webhook-Signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


async def deliver_all(store: Store, *, named: Collection[str] = ()) -> None:
    """Deliver what is due, for ever; a try that fails is repeated after a wait that doubles up to six hours."""
    while True:
        for message in await asyncio.to_thread(store.outbox_due, 20):
            try:
                await asyncio.to_thread(deliver, message, named=named)
            except (OSError, ValueError, http.client.HTTPException) as error:
                wait = min(_LONGEST_WAIT, 5.0 * 2.0**message.tries)
                _log.warning(
                    "a webhook was not delivered (%s); next try in %.0f s", type(error).__name__, wait
                )
                await asyncio.wrap_future(store.outbox_failed(message.id, wait))
            else:
                await asyncio.wrap_future(store.outbox_done(message.id))
        await asyncio.sleep(_PAUSE)


def deliver(message: Message, *, named: Collection[str] = ()) -> None:
    """Post one message.

    Raises:
        OSError, HTTPException: it did not arrive, or the answer was not 2xx.
        ValueError: the URL is not http(s), or leads to an address that is not public and not named.
    """
    parts = urllib.parse.urlsplit(message.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a webhook's URL must be http or https")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(parts.hostname, port, named)
    timestamp = int(time.time())
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "Webhook-Id": str(message.id),
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": signature(message.secret, str(message.id), timestamp, message.body),
    }
    # Connected to the address that was checked: a name could lead elsewhere the second time.
    sock = socket.create_connection((address, port), timeout=_SECONDS)
    try:
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=_SECONDS)
        connection.sock = sock
        connection.request("POST", parts.path or "/", message.body, headers)
        status = connection.getresponse().status
    finally:
        sock.close()
    if not 200 <= status < 300:
        raise http.client.HTTPException(f"status {status}")


def _address(host: str, port: int, named: Collection[str]) -> str:
    """Return the first address of `host`.

    Raises:
        ValueError: it is not public, and the host is not named.
    """
    found = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    if host not in named and not ipaddress.ip_address(found.partition("%")[0]).is_global:
        raise ValueError("the webhook's address is not public; name its host by --webhook-host")
    return found
