# ruff: noqa: RUF001 - look-alikes are what is tested
"""The built-in cleaners: what each step takes out, what it must leave, and the laws of the presets."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage_cleaners
from triage import BadOption, Cleaner, DataError, Plugins, Unavailable
from triage.data.cleaning import Cleaning, CleaningTimeout, build_cleaning
from triage.data.lookalikes import _DRESSED, _Kinds
from triage_cleaners._english import ENGLISH

PRESETS = ("complaints", "reviews", "general", "plain")
# What the steps look for, and what stands beside it where they could get in each other's way.
TRAPS = [
    "x", "X", "xx", "XXXX", "XX/XX/2021", "/", "2021", "n't", " n't", "'s", "'", "’", "ʼ", "&", "amp;", "#38;", "&lt;",
    "@", "a@b.c", "http://", "https://a.b/c", "www.", ":)", ":d", ":-(", "<3", "$", "{$1.00}", "the", "not", "don", "TAX",
    "а", "ж", "хх", "Ж", "е", "ο", "η", "Η", "é", "e\u0301", "\u0301", "\u0336", "\u0323", "İ", "I\u0307", "ß", "ﬁ", "ｘ",
    "Ａ", "ς", "Σ", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u202e", "\ud800", "\ufffd", "\u2028", "\x85", "\x00", "\x1c",
    "1", "٣", "½", "_", "#", "+", "-", ".", "!", "?", "“", "—", "ᴀ", "Ⱡ", "ı", "한", "ﾞ", "か", "中文", "हिन्दी", "🙂", "👍🏽", " ", "\n",
]  # fmt: skip
texts = st.text(max_size=40) | st.lists(st.sampled_from(TRAPS) | st.characters(), max_size=25).map("".join)


@pytest.fixture(scope="module")
def own() -> Plugins:
    return cleaners()


def cleaners() -> Plugins:
    found = Plugins(strict=True)
    found.register(triage_cleaners)
    return found


def clean(text: str, *steps: Any) -> str:
    return build_cleaning(cleaners(), steps)(text)


BUILT = {name: build_cleaning(cleaners(), [name]) for name in PRESETS}


# Masks, amounts, links, names


def test_tax_stays_tax_and_every_other_word_with_an_x_stays_whole() -> None:
    sentence = "the tax box of Xerox and Exxon in Texas is extra maximum next to xi"
    assert clean(sentence, "masks") == sentence
    assert BUILT["complaints"]("My TAX refund from Exxon") == "tax refund exxon"


@pytest.mark.parametrize(
    "text",
    [
        "on XX/XX/2021 he", "on XX/XX/XXXX he", "on XXXX/XXXX/2016 he", "on XX/XX/year he", "on XXXX XXXX he",
        "on XXXX he", "on xx-xx he", "onXX/XX/XXXX he", "on XXXXhe", "on XXXXXXXXXXXX he", "on XX XX XXXX he",
        "on XXX he",
    ],
)  # fmt: skip
def test_masks_go_in_all_their_forms(text: str) -> None:
    assert clean(text, "masks") == "on he"
    assert BUILT["complaints"](f"bank {text[2:]}".replace("year", "")) == "bank"


def test_a_run_of_masks_becomes_one_word_where_one_is_wanted() -> None:
    assert clean("on XX/XX/2021 XXXX XXXX paid", ("masks", {"replace": "mask"})) == "on mask paid"


def test_a_mask_never_cuts_a_word_of_another_script() -> None:
    assert clean("жxxxxж", "masks") == "жxxxxж"


def test_amounts_go() -> None:
    text = "paid {$120.00} and $1,200 and £5 and 20 euros, not 3 times"
    assert clean(text, "amounts") == "paid and and and , not 3 times"
    assert clean("paid {$120.00}", ("amounts", {"replace": "money"})) == "paid money"


def test_links_and_names_go_but_addresses_and_prices_stay() -> None:
    assert clean("see https://a.b/c?d=e or www.f.g now", "urls") == "see or now"
    assert clean("@bank tell me@home.org @é́x", "mentions") == "tell me@home.org"
    assert clean("a \\1 b@c @d", ("mentions", {"replace": "\\1"})) == "a \\1 b@c \\1"


# Characters


def test_entities_become_characters_also_when_escaped_twice() -> None:
    assert (
        clean("AT&amp;T &lt;b&gt; &amp;lt; &amp;amp;amp;quot;x&#39;&#x41;", "entities") == "AT&T <b> < \"x'A"
    )
    assert clean("R&D & co; &nosuchthing; &#99999999;", "entities") == "R&D & co; &nosuchthing; &#99999999;"


def test_a_number_of_a_million_digits_is_no_entity() -> None:
    text = f"&#{'9' * 1_000_000};"
    assert clean(text, "entities") == text


def test_full_width_and_ligatures_become_plain_and_the_invisible_goes() -> None:
    assert clean("Ｆｒａｕｄ ﬁne", "unicode") == "Fraud fine"
    assert clean("fr\u200ba\u00adu\u2060d\ufeff \u202ex\u202c\x00", "unicode") == "fraud x"
    assert clean("ﬁ", ("unicode", {"form": "NFC"})) == "ﬁ"


def test_line_and_paragraph_separators_part_words_and_lone_surrogates_are_replaced() -> None:
    assert clean("a\u2028b\u2029c\x85d\ud800", "unicode") == "a b c d\ufffd"


def test_of_many_marks_on_one_letter_thirty_stay() -> None:
    for crowd in ("e" + "\u0301\u0316" * 50, "か" + "\uff9e\u0301" * 50, "e" + "\u0344" * 50):
        once = clean(crowd, "unicode")
        assert once == clean(once, "unicode")
        assert len(once) in range(30, 33)


def test_lower_case_keeps_the_letters_that_word_lists_have() -> None:
    assert clean("DAß ISTANBUL İzmir ΟΔΟΣ", "lower") == "daß istanbul izmir οδος"


def test_look_alikes_in_latin_words_become_latin() -> None:
    assert clean("frаud οn my ассоunt", "confusables") == "fraud on my account"
    assert clean("a ꜱᴄᴀᴍ", "confusables") == "a scam"
    assert clean("f\u0336r\u0336aud café", "confusables") == "fraud café"
    assert clean("café naïve Łódź", ("confusables", {"accents": "strip"})) == "cafe naive Lodz"


@pytest.mark.parametrize(
    "text",
    [
        "кредит и счёт в банке",
        "cкидка",
        "Η τράπεζά μου έκλεισε",
        "σας παρακαλώ",
        "10 kΩ",
        "हिन्दी में",
        "β-blocker",
    ],
)
def test_words_of_other_scripts_are_left_alone(text: str) -> None:
    assert clean(text, "confusables") == text


def test_words_all_of_look_alikes_are_folded_only_where_asked_and_only_in_latin_texts() -> None:
    fold = ("confusables", {"alone": "fold"})
    assert clean("they made a сору of it", fold) == "they made a copy of it"
    assert clean("they made a сору of it", "confusables") == "they made a сору of it"
    assert clean("это сору, не копия", fold) == "это сору, не копия"


def test_a_letter_that_is_no_look_alike_does_not_become_one_in_lower_case() -> None:
    kinds = _Kinds()
    for code in range(sys.maxunicode + 1):
        if chr(code).lower() != chr(code) and kinds[code] == "o":
            assert "o" in {kinds[ord(low)] for low in unicodedata.normalize("NFC", chr(code).lower())}
        if chr(code).lower() in _DRESSED[0]:
            assert chr(code) in _DRESSED[0]


# Apostrophes, symbols, digits


@pytest.mark.parametrize(
    ("text", "contractions", "expected"),
    [
        ("It was n't mine , I 'm sure", "keep", "It wasn't mine , I'm sure"),
        ("It wasn’t mine", "keep", "It wasn't mine"),
        ("I don't, CAN'T", "join", "I dont, CANT"),
        ("I do n't and ca n't and won't", "expand", "I do not and can not and will not"),
        ("l'eau d'accord dell'arte", "join", "l'eau d'accord dell'arte"),
        ("the 'best' bank", "join", "the 'best' bank"),
    ],
)
def test_apostrophes(text: str, contractions: str, expected: str) -> None:
    assert clean(text, ("apostrophes", {"contractions": contractions})) == expected


def test_the_symbol_steps_are_those_of_the_seed_recipe() -> None:
    assert clean("a/b(c)d{e}f[g]h|i@j,k;l", "symbols") == "a b c d e f g h i j k l"
    assert clean("a.b!c #1 c++ d_e é \n f", "bad-symbols") == "abc #1 c++ d_e f"
    assert clean("a1b 22 c", "digits") == "ab c"
    assert clean("é1b ٣", "digits") == "éb"
    assert clean("a1b", ("digits", {"replace": "number"})) == "a number b"


def test_punctuation_goes_and_letters_of_every_script_stay() -> None:
    assert clean("Größe, naïve… «мир» — 中文。 हिन्दी! 👍", "punctuation") == "Größe naïve мир 中文 हिन्दी"
    assert clean("no!! 👍🏽 ok?", ("punctuation", {"alone": "!?", "emoji": "keep"})) == "no ! ! 👍 ok ?"


def test_smileys_become_words() -> None:
    assert (
        clean("fine :) or :-( and <3 at 8:30 (see 1:)", "smileys")
        == "fine smileygood or smileybad and smileygood at 8:30 (see 1:)"
    )


# Stop words


def test_the_english_list_is_that_of_nltk(real_data: pathlib.Path) -> None:
    path = real_data / "nltk_data" / "corpora" / "stopwords" / "english"
    if not path.is_file():
        pytest.skip("NLTK's list is not here")
    assert sorted(ENGLISH.split()) == sorted(path.read_text(encoding="utf-8").split())


def test_stop_words_go_and_negations_stay_unless_told() -> None:
    text = "it is not that i don't or do not know why nor was it no one"
    assert clean(text, "stop-words") == "not don't not know nor no one"
    assert clean(text, ("stop-words", {"negations": "drop"})) == "know one"


def test_words_can_be_kept_and_added() -> None:
    options = {"keep": ["why"], "words": ["bank", "no"]}
    assert clean("why no bank is here", ("stop-words", options)) == "why"


def test_the_words_to_keep_can_be_given_to_a_preset() -> None:
    assert clean("why is it TAX", ("complaints", {"keep": ["why"], "negations": "drop"})) == "why tax"


def folder_with(tmp_path: pathlib.Path, language: str, content: bytes) -> str:
    place = tmp_path / "corpora" / "stopwords"
    place.mkdir(parents=True)
    (place / language).write_bytes(content)
    return str(tmp_path)


def test_other_languages_come_from_the_folder_that_is_named(tmp_path: pathlib.Path) -> None:
    folder = folder_with(tmp_path, "german", "aber\nnicht\nu\u0308ber\n\n".encode())
    assert (
        clean("aber nicht über uns", ("stop-words", {"language": "german", "folder": folder})) == "nicht uns"
    )


def test_other_languages_come_from_where_nltk_looks(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NLTK_DATA", folder_with(tmp_path, "german", b"aber\n"))
    assert clean("aber ja", ("stop-words", {"language": "german"})) == "ja"


def test_the_words_are_in_the_steps_so_that_no_folder_is_needed_again(
    own: Plugins, tmp_path: pathlib.Path
) -> None:
    folder = folder_with(tmp_path, "german", b"aber\nnicht\n")
    built = build_cleaning(own, [("stop-words", {"language": "german", "folder": folder, "words": ["ach"]})])
    (tmp_path / "corpora" / "stopwords" / "german").unlink()
    again = build_cleaning(own, json.loads(json.dumps(built.steps)))
    assert again.steps == built.steps
    assert again.steps[0][1]["words"] == ("aber", "ach")
    assert again("aber ach ja nicht") == built("aber ach ja nicht") == "ja nicht"


def test_a_missing_list_says_which_file_to_make(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NLTK_DATA", folder_with(tmp_path, "german", b"aber\n"))
    with pytest.raises(Unavailable) as caught:
        clean("", ("stop-words", {"language": "germann"}))
    assert str(tmp_path / "corpora" / "stopwords" / "germann") in str(caught.value)
    assert "Did you mean german?" in str(caught.value)


def test_a_language_is_a_name_and_no_path(tmp_path: pathlib.Path) -> None:
    with pytest.raises(BadOption, match="language is a name"):
        clean("", ("stop-words", {"language": "../../etc/passwd", "folder": str(tmp_path)}))


def test_a_list_that_is_no_text_is_refused(tmp_path: pathlib.Path) -> None:
    folder = folder_with(tmp_path, "german", b"aber\n\xff\n")
    with pytest.raises(DataError, match="not UTF-8 at byte 5"):
        clean("", ("stop-words", {"language": "german", "folder": folder}))


# NLTK's stems and tweets


@pytest.mark.filterwarnings("ignore")  # NLTK imports half the field
def test_stems_and_tweets() -> None:
    assert clean("refunded fees charging", "stem") == "refund fee charg"
    assert clean("gebühren", ("stem", {"language": "german"})) == "gebuhr"
    assert clean("sooooo bad :( #fail @bank", "tweets") == "sooo bad :( #fail @bank"
    assert clean("hi @bank", ("tweets", {"handles": "drop"})) == "hi"
    with pytest.raises(BadOption, match=r"no stemmer for 'englisch'.*english"):
        clean("", ("stem", {"language": "englisch"}))


def test_presets_import_neither_nltk_nor_anything_else_that_is_slow() -> None:
    program = (
        "import sys, triage, triage_cleaners\n"
        "from triage.data.cleaning import build_cleaning\n"
        "found = triage.Plugins(strict=True)\n"
        "found.register(triage_cleaners)\n"
        "for name in ('complaints', 'reviews', 'general', 'plain'):\n"
        "    build_cleaning(found, [name])('Some words’')\n"
        "print([name for name in ('nltk', 'regex', 'sklearn', 'pandas', 'scipy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# A user's own pattern


def test_a_pattern_of_your_own() -> None:
    assert clean("ref. 12 and REF. 13", ("regex", {"pattern": r"(?i)ref\. \d+"})) == "and"
    assert clean("ab", ("regex", {"pattern": "(?P<one>a)(b)", "replace": r"\2\g<one>"})) == "ba"


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$"])
def test_a_pattern_without_end_is_stopped_within_its_budget_and_named(pattern: str) -> None:
    step = build_cleaning(cleaners(), [("regex", {"pattern": pattern, "seconds": 0.2})])
    text = "a" * 50_000 + "b"
    start = time.monotonic()
    with pytest.raises(CleaningTimeout) as caught:
        step(text)
    assert time.monotonic() - start < 5
    assert caught.value.cleaner == "regex"
    assert repr(pattern) in str(caught.value)
    assert "aaaa" not in str(caught.value)
    assert step("ab") == "ab"


@pytest.mark.parametrize(
    "options",
    [
        {"pattern": "("},
        {"pattern": "(a)", "replace": r"\2"},
        {"pattern": "(a)", "replace": r"\g<name>"},
        {"pattern": "a{100000000}"},
        {"pattern": "((a{1000}){1000}){1000}"},
        {"pattern": "a" * 10_001},
        {"pattern": "a", "seconds": 0},
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_before_any_text(options: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="regex"):
        clean("", ("regex", options))


# Secrets


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ("jane.o'neil+bank@mail.example.co.uk", "maskedemail"),
        ("4111 1111 1111 1111", "maskedcard"),
        ("12 4111-1111-1111-1111", "maskedcard"),
        ("5500005555555559", "maskedcard"),
        ("378282246310005", "maskedcard"),
        ("GB29 NWBK 6016 1331 9268 19", "maskediban"),
        ("de89370400440532013000", "maskediban"),
        ("078-05-1120", "maskedssn"),
        ("(555) 123-4567", "maskedphone"),
        ("555-123-4567", "maskedphone"),
        ("+44 20 7946 0958", "maskedphone"),
        ("account number 4402-11", "maskedaccount"),
        ("Acct #: AB-99812", "maskedaccount"),
        ("000123456789", "maskedaccount"),
    ],
)
def test_secrets_are_masked_and_nothing_of_them_is_left(secret: str, word: str) -> None:
    cleaned = clean(f"my {secret} was used by them", "secrets")
    assert word in cleaned
    assert not any(character.isdigit() for character in cleaned.replace("12 masked", ""))
    assert cleaned.endswith("was used by them")
    for preset in ("complaints", "general"):
        assert word in clean(f"my {secret} was used", "secrets", preset)


def test_what_is_no_secret_stays() -> None:
    text = "on 2021-03-04 I paid $1,234,567.00 for 3 items, 12345 Main St, case closed in 2020, 10:30"
    assert clean(text, "secrets") == text


def test_only_the_kinds_that_are_named_are_masked() -> None:
    text = "a@b.org 4111 1111 1111 1111"
    assert clean(text, ("secrets", {"kinds": ["card"]})) == "a@b.org maskedcard"
    with pytest.raises(BadOption, match="kinds"):
        clean(text, ("secrets", {"kinds": ["name"]}))


@given(st.integers(10**11, 10**18 - 1), st.sampled_from(["", " ", "-"]))
def test_every_number_with_a_right_check_digit_is_a_card(number: int, between: str) -> None:
    digits = next(
        f"{number}{last}" for last in range(10) if triage_cleaners._secrets._luhn(f"{number}{last}")
    )
    written = between.join(digits[place : place + 4] for place in range(0, len(digits), 4))
    if len(digits) >= 13:
        assert clean(f"card {written} here", "secrets") == "card maskedcard here"


# The presets


def test_the_complaints_preset_is_the_seed_recipe_with_masks_for_letters() -> None:
    text = (
        "I paid {$120.00} in TAX on XX/XX/2021 to XXXX XXXX (my bank);\nthey re-opened account #12 [closed] "
        "&amp; did not answer/call: it wasn't me"
    )
    assert BUILT["complaints"](text) == "paid tax bank reopened account # closed not answer call wasnt"


@pytest.mark.parametrize(
    "disguised",
    [
        "my сору of thе frаud on mу ассоunt is fake",
        "Ｍｙ ｃｏｐｙ of the ｆｒａｕｄ on my account is fake",
        "my c\u200bo\u00adp\u2060y of the fr\ufeffaud on my acco\u200dunt is fake",
        "my c\u0336o\u0336p\u0336y\u0336 of the fráùd on my accöunt is fake",
        "my copy of the ꜰʀᴀᴜᴅ on my account is ꜰᴀᴋᴇ",
        "my copy of the &#102;raud on my &amp;#97;ccount is fake",
    ],
)
def test_a_disguised_complaint_becomes_the_plain_one(disguised: str) -> None:
    assert BUILT["complaints"](disguised) == "copy fraud account fake"


def test_the_reviews_preset_keeps_what_tells_a_mood() -> None:
    text = "@AcmeAir it was n't bad at all :) &amp; NOT late!! http://t.co/x 👍"
    assert BUILT["reviews"](text) == "it wasnt bad at all smileygood not late ! ! 👍"


@pytest.mark.parametrize(
    "text",
    [
        "der kunde wurde nicht zurückgerufen schön", "le crédit a été refusé à l été", "мне не вернули деньги за счёт",
        "η τράπεζά μου δεν απάντησε", "البنك لم يرد على شكواي", "बैंक ने जवाब नहीं दिया", "銀行は返金してくれません",
        "은행이 환불해 주지 않았습니다", "ngân hàng không hoàn tiền", "ธนาคารไม่คืนเงิน", "হিসাব বন্ধ করা হয়নি".replace("\u09df", "\u09af\u09bc"),
    ],
)  # fmt: skip
def test_every_language_survives_general(text: str) -> None:
    assert BUILT["general"](text.upper() if text.islower() else text) in (text, text.lower())


def test_plain_changes_no_visible_character() -> None:
    text = "I was n't told: TAX of {$120.00}, XX/XX/2021 & café"
    assert BUILT["plain"](text) == text


def test_a_line_separator_does_not_hide_a_mask() -> None:
    assert BUILT["complaints"]("AXXXX\u2028") == ""


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_cleaning_twice_is_cleaning_once(preset: str, text: str) -> None:
    once = BUILT[preset](text)
    assert BUILT[preset](once) == once


@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_every_step_takes_any_text_and_can_be_written_as_utf8(text: str) -> None:
    for step in EVERY_STEP:
        step(text).encode("utf-8")


@given(text=texts)
def test_complaints_are_made_of_small_letters_and_three_symbols(text: str) -> None:
    assert set(BUILT["complaints"](text)) <= set("abcdefghijklmnopqrstuvwxyz #+_")


EVERY_STEP: list[Cleaning] = [
    build_cleaning(cleaners(), [name])
    for name in cleaners().names(Cleaner)
    if name not in ("regex", "stem", "tweets")
]
HUGE = {
    "10 MB without a space": "ab" * 5_000_000,
    "10 MB of x": "x" * 10_000_000,
    "10 MB of digits": "1" * 10_000_000,
    "numbers in a row": "1 " * 1_000_000,
    "marks of two classes": "a" + "\u0301\u0316" * 100_000,
    "voice marks": "\uff9e\u0301" * 100_000,
    "at signs": "a@" * 500_000,
    "dots and at signs": "a.b-" * 500_000 + "@",
    "ampersands": "&amp;" * 300_000 + "amp;" * 300_000,
    "open links": "http://" * 300_000,
    "apostrophes": " n't'" * 300_000,
    "smileys": ":-" * 500_000,
    "amounts": "$1,1" * 300_000,
    "look-alikes": "аb" * 500_000,
    "masks": "xx/" * 500_000,
    "accounts": "account number " * 100_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_the_time_stays_linear(name: str) -> None:
    text = HUGE[name]
    for step in EVERY_STEP:
        part, whole = (seconds(step, text[: len(text) // share]) for share in (8, 1))
        # Eight times the text takes eight times the time; a square would take 64 times.
        assert whole < max(24 * part, 2.0), f"{step.steps[-1][0]} took {part:.2f} s and {whole:.2f} s"


def seconds(step: Cleaning, text: str) -> float:
    start = time.process_time()
    step(text)
    return time.process_time() - start
