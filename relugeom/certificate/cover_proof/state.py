"""The state at a node of a covering tree: box, proved bounds of units, splits on the path, contradictions."""

from collections.abc import Mapping
from dataclasses import dataclass

from relugeom.certificate.cover_proof.pair_lines import SLOPE_BITS, PairEnds, PairLine, line_above
from relugeom.certificate.cover_proof.problem import CoverProblem

__all__ = ["SLOPE_BITS", "CoverState", "LevelLines", "root_state"]


@dataclass(frozen=True, slots=True)
class LevelLines:
    """What bounds relu(z) of the units of a level: below · z for a coefficient < 0, above · z + shift for one > 0.

    Attributes
    ----------
    alive
        Units of the level that are not inactive, counted from its first; the others are 0.
    below, above
        Slopes over 2^SLOPE_BITS, one per unit that is alive.
    shifts
        (place among these, shift) where that is not 0, over 2^(SLOPE_BITS + that of the level's bounds).
    unlimited
        Places of units that nothing bounds above.
    """

    alive: list[int]
    below: list[int]
    above: list[int]
    shifts: list[tuple[int, int]]
    unlimited: list[int]


@dataclass(slots=True)
class CoverState:
    """What is known at a node; copied before it goes down a side.

    Attributes
    ----------
    lower, upper
        The box over 2^exponent.
    low, high
        Proved bounds of units, and of differences of pairs behind them, integers over 2^B of their level; None if there
        is none.
    signs
        1 or −1 for units that are split on the path: the row sign · z ≥ 0 holds.
    slopes
        Lower slopes over 2^SLOPE_BITS of units, and shares of pairs behind them, where they were set.
    cuts
        Bisections and branches on the path.
    contradiction
        Whether the cell was found to be empty.
    paired_at
        What `sides_of_pairs` was when the pairs of the first level were bounded last.
    """

    problem: CoverProblem
    lower: list[int | None]
    upper: list[int | None]
    low: list[int | None]
    high: list[int | None]
    signs: dict[int, int]
    slopes: dict[int, int]
    cuts: int
    contradiction: bool
    _lines: list[LevelLines | None]
    _pair_lines: list[list[PairLine | None] | None]
    paired_at: tuple[int | None, ...] | None = None

    def copy(self) -> "CoverState":
        """An equal state that can change by itself."""
        return CoverState(
            self.problem,
            self.lower[:],
            self.upper[:],
            self.low[:],
            self.high[:],
            self.signs.copy(),
            self.slopes.copy(),
            self.cuts,
            self.contradiction,
            self._lines[:],
            self._pair_lines[:],
            self.paired_at,
        )

    def sides_of_pairs(self) -> tuple[int | None, ...] | None:
        """The sides on which differences of the first level depend alone; None if it may be on all."""
        if not self.problem.is_of_one_network:
            return None
        own = [place for pair in zip(*self.problem.columns, strict=True) if pair[0] != pair[1] for place in pair]
        return tuple(side[place] for place in own for side in (self.lower, self.upper))

    def cut(self, column: int, value: int, *, above: bool) -> None:
        """Go to the side x ≥ value or x ≤ value of an input, a value over 2^exponent."""
        lower, upper = self.lower[column], self.upper[column]
        self.cuts += 1
        if above:
            self.lower[column] = lower = value if lower is None else max(lower, value)
        else:
            self.upper[column] = upper = value if upper is None else min(upper, value)
        if lower is not None and upper is not None and lower > upper:
            self.contradiction = True
        self.check_groups()

    def split(self, unit: int, *, above: bool) -> None:
        """Go to the side z ≥ 0 or z ≤ 0 of a unit."""
        self.signs[unit] = 1 if above else -1
        self.tighten(unit, 0 if above else None, None if above else 0)

    def tighten(self, unit: int, low: int | None, high: int | None) -> None:
        """Take new bounds of a unit or of a pair where they are better, and what follows from them."""
        self._take(unit, low, high)
        if pairs := self.problem.pairs:
            pair = unit % pairs
            first, second, both = pair, pair + pairs, pair + 2 * pairs
            (low, high), (low2, high2) = (self.low[first], self.high[first]), (self.low[second], self.high[second])
            fall, rise = self.low[both], self.high[both]
            self._take(second, _plus(low, fall), _plus(high, rise))
            self._take(first, _minus(low2, rise), _minus(high2, fall))

    def _take(self, unit: int, low: int | None, high: int | None) -> None:
        old_low, old_high = self.low[unit], self.high[unit]
        if low is None or (old_low is not None and old_low > low):
            low = old_low
        if high is None or (old_high is not None and old_high < high):
            high = old_high
        self.low[unit], self.high[unit] = low, high
        self._forget(unit)
        if low is not None and high is not None and low > high:
            self.contradiction = True

    def pair_lines(self, level: int, first: int, count: int) -> list[PairLine | None]:
        """Lines of the differences of a level's pairs; None where a unit is inactive, or nothing bounds it."""
        known = self._pair_lines[level]
        if known is None:
            known = self._pair_lines[level] = [self._pair_line(pair) for pair in range(first, first + count)]
        return known

    def _pair_line(self, pair: int) -> PairLine | None:
        pairs = self.problem.pairs
        (low, high), (low2, high2), (fall, rise) = (
            (self.low[unit], self.high[unit]) for unit in (pair, pair + pairs, pair + 2 * pairs)
        )
        if fall is None or rise is None or any(end is not None and end <= 0 for end in (high, high2)):
            return None
        share = self.slopes.get(pair + 2 * pairs)
        above = line_above(PairEnds(low, high, low2, high2, fall, rise), share)
        q, p, t = line_above(PairEnds(low2, high2, low, high, -rise, -fall), share)  # of r − r'
        return (-p, -q, -t), above

    def set_slope(self, unit: int, slope: int) -> None:
        """Take a lower slope over 2^SLOPE_BITS, from 0 to 1, for a unit while it is unstable; or a pair's share."""
        self.slopes[unit] = slope
        self._forget(unit)

    def _forget(self, unit: int) -> None:
        """What was derived from bounds and slopes of a unit or a pair is derived anew."""
        level, pairs = self.problem.level_of[unit % self.problem.units], self.problem.pairs
        self._lines[level] = None
        if pairs:
            self._pair_lines[self.problem.level_of[unit % pairs]] = None

    def is_unstable(self, unit: int) -> bool:
        """Whether z may have either sign, as far as is known."""
        low, high = self.low[unit], self.high[unit]
        return (high is None or high > 0) and (low is None or low < 0)

    def check_groups(self) -> None:
        """Find the contradiction of a group that cannot have the sum 1."""
        one = 1 << self.problem.exponent
        for group in self.problem.groups:
            lower, upper = [self.lower[k] for k in group], [self.upper[k] for k in group]
            least, most = _sum(lower), _sum(upper)
            if (least is not None and least > one) or (most is not None and most < one):
                self.contradiction = True

    def lines(self, level: int, first: int, count: int) -> LevelLines:
        """The lines of a level's units."""
        known = self._lines[level]
        if known is None:
            units = slice(first, first + count)
            slopes = {unit - first: slope for unit, slope in self.slopes.items() if first <= unit < first + count}
            known = self._lines[level] = _level_lines(self.low[units], self.high[units], slopes)
        return known


def root_state(problem: CoverProblem) -> CoverState:
    """The state before anything is known."""
    nothing: list[int | None] = [None] * (problem.units + problem.pairs)
    state = CoverState(
        problem=problem,
        lower=list(problem.lower),
        upper=list(problem.upper),
        low=nothing,
        high=nothing[:],
        signs={},
        slopes={},
        cuts=0,
        contradiction=False,
        _lines=[None] * len(problem.levels),
        _pair_lines=[None] * len(problem.levels),
    )
    state.check_groups()
    return state


def _plus(value: int | None, change: int | None) -> int | None:
    return None if value is None or change is None else value + change


def _minus(value: int | None, change: int | None) -> int | None:
    return None if value is None or change is None else value - change


def _sum(values: list[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _level_lines(lows: list[int | None], highs: list[int | None], slopes: Mapping[int, int]) -> LevelLines:
    one = 1 << SLOPE_BITS
    lines = LevelLines([], [], [], [], [])
    for unit, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if high is not None and high <= 0:
            continue
        place, below, above = len(lines.alive), 0, 0
        if low is not None and low >= 0:
            below = above = one
        elif high is None:
            below = 0 if low is None else one
            lines.unlimited.append(place)
        elif low is None:
            lines.shifts.append((place, high << SLOPE_BITS))
        else:
            below = one if high >= -low else 0
            above = (high << SLOPE_BITS) // (high - low)
            lines.shifts.append((place, max(-above * low, (high << SLOPE_BITS) - above * high)))
        lines.alive.append(unit)
        is_stable = low is not None and low >= 0
        lines.below.append(below if is_stable else slopes.get(unit, below))
        lines.above.append(above)
    return lines
