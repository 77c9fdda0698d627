"""What one would use instead: each fitted, saved, loaded and asked as its own documentation shows.

`python alternatives.py NAME FOLDER TEXT` loads what was saved in FOLDER, answers one text and prints the
class: the whole of a program that serves one request. It imports nothing of triage, so that starting triage
is not counted against the others. What is loaded is only what the same benchmark saved a moment before.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ALTERNATIVES", "Alternative", "Failed"]


class Failed(Exception):
    """An alternative gave up; the message holds no text of a document."""


class Alternative:
    """One way to classify texts.

    Attributes:
        name: as on the command line and in the table.
        what: the settings, in the words of its own documentation.
        own: what it does to the texts before it learns from them.
        needs: the module that has to be there, and the distribution that brings it.
        reads: "cleaned" texts, or texts as they were "written".
    """

    name: ClassVar[str]
    what: ClassVar[str]
    own: ClassVar[str]
    reads: ClassVar[str] = "cleaned"
    needs: ClassVar[tuple[str, str]]

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:
        """Learn from texts and their classes 0..k-1; files for the library itself may go to `scratch`.

        Raises:
            Failed: it gave up, with a reason that may be shown.
        """
        raise NotImplementedError

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Return the likeliest class of each text."""
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write into `folder` what `load` needs."""
        raise NotImplementedError

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        raise NotImplementedError


class ScikitLearn(Alternative):
    """The pipeline of scikit-learn's own tutorial on text."""

    name = "scikit-learn"
    what = "TfidfVectorizer(), LogisticRegression(), defaults"
    own = "words of two characters or more"
    needs = ("sklearn", "scikit-learn")

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:  # noqa: ARG002
        """Learn; k and scratch are not needed."""
        from sklearn.pipeline import make_pipeline

        self.pipeline = make_pipeline(*self._steps(seed))
        self.pipeline.fit(texts, codes)

    def _steps(self, seed: int) -> tuple[Any, ...]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        return TfidfVectorizer(), LogisticRegression(random_state=seed)

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Answer in one call."""
        return [int(code) for code in self.pipeline.predict(texts)]

    def save(self, folder: Path) -> None:
        """Write with joblib, as scikit-learn advises."""
        importlib.import_module("joblib").dump(self.pipeline, folder / "pipeline.joblib")

    def load(self, folder: Path) -> None:
        """Read with joblib."""
        self.pipeline = importlib.import_module("joblib").load(folder / "pipeline.joblib")


class ScikitLearnTuned(ScikitLearn):
    """The same with the settings that do best on complaints."""

    name = "scikit-learn-tuned"
    what = "1-2 grams, sublinear, 100,000 features, balanced class weights"

    def _steps(self, seed: int) -> tuple[Any, ...]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        return (
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=100_000),
            LogisticRegression(class_weight="balanced", max_iter=1000, random_state=seed),
        )


class ScikitLearnWords(ScikitLearn):
    """Words and pairs of words of the text as written, `!` and `?` among them, and a linear SVM."""

    name = "scikit-learn-words"
    what = "words and pairs, sublinear, LinearSVC(C=0.3), balanced class weights"
    own = r"lower case; tokens \w[\w']* and [!?]+"
    reads = "written"

    def _steps(self, seed: int) -> tuple[Any, ...]:
        from sklearn.svm import LinearSVC

        return self._words(), LinearSVC(C=0.3, class_weight="balanced", random_state=seed)

    def _words(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        tokens = r"\w[\w']*|[!?]+"
        return TfidfVectorizer(token_pattern=tokens, ngram_range=(1, 2), sublinear_tf=True)


class ScikitLearnCharacters(ScikitLearnWords):
    """The same words joined with n-grams of the characters inside words."""

    name = "scikit-learn-chars"
    what = "the same words joined with char_wb 2-5 grams in 2 texts or more, 300,000 at most"

    def _steps(self, seed: int) -> tuple[Any, ...]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_union

        _, machine = super()._steps(seed)
        characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=2, max_features=300_000, sublinear_tf=True
        )
        return make_union(self._words(), characters), machine


class FastText(Alternative):
    """FastText's supervised mode, as at the end of its tutorial (Joulin et al. 2016, arXiv 1607.01759)."""

    name = "fasttext"
    what = "lr 0.5, 25 epochs, 2-grams, 200,000 buckets, 50 dimensions"
    own = "line breaks to spaces"
    needs = ("fasttext", "fasttext-wheel")
    rate = 0.5

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:  # noqa: ARG002
        """Learn from a file, the only way it has."""
        path = scratch / "train.txt"
        with path.open("w", encoding="utf-8") as file:
            for text, code in zip(texts, codes, strict=True):
                file.write(f"__label__{code} {self._line(text)}\n")
        try:
            self.model = importlib.import_module("fasttext").train_supervised(
                input=str(path),
                lr=self.rate,
                epoch=25,
                wordNgrams=2,
                bucket=200_000,
                dim=50,
                seed=seed,
                verbose=0,
            )
        except RuntimeError as error:
            if "NaN" in str(error):
                raise Failed(f"training diverged: fastText met NaN at learning rate {self.rate}") from error
            raise
        finally:
            path.unlink()

    @staticmethod
    def _line(text: str) -> str:
        return " ".join(text.replace("__label__", " ").split())

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Answer by the compiled model: the Python wrapper's `predict` raises under numpy 2."""
        found = [self.model.f.predict(self._line(text) + "\n", 1, 0.0, "strict") for text in texts]
        return [int(pairs[0][1].removeprefix("__label__")) if pairs else 0 for pairs in found]

    def save(self, folder: Path) -> None:
        """Write the model, not quantized."""
        self.model.save_model(str(folder / "model.bin"))

    def load(self, folder: Path) -> None:
        """Read the model."""
        self.model = importlib.import_module("fasttext").load_model(str(folder / "model.bin"))


class VowpalWabbit(Alternative):
    """One linear model against all others for each class, learned online."""

    name = "vowpal-wabbit"
    what = "--oaa k --loss_function logistic --ngram 2 -b 22, 10 passes in shuffled order"
    own = "its separators | and : to spaces"
    needs = ("vowpalwabbit", "vowpalwabbit")

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:  # noqa: ARG002
        """Learn in ten passes; scratch is not needed."""
        words = ["--oaa", str(k), "--loss_function", "logistic", "--ngram", "2", "-b", "22"]
        self.workspace = self._workspace([*words, "--random_seed", str(seed)])
        examples = [f"{code + 1} {self._line(text)}" for text, code in zip(texts, codes, strict=True)]
        order = random.Random(seed)
        for _ in range(10):
            order.shuffle(examples)
            for example in examples:
                self.workspace.learn(example)

    @staticmethod
    def _workspace(words: list[str]) -> Any:
        return importlib.import_module("vowpalwabbit").Workspace(arg_list=[*words, "--quiet"])

    @staticmethod
    def _line(text: str) -> str:
        return "|t " + " ".join(text.replace("|", " ").replace(":", " ").split())

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Answer one after the other: it knows no batches."""
        return [int(self.workspace.predict(self._line(text))) - 1 for text in texts]

    def save(self, folder: Path) -> None:
        """Write the weights that are not zero."""
        self.workspace.save(str(folder / "model.vw"))

    def load(self, folder: Path) -> None:
        """Read them."""
        self.workspace = self._workspace(["-i", str(folder / "model.vw"), "-t"])


class Spacy(Alternative):
    """spaCy's text categorizer on a blank English pipeline, with its default architecture."""

    name = "spacy"
    what = "blank('en'), textcat's default ensemble, 5 epochs in batches of 32, dropout 0.2"
    own = "its own tokens; '-' for an empty text, on which training fails"
    needs = ("spacy", "spacy")
    epochs: ClassVar[int] = 5
    config: ClassVar[dict[str, Any]] = {}

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:  # noqa: ARG002
        """Learn as spaCy's examples do; scratch is not needed."""
        spacy = importlib.import_module("spacy")
        example_of = importlib.import_module("spacy.training").Example.from_dict
        spacy.util.fix_random_seed(seed)
        self.pipeline = spacy.blank("en")
        textcat = self.pipeline.add_pipe("textcat", config=self.config)
        for code in range(k):
            textcat.add_label(str(code))
        examples = [
            example_of(
                self.pipeline.make_doc(text or "-"),
                {"cats": {str(other): float(other == code) for other in range(k)}},
            )
            for text, code in zip(texts, codes, strict=True)
        ]
        optimizer = self.pipeline.initialize(lambda: examples)
        order = random.Random(seed)
        for _ in range(self.epochs):
            order.shuffle(examples)
            for batch in spacy.util.minibatch(examples, size=32):
                self.pipeline.update(batch, sgd=optimizer, drop=0.2)

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Answer through the pipeline's own batches."""
        documents = self.pipeline.pipe(text or "-" for text in texts)
        return [int(max(document.cats, key=document.cats.get)) for document in documents]

    def save(self, folder: Path) -> None:
        """Write the pipeline."""
        self.pipeline.to_disk(folder / "pipeline")

    def load(self, folder: Path) -> None:
        """Read the pipeline."""
        self.pipeline = importlib.import_module("spacy").load(folder / "pipeline")


class SpacyBow(Spacy):
    """The same with spaCy's bag of words alone: faster."""

    name = "spacy-bow"
    what = "blank('en'), textcat as a bag of 1-grams, 10 epochs in batches of 32, dropout 0.2"
    epochs = 10
    config: ClassVar[dict[str, Any]] = {
        "model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": 1,
            "no_output_layer": False,
            "length": 262144,
        }
    }


class TutorialLstm(Alternative):
    """The recurrent network that tutorials teach: every text padded to 512, the last state decides."""

    name = "tutorial-lstm"
    what = "TextVectorization(5000, 512), Embedding(100), LSTM(100, dropout .2, recurrent .2), batches of 64"
    own = "lower case, no punctuation, 5,000 commonest words, padded to 512 on the right"
    needs = ("keras", "tensorflow")
    epochs = 5

    def fit(self, texts: Sequence[str], codes: Sequence[int], *, k: int, seed: int, scratch: Path) -> None:  # noqa: ARG002
        """Learn for `epochs` epochs; scratch is not needed."""
        import keras
        import numpy as np

        keras.utils.set_random_seed(seed)
        self.vectorize = keras.layers.TextVectorization(max_tokens=5000, output_sequence_length=512)
        self.vectorize.adapt(np.array(texts, dtype=object))
        self.network = self._network(k)
        self.network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        self.network.fit(self._ids(texts), np.asarray(codes), epochs=self.epochs, batch_size=64, verbose=0)

    @staticmethod
    def _network(k: int) -> Any:
        import keras

        return keras.Sequential(
            [
                keras.Input((512,), dtype="int32"),
                keras.layers.Embedding(5000, 100),
                keras.layers.LSTM(100, dropout=0.2, recurrent_dropout=0.2),
                keras.layers.Dense(k, activation="softmax"),
            ]
        )

    def _ids(self, texts: Sequence[str]) -> Any:
        import numpy as np

        return np.asarray(self.vectorize(np.array(texts, dtype=object))).astype("int32")

    def answer(self, texts: Sequence[str]) -> list[int]:
        """Answer in batches of 256."""
        import numpy as np

        found = self.network.predict(self._ids(texts), batch_size=256, verbose=0)
        if not np.isfinite(found).all():
            raise Failed("training diverged: the network answers with numbers that are not finite")
        return [int(code) for code in found.argmax(axis=1)]

    def save(self, folder: Path) -> None:
        """Write weights and vocabulary apart: Keras spoils the vocabulary of a layer that it saves."""
        self.network.save_weights(folder / "network.weights.h5")
        record = {"vocabulary": self.vectorize.get_vocabulary(), "k": self.network.output_shape[-1]}
        (folder / "vocabulary.json").write_text(json.dumps(record), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Build the same network and read both."""
        import keras

        record = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        self.vectorize = keras.layers.TextVectorization(
            max_tokens=5000, output_sequence_length=512, vocabulary=record["vocabulary"]
        )
        self.network = self._network(record["k"])
        self.network.load_weights(folder / "network.weights.h5")


ALTERNATIVES: dict[str, type[Alternative]] = {
    each.name: each
    for each in (
        ScikitLearn,
        ScikitLearnTuned,
        ScikitLearnWords,
        ScikitLearnCharacters,
        FastText,
        VowpalWabbit,
        Spacy,
        SpacyBow,
        TutorialLstm,
    )
}


if __name__ == "__main__":
    chosen, where, asked = sys.argv[1:]
    served = ALTERNATIVES[chosen]()
    served.load(Path(where))
    sys.stdout.write(f"{served.answer([asked])[0]}\n")
