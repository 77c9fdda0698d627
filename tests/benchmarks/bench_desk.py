"""Measure the desk's store: reviewers at work while clients and the server are killed.

    python tests/benchmarks/bench_desk.py [--db URL] [--reviewers 50] [--items 10000] [--kills 20] [--think 0.2]
    python tests/benchmarks/bench_desk.py audits [--streams 2000]

The first form starts a server process with the store and a socket, and one thread a reviewer that claims, thinks and
decides. One client in a hundred dies with an item in hand; the server is killed by SIGKILL at random moments and
started again. At the end the database is held against what was acknowledged: nobody held what somebody else held, no
acknowledged answer is lost, and no call failed for want of a lock. --think is the mean of an exponential; 0 measures
throughput. The second form measures how often the alarm of an audit is false, and how soon it is true.
"""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from multiprocessing.connection import Client, Listener

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "plugins"))

LEASE = 3.0


def serve(url, address):
    """Answer calls of the store's methods over a socket, a thread a client."""
    from triage_service._store import open_store

    store = open_store(url, server=True, second_rate=0.0)

    def answer(connection):
        with contextlib.suppress(EOFError, OSError):
            while True:
                name, args, options = connection.recv()
                try:
                    connection.send(("done", getattr(store, name)(*args, **options).result()))
                except Exception as error:  # noqa: BLE001 - the client counts it
                    connection.send(("failed", f"{type(error).__name__}: {error}"))

    with Listener(address, backlog=128) as listener:
        while True:
            threading.Thread(target=answer, args=(listener.accept(),), daemon=True).start()


class Reviewers:
    """All reviewers together, and what was told to them."""

    def __init__(self, address, think):
        self.address, self.think = address, think
        self.claims, self.answers, self.errors = [], {}, Counter()
        self.claim_ms, self.decide_ms = [], []
        self.deaths = 0
        self.done = threading.Event()

    def call(self, link, name, *args, **options):
        """Call the server, however often it takes; a call that was cut off is repeated on a new connection."""
        while not self.done.is_set():
            try:
                if not link:
                    link.append(Client(self.address))
                started = time.perf_counter()
                link[0].send((name, args, options))
                state, value = link[0].recv()
                seconds = time.perf_counter() - started
            except (OSError, EOFError):
                for connection in link:
                    connection.close()
                link.clear()
                time.sleep(0.05)
                continue
            if state == "failed":
                self.errors[value] += 1
                return None, seconds
            return value, seconds
        return None, 0.0

    def work(self, who, dice):
        link, number = [], 0
        while not self.done.is_set():
            found, seconds = self.call(link, "claim", who, seconds=LEASE)
            if found is None:
                time.sleep(0.2)
                continue
            self.claim_ms.append(1000 * seconds)
            self.claims.append((found.id, found.token, who, found.until))
            if dice.random() < 0.01:
                self.deaths += 1  # this client never comes back; its item must
                who, link = f"{who}'", []
                continue
            if self.think:
                time.sleep(min(LEASE / 3, dice.expovariate(1 / self.think)))
            number += 1
            done, seconds = self.call(
                link, "decide", found.id, who, found.token, "Card", key=f"{who}-{number}"
            )
            if done is not None:
                self.decide_ms.append(1000 * seconds)
                self.answers[done.event] = (found.id, who, done.lost)


def run(arguments):
    """Run the reviewers to the end of the items and return the findings."""
    from service.desk_parts import Entry, decision, ids_of

    from triage_service._store import open_store

    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-desk-"))
    url = arguments.db or f"sqlite:///{folder}/desk.db"
    address = str(folder / "socket")
    with open_store(url) as store:
        for start in range(0, arguments.items, 500):
            texts = [f"Complaint {start + n} of customer {'abcdefghij'[n % 10]}" for n in range(500)]
            entries = [Entry(text, decision(), family="-") for text in texts[: arguments.items - start]]
            store.add_items(entries, source="bench", who="bench", audit_rate=0.0, answer=ids_of).result()

    def start():
        with contextlib.suppress(FileNotFoundError):
            pathlib.Path(address).unlink()
        return subprocess.Popen([sys.executable, str(HERE), "serve", url, address])

    server = start()
    people = Reviewers(address, arguments.think)
    threads = [
        threading.Thread(target=people.work, args=(f"person {n}", random.Random(n)), daemon=True)
        for n in range(arguments.reviewers)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    kills = 0
    try:
        while len({item for item, _, lost in list(people.answers.values()) if not lost}) < arguments.items:
            time.sleep(0.2)
            done = len(people.answers) / arguments.items
            if kills < arguments.kills and done > (kills + 0.5) / arguments.kills:
                os.kill(server.pid, signal.SIGKILL)
                server.wait()
                server, kills = start(), kills + 1
        seconds = time.perf_counter() - began
    finally:
        people.done.set()
        for thread in threads:
            thread.join(timeout=10)
        server.kill()
        server.wait()
    return judge(url, people, kills, seconds, arguments)


def judge(url, people, kills, seconds, arguments):
    """Hold the database against what was acknowledged."""
    import sqlalchemy as sa

    from triage_service._store import _schema as t
    from triage_service._store import open_store

    with open_store(url) as store:
        verified = store.verify()
        with store.engines.reader.connect() as connection:
            stored = {row.event: row for row in connection.execute(sa.select(t.opinion))}
    counted = Counter(row.item for row in stored.values() if row.kind in ("review", "audit", "second"))
    by_item = {}
    for item, token, who, until in sorted(people.claims):
        by_item.setdefault(item, []).append((token, who, until))
    overlaps = sum(
        token == before or until - LEASE < end
        for leases in by_item.values()
        for (before, _, end), (token, _, until) in itertools.pairwise(leases)
    )
    return {
        "database": url.partition(":")[0],
        "reviewers": arguments.reviewers,
        "items": arguments.items,
        "server_kills": kills,
        "client_deaths": people.deaths,
        "seconds": round(seconds, 1),
        "claims": len(people.claims),
        "leases_that_overlap": overlaps,
        "items_decided_twice": sum(count > 1 for count in counted.values()),
        "acknowledged_and_lost": sum(event not in stored for event in people.answers),
        "errors": dict(people.errors),
        "verify": list(verified.problems),
        "claim_ms": quantiles(people.claim_ms),
        "decide_ms": quantiles(people.decide_ms),
    }


def quantiles(values):
    """Return the median, the 99th percentile and the largest."""
    cuts = statistics.quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(values), 1)}


def audits(arguments):
    """Return the rates of false alarms and the delay of true ones."""
    from service.audit_streams import alarms, delays

    found = {name: alarms(name, arguments.streams) for name in ("plain", "easy first", "families", "naive")}
    found["median audits to the alarm, 10% against 5%"] = statistics.median(delays(0.10, arguments.streams))
    return found


def main():
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:4])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["reviewers", "audits"], default="reviewers")
    parser.add_argument("--db", help="an empty database [a new SQLite file]")
    parser.add_argument("--reviewers", type=int, default=50)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--think", type=float, default=0.2)
    parser.add_argument("--streams", type=int, default=2000)
    arguments = parser.parse_args()
    print(json.dumps(audits(arguments) if arguments.what == "audits" else run(arguments), indent=2))


if __name__ == "__main__":
    main()
