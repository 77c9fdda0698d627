"""Mails: what a person wrote stays, what mail programs put around it goes."""

import pytest

import triage
from triage.data.checks import dataset_warnings, unseen_warnings
from triage.data.cleaning import build_cleaning

PLUGINS = triage.Plugins.discover()


def cleaned(text, *steps):
    return build_cleaning(PLUGINS, steps or ["html", "quotes", "signature"])(text)


@pytest.mark.parametrize(
    "text",
    [
        "My card is lost.\n\nOn Mon, 3 May 2024 at 10:00, A B <a@b.example> wrote:\n> old words\n> more old",
        "My card is lost.\nOn 3 May 2024 A. Very Long Name of Somebody\n<a@b.example> wrote:\n> old words",
        "> old words\nMy card is lost.",
        "My card is lost.\n-----Original Message-----\nFrom: x\nold words",
        "My card is lost.\n\nVon: A B\nGesendet: Montag\nAn: C\nBetreff: alt\n\nold words",
        "My card is lost.\r\n\r\nFrom: A\r\nSent: Monday\r\nTo: B\r\n\r\nold words\r\n",
        "My card is lost.\nAm 03.05.2024 um 10:00 schrieb A B:\n> old words",
        "My card is lost.\n-- \nA. Person\nold words Ltd",
        "My card is lost.\n--\nold words",
        "My card is lost.\nSent from my phone",
        "<html><head><title>old words</title><style>old {words}</style></head><body><p>My card is lost.</p></body></html>",
        "<div class='old words'>My card<br>is lost.</div><script>old('words')</script>",
        "My <b style='old words'>card</b> is lost.",
        "&lt;p&gt;My card is lost.&lt;/p&gt;",
        "---------- Forwarded message ----------\nold words",
    ],
)
def test_what_a_person_wrote_is_left(text):
    if text.startswith("---"):
        assert cleaned(text) == " ".join(text.split())  # nothing would be left: all of it stays
    else:
        assert cleaned(text) == "My card is lost."


@pytest.mark.parametrize(
    "text",
    ["> all of it is quoted\n> and nothing else", "-- \nonly a signature", "<style>a</style>", "5 < 7 and 8 > 3",
     "From: the start I was told: no", "On the phone they wrote down: nothing of it", "one - two -- three", ""],
)  # fmt: skip
def test_a_text_that_is_nothing_else_stays_whole(text):
    assert cleaned(text) == " ".join(text.split())


def test_the_preset_goes_on_as_general():
    assert cleaned("My CARD is <b>lost</b>!\n> old\n-- \nme", "mail") == "my card is lost"


def test_a_corpus_of_mails_is_told_which_cleaners_would_help():
    documents = [
        triage.Document(row=i, text=f"text {i}\n> old\n-- \nme <br>", label="a", id=str(i))
        for i in range(1, 20)
    ]
    said = " ".join(dataset_warnings(triage.Dataset("mails", documents)))
    assert all(f"19 of 19 texts hold {what}" in said for what in ("lines quoted", "the mark of", "HTML tags"))


def test_labels_that_differ_only_in_form_are_said_in_a_test_corpus_too():
    said = unseen_warnings({"Cards": 9, "1": 3}, {"cards ": 2, "1.0": 4, "1": 1, "Loans": 1})
    assert len(said) == 2
    assert "'cards ' (2), learned was 'Cards' (9)" in said[0]


def test_dates_in_the_future_and_dates_years_away_are_said():
    import datetime

    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=i % 60) for i in range(300)]
    days += [datetime.date(1987, 1, 1), datetime.date(2190, 1, 1)]
    documents = [
        triage.Document(row=i, text=f"t{i}", label="a", date=day) for i, day in enumerate(days, start=1)
    ]
    said = " ".join(dataset_warnings(triage.Dataset("dated", documents)))
    assert "1 dates lie in the future" in said
    assert "1 dates lie more than two years before all others" in said
    assert "1 dates lie more than two years after all others" in said
