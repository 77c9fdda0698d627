"""Words that every complaint draws from: invented names, times, people, papers, ways to say and to ask."""

from __future__ import annotations

# Invented for this corpus. Every product uses all of them, so a name says nothing about the product.
NAMES = (
    "Harrowmere", "Brightwater Financial", "Tarnside", "Quillfield", "Mossgate", "Larkhill Financial",
    "Oakmere Trust", "Fennimore", "Dunholt", "Silverbrae", "Cawston Group", "Redfern Mutual", "Velmont",
    "Ashbeck", "Kestrel Point", "Marlowe and Finch", "Thornbury One", "Pellwood", "Westerlea", "Copperfold",
    "Halden Rowe", "Nettlecombe", "Eastmoor", "Ravensby",
)  # fmt: skip

# The longer half of the shares below is plain: most published complaints have their names masked.
NAME = ("XXXX", "XXXX", "XXXX", "XXXX XXXX", "XXXX", "XXXX", "XXXX XXXX", "<invented>")

WORDS: dict[str, tuple[str, ...]] = {
    "name": NAME,
    "invented": NAMES,
    "n": ("two", "three", "three", "four", "five", "six", "2", "3", "4", "5", "several"),
    "times": (
        "twice", "three times", "four times", "five or six times", "at least ten times", "many times",
        "more times than I can count", "6 times", "over and over", "about a dozen times", "again and again",
    ),
    "span": (
        "two weeks", "three weeks", "six weeks", "a month", "two months", "over three months", "90 days",
        "45 days", "nearly half a year", "eight months", "more than a year", "10 business days", "30 days",
        "almost two years", "five months", "a whole summer",
    ),
    "when": (
        "last week", "last month", "two weeks ago", "on <date>", "on <date>", "on <date>", "in early <year>",
        "a few months ago", "yesterday", "back in <date>", "at the end of last year", "this morning",
        "around <date>", "the day before a holiday", "on a Monday", "right after I moved", "in XXXX",
        "some time in <year>",
    ),
    "soon": (
        "within ten days", "by the end of the week", "in 3 to 5 business days", "within 48 hours", "right away",
        "before the next statement", "in thirty days", "the same afternoon", "after a short review",
        "once the system updates",
    ),
    "rep": (
        "a representative", "an agent", "a supervisor", "a man named XXXX", "a lady named XXXX", "somebody",
        "a manager", "the person on the phone", "a customer service person", "one of their people",
        "someone in another department", "a woman who would not give her name", "the third person I spoke to",
    ),
    "person": (
        "my husband", "my wife", "my mother", "my father", "my son", "my daughter", "my brother", "my sister",
        "my roommate", "my ex", "my attorney", "a friend", "my grandmother", "my neighbor", "my boss",
    ),
    "kin": (
        "my husband", "my wife", "my mother", "my father", "my son", "my daughter", "my brother", "my sister",
        "my roommate", "a friend", "my grandmother", "a neighbor", "a coworker", "my church",
    ),
    "relative": ("my mother", "my late father", "my grandmother", "my elderly aunt", "my disabled brother",
                 "my mother in law", "my uncle", "my 84 year old father"),
    "paper": (
        "bank statements", "the receipts", "a copy of my ID and a utility bill", "the police report",
        "screenshots", "a notarized letter", "the signed agreement", "certified letters", "every email",
        "confirmation numbers", "a cancelled check", "the original paperwork", "proof of payment",
        "my driver's license", "copies of everything",
    ),
    "sent": ("sent", "mailed", "faxed", "uploaded", "emailed", "provided"),
    "called": ("called", "phoned", "contacted", "reached out to", "got hold of", "rang", "telephoned"),
    "told": ("told me", "said", "explained", "claimed", "assured me", "informed me", "insisted"),
    "hold": (
        "an hour", "45 minutes", "two hours", "most of my lunch break", "over 90 minutes", "the whole morning",
        "thirty minutes each time", "what felt like forever",
    ),
    "bad": ("wrong", "unfair", "unacceptable", "ridiculous", "shameful", "outrageous", "not right", "a disgrace",
            "deceptive", "crooked", "absurd", "beyond me"),
    "trouble": (
        "a divorce", "losing my job", "surgery", "a death in the family", "moving to another state",
        "a new baby", "the pandemic", "being laid off", "a car accident", "caring for a sick parent",
        "cancer treatment", "a house fire", "a deployment overseas", "a flood",
    ),
    "item": (
        "a car loan", "a mortgage", "a student loan", "a store card", "a collection", "a credit card",
        "a payday loan", "an overdrawn checking account", "a medical bill", "a phone bill", "an auto lease",
        "a personal loan", "two student loans", "a home equity line", "an apartment debt", "a bank card",
        "a furniture account", "an internet bill", "a gym membership", "a rental car charge", "an old card",
    ),
    "debt": (
        "a hospital visit", "an old credit card", "a phone contract", "a payday loan", "an apartment I left",
        "a car that was taken back", "a gym membership", "a student loan", "a dental bill", "an ambulance ride",
        "a store card", "cable equipment", "an overdrawn bank account", "a personal loan", "a utility bill",
        "an auto loan", "tuition", "an emergency room bill", "a toll violation", "furniture", "a vet bill",
        "a storage unit", "an online loan",
    ),
    "seller": (
        "an online store", "a hotel", "an airline", "a contractor", "a moving company", "a ticket site",
        "a furniture shop", "a subscription I never wanted", "a gym", "a travel site", "a car rental desk",
        "a website that is now gone", "a merchant I never heard of", "a gas station in another state",
        "a phone store", "a dentist", "a roofing company",
    ),
    "need": (
        "rent", "groceries", "medicine", "my daughter's tuition", "a deposit on an apartment", "diapers",
        "gas to get to work", "my electric bill", "a funeral", "car repairs", "school clothes", "insulin",
        "the light bill", "child support",
    ),
    "agencyaid": ("the attorney general", "the police", "the state banking office", "the FTC", "the post office",
                  "my congressman", "the Better Business Bureau", "legal aid", "a lawyer"),
    "wire": ("a wire transfer", "the transfer", "the remittance", "a money order by wire", "the money transfer"),
    "wallet": ("the payment app", "my digital wallet", "my account on the app", "my crypto wallet", "their app"),
    "very": ("very", "really", "extremely", "quite", "so", "beyond"),
    "law": ("the law", "federal law", "the Fair Credit Reporting Act", "consumer law", "my rights",
            "15 USC 1681", "their own terms", "the regulations", "the FDCPA", "state law"),
}  # fmt: skip
