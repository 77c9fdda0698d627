import io
import os
import re
import subprocess
import sys
import time
import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from rich.cells import cell_len

from triage import Decision
from triage.io.terminal import cell, console, decisions_table, safe_text, write_data

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSEEN = list("\u00ad\u034f\u115f\u180e\u200b\u200c\u200d\u2060\u3164\ufe0f\ufeff\U000e0041\U000e0101")
BREAKS = list("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
SURROGATES = ["\ud800", "\udfff"]

anything = st.text(
    st.characters(exclude_categories=()) | st.sampled_from(CONTROLS + BIDI + UNSEEN + SURROGATES)
)


def is_harmless(character):
    # Number signs of Arabic and the like are format characters that are seen.
    seen = unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return seen and character not in UNSEEN


@given(anything)
@example("".join(CONTROLS + BIDI + UNSEEN + BREAKS + SURROGATES))
def test_nothing_but_what_can_be_seen_comes_out(text):
    safe = safe_text(text)
    assert all(map(is_harmless, safe))
    assert len(safe.splitlines()) <= 1
    safe.encode("utf-8")


@given(anything)
def test_what_is_safe_stays_as_it_is(text):
    assert safe_text(safe_text(text)) == safe_text(text)


@given(anything, st.integers(0, 60))
@example("中文字" * 9, 10)
@example("\u200b" * 5000 + "end", 10)
def test_a_width_is_never_exceeded_and_only_what_is_too_long_is_cut(text, width):
    whole, cut = safe_text(text), safe_text(text, width=width)
    assert cell_len(cut) <= width
    if cell_len(whole) <= width:
        assert cut == whole
    elif width:
        assert cut.endswith("…")
        assert whole.startswith(cut[:-1])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, [/b] [link=x] :bomb:", "plain text, [/b] [link=x] :bomb:"),
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x9b31mred", "\ufffd31mred"),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("\ufeffbill\u202egpj.exe", "billgpj.exe"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("del\x7f", "del␡"),
        ("नमस्ते Ünïcödé 中文 🙂", "नमस्ते Ünïcödé 中文 🙂"),
    ],
)
def test_it_is_shown_as(text, shown):
    assert safe_text(text) == shown


def test_few_marks_may_stand_on_one_letter():
    assert (
        safe_text("e" + "\u0301" * 50_000 + "x" + "\u0302\u0303" * 9)
        == "e" + "\u0301" * 4 + "x\u0302\u0303\u0302\u0303"
    )
    assert safe_text("a" + "\u0301\u200b" * 50) == "a" + "\u0301" * 4, (
        "zero-width characters do not hide marks"
    )


@pytest.mark.parametrize("unit", ["a", "é\n", "\u0301", "\u200b", "中", "\x1b"])
def test_ten_megabytes_take_seconds_at_most(unit):
    text = unit * (10_000_000 // len(unit))
    started = time.perf_counter()
    safe_text(text)
    safe_text(text, width=40)
    assert time.perf_counter() - started < 10


def printed(*things, width=100, monkeypatch=None, **settings):
    page = io.StringIO()
    made = console(file=page, width=width, **settings)
    for thing in things:
        made.print(thing)
    return page.getvalue()


def test_a_cell_reads_no_markup_and_no_emoji_codes():
    text = "[b]x[/b] [/b] [amount] [link=https://a.example]y[/link] :bomb:"
    assert printed(cell(text)) == text + "\n"
    assert cell(text).plain == text


def test_a_plain_string_on_the_console_is_printed_as_it_is():
    assert printed("[/b] [amount] :bomb: 1.5") == "[/b] [amount] :bomb: 1.5\n"


def test_quiet_prints_nothing():
    assert printed(cell("x"), quiet=True) == ""


class Screen(io.StringIO):
    """A terminal, as far as anyone can tell."""

    encoding = "utf-8"

    def isatty(self):
        return True


def test_colours_reach_a_terminal_and_no_color_takes_every_code_away(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen()
    console(file=screen, width=80).print(cell("x", style="bold red"))
    assert "\x1b[" in screen.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    console(file=screen, width=80).print(cell("x", style="bold red"))
    assert screen.getvalue() == "x\n"


def test_a_pipe_gets_no_escape_code_and_a_hundred_columns(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    page = io.StringIO()
    made = console(file=page)
    made.print(cell("x", style="bold red"))
    assert page.getvalue() == "x\n"
    assert made.width == 100
    monkeypatch.setenv("COLUMNS", "60")
    assert console(file=page).width == 60


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_no_encoding_makes_printing_fail_or_lines_shift(encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    made = console(file=stream, width=60)
    made.print("wide 中文 dash \u2013 lone \ud800 end")
    stream.flush()
    assert cell_len(raw.getvalue().decode(encoding).rstrip("\n")) == cell_len("wide 中文 dash - lone ? end")


def decided(row=1, **changes):
    known = {"id": "", "action": "route", "queue": "Cards", "label": "Cards", "confidence": 0.93}
    known |= {"threshold": 0.8, "reasons": ("confident",)}
    return Decision(row=row, **(known | changes))


def test_decisions_are_shown_one_a_line_within_the_console():
    decisions = [
        decided(),
        decided(
            2, action="review", queue="Queue " * 20, confidence=0.41, reasons=("below_threshold", "ambiguous")
        ),
        decided(3, action="review", queue=None, confidence=None, reasons=("empty_after_cleaning",)),
    ]
    texts = ["I lost my card [/b] :bomb: \x1b]0;owned\x07 " * 9, "中文字" * 50, ""]
    for width in (60, 80, 100, 160):
        lines = printed(decisions_table(decisions, texts), width=width).splitlines()
        assert len(lines) == 2 + len(decisions)
        assert all(cell_len(line) <= width for line in lines)
        assert not any("\x1b" in line for line in lines)
    wide = printed(decisions_table(decisions, texts), width=200)
    for word in (
        "I lost my card [/b] :bomb: ␛",
        "route",
        "Cards",
        "0.93",
        "below_threshold, ambiguous",
        "review",
    ):
        assert word in wide


def test_columns_of_decisions_stay_straight_with_wide_characters():
    table = decisions_table([decided(), decided(2)], ["plain words " * 20, "中文🙂字" * 20])
    lines = printed(table).splitlines()[2:]
    starts = {cell_len(line[: line.index("route")]) for line in lines}
    assert len(starts) == 1


def test_as_many_texts_as_decisions_are_needed():
    with pytest.raises(ValueError, match="1 decisions and 2 texts"):
        decisions_table([decided()], ["a", "b"])


def run(code, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, timeout=60, check=False
    )


def test_a_plain_locale_gets_ascii_and_no_error():
    queue, text = ascii("Kärten 中"), ascii("smörgås \ud800 \x1b[31m …")
    code = (
        "from triage.io.terminal import *\nfrom triage import Decision\n"
        f"d = Decision(row=1, id='', action='route', queue={queue}, label='x', confidence=0.9, threshold=None,"
        " reasons=('confident',))\n"
        f"console().print(decisions_table([d], [{text}]))\n"
    )
    done = run(code, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rb"[\n\x20-\x7e]+", done.stdout)
    assert b"route" in done.stdout


def test_nothing_heavy_is_imported_before_something_is_printed():
    done = run(
        "import sys, triage.io.terminal; print(sorted({'rich.console', 'rich.table', 'regex'} & set(sys.modules)))"
    )
    assert done.stdout.strip() == b"[]"


class Pipe(io.TextIOWrapper):
    def __init__(self, encoding):
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding=encoding, newline="")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_data_in_a_pipe_is_exact_whatever_the_locale(monkeypatch, encoding):
    pipe = Pipe(encoding)
    monkeypatch.setattr(sys, "stdout", pipe)
    lines = ["a,\x1b[31m\r\n", "é \ud800\u202e\n", "last"]
    write_data(lines)
    assert pipe.raw_bytes.getvalue().decode("utf-8", "surrogatepass") == "".join(lines)


def test_data_on_a_terminal_can_only_be_looked_at(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    write_data(["a,\x1b]0;owned\x07\r\n", '"two\nlines \ud800"\r\n'])
    assert screen.getvalue() == 'a,␛]0;owned␇\n"two lines \ufffd"\n'
