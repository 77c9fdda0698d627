"""What an experiment leaves open is filled in by the plugins that have a role, so the core names none of them."""

from __future__ import annotations

from typing import Any

from triage.config import Experiment, Step
from triage.data.cleaning import expanded
from triage.host.extensions import Backend, Cleaner, Policy
from triage.host.manager import Plugins

__all__ = ["cleaning_steps", "policy_chain", "with_defaults"]


def with_defaults(experiment: Experiment, plugins: Plugins) -> Experiment:
    """Return the experiment with a backend and with policies.

    Raises:
        Unavailable: it names none, and no plugin offers a default.
    """
    return experiment.changed(
        backend=experiment.backend or plugins.role(Backend, "default"),
        policies=experiment.policies or ((plugins.role(Policy, "default"), {}),),
    )


def policy_chain(experiment: Experiment, plugins: Plugins) -> tuple[Step, ...]:
    """Return the policies in the order in which they are asked, that of the `[rules]` first."""
    rules = ((plugins.role(Policy, "rules"), {"rules": experiment.rules}),) if experiment.rules else ()
    return (*rules, *with_defaults(experiment, plugins).policies)


def cleaning_steps(
    experiment: Experiment, corpus: tuple[str, ...], plugins: Plugins
) -> list[tuple[str, dict[str, Any]]]:
    """Return the cleaning steps, presets opened: the experiment's, the backend's, the corpus's or the default.

    Settings of the experiment that a step takes as options (`Cleaner.settings`) are among its options.

    Args:
        experiment: what was asked for.
        corpus: the steps that the corpus names for itself.
        plugins: where cleaners are looked up.
    """
    if experiment.cleaners is not None:
        steps: tuple[Any, ...] = experiment.cleaners
    else:
        backend = plugins.backend(with_defaults(experiment, plugins).backend)
        steps = backend.cleaners or corpus or (plugins.role(Cleaner, "default"),)
    found = expanded(plugins, steps)
    for name, options in found:
        for option, setting in plugins.cleaner(name).settings.items():
            value = getattr(experiment, setting)
            if isinstance(value, tuple):
                options.update({option: (*options.get(option, ()), *value)} if value else {})
            elif value is not None:
                options[option] = value
    return found
