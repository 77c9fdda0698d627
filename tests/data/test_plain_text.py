"""A pattern is tried on what a person reads, however it was written."""

import doctest

import pytest

from triage.data import plain_text
from triage.data.plain_text import plain_pattern, readings


@pytest.mark.parametrize(
    "text",
    [
        "stolen card",
        "stolen\ncard",
        "stolen\r\ncard",
        "stolen\rcard",
        "stolen\n> card",
        "stolen\n>> card",
        "> > stolen\n> > card",
        "stolen\n| card",
        "stolen\u2028card",
        "stolen\x0bcard",
        "stolen\tcard",
        "stolen   card",
        "stolen\u00a0card",
        "stolen\u202fcard",
        "stolen\u3000card",
        "stolen&nbsp;card",
        "stolen&#160;card",
        "stolen&#xA0;card",
        "stolen&amp;nbsp;card",
        "sto\u00adlen card",
        "stolen\u200b card",
        "stolen\u200bcard",
        "st\u200dolen card",
        "\u202astolen\u202c card",
        "stol\x00en card",
        "\uff53\uff54\uff4f\uff4c\uff45\uff4e \uff43\uff41\uff52\uff44",
        "\U0001d42c\U0001d42d\U0001d428\U0001d425\U0001d41e\U0001d427 \U0001d4b8\U0001d4b6\U0001d4c7\U0001d4b9",
        "\u24e2\u24e3\u24de\u24db\u24d4\u24dd card",
        "st\u043elen c\u0430rd",  # Cyrillic o and a
        "sto-\nlen card",
        "sto-\r\n  len card",
        "stol=\r\nen card",
        "<b>stolen</b> card",
        "stolen<br>card",
        "<p>stolen</p><p>card</p>",
        "&lt;b&gt;stolen&lt;/b&gt; card",
        "stolen <!-- note --> card",
        "st<wbr>olen card",
    ],
)
def test_two_words_are_found_however_they_are_set(text):
    assert any("stolen card" in form.lower() for form in readings(text)), readings(text)


def test_the_text_as_it_was_written_comes_first():
    assert readings("a\n> b")[0] == "a\n> b"


def test_a_text_that_is_plain_has_one_form():
    assert readings("it's a - plain text") == ["it's a - plain text"]


@pytest.mark.parametrize("text", ["5 > 3 and 2 < 4", "a|b", "x <3 y", "write to <me@example.org>"])
def test_signs_that_are_neither_quote_nor_tag_stay(text):
    assert readings(text) == [text]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("don\u2019t", "don't"),
        ("a\u2013b", r"a\-b"),
        ("stolen\u00a0card", "stolen card"),
        ("sto\u00adlen", "stolen"),
        ("\ufb01ne", "fine"),
        ("(a|b)+ c{2}", "(a|b)+ c{2}"),
        ("\uff08x\uff09", r"\(x\)"),
        ("wait\u2026", r"wait\.\.\."),
        (r"a\  b", r"a\  b"),
    ],
)
def test_a_pattern_is_brought_into_the_form_of_the_texts(written, plain):
    assert plain_pattern(written) == plain


def test_the_examples_hold():
    assert doctest.testmod(plain_text).failed == 0
