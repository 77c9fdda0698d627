"""Measure `triage serve`: latency of one text, throughput, overload, promotions under load, weight.

    python tests/benchmarks/bench_serve.py [latency|throughput|overload|swap|start]... [--model MODEL] [--seconds N]
                                           [--json FILE]

Without a name all of them run. MODEL is trained on the embedded complaints (`tfidf`) where none is given. The
server is the real one, in a process of its own on a loopback port; the clients are in this process and share
the same cores, so that throughput is a lower bound. Machines are noisy: trust the ratios.

- latency: one text over HTTP, one connection, beside the same model in this process, by turns.
- throughput: 32 connections that each send one text after another.
- overload: 80% of the throughput, then 4 times it, at fixed arrival times: latency of what is accepted, of
  refusals and of /healthz, growth of memory, requests without an answer.
- swap: 100 promotions and rollbacks between two models under load: replies that are not 200, decisions of a
  reply that carry two digests.
- start: seconds to ready and resident memory of front and worker, idle.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "plugins" / "service"))

from serving import Served

import triage
from triage.data.defaults import policy_chain
from triage.routing.router import Router

TEXT = "I was charged twice for one transfer and nobody answers the phone"
BODY = json.dumps({"documents": [{"text": TEXT}]}).encode()
NAMES = ("latency", "throughput", "overload", "swap", "start")


class Server(Served):
    """A `triage serve` of its own process, and a token for it."""

    def __init__(self, model, folder, *options):
        started = time.perf_counter()
        super().__init__(model, pathlib.Path(folder) / "desk.db", *options)
        self.seconds_to_ready = time.perf_counter() - started
        self.token = self.program("route", "review", "admin", "metrics").headers["Authorization"].split()[1]
        self.head = (
            f"POST /v1/route HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        ).encode()
        self.body = BODY

    def memory_mb(self):
        """Return resident memory of the front and of all that it started, in MB."""
        pids = [self.process.pid, *children(self.process.pid)]
        return [resident_mb(pid) for pid in pids]


def children(pid):
    with contextlib.suppress(OSError):
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def served(model, *options):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(model, folder, *options)
        try:
            yield server
        finally:
            server.stop()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def latency(model, _seconds):
    plugins = triage.Plugins.discover()
    loaded = triage.load_model(model, plugins)
    router = Router(loaded, policy_chain(loaded.experiment, plugins), plugins)
    within, over = [], []
    with served(model) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        for number in range(2_200):
            started = time.perf_counter()
            router.decide_batch([triage.Document(1, TEXT)])
            middle = time.perf_counter()
            connection.request("POST", "/v1/route", BODY, headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            if number >= 200:
                within.append(1e3 * (middle - started))
                over.append(1e3 * (time.perf_counter() - middle))
    return {
        "in_process_p50_ms": statistics.median(within),
        "http_p50_ms": statistics.median(over),
        "http_p99_ms": percentile(over, 0.99),
        "difference_p50_ms": statistics.median(over) - statistics.median(within),
    }


async def ask(server, reader, writer, request=None):
    """Send one request; return status, body and seconds."""
    started = time.perf_counter()
    writer.write(request or server.head + server.body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    return int(head[9:12]), body, time.perf_counter() - started


async def load(server, connections, seconds):
    """Let connections ask one after another; return (status, body, seconds) of each reply."""
    replies, until = [], time.perf_counter() + seconds

    async def client():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        while time.perf_counter() < until:
            replies.append(await ask(server, reader, writer))
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return replies


def throughput(model, seconds):
    with served(model) as server:
        asyncio.run(load(server, 32, 1))
        replies = asyncio.run(load(server, 32, seconds))
    assert {status for status, _, _ in replies} == {200}
    took = [1e3 * each for _, _, each in replies]
    return {
        "texts_per_second": len(replies) / seconds,
        "p50_ms": statistics.median(took),
        "p99_ms": percentile(took, 0.99),
    }


async def arrivals(server, rate, seconds, connections=256):
    """Send `rate` requests a second at fixed times, whatever the server does; return replies and the unanswered."""
    free = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", server.port))
    replies, tasks, lost = [], set(), 0

    async def one(pair):
        nonlocal lost
        try:
            async with asyncio.timeout(10):
                replies.append(await ask(server, *pair))
            free.put_nowait(pair)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            lost += 1

    health = []

    async def probe():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        while True:
            found = await ask(server, reader, writer, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            health.append(found[2])
            await asyncio.sleep(0.05)

    probing = asyncio.create_task(probe())
    started, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - started) < seconds:
        while sent < rate * now and not free.empty():
            task = asyncio.create_task(one(free.get_nowait()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        sent = max(sent, int(rate * now) - connections)  # what no connection was free for was never sent
        await asyncio.sleep(0.001)
    if tasks:
        await asyncio.wait(tasks)
    probing.cancel()
    return replies, lost, health


def overload(model, seconds):
    capacity = throughput(model, min(5, seconds))["texts_per_second"]
    found = {"capacity_texts_per_second": capacity}
    with served(model) as server:
        for name, factor in (("80%", 0.8), ("4x", 4.0)):
            before = sum(server.memory_mb())
            replies, lost, health = asyncio.run(arrivals(server, factor * capacity, seconds))
            accepted = [1e3 * took for status, _, took in replies if status == 200]
            refused = [1e3 * took for status, _, took in replies if status == 429]
            found[name] = {
                "answered": len(accepted),
                "refused": len(refused),
                "other": len(replies) - len(accepted) - len(refused),
                "lost": lost,
                "accepted_p99_ms": percentile(accepted, 0.99),
                "refused_p99_ms": percentile(refused, 0.99),
                "healthz_p99_ms": 1e3 * percentile(health, 0.99),
                "memory_growth_mb": sum(server.memory_mb()) - before,
            }
    return found


def swap(model, _seconds):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, seed in (("one", 1), ("two", 2)):
            train(root / name, seed=seed)
        with served(str(root / "one"), "--models", folder) as server:
            return asyncio.run(_swap(server))


async def _swap(server):
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def post(path, body):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")

    digests = []
    for name in ("one", "two"):
        status, found = await asyncio.to_thread(post, "/v1/models", {"path": name})
        assert status in (200, 201), found
        digests.append(found["digest"])
    loading = asyncio.create_task(load(server, 8, 25))
    changed = 0
    started = time.perf_counter()
    while changed < 100 and not loading.done():
        action = "promote" if changed % 2 == 0 else "rollback"
        status, found = await asyncio.to_thread(
            post, f"/v1/models/{digests[(changed + 1) % 2]}/{action}", {"force": True, "reason": "benchmark"}
        )
        assert status == 200, found
        changed += 1
    seconds = time.perf_counter() - started
    replies = await loading
    stamped = [
        {each["model"] for each in json.loads(body)["decisions"]} for s, body, _ in replies if s == 200
    ]
    return {
        "changes": changed,
        "seconds": seconds,
        "requests": len(replies),
        "not_200": sum(status != 200 for status, _, _ in replies),
        "with_two_digests": sum(len(each) != 1 for each in stamped),
        "by_digest": [sum(each == {digest} for each in stamped) for digest in digests],
    }


def start(model, _seconds):
    seconds, memory = [], []
    for _ in range(5):
        with served(model) as server:
            seconds.append(server.seconds_to_ready)
            time.sleep(1)
            memory.append(server.memory_mb())
    return {
        "seconds_to_ready": statistics.median(seconds),
        "front_mb": statistics.median(each[0] for each in memory),
        "all_mb": statistics.median(sum(each) for each in memory),
    }


def train(path, *, seed=42):
    subprocess.run(
        [sys.executable, "-m", "triage", "train", "complaints", "--backend", "tfidf", "--seed", str(seed),
         "--model", str(path), "--quiet"], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], default=[])
    parser.add_argument("--model")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json")
    given = parser.parse_args()
    os.environ.pop("TRIAGE_TOKEN", None)
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or str(pathlib.Path(folder) / "model")
        if not given.model:
            train(model)
        found = {name: globals()[name](model, given.seconds) for name in given.names or NAMES}
    print(json.dumps(found, indent=2))
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
