"""Small parts of token ids that can be learned, and backends of tiny networks."""

import numpy as np

import triage
import triage_recurrent
from triage.host.options import build_with

SIZE, K = 40, 3
TINY = {"embedding-size": 10, "epochs": 2, "batch": 16, "word-dropout": 0.1}


def part(count, *, seed=0, k=K):
    """Sequences of random ids; two of each say which class it is."""
    draw = np.random.default_rng(seed)
    codes = np.arange(count) % k
    sequences = []
    for code in codes:
        sequence = np.concatenate(
            [draw.integers(10, SIZE, draw.integers(1, 9)), [2 + 2 * code, 3 + 2 * code]]
        )
        sequences.append(draw.permutation(sequence).astype(np.int32))
    return triage.Part(
        texts=["" for _ in codes],
        codes=codes.astype(np.int64),
        classes=tuple(f"class {i}" for i in range(k)),
        sequences=sequences,
        vocabulary=("", "[UNK]", *(f"word{i}" for i in range(2, SIZE))),
    )


TRAIN, TUNE, FRESH = part(60), part(18, seed=1), part(24, seed=2)


def build(name, **options):
    backends = {backend.name: backend for backend in triage_recurrent.triage_backends()}
    units = "6,5,4" if name == "stacked-lstm" else 6
    chosen = {"units": units, **TINY, **{key.replace("_", "-"): value for key, value in options.items()}}
    return build_with(backends[name].build, chosen, owner=name)


def fitted(name="gru", *, train=TRAIN, tune=TUNE, seed=5, watch=lambda epoch: None, **options):
    classifier = build(name, **options)
    classifier.fit(train, tune, seed=seed, watch=watch)
    return classifier
