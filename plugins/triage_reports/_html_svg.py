"""From a matplotlib figure to SVG in a page: colours that follow the page, ids of its own, words for ears."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from xml.etree import ElementTree

from triage.plugin_api import Markup, element, join

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLORS", "axes", "inline", "picture", "styled"]

P = ParamSpec("P")
T = TypeVar("T")

# matplotlib wants colours now, the page knows them later (light, dark, print): these stand for its variables.
COLORS: Mapping[str, str] = {
    name: f"#0000{number:02x}"
    for number, name in enumerate(
        ("ink", "soft", "line", "paper", "right", "wrong", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"),
        start=1,
    )
}
"""What to give matplotlib for a colour of the page: the CSS variable of this name takes its place."""

_VARIABLES = {color: f"var(--{name})" for name, color in COLORS.items()}
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": COLORS["line"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": COLORS["soft"],
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "grid.color": COLORS["line"],
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "triage",
    "text.color": COLORS["ink"],
    "text.parse_math": False,
    "xtick.color": COLORS["soft"],
    "xtick.labelsize": 9.5,
    "ytick.color": COLORS["soft"],
    "ytick.labelsize": 9.5,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
}
_KEPT = frozenset({"svg", "g", "path", "use", "text", "tspan", "defs", "clipPath", "rect"})
_ATTRIBUTES = frozenset({"clip-path", "d", "height", "id", "style", "transform", "width", "x", "y", "href"})
_LONG = re.compile(r"(-?\d+\.\d\d)\d+")
_HEX = re.compile(r"#0000[0-9a-f]{2}")
_FONT = re.compile(r"font:\s*(?:\w+ )*([\d.]+)px[^;]*")
_POINTED = re.compile(r"#([\w-]+)")
_TOKEN = re.compile(r"\{(\d+)\}")


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Let a function draw in the page's style; matplotlib's settings are as they were when it returns."""

    @functools.wraps(draw)
    def drawing(*args: P.args, **kwargs: P.kwargs) -> T:
        import matplotlib as mpl

        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return drawing


def axes(width: float = 420, height: float = 300, *, left: float = 52, bottom: float = 42) -> Axes:
    """Return the axes of a new figure; sizes in px, at which its letters have 10 px. Call it in `styled`.

    Only the object-oriented interface of matplotlib is used: no figure is registered anywhere. Words of
    strangers do not go into it (it would measure letters that its font lacks); see `words` of `inline`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    return figure.add_axes(
        (left / width, bottom / height, (width - left - 14) / width, (height - bottom - 14) / height)
    )


def inline(drawn: Axes, *, key: str, title: str, description: str, words: Sequence[str] = ()) -> Markup:
    """Return the figure of `drawn` as an `<svg>` for a page; the same figure gives the same bytes.

    Args:
        drawn: what `axes` returned.
        key: begins every id in it; each figure of a page needs another.
        title: what the picture is.
        description: what it shows, in words, for those who do not see it.
        words: the text `{0}` in the figure becomes `words[0]`, and so on.
    """
    figure: Any = drawn.figure  # the stubs allow for a part of a figure, which is never made here
    root = _parsed(figure)
    _, _, width, height = (float(number) for number in root.get("viewBox", "0 0 0 0").split())
    used = {
        name for node in root.iter() for value in node.attrib.values() for name in _POINTED.findall(value)
    }
    body = join(_converted(node, key, used, words) for node in root)
    return picture(body, width=width, height=height, key=key, title=title, description=description)


def picture(
    body: Markup,
    *,
    width: float,
    height: float,
    key: str,
    title: str,
    description: str,
    least: float = 0.0,
    most: float = 1.4,
) -> Markup:
    """Return an `<svg>` as wide as its place, at most `most` times its size, and at least `least` px wide."""
    size = f"max-width:{width * most:.0f}px" + (f";min-width:{least:.0f}px" if least else "")
    return element(
        "svg",
        element("title", title, id=f"{key}-t"),
        element("desc", description, id=f"{key}-d"),
        body,
        **{"viewBox": f"0 0 {width:g} {height:g}", "aria-labelledby": f"{key}-t {key}-d"},
        role="img",
        style=size,
    )


def _parsed(figure: Figure) -> ElementTree.Element:
    out = io.StringIO()
    nothing: Any = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", metadata=nothing)
    return ElementTree.fromstring(out.getvalue())  # noqa: S314 - matplotlib wrote it a line above


def _converted(node: ElementTree.Element, key: str, used: set[str], words: Sequence[str]) -> Markup | None:
    name = _local(node.tag)
    if name not in _KEPT:
        return None
    attributes: dict[str, str] = {}
    for attribute, value in node.attrib.items():
        plain = _local(attribute)
        if plain not in _ATTRIBUTES or (plain == "id" and value not in used):
            continue
        attributes[plain] = f"{key}-{value}" if plain == "id" else _value(value, key)
    children = [made for child in node if (made := _converted(child, key, used, words)) is not None]
    if name in ("g", "defs") and not children:
        return None
    if name == "g" and not attributes:
        return join(children)
    return element(name, *_texts(node, words), *children, **attributes)


def _texts(node: ElementTree.Element, words: Sequence[str]) -> Iterator[str]:
    text = (node.text or "").strip()
    if text:
        token = _TOKEN.fullmatch(text)
        yield words[int(token[1])] if token else text


def _value(value: str, key: str) -> str:
    short = _LONG.sub(r"\1", " ".join(value.split()))
    colored = _HEX.sub(lambda found: _VARIABLES.get(found[0], found[0]), short)
    # What is left with a # points to an id of this figure.
    return _FONT.sub(r"font-size:\1px", _POINTED.sub(rf"#{key}-\1", colored))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
