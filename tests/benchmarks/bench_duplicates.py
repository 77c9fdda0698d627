"""What finding near-duplicates costs, from thousands of documents to hundreds of thousands.

Each size is measured in a process of its own: seconds of near_duplicates alone, and the peak memory of the
whole process, texts included. Documents have the lengths and the words of a corpus: of every ten, nine have
the words of one of its documents in another order, and one is another of them with a few words changed, in
families of ten on average. The growth from one size to the next is shown, and what a million would take at
the last rate.

    python tests/benchmarks/bench_duplicates.py
    python tests/benchmarks/bench_duplicates.py past.csv --most 1000000 --json
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

import triage
from triage.data.sources import load

COPIES, CHANGED, FAMILY = 0.1, 0.05, 10


def documents(corpus: str, n: int, seed: int) -> list[str]:
    """Return n texts made of the words of a corpus."""
    texts = [each.text.split() for each in load(triage.Plugins.discover(), corpus).documents]
    draw = np.random.default_rng(seed)
    templates = draw.integers(len(texts), size=max(1, round(n * COPIES / FAMILY)))
    made = []
    for _ in range(n):
        if draw.random() < COPIES:
            words = list(texts[templates[draw.integers(len(templates))]])
            for place in np.flatnonzero(draw.random(len(words)) < CHANGED).tolist():
                words[place] = "changed"
        else:
            words = list(draw.permutation(texts[draw.integers(len(texts))]))
        made.append(" ".join(words))
    return made


def measure(corpus: str, n: int, seed: int) -> dict[str, float]:
    """Measure in this process."""
    from triage.data.duplicates import near_duplicates

    texts = documents(corpus, n, seed)
    started, cpu = time.perf_counter(), time.process_time()
    groups = near_duplicates(texts)
    return {
        "documents": n,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "in_families": float((np.bincount(groups)[groups] > 1).mean()),
    }


def main() -> None:
    """Measure every size, each in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default="complaints")
    parser.add_argument(
        "--least", type=int, default=6_250, help="documents to begin with; then twice as many"
    )
    parser.add_argument("--most", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.corpus, chosen.one, chosen.seed)))
        return
    rows = []
    n = chosen.least
    if not chosen.json:
        print(
            f"{'documents':>10} {'seconds':>8} {'cpu s':>7} {'ms/doc':>7} {'peak MB':>8} {'in families':>12}"
        )
    while n <= chosen.most:
        words = [sys.executable, __file__, chosen.corpus, "--one", str(n), "--seed", str(chosen.seed)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        row = json.loads(done.stdout)
        rows.append(row)
        if not chosen.json:
            print(
                f"{n:>10,} {row['seconds']:>8.1f} {row['cpu_seconds']:>7.1f} "
                f"{1000 * row['seconds'] / n:>7.3f} {row['peak_mb']:>8,.0f} {row['in_families']:>12.1%}",
                flush=True,
            )
        n *= 2
    last = rows[-1]
    grown = None
    if len(rows) > 1:
        grown = np.log2(last["cpu_seconds"] / rows[-2]["cpu_seconds"])
    million = last["seconds"] * 1e6 / last["documents"]
    megabytes = (
        (last["peak_mb"] - rows[0]["peak_mb"]) / max(last["documents"] - rows[0]["documents"], 1) * 1e6
    )
    if chosen.json:
        print(
            json.dumps({"rows": rows, "exponent": grown, "million_seconds": million, "million_mb": megabytes})
        )
        return
    if grown is not None:
        print(f"time grows as documents to the power of {grown:.2f}")
    print(f"at this rate a million take {million / 60:.0f} minutes and {megabytes / 1000:.1f} GB")


if __name__ == "__main__":
    main()
