"""Names that nobody has are said, with what is near."""

import pytest

from triage.config import Experiment
from triage.data.cleaning import build_cleaning
from triage.models.model import Model
from triage.routing.names import name_warnings
from triage.routing.router import Router

CLASSES = ("Cards", "Loans")


class Sends:
    def __init__(self, queues):
        self.queues = queues


@pytest.mark.parametrize(
    ("queues", "policy", "said"),
    [
        (
            {"cards": "Team A"},
            (),
            "[queues] names 'cards', which is not a label of the model. Did you mean Cards?",
        ),
        ({"Loans ": "Team A"}, (), "Did you mean Loans?"),
        ({"Kredite": "Team A"}, (), "[queues] names 'Kredite'"),
        (
            {"Cards": "Team A"},
            {"the rule 'r'": "Team a"},
            "the rule 'r' sends to the queue 'Team a', to which no label goes. Did you mean Team A?",
        ),
        ({}, [("costs", "Cards"), ("costs", "loan")], "sends to the queue 'loan'"),
    ],
)
def test_a_name_that_fits_nothing_is_said_with_what_is_near(queues, policy, said):
    (line,) = name_warnings(CLASSES, queues, [Sends(policy)])
    assert said in line


def test_names_that_fit_are_not_mentioned():
    assert (
        name_warnings(
            CLASSES, {"Cards": "Team A"}, [Sends({"r": "Team A"}), Sends([("costs", "Loans")]), object()]
        )
        == []
    )


def test_a_router_knows_what_to_say_of_rules_and_costs(plugins):
    matrix = {"Cards": {"Cards": 0, "cards": 1}, "Loans": {"Cards": 1, "cards": 1}}
    experiment = Experiment(queues={"Card": "A"}, rules={"r": {"pattern": "x", "queue": "Loan"}})
    model = Model(experiment, {}, CLASSES, build_cleaning(plugins, ["lower"]), object())
    router = Router(model, [("rules", {"rules": experiment.rules}), ("costs", {"matrix": matrix})], plugins)
    assert [line.partition(" ")[0] for line in router.warnings] == ["[queues]", "the", "costs"]
