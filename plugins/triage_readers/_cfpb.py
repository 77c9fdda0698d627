"""The export of the US Consumer Financial Protection Bureau: its columns, its products folded into groups."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CLEANERS", "COLUMNS", "GROUPS", "group_of", "recognised"]

COLUMNS = {
    "text": "Consumer complaint narrative",
    "label": "Product",
    "date": "Date received",
    "id": "Complaint ID",
}
CLEANERS = ("complaints",)

# The Bureau renamed its products in April 2017 and in August 2023. A group is what stayed the same under
# all names; where one name covers what others divide (cards), the group is the wider one.
_TAXONOMY = {
    "Checking or savings account": (
        "Bank account or service",  # 2011-2017
        "Checking or savings account",  # since 2017
    ),
    "Consumer loan (pre-2017)": ("Consumer Loan",),
    "Credit card or prepaid card": (
        "Credit card",  # 2011-2017, and again since 2023
        "Prepaid card",  # 2014-2017, and again since 2023
        "Credit card or prepaid card",  # 2017-2023
    ),
    "Credit reporting": (
        "Credit reporting",  # 2012-2017
        "Credit reporting, credit repair services, or other personal consumer reports",  # 2017-2023
        "Credit reporting or other personal consumer reports",  # since 2023
        "Credit reporting, repair, or other",  # as the Bureau's reports shorten it
        "Credit or consumer reporting",
    ),
    "Debt collection": ("Debt collection",),
    "Debt or credit management": (
        "Debt or credit management",  # since 2023
    ),
    "Money transfer": (
        "Money transfers",  # 2013-2017
        "Virtual currency",  # 2014-2017
        "Money transfer, virtual currency, or money service",  # since 2017
        "Money transfers, virtual currency, and money services",
        "Money transfer or service, virtual currency",
        "Money transfer or money service, virtual currency",
    ),
    "Mortgage": ("Mortgage", "Mortgages"),
    "Other financial service": ("Other financial service", "Other financial services"),
    "Payday, title or personal loan": (
        "Payday loan",  # 2013-2017
        "Payday loan, title loan, or personal loan",  # 2017-2023
        "Payday loan, title loan, personal loan, or advance loan",  # since 2023
        "Personal loan",
        "Title loan",
    ),
    "Student loan": ("Student loan", "Student loans"),
    "Vehicle loan or lease": ("Vehicle loan or lease", "Vehicle loans or leases"),
}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


GROUPS = {_folded(product): group for group, products in _TAXONOMY.items() for product in (group, *products)}


def recognised(names: Sequence[str]) -> bool:
    """Whether these are the columns of the Bureau's export."""
    return COLUMNS["text"] in names and COLUMNS["label"] in names


def group_of(product: str) -> str | None:
    """Return the stable group of a product of any year, or None for one that is not known."""
    return GROUPS.get(_folded(product))
