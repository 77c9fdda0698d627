"""The ten products: how often each comes, what it is called, whom one deals with, what it is mistaken for."""

from __future__ import annotations

from typing import NamedTuple


class Product(NamedTuple):
    """What a complaint about one product needs to know.

    Attributes:
        share: Share of the ordinary complaints, in percent.
        strong: Names that only this product has.
        weak: Names that other products have too.
        firms: Who the complaint is against, told by what they do.
        weak_firms: The same, told by a word that others share.
        new: What a thief opens in somebody's name.
        topic: The product in two or three bare words.
        mistaken: What a clerk would label it by mistake, with weights.
        aside: What else the writer is likely to mention, with weights.
        held: Names for what one has for years, where ``strong`` has others as well.
    """

    share: float
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    firms: tuple[str, ...]
    weak_firms: tuple[str, ...]
    new: tuple[str, ...]
    topic: tuple[str, ...]
    mistaken: dict[str, float]
    aside: dict[str, float]
    held: tuple[str, ...] = ()


PRODUCTS: dict[str, Product] = {
    "Credit reporting": Product(
        share=33.0,
        strong=(
            "my credit report", "my credit file", "my report at one of the bureaus", "my credit history",
            "the credit report that <name> keeps on me", "my report with all three bureaus", "my consumer report",
            "my credit bureau file", "my credit file at <name>",
        ),
        weak=("my file", "my report", "my record", "my account", "the account", "my credit"),
        firms=("the credit bureau", "the bureau", "the credit reporting agency", "the reporting company",
               "one of the three bureaus"),
        weak_firms=("the company", "<name>", "the agency", "this company", "XXXX"),
        new=("accounts", "three accounts", "a line of credit", "several cards and a loan", "accounts I never saw"),
        topic=("credit report", "credit file", "credit reporting", "credit bureau"),
        mistaken={"Debt collection": 5, "Credit card": 3, "Bank account": 1, "Mortgage": 1, "Student loan": 1},
        aside={"Debt collection": 4, "Credit card": 5, "Mortgage": 4, "Bank account": 3, "Vehicle loan": 4,
               "Student loan": 3},
    ),
    "Debt collection": Product(
        share=16.0,
        strong=(
            "this collection account", "a debt that was sent to collections", "the debt they are collecting on",
            "an old debt in collections", "a collection for <debt>", "the debt they bought from <name>",
            "a collection notice for <debt>", "the bill that went to collections",
        ),
        weak=("this account", "the debt", "the bill", "the account", "this alleged debt"),
        firms=("the collection agency", "the debt collector", "the collector", "the collections company",
               "the debt buyer", "this collections outfit"),
        weak_firms=("the company", "<name>", "the agency", "the law office", "XXXX"),
        new=("an account", "a phone account", "a debt", "a utility account", "an apartment lease"),
        topic=("collection agency", "debt collector", "collection account", "debt in collections"),
        mistaken={"Credit reporting": 6, "Credit card": 3, "Payday loan": 1, "Bank account": 1},
        aside={"Credit card": 4, "Credit reporting": 6, "Student loan": 2, "Payday loan": 2, "Bank account": 3,
               "Vehicle loan": 2, "Mortgage": 2},
    ),
    "Credit card": Product(
        share=12.5,
        strong=(
            "my credit card", "the credit card I have with <name>", "my rewards card", "my <name> credit card",
            "my store credit card", "our joint credit card", "my cash back card", "my travel card",
        ),
        weak=("my card", "the card", "my account", "this account", "the account"),
        firms=("the card company", "the credit card company", "the card issuer", "the issuer",
               "the credit card bank"),
        weak_firms=("the bank", "the company", "<name>", "this bank", "XXXX"),
        new=("a credit card", "two credit cards", "a store card"),
        topic=("credit card", "credit card account", "rewards card"),
        mistaken={"Bank account": 4, "Credit reporting": 4, "Prepaid card": 1, "Debt collection": 2},
        aside={"Bank account": 6, "Credit reporting": 4, "Mortgage": 3, "Debt collection": 2, "Vehicle loan": 2,
               "Prepaid card": 1, "Money transfer": 2},
    ),
    "Bank account": Product(
        share=11.5,
        strong=(
            "my checking account", "my savings account", "the checking account I have with <name>",
            "our joint checking account", "my bank account", "my business checking account", "my checking and savings",
            "my late father's savings account",
        ),
        weak=("my account", "the account", "this account", "my card", "the card"),
        firms=("the bank", "my bank", "the branch", "the bank's fraud department", "my credit union"),
        weak_firms=("the company", "<name>", "this bank", "XXXX"),
        new=("a checking account", "a bank account", "a savings account online"),
        topic=("checking account", "savings account", "bank account", "debit card"),
        mistaken={"Credit card": 4, "Money transfer": 4, "Prepaid card": 1, "Credit reporting": 1},
        aside={"Credit card": 6, "Mortgage": 4, "Money transfer": 4, "Vehicle loan": 2, "Prepaid card": 2,
               "Payday loan": 2},
    ),
    "Mortgage": Product(
        share=9.0,
        strong=(
            "my mortgage", "our home loan", "the mortgage on our house", "my mortgage with <name>",
            "the loan on my home", "my home equity loan", "the house loan we refinanced", "my mother's mortgage",
        ),
        weak=("my loan", "the loan", "my account", "the account"),
        firms=("the mortgage company", "the mortgage servicer", "my mortgage lender", "the home lender"),
        weak_firms=("the bank", "the lender", "the servicer", "the company", "<name>", "XXXX"),
        new=("a home equity line", "a mortgage"),
        topic=("mortgage", "home loan", "mortgage servicing", "house payment"),
        mistaken={"Bank account": 3, "Credit reporting": 2, "Vehicle loan": 1, "Student loan": 1},
        aside={"Bank account": 5, "Credit card": 4, "Vehicle loan": 3, "Student loan": 3, "Credit reporting": 3},
    ),
    "Student loan": Product(
        share=5.5,
        strong=(
            "my student loan", "my federal student loan", "my private student loan", "the loan I took out for college",
            "my daughter's student loan", "my school loan", "my graduate school loan",
        ),
        weak=("my loan", "the loan", "my account", "the account"),
        firms=("the student loan servicer", "my student loan company", "the loan servicer for my school debt"),
        weak_firms=("the servicer", "the lender", "the company", "<name>", "XXXX"),
        new=("a student loan", "private student loans"),
        topic=("student loan", "student loans", "school loans"),
        mistaken={"Credit reporting": 3, "Debt collection": 3, "Mortgage": 1, "Vehicle loan": 1},
        aside={"Credit reporting": 3, "Mortgage": 4, "Credit card": 3, "Vehicle loan": 3, "Debt collection": 2},
    ),
    "Money transfer": Product(
        share=5.0,
        strong=(
            "a wire transfer", "the money transfer I made", "my account on the payment app",
            "the money I sent through the app", "a transfer I sent abroad", "my digital wallet",
            "the remittance to my family", "my crypto wallet",
        ),
        weak=("my account", "the account", "the transfer", "the payment", "this transaction"),
        firms=("the payment app", "the transfer company", "the money transfer service", "the app's support team"),
        weak_firms=("the bank", "the company", "<name>", "this company", "XXXX"),
        new=("a payment app account", "a digital wallet"),
        topic=("money transfer", "wire transfer", "payment app", "digital wallet"),
        mistaken={"Bank account": 6, "Prepaid card": 1, "Credit card": 2},
        aside={"Bank account": 6, "Credit card": 4, "Prepaid card": 2, "Debt collection": 1},
        held=("my account on the payment app", "my digital wallet", "the app I pay people with"),
    ),
    "Vehicle loan": Product(
        share=3.6,
        strong=(
            "my car loan", "my auto loan", "the loan on my truck", "my vehicle lease", "my auto loan with <name>",
            "the financing on my car", "my car note", "the lease on my SUV",
        ),
        weak=("my loan", "the loan", "my account", "the account", "the contract"),
        firms=("the auto lender", "the auto finance company", "the finance arm of the dealer",
               "the car loan company"),
        weak_firms=("the bank", "the lender", "the company", "<name>", "XXXX"),
        new=("a car loan", "an auto loan"),
        topic=("car loan", "auto loan", "car lease", "car note"),
        mistaken={"Credit reporting": 3, "Mortgage": 1, "Debt collection": 2, "Student loan": 1},
        aside={"Mortgage": 3, "Credit card": 3, "Bank account": 3, "Credit reporting": 3, "Student loan": 2,
               "Payday loan": 1},
    ),
    "Payday loan": Product(
        share=2.3,
        strong=(
            "a payday loan", "the payday loan I took out", "an online installment loan", "my cash advance loan",
            "a title loan", "a short term loan from a website", "the payday advance",
        ),
        weak=("my loan", "the loan", "my account", "the account"),
        firms=("the payday lender", "the online lender", "the cash advance place", "the title loan store"),
        weak_firms=("the lender", "the company", "<name>", "XXXX"),
        new=("a payday loan", "an online loan"),
        topic=("payday loan", "cash advance", "online loan", "title loan"),
        mistaken={"Debt collection": 4, "Bank account": 2, "Credit reporting": 1},
        aside={"Bank account": 6, "Credit card": 2, "Debt collection": 3, "Vehicle loan": 2},
    ),
    "Prepaid card": Product(
        share=1.8,
        strong=(
            "my prepaid card", "a prepaid debit card", "a gift card I bought", "my payroll card",
            "the reloadable card I use", "my government benefit card", "my <name> prepaid card",
        ),
        weak=("my card", "the card", "my account", "the account"),
        firms=("the prepaid card company", "the gift card company", "the prepaid program",
               "the prepaid card program"),
        weak_firms=("the card company", "the bank", "the company", "<name>", "XXXX"),
        new=("a prepaid card", "a reloadable card"),
        topic=("prepaid card", "gift card", "payroll card", "reloadable card"),
        mistaken={"Credit card": 4, "Bank account": 4},
        aside={"Bank account": 5, "Credit card": 4, "Money transfer": 3},
        held=("my prepaid card", "my payroll card", "the reloadable card I use"),
    ),
}  # fmt: skip
