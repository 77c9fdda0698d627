"""What a stranger would ship: two backends, a corpus, a cleaner, a policy and a report, on public names alone."""

import re
from typing import Annotated

import triage
import triage_recurrent
import triage_sklearn
from triage.io.terminal import safe_text


def convolutional(vocabulary_size, classes, *, filters: Annotated[int, "Runs of three words to know"] = 64):
    """Convolutions over word vectors, the best of each over time (Kim 2014)."""
    import keras

    tokens = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(vocabulary_size, 50)(tokens)
    # Convolutions know no mask: what is padding is set to zero before and after, and zeros never win.
    real = keras.ops.cast(keras.ops.not_equal(tokens, 0), "float32")[:, :, None]
    runs = keras.layers.Conv1D(filters, 3, padding="same", activation="relu")(words * real) * real
    return keras.Model(tokens, keras.layers.Dense(classes, activation="softmax")(keras.ops.max(runs, axis=1)))


def complement(*, smoothing: Annotated[float, "Added to every count", triage.Between(1e-6, 100)] = 0.3):
    """Naive Bayes on the complement of each class (Rennie et al. 2003)."""
    from sklearn.naive_bayes import ComplementNB

    return ComplementNB(alpha=smoothing)


@triage.hookimpl
def triage_backends():
    yield triage_recurrent.backend("convolutional", "Convolutions over word vectors", network=convolutional)
    yield triage_sklearn.backend("complement-nb", "Complement naive Bayes", estimator=complement)


class Parcels:
    """Sixty short complaints about three things."""

    name = "parcels"

    def __iter__(self):
        said = {
            "late": ("the parcel came {} days late", "still waiting for my parcel after {} days"),
            "broken": ("{} cups in the box were broken", "the box was torn and {} plates cracked"),
            "wrong": ("i ordered {} shirts and got shoes", "{} of the books are not what i ordered"),
        }
        row = 0
        for number in ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve"):
            for label, sentences in said.items():
                for sentence in sentences:
                    row += 1
                    yield triage.Document(row=row, text=sentence.format(number), label=label)


@triage.hookimpl
def triage_corpora():
    yield triage.Corpus(name="parcels", summary="Sixty complaints about parcels", build=Parcels)


def numbers(*, replace: Annotated[str, "What stands in the place of a number in words"] = "number"):
    words = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve)\b")
    return lambda text: words.sub(replace, text)


@triage.hookimpl
def triage_cleaners():
    yield triage.Cleaner(name="numbers", summary="One word for every small number", build=numbers)


class Sensitive:
    """Who mentions certain words speaks to a person; the others are left to the next policy."""

    def __init__(
        self, *, words: Annotated[tuple[str, ...], "Words that a person must read"] = ("lawyer", "police")
    ):
        self.words = frozenset(words)

    def decide(self, prediction):
        review = triage.Verdict(action="review", reasons=("rule:sensitive",))
        return [review if self.words & set(text.split()) else None for text in prediction.texts]


@triage.hookimpl
def triage_policies():
    yield triage.Policy(name="sensitive", summary="Certain words go to a person", build=Sensitive)


class Markdown:
    """A table in Markdown, a line for each evaluation."""

    def render(self, evaluations, *, console):
        lines = ["| backend | seed | macro-F1 |", "|---|---|---|"]
        for each in evaluations:
            name = safe_text(each.run.backend).replace("|", "/")
            lines.append(f"| {name} | {each.run.seed} | {each.metrics['macro_f1']:.3f} |")
        return "\n".join(lines) + "\n"


@triage.hookimpl
def triage_reports():
    yield triage.Report(name="markdown", summary="A table in Markdown", build=Markdown)
