"""Answer with the shares of the labels in the training part."""

import numpy as np
import triage


class WordCounts:
    def fit(self, train, tune, *, seed, watch):
        self.shares_ = train.counts / len(train)

    def predict_proba(self, texts):
        return np.tile(self.shares_, (len(texts), 1))


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="word-counts", summary="Counts words", build=WordCounts)
