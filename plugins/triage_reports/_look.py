"""How things look on the console at hand: colours where it has them, other signs where it does not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.plugin_api import safe_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["RGB", "Look", "columns", "contrast", "pad", "rgb"]

RGB = tuple[int, int, int]

# Blue for right and orange for wrong: the pair that colour-blind eyes tell apart best.
# From the share 0 to the share 1, on a dark and on a light background.
_RIGHT: dict[bool, tuple[RGB, RGB]] = {
    False: ((24, 44, 70), (96, 176, 255)),
    True: ((224, 236, 250), (32, 104, 190)),
}
_WRONG: dict[bool, tuple[RGB, RGB]] = {
    False: ((58, 40, 26), (255, 158, 54)),
    True: ((253, 238, 222), (206, 92, 8)),
}
_BLACK: RGB = (0, 0, 0)
_WHITE: RGB = (255, 255, 255)
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Look:
    """What the console can show.

    Attributes:
        width: its columns.
        color: whether cells can be shaded by their background.
        ascii: whether it has nothing but ASCII.
        light: whether its background is light, as far as `COLORFGBG` tells.
    """

    width: int
    color: bool
    ascii: bool
    light: bool = False

    @classmethod
    def of(cls, console: Console) -> Look:
        """Ask the console."""
        shades = console.color_system in ("truecolor", "256") and not console.no_color
        background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
        return cls(
            width=console.width,
            color=shades,
            ascii=console.options.ascii_only,
            light=background in ("7", "15"),
        )

    @property
    def arrow(self) -> str:
        """From one thing to another."""
        return "->" if self.ascii else "→"

    @property
    def right(self) -> str:
        """The style of lines and bars for what is right."""
        return _hex(_RIGHT[self.light][1]) if self.color else "blue"

    @property
    def wrong(self) -> str:
        """The style of lines and bars for what is wrong."""
        return _hex(_WRONG[self.light][1]) if self.color else "yellow"

    @property
    def between(self) -> str:
        """What stands between the parts of a line."""
        return " | " if self.ascii else " · "

    @property
    def nothing(self) -> str:
        """What stands for zero in a table of numbers."""
        return "." if self.ascii else "·"

    @property
    def densities(self) -> str:
        """Five signs from light to dark, for shares of 0, and up to 10, 25, 50 and 100%."""
        return " .:*#" if self.ascii else " ░▒▓█"

    def density(self, share: float) -> str:
        """Return the sign for a share of a row."""
        steps = (0.0, 0.1, 0.25, 0.5)
        return self.densities[sum(share > step for step in steps)]

    def bar(self, share: float, width: int) -> str:
        """Return a bar of at most `width` columns for a share in [0, 1]; never empty for more than 0."""
        share = min(max(share, 0.0), 1.0) if share == share else 0.0
        if self.ascii:
            return "#" * (max(round(share * width), 1) if share else 0)
        eighths = max(round(share * width * 8), 1) if share else 0
        return (_EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()

    def shade(self, share: float, *, right: bool) -> str:
        """Return the Rich style of a cell that holds `share` of its row, right or wrong."""
        back = rgb(share, right=right, light=self.light)
        front = max((_BLACK, _WHITE), key=lambda color: contrast(color, back))
        return f"{_hex(front)} on {_hex(back)}"

    def line(self, *parts: str | tuple[str, str]) -> Text:
        """Return a line of plain or (text, style) parts that is cropped, never wrapped.

        The parts are our own words and numbers, or have been through `pad` or `safe_text`.
        """
        from rich.text import Text

        line = Text.assemble(*parts, no_wrap=True, overflow="crop")
        line.rstrip()
        return line

    def heading(self, title: str, remark: str = "") -> Text:
        """Return the title of a section, and a remark beside it where there is room."""
        fits = len(title) + 2 + len(remark) <= self.width
        return self.line("\n", (title, "bold"), "  ", (remark if fits else "", "dim"))

    def wrapped(self, parts: Iterable[str], *, style: str = "", between: str | None = None) -> list[Text]:
        """Return parts made safe and joined by dots, or what is given, on as many lines as they need."""
        lines, line = [], ""
        between = self.between if between is None else between
        for part in (safe_text(part, width=self.width) for part in parts):
            joined = line + between + part if line else part
            if line and _columns(joined) > self.width:
                lines.append(line)
                joined = part
            line = joined
        return [self.line((words, style)) for words in (*lines, line) if words]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` made safe and exactly `width` columns wide, cut with an ellipsis where it is longer."""
    safe = safe_text(text, width=width)
    space = " " * (width - _columns(safe))
    return space + safe if right else safe + space


def rgb(share: float, *, right: bool, light: bool) -> RGB:
    """Return the background for a share in [0, 1]; small shares are spread out, errors being small shares."""
    low, high = (_RIGHT if right else _WRONG)[light]
    way = min(max(share, 0.0), 1.0) ** (1.0 if right else 0.6)
    red, green, blue = (round(a + (b - a) * way) for a, b in zip(low, high, strict=True))
    return red, green, blue


def contrast(one: RGB, other: RGB) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: RGB) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def columns(text: str, *, most: int) -> int:
    """Return how many columns `text` takes when made safe and cut to `most`."""
    return _columns(safe_text(text, width=most))


def _columns(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
