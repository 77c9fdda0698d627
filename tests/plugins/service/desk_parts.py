"""Small real decisions and items for the tests of the desk."""

import json

from triage_service._store import Entry

MODEL = "a" * 64
LETTER = "You charged me twice for the same transfer and nobody answered my three letters about it "


def decision(label="Mortgage", *, action="review", model=MODEL, reasons=("below_threshold",), terms=()):
    return {
        "row": 1,
        "id": "",
        "action": action,
        "queue": label,
        "label": label,
        "confidence": 0.6,
        "threshold": 0.7,
        "reasons": list(reasons),
        "alternatives": [],
        "terms": [{"term": term, "weight": 1.0} for term in terms],
        "model": model,
        "policy": {"name": "threshold", "options": {}},
    }


def ids_of(stored):
    return json.dumps([entry.id for entry in stored]).encode()


def add(store, *entries, audit_rate=0.0, source="mail", **options):
    """Store entries, a text standing for a review of it, and return their ids."""
    made = [entry if isinstance(entry, Entry) else Entry(entry, decision()) for entry in entries]
    future = store.add_items(
        made, source=source, who="intake", audit_rate=audit_rate, answer=ids_of, **options
    )
    return json.loads(future.result())


def routed(text, label="Mortgage", **options):
    return Entry(text, decision(label, action="route", reasons=("confident",), **options))


def register(store, promise=0.05, model=MODEL, state="active"):
    store.model_changed(model, state, who="test", path="model", promise=promise, queues={}).result()
