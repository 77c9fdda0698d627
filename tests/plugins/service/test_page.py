"""The page in a real browser against a real service."""

import itertools
import pathlib

import pytest

from service.serving import PASSWORD, Desk, Served, chromium

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</p><iframe src=javascript:alert(1)>",
    "{{constructor.constructor('alert(1)')()}}", "javascript:alert(1)", "\u202eevil\u202c", "\x00\x1b]0;x\x07",
    "' onfocus='alert(1)' autofocus='", "<svg/onload=alert(1)>", "&lt;b&gt;", "\ud800", "a" * 5000,
)  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def served(model_path, tmp_path):
    with Served(model_path, tmp_path / "desk.db", "--audit-rate", "0") as found:
        yield found


def fill(served, *texts, source="test"):
    documents = [{"id": f"d{number}", "text": text} for number, text in enumerate(texts)]
    program = served.program("route")
    for first in range(0, len(documents), 500):
        program.done("POST", "/v1/items", {"source": source, "documents": documents[first : first + 500]})
    return program


def test_a_letter_is_decided_by_one_key_and_is_stored(browser, served):
    fill(served, *(f"letter {number} card loan" for number in range(5)))
    served.person("ann")
    desk = Desk(browser, served, "ann")
    for key in ("Enter", "2", "3"):
        desk.decide(key)
    desk.wait_saved()
    items = served.admin.done("GET", "/v1/items?state=decided")["items"]
    assert len(items) == 3
    assert desk.errors == []


def test_undo_brings_the_letter_back(browser, served):
    fill(served, *(f"letter {number} card loan" for number in range(3)))
    served.person("ann")
    desk = Desk(browser, served, "ann")
    first = desk.wait()
    desk.decide("2")
    desk.wait_saved()
    desk.press("u")
    desk.page.wait_for_function("first => document.querySelector('.text')?.textContent === first", arg=first)
    assert served.admin.done("GET", "/v1/items?state=decided")["items"] == []
    desk.decide("Enter")
    desk.wait_saved()
    assert len(served.admin.done("GET", "/v1/items?state=decided")["items"]) == 1
    assert desk.errors == []


def test_a_skip_asks_why_and_gives_the_letter_to_others_only(browser, served):
    fill(served, "letter one card loan", "letter two card loan")
    served.person("ann")
    desk = Desk(browser, served, "ann")
    first = desk.wait()
    desk.press("s")
    desk.page.wait_for_selector("dialog[open]")
    desk.press("2")
    desk.page.wait_for_function("first => document.querySelector('.text')?.textContent !== first", arg=first)
    assert desk.wait() != first
    bo = served.person("bo")
    assert bo.done("POST", "/v1/desk/next", {})["item"]["text"] == first


def test_single_letters_are_dead_while_one_types_and_slash_finds_a_label(browser, served):
    fill(served, "letter one card loan", "letter two card loan")
    served.person("ann")
    desk = Desk(browser, served, "ann")
    before = desk.wait()
    desk.press("/")
    desk.page.keyboard.type("ssuumort")
    assert desk.page.input_value("#find") == "ssuumort"
    desk.page.fill("#find", "mort")
    assert desk.text() == before
    desk.press("Enter")
    desk.page.wait_for_function(
        "before => document.querySelector('.text')?.textContent !== before", arg=before
    )
    desk.wait_saved()
    (item,) = served.admin.done("GET", "/v1/items?state=decided")["items"]
    assert item["label"] == "mortgage"


def test_personal_data_is_masked_until_somebody_asks_and_that_is_logged(browser, served):
    fill(served, "write to ann.lee@example.org about card loan")
    served.person("ann")
    desk = Desk(browser, served, "ann")
    assert "ann.lee" not in desk.wait()
    assert desk.page.inner_text(".mask").lower() == "email"
    desk.press("m")
    desk.page.wait_for_function(
        "() => document.querySelector('.text').textContent.includes('ann.lee@example.org')"
    )
    assert "unmasked" in {event["what"] for event in served.admin.done("GET", "/v1/admin/log")["events"]}
    assert "ann.lee" not in served.said


def test_hostile_texts_labels_ids_and_names_are_inert(browser, served):
    fill(
        served,
        *(f"{hostile} card loan {number}" for number, hostile in enumerate(HOSTILE)),
        source=HOSTILE[0],
    )
    served.person(HOSTILE[1], "review", "admin", "audit")
    desk = Desk(browser, served, HOSTILE[1])
    for _ in HOSTILE:
        desk.decide("Enter")
    desk.wait_saved()
    for screen in ("board", "search", "admin", "queue"):
        desk.page.evaluate("name => { location.hash = name }", screen)
        desk.page.wait_for_function(
            "name => document.getElementById('main').dataset.screen === name", arg=screen
        )
        desk.page.wait_for_timeout(200)
    assert desk.page.evaluate("document.querySelectorAll('main script, main img, main iframe').length") == 0
    assert desk.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_overflows_a_width_of_320_pixels(browser, served, scheme):
    fill(served, "x" * 400 + " card loan", "letter card loan")
    served.person("ann", "review", "admin")
    desk = Desk(browser, served, "ann", viewport={"width": 320, "height": 640}, color_scheme=scheme)
    desk.wait()
    for screen in ("queue", "board", "search", "admin"):
        desk.page.evaluate("name => { location.hash = name }", screen)
        desk.page.wait_for_timeout(300)
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= 320, screen
    assert desk.errors == []


def test_every_screen_is_reached_by_keys(browser, served):
    served.person("ann", "review", "admin")
    desk = Desk(browser, served, "ann")
    for letter, screen in (("b", "board"), ("a", "admin"), ("q", "queue"), ("s", "search")):
        desk.page.keyboard.press("Escape")
        desk.press("g")
        desk.press(letter)
        desk.page.wait_for_function(
            "name => document.getElementById('main').dataset.screen === name", arg=screen
        )
    assert desk.errors == []


def test_a_wrong_password_says_so_and_nothing_of_the_page_is_reached(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url + "/#admin")
    page.fill("#name", "nobody")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('[role=alert]').textContent.includes('wrong')")
    assert page.locator("#screens a").count() == 0


@pytest.mark.slow
def test_a_thousand_hostile_texts_are_inert_wherever_they_are_shown(browser, served):
    tags = ("script", "img src=x", "svg", "iframe srcdoc='<script>alert(1)</script>'", "a href=javascript:alert(1)", "style",
            "math", "video src=x", "details open", "input autofocus", "object data=x", "form action=javascript:alert(1)",
            "base href=//evil", "meta http-equiv=refresh content=0", "template")  # fmt: skip
    events = ("onerror", "onload", "onfocus", "ontoggle", "onclick", "onanimationstart", "onbegin")
    closings = ("", "'", '"', "-->", "</textarea>", "]]>", "\u2028", "\u0000", "${", "{{")
    hostile = [
        f"{closing}<{tag} {event}=alert(1)>{number} card loan"
        for number, (tag, event, closing) in enumerate(itertools.product(tags, events, closings))
    ]
    assert len(hostile) >= 1000
    program = fill(served, *hostile, source="<b onclick=alert(1)>")
    served.person("ann")
    desk = Desk(browser, served, "ann")
    for _ in range(30):
        desk.decide("Enter")
    desk.page.evaluate("() => { location.hash = 'search' }")
    desk.page.wait_for_selector("#more")
    while desk.page.locator("#more").count():
        before = desk.page.locator("#results > li").count()
        desk.page.click("#more")
        desk.page.wait_for_function(
            "before => document.querySelectorAll('#results > li').length > before", arg=before
        )
    assert desk.page.locator("#results > li").count() == len(hostile)
    assert (
        desk.page.evaluate(
            "document.querySelectorAll('#main :is(script, img, svg, iframe, video, object, base, meta)').length"
        )
        == 0
    )
    desk.wait_saved()
    assert desk.errors == []
    assert program.ask("GET", "/healthz")[0] == 200


@pytest.mark.slow
def test_two_people_decide_200_letters_by_keyboard_and_a_network_cut_loses_nothing(browser, served):
    fill(served, *(f"letter number {number} card loan" for number in range(200)))
    desks = []
    for name in ("ann", "bo"):
        served.person(name)
        desks.append(Desk(browser, served, name))
    ann, bo = desks
    decided = 0
    while decided < 180:
        for desk in desks:
            desk.decide("Enter")
            decided += 1
        if decided == 90:
            ann.context.set_offline(True)
            for _ in range(2):
                ann.press("Enter")
                ann.page.wait_for_timeout(100)
                decided += 1
            ann.page.wait_for_function(
                "() => document.getElementById('saved').textContent.includes('not saved yet')"
            )
            assert "letter" not in ann.page.evaluate("JSON.stringify(sessionStorage)")
            for _ in range(20):
                bo.decide("Enter")
                decided += 1
            ann.page.wait_for_timeout(120_000)
            ann.context.set_offline(False)
    for desk in desks:
        desk.wait_saved()
        desk.errors = [error for error in desk.errors if "409" not in error]
        assert desk.errors == []
    while served.admin.done("GET", "/v1/board")["waiting"]:
        for desk in desks:  # each page holds two letters; nobody else can decide those
            if desk.page.locator("main:not(.waiting) #item").count():
                desk.decide("Enter")
                decided += 1
            else:
                desk.page.wait_for_timeout(200)
    for desk in desks:
        desk.wait_saved()
    found, cursor = [], ""
    while True:
        page = served.admin.done("GET", f"/v1/items?state=decided&cursor={cursor}")
        found += page["items"]
        if not (cursor := page["next"]):
            break
    assert len(found) == 200
    assert len({item["id"] for item in found}) == 200
    assert (ann.presses + bo.presses) / decided == pytest.approx(1)


AXE = pathlib.Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_has_a_serious_accessibility_fault(browser, served, scheme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --no-save axe-core")
    fill(
        served, "letter ann.lee@example.org card loan", *(f"letter {number} card loan" for number in range(3))
    )
    served.person("ann", "review", "admin", "audit")
    desk = Desk(browser, served, "ann", color_scheme=scheme)
    source = AXE.read_text(encoding="utf-8")

    def faults(name):
        desk.page.wait_for_timeout(400)  # animations change colours
        desk.page.evaluate(source)
        found = desk.page.evaluate("() => axe.run()")
        return [(name, each["id"], node["html"][:120]) for each in found["violations"]
                if each["impact"] in ("serious", "critical") for node in each["nodes"]]  # fmt: skip

    found = []
    desk.decide("Enter")
    for screen in ("queue", "board", "search", "admin"):
        desk.page.evaluate("name => { location.hash = name }", screen)
        desk.page.wait_for_function(
            "name => document.getElementById('main').dataset.screen === name", arg=screen
        )
        found += faults(screen)
    desk.page.evaluate("() => { location.hash = 'queue' }")
    desk.wait()
    desk.press("?")
    found += faults("help")
    desk.press("Escape")
    desk.press("s")
    found += faults("skip")
    desk.press("Escape")
    desk.page.get_by_role("button", name="ann").click()
    desk.page.wait_for_selector("#name")
    found += faults("sign-in")
    assert found == []
