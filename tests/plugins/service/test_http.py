"""The HTTP interface without the desk, by real requests to the real application."""

import asyncio
import contextlib
from concurrent.futures import Future

import httpx
import pytest

from triage.errors import UsageError
from triage_service._app import application
from triage_service._http import _kserve, _operations, _route
from triage_service._http._access import digest_of
from triage_service._http._endpoints import Endpoint
from triage_service._http._problems import Problem
from triage_service._http._schema import check
from triage_service._scoring._queue import Limits
from triage_service._service import Service
from triage_service._settings import Settings, bind_of, network_of
from triage_service._store import Principal

TOKEN = {"Authorization": "Bearer good"}
SECRET = "the customer's own words 4929-1234"


class People:
    """A directory of three principals, and a registry that keeps nothing, in the place of the database."""

    @property
    def store(self):
        return self

    def principal(self, kind, key):
        roles = {
            ("token", digest_of("good")): ("route", "metrics"),
            ("session", digest_of("cookie")): ("route",),
            ("name", "ann"): ("route",),
        }.get((kind, key))
        return None if roles is None else Principal("ann", roles, ())

    def not_ready(self):
        return ""

    def models(self):
        return []

    def model_changed(self, *_, **__):
        future = Future()
        future.set_result(None)
        return future


async def broken(call):
    raise ValueError(SECRET)


BROKEN = Endpoint("GET", "/broken", broken, "Raises", None)
ENDPOINTS = (*_route.ENDPOINTS, *_operations.ENDPOINTS, *_kserve.ENDPOINTS, BROKEN)


@contextlib.asynccontextmanager
async def client(model, peer="127.0.0.1", **options):
    service = Service(Settings(model=model, desk=False, **options), People(), ENDPOINTS)
    await service.start()
    transport = httpx.ASGITransport(application(service), client=(peer, 5000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8088") as found:
            found.service = service
            yield found
    finally:
        await service.stop()


@pytest.fixture(scope="module")
def shared(model_path):
    """One service for all that asks with the usual options, and the loop that it lives in."""
    with asyncio.Runner() as runner:
        context = client(model_path)
        http = runner.run(context.__aenter__())
        yield lambda coroutine: runner.run(coroutine(http))
        runner.run(context.__aexit__(None, None, None))


def ask_all(*requests):
    """Return what asks a client for each (method, path, keywords)."""

    async def ask(http):
        return [await http.request(method, path, **more) for method, path, more in requests]

    return ask


def asked(model, *requests, peer="127.0.0.1", **options):
    """Return the reply of a service of its own to each (method, path, keywords)."""

    async def ask():
        async with client(model, peer, **options) as http:
            return await ask_all(*requests)(http)

    return asyncio.run(ask())


def post(body, headers=TOKEN, path="/v1/route"):
    return ("POST", path, {"json": body, "headers": headers})


def documents(*texts):
    return {"documents": [{"text": text} for text in texts]}


def test_each_document_gets_its_decision_with_its_own_id(shared):
    body = {"documents": [{"id": "a", "text": "my card"}, {"text": "?", "date": "2026-01-31"}]}
    (reply,) = shared(ask_all(post(body)))
    first, second = reply.json()["decisions"]
    assert (first["row"], first["id"], first["action"], first["label"]) == (1, "a", "route", "card")
    assert (second["row"], second["id"], second["action"], second["date"]) == (2, "", "review", "2026-01-31")


def test_nothing_but_the_probes_is_open(shared):
    paths = [each.path for each in ENDPOINTS if each.role is not None]
    replies = shared(ask_all(*[("GET", path, {}) for path in paths if "{" not in path], post({}, headers={})))
    assert {reply.status_code for reply in replies} <= {401, 405}
    opened = shared(ask_all(("GET", "/healthz", {}), ("GET", "/readyz", {})))
    assert [reply.status_code for reply in opened] == [200, 200]


def test_a_role_that_is_missing_is_refused(shared):
    (reply,) = shared(ask_all(("GET", "/metrics", {"headers": {"Cookie": "triage=cookie"}})))
    assert reply.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer bad"}, 401),
        ({"Authorization": "Basic good"}, 401),
        ({"Cookie": "triage=cookie"}, 403),
        ({"Cookie": "triage=cookie", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": "triage=cookie", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Cookie": "triage=cookie", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Cookie": "triage=cookie", "Origin": "http://127.0.0.1:8088"}, 200),
        ({"Cookie": "triage=cookie", "Origin": "http://evil.example"}, 403),
        ({**TOKEN, "Host": "evil.example"}, 400),
        ({**TOKEN, "Host": "localhost:8088"}, 200),
    ],
)
def test_a_change_needs_a_token_or_a_page_of_this_service(shared, headers, status):
    (reply,) = shared(ask_all(post(documents("my card"), headers)))
    assert reply.status_code == status


def test_a_name_in_a_header_is_believed_from_the_named_proxy_only(model_path):
    header = {"X-User": "ann", "Sec-Fetch-Site": "same-origin"}
    trusted = {"user_header": "X-User", "trusted": (network_of("10.0.0.0/8"),)}
    request = post(documents("my card"), header)
    statuses = [
        asked(model_path, request, peer="10.1.2.3", **trusted)[0].status_code,
        asked(model_path, request, peer="127.0.0.1", **trusted)[0].status_code,
        asked(model_path, request, peer="10.1.2.3", user_header="X-User")[0].status_code,
        asked(model_path, request, peer="10.1.2.3")[0].status_code,
    ]
    assert statuses == [200, 400, 400, 401]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"documents": [{"text": NaN}]}', 400),
        (b"[]", 422),
        (b'{"documents": []}', 422),
        (b'{"documents": [{"text": 5}]}', 422),
        (b'{"documents": [{"id": "x"}]}', 422),
        (b'{"documents": [{"text": "x", "date": "' + SECRET[:10].encode() + b'"}]}', 422),
        (b'{"documents": [{"text": "x", "note": "y"}]}', 422),
        (b'{"documents": [' + b'{"text": "x"},' * 512 + b'{"text": "x"}]}', 422),
        (b" " * (1 << 20) + b"{}", 413),
    ],
)
def test_a_body_that_is_wrong_is_refused_without_being_quoted(shared, body, status):
    (reply,) = shared(ask_all(("POST", "/v1/route", {"content": body, "headers": TOKEN})))
    assert reply.status_code == status
    assert set(reply.json()) == {"error", "detail", "request"}
    assert reply.json()["request"] == reply.headers["X-Request-Id"]
    assert SECRET[:10] not in reply.text


def test_a_body_without_a_length_is_counted_as_it_arrives(model_path):
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    async def ask():
        async with client(model_path) as http:
            return await http.post("/v1/route", content=endless(), headers=TOKEN)

    assert asyncio.run(ask()).status_code == 413
    assert sent <= (1 << 20) + 2 * 65_536


def test_a_text_that_is_too_long_goes_to_a_person_and_the_others_are_scored(shared):
    (reply,) = shared(ask_all(post(documents("my card", "x" * 65_537, "a loan"))))
    decisions = reply.json()["decisions"]
    assert [each["label"] for each in decisions] == ["card", None, "loan"]
    assert [each["row"] for each in decisions] == [1, 2, 3]
    assert decisions[1]["reasons"] == ["unreadable_row"]


def test_half_of_a_character_survives_the_way(shared):
    body = b'{"documents": [{"id": "\\ud83d", "text": "my card \\udc00"}]}'
    (reply,) = shared(ask_all(("POST", "/v1/route", {"content": body, "headers": TOKEN})))
    assert reply.json()["decisions"][0]["id"] == "\ud83d"


def test_an_error_of_ours_names_no_text_in_reply_or_log(shared, caplog):
    (reply,) = shared(ask_all(("GET", "/broken", {})))
    assert reply.status_code == 500
    assert SECRET not in reply.text + caplog.text
    assert "ValueError at broken:" in caplog.text
    assert reply.json()["request"] in caplog.text


def test_a_full_line_is_answered_429_and_a_late_one_504(model_path):
    async def ask():
        limits = Limits(queue_texts=4, deadline=0.3, batch_texts=2)
        async with client(model_path, limits=limits) as http:
            many = [
                http.post("/v1/route", json=documents(*["slow card"] * 3), headers=TOKEN) for _ in range(12)
            ]
            return await asyncio.gather(*many)

    replies = asyncio.run(ask())
    assert {reply.status_code for reply in replies} <= {200, 429, 504}
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)


def test_the_service_is_alive_but_not_ready_while_its_process_is_dead(model_path):
    async def ask():
        async with client(model_path) as http:
            (process,) = http.service.models.active._alive
            http.service.models.active._alive.clear()
            found = [await http.get("/readyz"), await http.get("/healthz")]
            http.service.models.active._alive.add(process)
            return [reply.status_code for reply in [*found, await http.get("/readyz")]]

    assert asyncio.run(ask()) == [503, 200, 200]


def test_every_reply_carries_the_headers_that_keep_a_browser_safe(model_path):
    for reply in asked(model_path, ("GET", "/healthz", {}), ("GET", "/nothing", {}), post({})):
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"


def test_the_figures_count_routes_and_never_name_a_path_that_was_asked_for(model_path):
    requests = [post(documents("my card", "?")), ("GET", f"/{SECRET[:5]}zzz", {})]
    (_, _, reply) = asked(model_path, *requests, ("GET", "/metrics", {"headers": TOKEN}))
    assert 'triage_http_requests_total{method="POST",route="/v1/route",status="200"} 1.0' in reply.text
    assert 'route="unmatched",status="404"' in reply.text
    assert 'triage_decisions_total{action="review"' in reply.text
    assert "zzz" not in reply.text


def test_the_open_inference_protocol_gives_the_same_decisions(shared):
    tensor = {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["my card", "?"]}
    about, ready, reply, wrong, other = shared(
        ask_all(
            ("GET", "/v2/models/triage", {"headers": TOKEN}),
            ("GET", "/v2/health/ready", {"headers": TOKEN}),
            post({"id": "7", "inputs": [tensor]}, path="/v2/models/triage/infer"),
            post({"inputs": [{**tensor, "shape": [3]}]}, path="/v2/models/triage/infer"),
            post({"inputs": [tensor]}, path="/v2/models/triage/versions/0/infer"),
        )
    )
    assert ready.json() == {"ready": True}
    outputs = {each["name"]: each["data"] for each in reply.json()["outputs"]}
    assert outputs["label"][0] == "card"
    assert outputs["probability"][0] == pytest.approx(0.9)
    assert outputs["action"] == ["route", "review"]
    assert reply.json()["model_version"] == about.json()["versions"][0]
    assert (wrong.status_code, other.status_code) == (422, 404)


def test_the_document_describes_every_endpoint(shared):
    (reply,) = shared(ask_all(("GET", "/openapi.json", {"headers": TOKEN})))
    found = reply.json()["paths"]
    for each in ENDPOINTS:
        operation = found[each.path][each.method.lower()]
        assert operation["summary"] == each.summary
        assert ("requestBody" in operation) == (each.body is not None)


@pytest.mark.parametrize("written", ["8088", "host:", "host:x", ":8088", "h:99999"])
def test_an_address_that_is_none_is_refused(written):
    with pytest.raises(UsageError, match="HOST:PORT"):
        bind_of(written)


def test_an_address_may_be_of_the_sixth_version():
    assert bind_of("[::1]:80") == ("::1", 80)


@pytest.mark.parametrize(
    ("value", "schema", "words"),
    [
        (True, {"type": "integer"}, "of type integer"),
        (5, {"type": "integer", "maximum": 4}, "at most 4"),
        ("abc", {"type": "string", "maxLength": 2}, "at most 2 characters"),
        ([], {"type": "array", "minItems": 1}, "at least 1 items"),
        ("c", {"enum": ["a", "b"]}, "one of a, b"),
        ({"x": 1}, {"type": "object", "properties": {"x": {"type": "string"}}}, "x must be of type string"),
    ],
)
def test_a_schema_says_what_it_asks_for(value, schema, words):
    with pytest.raises(Problem, match=words):
        check(value, schema)
