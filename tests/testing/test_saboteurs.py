"""Every law has a saboteur that breaks it and keeps all others: without one a law does not count."""

import importlib
import pathlib
import sys

import numpy as np
import pytest

import triage
import triage.testing

sys.path.insert(0, str(pathlib.Path(__file__).parent))

OPTIONS = {
    "backend": {"it-builds-with-no-options": {"size": 3}},
    "corpus": {"it-builds-with-no-options": {"size": 3}},
    "cleaner": {"it-builds-with-no-options": {"size": 3}},
    "policy": {"it-builds-with-no-options": {"size": 3}},
    "report": {"it-builds-with-no-options": {"size": 3}},
    "forecaster": {"it-builds-with-no-options": {"size": 3}},
    "engine": {"it-builds-with-no-options": {"size": 3}},
}
MODULES = {
    "backend": "saboteur_backends",
    "corpus": "saboteur_corpora",
    "cleaner": "saboteur_cleaners",
    "policy": "saboteur_policies",
    "report": "saboteur_reports",
    "forecaster": "saboteur_forecasters",
    "engine": "saboteur_engines",
}


def extensions(kind, module):
    hook = {"corpus": "triage_corpora", "policy": "triage_policies"}.get(kind, f"triage_{kind}s")
    return {extension.name: extension for extension in getattr(module, hook)()}


@pytest.mark.parametrize(
    ("kind", "law"), [(kind, law.__name__) for kind in MODULES for law in triage.testing.laws_of(kind)]
)
def test_a_saboteur_breaks_its_own_law_and_no_other(kind, law, hosts):
    module = importlib.import_module(MODULES[kind])
    name = law.replace("_", "-")
    card = hosts(kind, module).card(extensions(kind, module)[name], OPTIONS[kind].get(name))
    assert [outcome.law for outcome in card.broken] == [law], [outcome.reason for outcome in card.broken]


@pytest.mark.parametrize(
    ("kind", "name"), [*((kind, "good") for kind in MODULES), ("backend", "good-stream")]
)
def test_the_good_one_keeps_every_law(kind, name, hosts):
    module = importlib.import_module(MODULES[kind])
    card = hosts(kind, module).card(extensions(kind, module)[name], None)
    assert not card.broken, [outcome.reason for outcome in card.broken]
    assert len(card.outcomes) == len(triage.testing.laws_of(kind))


def test_what_remembers_is_caught_even_where_the_seed_does_not_decide(hosts):
    module = importlib.import_module("saboteur_backends")

    class Both(module.Remembers):
        def fit(self, train, tune, *, seed, watch):
            super().fit(train, tune, seed=seed, watch=watch)
            self.prior_ = self.prior_ + np.random.default_rng().normal(0, 0.01, train.k)

    both = triage.Backend(name="both", summary="Remembers, and has no seed", build=Both)
    broken = {outcome.law for outcome in hosts("backend", module).card(both, None).broken}
    assert {"the_same_seed_gives_the_same_probabilities", "fitting_again_forgets"} <= broken


READERS = [law.__name__ for law in triage.testing.laws_of("reader")]


@pytest.mark.parametrize("law", ["none at all", *READERS])
def test_a_sabotaged_reader_breaks_its_own_law_and_no_other(law, tmp_path):
    import saboteur_readers

    from triage.testing.kit import _reader_checks
    from triage.testing.laws import judge
    from triage.testing.subjects import Host

    sample = tmp_path / "sample.lines"
    saboteur_readers.write(sample)
    host = Host(saboteur_readers.reader(law, str(sample)))
    card = judge("reader", law, _reader_checks(host, sample, None, None))
    expected = [law] if law in READERS else []
    assert [outcome.law for outcome in card.broken] == expected, [outcome.reason for outcome in card.broken]


def test_every_kind_has_laws_and_saboteurs():
    kinds = triage.Plugins.discover(strict=True).kinds.values()
    assert set(MODULES) == {kind.name for kind in kinds if kind.laws}


@pytest.fixture(scope="module")
def hosts():
    """One plugin under test for each kind, so that what is asked of it is asked once."""
    from triage.testing.kit import subject_of
    from triage.testing.laws import checks_of, judge
    from triage.testing.subjects import Host

    class Bench:
        def __init__(self, module):
            self.host = Host(module)

        def card(self, extension, options):
            subject, laws = subject_of(self.host.plugins.kinds[extension.kind])
            checks = checks_of(subject(extension, self.host, options), laws, None)
            return judge(extension.kind, extension.name, checks)

    made = {}
    return lambda kind, module: made.setdefault(kind, Bench(module))
