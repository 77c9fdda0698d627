"""Pages made of hostile labels, names and texts: read as a parser does, and opened in a browser."""

from __future__ import annotations

import csv
import http.server
import pathlib
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html.parser import HTMLParser

from triage_selftest._place import Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
_LABELS = (
    "<script>fetch('{0}/label')</script>",
    "</title><img src={0}/title onerror=document.title='pwned'>",
    "javascript:location='{0}/js'",
    "\"><svg onload=document.title='pwned'><a href='{0}/href' autofocus onfocus=document.title='pwned'>",
)
_TEXTS = (
    *_LABELS,
    "</style><style>@import url({0}/css)</style>",
    "<link rel=stylesheet href={0}/link><iframe src={0}/frame></iframe><base href={0}/base>",
    "<meta http-equiv=refresh content='0;url={0}/meta'>",
    "--><![CDATA[<script>document.title='pwned'</script>]]>",
    "&lt;script&gt; &#60;script&#62; &quot;",
    "' style='background:url({0}/style)' x='",
    "<math><mtext></form><form><mglyph><style></math><img src={0}/mxss onerror=document.title='pwned'>",
)
_FORBIDDEN = {
    "a", "animate", "applet", "audio", "base", "embed", "form", "foreignobject", "frame", "iframe", "image",
    "img", "input", "math", "object", "script", "set", "source", "template", "video",
}  # fmt: skip
_ADDRESSES = re.compile(r"(?i)(https?:|//|javascript:|file:|ftp:|@import|url\((?!['\"]?#))")


class _Page(HTMLParser):
    """What a page is made of, and what of it must not be there."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self.elements = 0
        self.policy = ""
        self.text: list[str] = []
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        self._inside = tag
        given = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN:
            self.bad.append(f"<{tag}>")
        for name, value in given.items():
            if name.startswith("on"):
                self.bad.append(f"the handler {name}")
            elif name in ("src", "href", "action", "data", "style", "srcset", "poster", "xlink:href"):
                plain = value.startswith("#") or (tag == "link" and value == "data:,")
                if not plain and (name != "style" or _ADDRESSES.search(value)):
                    self.bad.append(f"an address in {name}")
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = given.get("content", "")
        elif tag == "meta" and "http-equiv" in given:
            self.bad.append(f"a meta {given['http-equiv']}")

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and _ADDRESSES.search(data):
            self.bad.append("an address in a style")
        else:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""


class _Canary(http.server.BaseHTTPRequestHandler):
    """Notes every request."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def _pages(place: Place) -> Iterator[Trial]:
    asked: list[str] = []
    handler = type("Canary", (_Canary,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            canary = f"http://127.0.0.1:{server.server_port}"
            made = list(_made(place, canary))
            yield from (trial for trial, _ in made)
            files = [file for _, file in made if file is not None]
            yield from _opened(place, files, canary, asked)
        finally:
            server.shutdown()


def _made(place: Place, canary: str) -> Iterator[tuple[Trial, pathlib.Path | None]]:
    """Make the pages, and read each as a parser does."""
    labels = [label.replace("{0}", canary) for label in _LABELS]
    texts = [text.replace("{0}", canary) for text in _TEXTS]
    with place.corpus.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = dict(zip(sorted({row["label"] for row in rows}), labels, strict=True))
    corpus = place.folder / "<script>alert(1)<!--.csv"
    with corpus.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        for number, row in enumerate(rows):
            # A quarter of the labels is wrong, so that there are mistakes to be shown with their texts.
            label = row["label"] if number % 4 else rows[number - 1]["label"]
            words = row["text"].split()
            text = f"{texts[number % len(texts)]} {' '.join(words)} {texts[(number + 1) % len(texts)]}"
            writer.writerow([texts[number % len(texts)], text, names[label]])
    runs = place.folder / "runs"
    backends = ("--backend", "majority,tfidf", "--split", "naive")
    done = place.triage("evaluate", corpus, *backends, "--runs", runs, "--quiet", timeout=120)
    if done.code:
        what = "evaluate a corpus of hostile labels"
        yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}"), None
        return
    for number, (what, more) in enumerate(
        (("names and labels", ()), ("names, labels and texts", ("--show-text", corpus)))
    ):
        page = place.folder / f"page{number}.html"
        done = place.triage("report", runs, "--format", "html", "--out", page, *more)
        if done.code == 69:
            yield Trial(what=f"a page with {what}", outcome="skipped", detail=done.said), None
        elif done.code:
            detail = f"exit code {done.code}: {done.said}"
            yield Trial(what=f"a page with {what}", outcome="silent", detail=detail), None
        else:
            content = page.read_text(encoding="utf-8")
            yield (
                _read(f"a page with {what}, parsed", content, labels if not more else [*labels, texts[4]]),
                page,
            )


def _read(what: str, content: str, shown: list[str]) -> Trial:
    page = _Page(content)
    text = "".join(page.text)
    if page.bad:
        return Trial(what=what, outcome="let_in", detail=", ".join(sorted(set(page.bad))[:3]))
    if "default-src 'none'" not in page.policy or "script" in page.policy:
        return Trial(what=what, outcome="let_in", detail="its Content-Security-Policy allows too much")
    if missing := sum(each[:20] not in text for each in shown):
        return Trial(what=what, outcome="lost", detail=f"{missing} of {len(shown)} are not shown as text")
    return Trial(what=what)


def _opened(place: Place, files: list[pathlib.Path], canary: str, asked: list[str]) -> Iterator[Trial]:
    """Open the pages in a browser; a page of our own shows first that the canary would sing."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        yield Trial(what="the pages in a browser", outcome="skipped", detail="there is no Chromium here")
        return
    trap = place.folder / "trap.html"
    trap.write_text(f"<img src={canary}/trap><script>document.title='pwned'</script>", encoding="ascii")
    dom = _browse(found, place, trap)
    if dom is None or "<title>pwned</title>" not in dom or "/trap" not in asked:
        detail = "the browser found here does not run headless"
        yield Trial(what="the pages in a browser", outcome="skipped", detail=detail)
        return
    for file in files:
        asked.clear()
        what = f"{file.name} in a browser"
        dom = _browse(found, place, file)
        if dom is None:
            yield Trial(what=what, outcome="silent", detail="the page does not load")
        elif asked:
            yield Trial(what=what, outcome="let_in", detail=f"it asked for {asked[0][:40]}")
        elif "<title>pwned" in dom or (bad := _Page(dom).bad):
            yield Trial(what=what, outcome="let_in", detail=bad[0] if "<title>pwned" not in dom else "it ran")
        else:
            yield Trial(what=what)


def _browse(browser: str, place: Place, page: pathlib.Path) -> str | None:
    """Return what a browser makes of a page once it has loaded, or None where it does not end."""
    profile = place.folder / "profile"
    command = [
        browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
        f"--user-data-dir={profile}", "--virtual-time-budget=2000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.decode("utf-8", "replace") if not done.returncode else None


FAULTS = (
    Fault(
        name="hostile-pages",
        does="Scripts, handlers, addresses and ends of elements in texts, labels, ids and names, as a page",
        must="The page shows them as text: no script, no handler, no request, in a real browser too",
        trials=_pages,
    ),
)
