"""Words that people often misspell, and how."""

from __future__ import annotations

MISSPELLED = {
    "account": ("acount", "acct", "accout"), "accounts": ("acounts", "accts"), "mortgage": ("morgage", "mortage"),
    "received": ("recieved", "recived"), "receive": ("recieve",), "definitely": ("definately",),
    "separate": ("seperate",), "because": ("becuase", "cuz", "becasue"), "believe": ("beleive",),
    "money": ("mony", "moeny"), "payment": ("paymant", "payement", "pymt"), "payments": ("payements", "pymts"),
    "credit": ("creidt", "cerdit"), "report": ("reprot", "repot"), "interest": ("intrest", "intrest"),
    "balance": ("balence", "ballance"), "collection": ("colection", "collecton"), "company": ("compnay", "companey"),
    "their": ("there", "thier"), "they": ("thay",), "there": ("their",), "your": ("you're",), "lose": ("loose",),
    "which": ("wich",), "charged": ("charced", "chraged"), "charge": ("chrage",), "student": ("studant",),
    "loan": ("lone", "laon"), "bank": ("bnak",), "letter": ("leter",), "address": ("adress",),
    "until": ("untill",), "again": ("agian",), "never": ("nevr",), "would": ("woud",), "people": ("poeple",),
    "customer": ("costumer", "custumer"), "representative": ("rep", "represenative", "representitive"),
    "refused": ("refussed",), "refuses": ("refusses",), "dispute": ("despute", "dispuit"),
    "disputed": ("desputed",), "information": ("info", "infomation"), "really": ("realy",), "through": ("thru",),
    "verify": ("varify",), "verified": ("varified",), "identity": ("idenity",), "check": ("chek", "cheque"),
    "statement": ("statment",), "transfer": ("transfere",), "transferred": ("transfered",), "fraud": ("frad", "fruad"),
    "withdrawal": ("withdrawl",), "owe": ("ow",), "paid": ("payed",), "supposed": ("suppose", "sopposed"),
    "different": ("diffrent",), "agency": ("agancy",), "business": ("buisness", "busness"), "tried": ("tryed",),
    "another": ("anouther",), "security": ("securty",), "number": ("nubmer",), "wrong": ("worng",),
    "servicer": ("servicor",), "forbearance": ("forebearance",), "escrow": ("escro",), "vehicle": ("vehical",),
    "prepaid": ("pre paid", "prepayed"), "card": ("crad",), "checking": ("cheking",), "savings": ("saveings",),
    "cancelled": ("canceld",), "attached": ("attatched",), "writing": ("writting",), "weird": ("wierd",),
    "before": ("befor",), "should": ("shoud",), "know": ("no", "knwo"), "with": ("wiht",), "the": ("teh",),
    "and": ("adn",), "you": ("u",), "please": ("plz", "pleas"), "are": ("r",), "to": ("too",), "too": ("to",),
    "were": ("where",), "then": ("than",), "than": ("then",), "always": ("allways",), "promised": ("promissed",),
    "application": ("aplication",), "approved": ("aproved",), "opened": ("opend",), "answer": ("anwser",),
}  # fmt: skip
