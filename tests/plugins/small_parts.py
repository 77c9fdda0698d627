"""Small training parts that can be learned, and texts that nobody wishes to meet."""

import random

import numpy as np

import triage

HOSTILE = [
    "",
    "x",
    "x" * 100_000,
    "card " * 20_000,
    "\u0435\u0449\u0451 \u4e2d\u6587 \u0639\u0631\u0628\u064a",
    "\u202e\ud800 a\u0300\u0301\u0302 \u2028\x0b\x1c\x00 \U0001f4a3",
    "\u0130\u0130 \ufb01ne \uff46\uff45\uff45",
]
OWN = ("card charge atm", "loan rate bank", "house escrow deed", "debt agency call")
COMMON = ["please", "help", "with", "this", "problem", "that", "was", "never", "solved", "by", "anyone"]


def part(labelled, classes=None):
    classes = tuple(classes or sorted({label for _, label in labelled}))
    codes = np.array([classes.index(label) for _, label in labelled], np.int64)
    return triage.Part(texts=[text for text, _ in labelled], codes=codes, classes=classes)


def complaints(k=4, each=9, seed=0):
    """Texts of k classes; each class has three words of its own among common ones."""
    draw = random.Random(seed)
    own = [OWN[i].split() if i < len(OWN) else [f"word{c}{'abcdefgh'[i % 8] * (i // 8 + 1)}" for c in "xyz"] for i in range(k)]  # fmt: skip
    made = []
    for i in range(k):
        for _ in range(each):
            words = draw.sample(own[i], 2) + draw.sample(COMMON, 4)
            draw.shuffle(words)
            made.append((" ".join(words), f"class {i}"))
    draw.shuffle(made)
    return made


TRAIN = part(complaints())
FRESH = part(complaints(seed=1))
NONE = triage.Part(texts=[], codes=np.empty(0, np.int64), classes=())
