"""Pictures as one ``<svg>`` element: a few shapes in points, axes with round numbers, and words that remain text.

There is nothing else in them: no identifiers, no styles of their own, no fonts; equal pictures are equal texts.
"""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from xml.sax.saxutils import escape, quoteattr

from relugeom.report.palette import FRAME, text_width

__all__ = ["TITLE", "Picture", "label_room", "number", "round_numbers"]

LETTER = 5.1
"""Points for a narrow letter of the usual size."""
SMALL, USUAL, TITLE = 8.0, 9.0, 10.0


class Picture:
    """Shapes under construction, in points, from the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def line(self, x: float, y: float, to_x: float, to_y: float, **style: str | float) -> None:
        """A line; style as attributes of SVG, with _ for -."""
        ends: dict[str, str | float] = {"x1": x, "y1": y, "x2": to_x, "y2": to_y, "stroke": FRAME}
        self._add("line", ends | style)

    def grid_line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """A thin line to read numbers by."""
        self.line(x, y, to_x, to_y, stroke_width=0.6, stroke_opacity=0.3)

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A bar that may go to the left."""
        left, size = min(x, x + width), abs(width)
        self._add("rect", {"x": left, "y": y, "width": size, "height": height, "fill": colour})

    def disc(self, x: float, y: float, radius: float, colour: str, **style: str | float) -> None:
        """A disc."""
        place: dict[str, str | float] = {"cx": x, "cy": y, "r": radius, "fill": colour}
        self._add("circle", place | style)

    def path(self, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        """Lines from point to point."""
        joined = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self._add("polyline", {"points": joined, "fill": "none", "stroke": colour, "stroke-width": width})

    def words(self, x: float, y: float, text: str, *, anchor: str = "start", size: float = USUAL) -> None:
        """Text, whose line stands at y."""
        attributes = _attributes({"x": x, "y": y, "text-anchor": anchor, "font-size": size})
        self._parts.append(f"<text{attributes}>{escape(text)}</text>")

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str]]) -> None:
        """Colours and what they mean, one below the other."""
        for place, (colour, text) in enumerate(entries):
            self.bar(x, y + 13 * place, 16, 6, colour)
            self.words(x + 22, y + 13 * place + 6, text, size=SMALL)

    def element(self) -> str:
        """The picture as text."""
        width, height = _short(self.width), _short(self.height)
        size = f'width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{"".join(self._parts)}</svg>'

    def _add(self, kind: str, attributes: dict[str, str | float]) -> None:
        self._parts.append(f"<{kind}{_attributes(attributes)}/>")


def round_numbers(low: float, high: float, *, most: int = 5, whole: bool = False) -> list[float]:
    """Round numbers between two others, at most so many, with steps of 1, 2 or 5 times a power of 10."""
    width = high / most - low / most
    if not isfinite(width) or width <= 0:
        return []
    power = 10.0 ** floor(log10(width))
    step = next((factor * power for factor in (1, 2, 5, 10) if factor * power >= width), 0.0)
    step = max(step, 1.0) if whole else step
    if step <= 0:
        return []
    return [place * step for place in range(ceil(low / step), floor(high / step) + 1)]


def number(value: float) -> str:
    """A number beside an axis."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def label_room(labels: Sequence[str]) -> float:
    """Points that the longest of some labels takes."""
    return LETTER * max(map(text_width, labels), default=0.0) + 8.0


def _attributes(values: dict[str, str | float]) -> str:
    return "".join(
        f" {name.replace('_', '-')}={quoteattr(value if isinstance(value, str) else _short(value))}"
        for name, value in values.items()
    )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
