"""A real `triage serve` in a process of its own, and clients for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import re
import subprocess
import sys
import threading

import pytest

CHROMIUM = pathlib.Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PASSWORD = "a long enough password"


class Client:
    """A person or a program: one connection, with a token or a cookie."""

    def __init__(self, port, *, token=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method, path, body=None, **headers):
        """Return status and JSON value of a reply."""
        sent = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, path, sent, {**self.headers, **headers})
            response = self.connection.getresponse()
        except (
            BrokenPipeError,
            ConnectionResetError,
            http.client.RemoteDisconnected,
        ):  # it was idle for long
            self.connection.close()
            self.connection.request(method, path, sent, {**self.headers, **headers})
            response = self.connection.getresponse()
        content = response.read()
        if cookie := response.getheader("Set-Cookie"):
            self.headers["Cookie"] = cookie.split(";")[0]
        return response.status, json.loads(content) if content else None

    def done(self, method, path, body=None, **headers):
        """Return the JSON value of a reply that must be 2xx."""
        status, found = self.ask(method, path, body, **headers)
        assert 200 <= status < 300, (status, found)
        return found


class Served:
    """A running service; use as a context.

    Attributes:
        port: where it listens.
        admin: a client that is signed in as the first administrator, after the first start on a database.
        said: what it wrote on stderr so far.
    """

    def __init__(self, model, database, *options):
        self.database = database
        self.model = model
        self.models = pathlib.Path(model).parents[1]
        if "--models" not in options:
            options = (*options, "--models", str(self.models))
        if "--second-rate" not in options:
            options = (*options, "--second-rate", "0")
        url = str(database) if "://" in str(database) else f"sqlite:///{database}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "triage", "serve", model, "--db", url, "--bind", "127.0.0.1:0",
             *options], stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said = ""
        while " at http://" not in self.said:
            line = self.process.stderr.readline()
            if not line:
                self.process.wait(10)
                self.process.stderr.close()
                raise AssertionError(self.said)
            self.said += line
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.said).group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._clients = []
        self.admin = self.client()
        self._ready.wait(1)
        if once := re.search(r"#once=(\S+)", self.said):
            self.admin.done("POST", "/v1/session", {"once": once.group(1)})

    def _listen(self):
        for line in self.process.stderr:
            self.said += line
            if "#once=" in line:
                self._ready.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End it gracefully and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(30)
        for client in self._clients:
            client.connection.close()
        self._listener.join(5)
        self.process.stderr.close()
        return code

    def client(self, **options):
        """Return a client of this service."""
        self._clients.append(Client(self.port, **options))
        return self._clients[-1]

    def program(self, *roles):
        """Return a client with a token of its own."""
        made = self.admin.done("POST", "/v1/admin/tokens", {"name": "program", "roles": list(roles)})
        return self.client(token=made["token"])

    def person(self, name, *roles):
        """Add a person and return a client that is signed in."""
        body = {"name": name, "password": PASSWORD, "roles": list(roles or ["review"])}
        self.admin.done("POST", "/v1/admin/users", body)
        found = self.client()
        found.done("POST", "/v1/session", {"name": name, "password": PASSWORD})
        return found


@contextlib.contextmanager
def chromium():
    """Yield a headless browser; skip where there is none."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Desk:
    """One person's page.

    Attributes:
        errors: what the console and the page complained of, other than the network being away.
        presses: how many keys were pressed.
    """

    def __init__(self, browser, served, name, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors = []
        self.presses = 0
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append("a dialog opened"), dialog.dismiss()))
        self.page.goto(served.url + "/")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#screens a")

    def _console(self, message):
        if message.type in ("error", "warning") and "net::ERR_INTERNET_DISCONNECTED" not in message.text:
            self.errors.append(message.text)

    def wait(self):
        """Wait for an item and return its text."""
        self.page.wait_for_selector("main:not(.waiting) #item")
        return self.text()

    def text(self):
        return self.page.evaluate("document.querySelector('.text')?.textContent ?? ''")

    def press(self, key):
        self.presses += 1
        self.page.keyboard.press(key)

    def decide(self, key):
        """Press a key and wait until another item, or none, is on the screen."""
        before = self.wait()
        self.press(key)
        self.page.wait_for_function(
            "before => document.querySelector('.text')?.textContent !== before", arg=before
        )

    def wait_saved(self):
        self.page.wait_for_function("() => document.getElementById('saved').textContent === 'all saved'")
