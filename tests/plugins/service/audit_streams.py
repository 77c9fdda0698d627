"""Simulated streams of audits, for the tests and the benchmark of the alarm."""

import numpy as np

from triage.routing.monitoring import AuditedCase, audit_bound, e_process, outcomes_in_order

PROMISE, LEVEL = 0.05, 0.05


def stream(dice, error, n, *, families=False):
    """Return n audited cases as they are drawn: wrong with probability `error`, hard ones answered late.

    With families, template letters come in runs of 1 to 60 that are all right or all wrong together.
    """
    wrong, family = [], []
    while len(wrong) < n:
        size = int(dice.choice([1, 1, 1, 5, 20, 60])) if families else 1
        same = bool(dice.random() < error)
        wrong += [same] * size
        family += [f"family {len(wrong)}" if size > 1 else ""] * size
    # A case that went wrong is harder, so that its answer takes ten times as long.
    delay = dice.exponential(np.where(wrong[:n], 100.0, 10.0))
    return np.array(wrong[:n]), family[:n], np.arange(n) + delay


def looks(wrong, family, answered, every=25):
    """Yield what `audit_bound` says at each look, from what is answered by then."""
    for now in range(every, len(wrong) + 1, every):
        cases = [
            AuditedCase(
                at=float(i), wrong=bool(wrong[i]) if answered[i] <= now else None, pending=answered[i] > now,
                family=family[i],
            )
            for i in range(now)
        ]  # fmt: skip
        yield audit_bound(outcomes_in_order(cases, window=1e9), PROMISE, level=LEVEL)


def alarms(kind, streams, n=800):
    """Return the share of streams at exactly the promised error that ever raise an alarm.

    `kind` is "plain", "easy first" (read in the order of the answers through the order of the draw), "families", or
    "naive": the running share of wrong ones among what is answered, against an exact test for one look.
    """
    dice = np.random.default_rng(7)
    found = 0
    for _ in range(streams):
        wrong, family, answered = stream(dice, PROMISE, n, families=kind in ("families", "naive"))
        if kind == "naive":
            found += naive(wrong[np.argsort(answered)])
        elif kind == "plain":
            found += bool(e_process(wrong, PROMISE).max() >= 1 / LEVEL)
        else:
            # The capital only grows with what is known, so that its maximum over all looks is that of the last.
            cases = [
                AuditedCase(float(i), bool(w), family=f)
                for i, (w, f) in enumerate(zip(wrong, family, strict=True))
            ]
            outcomes = np.array(outcomes_in_order(cases, window=1e9))
            found += bool(e_process(outcomes, PROMISE).max() >= 1 / LEVEL)
    return found / streams


def naive(wrong):
    """Return whether an exact binomial test for one look is significant at any of the looks."""
    from scipy.stats import binom

    n = np.arange(1, len(wrong) + 1)
    return bool((binom.sf(np.cumsum(wrong) - 1, n, PROMISE) <= LEVEL)[20:].any())


def flattered(streams, n=400):
    """Return the mean running share of wrong ones, in the order of the answers, half-way; the truth is PROMISE."""
    dice = np.random.default_rng(11)
    shares = []
    for _ in range(streams):
        wrong, _, answered = stream(dice, PROMISE, n)
        shares.append(wrong[answered <= n / 4].mean())
    return float(np.mean(shares))


def delays(error, streams, n=3000):
    """Return after how many audits the alarm came, for each stream."""
    dice = np.random.default_rng(9)
    found = []
    for _ in range(streams):
        alarm = e_process(dice.random(n) < error, PROMISE) >= 1 / LEVEL
        found.append(int(alarm.argmax()) + 1 if alarm.any() else n)
    return found
