"""Measure texts that are read while they are written: what a word costs, and when the decision is there.

    python tests/benchmarks/bench_stream.py [CORPUS] [--model MODEL] [--backend NAME] [--curve] [--json FILE]
                                            [--set KEY=VALUE]... [--max-error E]... [--documents N]

CORPUS is a path or a corpus plugin's name. Without one it is the real complaints beside the project where
they are, else the embedded ones. MODEL is one that was trained on it; without one NAME (gru) is trained first.

- What one more word costs in a text of 10 to 10,000 words, read word by word, beside reading all of it again;
  and with 64 texts at once. The model's limit on the length of a text is lifted for this.
- With --curve the test documents are read word by word. For each: after which share of its words the likeliest
  queue is the final one and stays so. And how often a decision before the end was wrong: with a proven rule at
  each E, and without one, where the model's own policy decides as soon as it would on the words so far.

Machines are noisy: trust the ratios.
"""

import argparse
import json
import pathlib
import statistics
import time
from dataclasses import replace

import numpy as np

import triage
from triage.config import Experiment
from triage.data.defaults import policy_chain
from triage.data.sources import load
from triage.evaluation.evaluate import with_held_out
from triage.host.options import parse_settings
from triage.models.prefix_scores import LENGTHS
from triage.models.training import fit, prepare
from triage.routing.early import bounds_of, early_promise_of, outcome_of
from triage.routing.router import Router

REAL = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "cfpb_complaints.csv.gz"
SIZES = (10, 100, 1_000, 10_000)
LAST = 100  # words at the end of a text whose cost is measured
MEASURED = 300  # such words of each length
SHARES = np.linspace(0, 1, 51)


def without_limit(model):
    """The model without a limit on the length of a text."""
    if model.vectorizer is None:
        return model
    return replace(model, vectorizer=replace(model.vectorizer, max_length=10**9))


def cost_of_a_word(model, plugins, words, *, texts=1):
    """Seconds for one more word in a text of each size: the mean over the last words of some texts.

    A mean, since words that cleaning drops cost less than others; without the slowest twentieth, in
    which something else was at work.
    """
    found = {}
    names = [str(name) for name in range(texts)]
    for size in SIZES:
        last = min(LAST, size // 2)
        seconds = []
        for repeat in range(MEASURED // last):
            text = [words[(repeat * 97 + place) % len(words)] for place in range(size)]
            batch = triage.StreamBatch(model, plugins)
            batch.feed(dict.fromkeys(names, " ".join(text[:-last]) + " "))
            for word in text[-last:]:
                started = time.perf_counter()
                batch.feed(dict.fromkeys(names, f"{word} "))
                seconds.append(time.perf_counter() - started)
        found[size] = statistics.mean(sorted(seconds)[: len(seconds) * 19 // 20]) / texts
    return found


def costs(model, plugins, words):
    """What a word costs in three ways, and the ratios."""
    model = without_limit(model)
    cost_of_a_word(model, plugins, words[:50])  # so that starting is not measured
    one = cost_of_a_word(model, plugins, words)
    many = cost_of_a_word(model, plugins, words, texts=64)
    again = {}
    for size in SIZES:
        text = " ".join((words * (1 + size // len(words)))[:size])
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            model.predict_proba([text])
            seconds.append(time.perf_counter() - started)
        again[size] = statistics.median(seconds)
    return {
        "one text": one,
        "each of 64 texts": many,
        "all again": again,
        "ratio of 10,000 words to 10": {
            "one text": one[10_000] / one[10],
            "each of 64 texts": many[10_000] / many[10],
            "all again": again[10_000] / again[10],
        },
        "ratio of 10,000 words to 100": {
            "one text": one[10_000] / one[100],
            "each of 64 texts": many[10_000] / many[100],
            "all again": again[10_000] / again[100],
        },
    }


def naive(model, plugins, text, raw):
    """Whether the model's own policy routes the words so far, and where to."""
    document = triage.Document(row=1, text=text)
    router = naive.routers.setdefault(
        id(model), Router(model, policy_chain(model.experiment, plugins), plugins)
    )
    (decision,) = router.decide(model.prediction([document], [model.cleaning(text)], raw=raw[None]))
    return decision.queue if decision.action == "route" else None


naive.routers = {}


def read_word_by_word(model, plugins, texts):
    """For each text: the queue after each word, where the policy would have decided first, and the end's."""
    queues = [model.queues[label] for label in model.classes]
    batch = triage.StreamBatch(model, plugins)
    found = []
    for text in texts:
        said, first, lengths = [], None, [*LENGTHS]
        written = ""
        words = text.split()
        for word in words:
            written += f"{word} "
            answer = batch.feed({"": f"{word} "})[""]
            said.append(None if answer.label is None else queues[int(answer.probabilities.argmax())])
            if first is None and lengths and answer.words >= lengths[0]:
                while lengths and answer.words >= lengths[0]:
                    lengths.pop(0)
                queue = naive(model, plugins, written, batch._texts[""].place.raw)
                first = None if queue is None else (len(said) / len(words), queue)
        end = batch.end(batch.open or [batch.feed({"": ""})[""].id])[""]
        final = queues[int(end.probabilities.argmax())] if end.label is not None else None
        found.append({"said": said, "first": first, "final": final, "decision": end.final})
    return found, batch.read_again


def curve(read):
    """The share of documents whose likeliest queue is the final one, and stays so, from each share of the words."""
    settled = []
    for each in read:
        changes = [place for place, queue in enumerate(each["said"], start=1) if queue != each["final"]]
        settled.append((changes[-1] + 1 if changes else 1) / max(1, len(each["said"])))
    settled = np.minimum(np.array(settled), 1.0)
    quantiles = {str(q): float(np.quantile(settled, q)) for q in (0.25, 0.5, 0.75, 0.9)}
    return [float((settled <= share + 1e-9).mean()) for share in SHARES], quantiles


def early(model, texts, max_error):
    """What a proven rule does on the test part: how much of a text it needs, and how often it is wrong."""
    queues = [model.queues[label] for label in model.classes]
    parts = {name: (model.held_out[name], model.prefix_scores[name]) for name in model.prefix_scores}
    promise = early_promise_of(parts["tune"], parts["calibrate"], queues, max_error=max_error)
    if not promise.kept:
        return {"max_error": max_error, "kept": False, "needed": promise.needed}
    outcome = outcome_of(promise, *parts["test"], queues)
    accepted, errors, decided, wrong = outcome.counts(len(promise.lengths))
    rows = np.flatnonzero((outcome.place >= 0) & (outcome.place < len(promise.lengths)))
    words = np.array([len(model.cleaning(text).split()) for text in texts])
    needed = np.array(promise.lengths)[outcome.place[rows]] / words[rows]
    return {
        "max_error": max_error,
        "kept": True,
        "bounds": bounds_of(promise),
        "documents": len(texts),
        "early": decided,
        "early_wrong": wrong / max(1, decided),
        "decided": accepted,
        "wrong": errors / max(1, accepted),
        "share_of_words": {q: float(np.quantile(needed, float(q))) for q in ("0.25", "0.5", "0.75")},
        "after": {
            str(length): int((outcome.place == place).sum()) for place, length in enumerate(promise.lengths)
        },
    }


def without_promise(model, read, truth):
    """The same without a proof: the policy decides on the words so far."""
    queues = np.array([model.queues[label] for label in model.classes])
    rows = [row for row, each in enumerate(read) if each["first"]]
    right = [
        queues[truth[row]] == read[row]["first"][1] if truth[row] < len(queues) else False for row in rows
    ]
    changed = [read[row]["first"][1] != read[row]["final"] for row in rows]
    routed = [row for row, each in enumerate(read) if each["decision"].action == "route"]
    wrong = [truth[row] >= len(queues) or queues[truth[row]] != read[row]["decision"].queue for row in routed]
    return {
        "early": len(rows),
        "early_wrong": 1 - float(np.mean(right)),
        "not_the_final_one": float(np.mean(changed)),
        "share_of_words": float(np.median([read[row]["first"][0] for row in rows])),
        "at_the_end": len(routed),
        "wrong_at_the_end": float(np.mean(wrong)),
    }


def show_curve(found):
    """Draw the curve."""
    from triage.io.plots import Axes, Curve, plot
    from triage.io.terminal import console

    out = console()
    axes = Axes(x=(0, 1), y=(0, 1), x_words=("0%", "100% of the words"), y_words=("0%", "100%"), mark=None)
    line = Curve(SHARES, found, "cyan")
    out.print("documents whose likeliest queue is the final one from here on")
    for row in plot([line], axes, ascii=not out.encoding.startswith("utf"), width=90, height=14):
        out.print(row)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpus", nargs="?", default=str(REAL) if REAL.is_file() else "complaints")
    parser.add_argument("--model")
    parser.add_argument("--backend", default="gru")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--max-error", type=float, action="append")
    parser.add_argument("--documents", type=int, default=10**9)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--json")
    asked = parser.parse_args()

    plugins = triage.Plugins.discover()
    dataset = load(plugins, asked.corpus)
    if asked.model:
        model = triage.load_model(asked.model, plugins)
        prepared = prepare(dataset, model.experiment, plugins)
    else:
        experiment = Experiment().changed(
            location=asked.corpus, backend=asked.backend, options=parse_settings(asked.settings)
        )
        prepared = prepare(dataset, experiment, plugins)
        model = with_held_out(fit(prepared, experiment, plugins).model, prepared)
    model = replace(model, extra={name: record for name, record in model.extra.items() if name != "early"})
    part = prepared.splits.test
    texts = [dataset.documents[row].text for row in part.rows.tolist()]
    report = {"corpus": asked.corpus, "backend": model.backend}

    report["seconds_for_a_word"] = costs(model, plugins, " ".join(texts[:200]).split())
    print(f"{model.backend}: milliseconds for one more word\n")
    print("words in the text " + "".join(f"{size:>10,}" for size in SIZES) + "  10,000:10  10,000:100")
    words = report["seconds_for_a_word"]
    for way in ("one text", "each of 64 texts", "all again"):
        cells = "".join(f"{1000 * words[way][size]:10.3f}" for size in SIZES)
        ratios = [words[f"ratio of 10,000 words to {less}"][way] for less in (10, 100)]
        print(f"{way:<18}{cells}{ratios[0]:11.2f}{ratios[1]:12.2f}")

    if asked.curve:
        texts, truth = texts[: asked.documents], part.codes[: asked.documents].tolist()
        read, read_again = read_word_by_word(model, plugins, texts)
        shares, quantiles = curve(read)
        report["curve"] = {
            "share_of_words": SHARES.tolist(),
            "share_of_documents": shares,
            "needed": quantiles,
        }
        report["read_again"] = read_again
        print(f"\n{len(texts):,} test documents, word by word; {read_again} read again at their end\n")
        show_curve(shares)
        print(
            "share of the words until the queue is the final one, by quantile: "
            + ", ".join(f"{quantile}: {share:.0%}" for quantile, share in quantiles.items())
        )
        report["without_promise"] = free = without_promise(model, read, truth)
        print(
            f"\nwithout a proof, the policy on the words so far: {free['early']:,} early, "
            f"{free['early_wrong']:.1%} wrong, {free['not_the_final_one']:.1%} not the final queue, at "
            f"{free['share_of_words']:.0%} of the words; at the end: {free['at_the_end']:,} routed, "
            f"{free['wrong_at_the_end']:.1%} wrong"
        )
        report["with_promise"] = []
        whole = [dataset.documents[row].text for row in part.rows.tolist()]
        for error in asked.max_error or [0.05, 0.1, 0.15, 0.2]:
            proven = early(model, whole, error)
            report["with_promise"].append(proven)
            if not proven["kept"]:
                more = f"it takes {proven['needed']:,} more calibrate documents" if proven["needed"] else ""
                why = more or "the strictest rule is wrong more often than that"
                print(f"proven at most {error:.0%} wrong: not possible; {why}")
                continue
            print(
                f"proven at most {error:.0%} wrong: {proven['early']:,} of {proven['documents']:,} early, "
                f"{proven['early_wrong']:.1%} wrong, at {proven['share_of_words']['0.5']:.0%} of the words; in "
                f"all {proven['decided']:,}, {proven['wrong']:.1%} wrong"
            )
    if asked.json:
        pathlib.Path(asked.json).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
