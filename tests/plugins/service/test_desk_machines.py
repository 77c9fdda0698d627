"""Leases and idempotency keys against a model in memory, in whatever order people do what they may."""

import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.desk_parts import add
from triage_service._store import KeyInProgress, KeyReused, LeaseLost, open_store

PEOPLE = st.sampled_from(["ada", "bob", "cyd"])
LABELS = st.sampled_from(["Card", "Loan"])
EXAMPLES = {"sqlite": 25, "postgresql": 15}


class Desk(RuleBasedStateMachine):
    """Three people at one desk; the model knows who holds what with which token."""

    url = None

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="desk-machine-")
        self.store = open_store(
            self.url() if self.url else f"sqlite:///{self.folder}/desk.db", second_rate=0.0
        )
        self.free, self.held, self.ended, self.decided, self.answered = set(), {}, {}, {}, set()
        self.tokens, self.opinions, self.keys, self.texts = {}, 0, {}, 0
        self.acknowledged = []

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def items_arrive(self, count):
        texts = [f"Complaint {'x' * (self.texts + n)} of a customer" for n in range(count)]
        self.texts += count
        for item in add(self.store, *texts):
            self.free.add(item)
            self.tokens[item] = 0

    def given_out(self):
        """Return the items that somebody holds, or held last, in the order in which they came: ids are random."""
        return [item for item in self.tokens if item in self.held or item in self.ended]

    def _claimable(self, who):
        return {i for i in self.free | set(self.ended) if (i, who) not in self.answered}

    @rule(who=PEOPLE, short=st.booleans())
    def somebody_claims(self, who, short):
        # A lease that has ended already stands for one that ends before the next step.
        found = self.store.claim(who, seconds=-1 if short else 3600).result()
        expected = self._claimable(who)
        if found is None:
            assert not expected
            return
        assert found.id in expected
        assert found.token == self.tokens[found.id] + 1
        self.tokens[found.id] = found.token
        self.free.discard(found.id)
        self.ended.pop(found.id, None)
        (self.ended if short else self.held)[found.id] = (who, found.token)

    @precondition(lambda self: self.held or self.ended)
    @rule(data=st.data(), right=st.booleans(), what=st.sampled_from(["renew", "release", "skip"]))
    def a_holder_or_somebody_else_acts(self, data, right, what):
        item = data.draw(st.sampled_from(self.given_out()))
        who, token = (self.held | self.ended)[item]
        if not right:
            who, token = data.draw(st.sampled_from([("eve", token), (who, token - 1), (who, token + 1)]))
        words = ("reason",) if what == "skip" else ()
        future = getattr(self.store, what)(item, who, token, *words)
        if not right:
            assert isinstance(future.exception(), LeaseLost)
            return
        future.result()
        self.held.pop(item, None)
        self.ended.pop(item, None)
        if what == "renew":
            self.held[item] = (who, token)
        else:
            self.free.add(item)
            if what == "skip":
                self.answered.add((item, who))  # hidden from them for longer than this test takes

    @precondition(lambda self: self.held or self.ended)
    @rule(data=st.data(), right=st.booleans(), label=LABELS, key=st.booleans())
    def somebody_decides(self, data, right, label, key):
        item = data.draw(st.sampled_from(self.given_out()))
        who, token = (self.held | self.ended)[item]
        if not right:
            who, token = data.draw(st.sampled_from([("eve", token), (who, token - 1)]))
        name = f"key {len(self.acknowledged)}" if key else ""
        done = self.store.decide(item, who, token, label, key=name).result()
        self.opinions += 1
        self.acknowledged.append((item, who, token, label, name, done))
        assert done.lost != right
        if right:
            self.held.pop(item, None)
            self.ended.pop(item, None)
            self.decided[item] = label

    @precondition(lambda self: self.acknowledged)
    @rule(data=st.data())
    def an_answer_is_sent_again(self, data):
        item, who, token, label, name, done = data.draw(st.sampled_from(self.acknowledged))
        if name:
            again = self.store.decide(item, who, token, label, key=name).result()
            assert (again.event, again.lost) == (done.event, done.lost)

    @rule(key=st.sampled_from(["k1", "k2"]), digest=st.sampled_from(["d1", "d2"]))
    def a_request_is_reserved(self, key, digest):
        future = self.store.reserve("crm", key, digest)
        known = self.keys.get(key)
        if known is None:
            assert future.result() is None
            self.keys[key] = (digest, None)
        elif known[0] != digest:
            assert isinstance(future.exception(), KeyReused)
        elif known[1] is None:
            assert isinstance(future.exception(), KeyInProgress)
        else:
            assert future.result() == []
            assert known[1] == key.encode()

    @rule(key=st.sampled_from(["k1", "k2"]), fails=st.booleans())
    def a_reserved_request_ends(self, key, fails):
        digest, answer = self.keys.get(key, (None, None))
        if digest is None or answer is not None:
            return
        if fails:
            self.store.unreserve("crm", key).result()
            del self.keys[key]
            return
        made = self.store.add_items(
            [], source="crm", who="crm", audit_rate=0.0, answer=lambda _: key.encode(), key=key, digest=digest
        )
        self.keys[key] = (digest, made.result())

    @invariant()
    def what_was_acknowledged_is_there(self):
        for item, label in self.decided.items():
            assert self.store.item(item).label == label

    @invariant()
    def nothing_is_lost_and_the_log_holds(self):
        found = self.store.verify()
        assert found.problems == ()
        assert found.opinions == self.opinions
        assert found.items == self.texts


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_no_order_of_steps_breaks_a_lease_or_a_key(kind, request):
    machine = type("Machine", (Desk,), {"url": None})
    if kind == "postgresql":
        machine.url = staticmethod(request.getfixturevalue("postgres"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES[kind],
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_many_more_orders_of_steps_break_nothing():
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=400, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
