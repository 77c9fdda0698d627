import asyncio
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from service.serving import Served
from triage_service._webhooks import deliver, deliver_all, signature


@dataclass
class Message:
    id: str
    url: str
    body: bytes = b'{"event": 7}'
    secret: str = "whsec"
    tries: int = 0


class Outbox:
    """The outbox of a store, in memory: what is done is gone, what failed comes again."""

    def __init__(self, *messages):
        self.messages = {message.id: message for message in messages}

    def outbox_due(self, limit):
        return list(self.messages.values())[:limit]

    def outbox_done(self, message_id):
        del self.messages[message_id]
        return self._finished()

    def outbox_failed(self, message_id, retry_seconds):
        self.messages[message_id].tries += 1
        return self._finished()

    def _finished(self):
        future = Future()
        future.set_result(None)
        return future


@pytest.fixture
def receiver():
    """A server that keeps what it gets and answers with the next of `statuses`, then with 204."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.received.append((dict(self.headers), body))
            status = server.statuses.pop(0) if server.statuses else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received, server.statuses = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_is_signed_as_the_standard_says(receiver):
    deliver(Message("m1", receiver.url), named=["127.0.0.1"])
    ((headers, body),) = receiver.received
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"whsec", signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert json.loads(body) == {"event": 7}


def test_a_signature_changes_with_every_part():
    parts = [
        ("s", "i", 1, b"b"),
        ("t", "i", 1, b"b"),
        ("s", "j", 1, b"b"),
        ("s", "i", 2, b"b"),
        ("s", "i", 1, b"c"),
    ]
    assert len({signature(*part) for part in parts}) == len(parts)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/x", "http://localhost:{}/x", "http://[::ffff:127.0.0.1]:{}/x"]
)
def test_an_address_of_the_own_network_is_refused_unless_named(receiver, url):
    with pytest.raises((ValueError, OSError)):
        deliver(Message("m1", url.format(receiver.server_port)))
    assert receiver.received == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense"])
def test_only_http_is_spoken(url):
    with pytest.raises(ValueError, match="http"):
        deliver(Message("m1", url), named=["127.0.0.1"])


def test_what_fails_is_sent_again_under_the_same_id_and_a_redirect_is_a_failure(receiver, monkeypatch):
    monkeypatch.setattr("triage_service._webhooks._PAUSE", 0.01)
    receiver.statuses = [500, 302]
    outbox = Outbox(Message("m1", receiver.url), Message("m2", "http://127.0.0.1:9/closed"))

    async def run():
        work = asyncio.create_task(deliver_all(outbox, named=["127.0.0.1"]))
        while "m1" in outbox.messages:
            await asyncio.sleep(0.01)
        work.cancel()

    asyncio.run(run())
    assert [headers["Webhook-Id"] for headers, _ in receiver.received] == ["m1"] * 3
    assert outbox.messages["m2"].tries >= 2


def test_a_decision_reaches_a_webhook_that_was_set_and_none_that_was_removed(receiver, model_path, tmp_path):
    with Served(
        model_path, tmp_path / "desk.db", "--audit-rate", "0", "--webhook-host", "127.0.0.1"
    ) as served:
        assert served.admin.ask("POST", "/v1/admin/webhooks", {"url": "file:///etc/passwd"})[0] == 422
        made = served.admin.done("POST", "/v1/admin/webhooks", {"url": receiver.url})
        other = receiver.url + "/removed"
        served.admin.done("POST", "/v1/admin/webhooks", {"url": other})
        served.admin.done("DELETE", "/v1/admin/webhooks", {"url": other})
        assert served.admin.ask("DELETE", "/v1/admin/webhooks", {"url": other})[0] == 404
        (entry,) = served.admin.done("GET", "/v1/admin/webhooks")["webhooks"]
        assert receiver.url in str(entry)
        assert made["secret"] not in str(entry)
        text = "a letter about card and loan"
        served.program("route").done("POST", "/v1/items", {"documents": [{"id": "7", "text": text}]})
        ann = served.person("ann")
        found = ann.done("POST", "/v1/desk/next", {})
        path = f"/v1/desk/items/{found['item']['id']}/decide"
        ann.done("POST", path, {"token": found["lease"]["token"], "label": "loan"})
        for _ in range(200):
            if any(b"loan" in body for _, body in receiver.received):
                break
            time.sleep(0.1)
        headers, body = next(each for each in receiver.received if b"loan" in each[1])
        expected = signature(made["secret"], headers["Webhook-Id"], int(headers["Webhook-Timestamp"]), body)
        assert headers["Webhook-Signature"] == expected
        assert text.encode() not in body
